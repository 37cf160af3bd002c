"""Who asks, and whether they may: everything under the version prefix is refused until shown."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Protocol

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

MAX_TOKEN_CHARS = 8192
_UNAUTHENTICATED, _FORBIDDEN = 401, 403
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token of Entra ID; locally the token of the workspace.",
)


class Role(IntEnum):
    """What a caller may do; each holds all before it."""

    READER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose token was found good."""

    subject: str
    """Stable id of the user or application; for the log."""
    role: Role | None
    """None: known, and allowed nothing."""
    vehicles: tuple[str, ...] | None = None
    """Whose data it may see: names, or their beginnings and ``*``; None: all."""


class Checker(Protocol):
    """Knows good tokens."""

    def caller(self, token: str) -> Caller | None:
        """Return whose token it is, None if it is not good; raises ``TransientError``."""


def admitted(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    """Return who asks.

    Refuses with 401 whoever shows no good token and with 403 whose token gives no role.  Runs
    before any parameter is looked at, for every route of a router that depends on it.
    """
    if "authorization" not in request.headers:
        # Pages: a browser that is signed in may ask what they are made of, and review scenes.
        looking: Caller | None = request.app.state.of_browser(request)
        if looking is not None:
            return _known(request, looking)
    token = given.credentials if given else ""
    if len(request.headers.getlist("authorization")) != 1 or not token:
        raise _unauthenticated("show a token: 'Authorization: Bearer ...'", "")
    checker: Checker = request.app.state.door.checker
    known = len(token) <= MAX_TOKEN_CHARS and token.isascii()
    caller = checker.caller(token) if known else None
    if caller is None:
        raise _unauthenticated("the token is not valid here", ', error="invalid_token"')
    return _known(request, caller)


def _known(request: Request, caller: Caller) -> Caller:
    request.scope["state"]["subject"] = caller.subject
    if caller.role is None or caller.role < Role.READER:
        raise HTTPException(_FORBIDDEN, "the token gives no role here: reader, operator or admin")
    return caller


def may_write(caller: Annotated[Caller, Depends(admitted)]) -> Caller:
    """Return who asks; refuses with 403 whoever may only read."""
    if caller.role is None or caller.role < Role.OPERATOR:
        raise HTTPException(_FORBIDDEN, "this changes something: it needs the role operator")
    return caller


Writer = Annotated[Caller, Depends(may_write)]


def _unauthenticated(detail: str, error: str) -> HTTPException:
    challenge = {"WWW-Authenticate": f'Bearer realm="avdataops"{error}'}
    return HTTPException(_UNAUTHENTICATED, detail, challenge)
