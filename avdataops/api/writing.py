"""What is sent: read after the token was looked at, checked whole, done once."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from avdataops.api.access import Caller, Writer
from avdataops.api.answers import is_named
from avdataops.api.door import Open
from avdataops.api.guard import Write
from avdataops.model.errors import InputError, Outdated
from avdataops.model.ids import fingerprint
from avdataops.ports.curation import Curation, Remembered

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")

IF_MATCH, IF_NONE_MATCH, KEY = "If-Match", "If-None-Match", "Idempotency-Key"
_MAX_KEY = 255
_MAX_KEPT_BYTES = 256 << 10
"""Of an answer that is remembered; a longer one is made again, from what the first has written."""

_PRECONDITION_REQUIRED = 428
_HEADERS = {
    IF_MATCH: "ETag of what the writer has read; 412 if it was changed since.",
    IF_NONE_MATCH: "'*': only if there is none yet; else 412.",
    KEY: "Names the request: sent again with the same key it is done once and answered the same.",
}


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """A request that changes something: whose it is, and all that it asks."""

    desk: Curation
    caller: Caller
    request: Request
    body: T

    def header(self, name: str) -> str | None:
        """Return the lines of a header as one, None if there is none."""
        lines = self.request.headers.getlist(name)
        return ", ".join(lines) if lines else None

    def key(self) -> str | None:
        """Return the key that the caller gave the request; raises ``InputError``."""
        lines = self.request.headers.getlist(KEY)
        if not lines:
            return None
        if len(lines) > 1 or not 0 < len(lines[0]) <= _MAX_KEY:
            raise InputError(f"an {KEY} is given once and has 1 to {_MAX_KEY} characters")
        return lines[0]

    def fingerprint(self) -> str:
        """Return what tells this request from another: address, conditions and body."""
        body = self.body.model_dump(mode="json") if isinstance(self.body, BaseModel) else None
        url = self.request.url
        conditions = [self.header(IF_MATCH), self.header(IF_NONE_MATCH)]
        return fingerprint([self.request.method, url.path, url.query, conditions, body])


def sent(kind: type[B]) -> Any:
    """Return a dependency that reads a body of this kind, once the caller may write.

    The framework itself would look at the body first, and tell strangers what is wrong with it.
    """

    async def read(request: Request, door: Open, caller: Writer) -> Sent[B]:
        try:
            body = kind.model_validate_json(await request.body())
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError(
                [{**one, "loc": ("body", *(one["loc"] or ("body",)))} for one in found]
            ) from error
        return Sent(door.desk, caller, request, body)

    return Depends(read)


def sent_nothing(request: Request, door: Open, caller: Writer) -> Sent[None]:
    """Return a request that needs no body."""
    return Sent(door.desk, caller, request, None)


def described(kind: type[BaseModel] | None, *headers: str) -> dict[str, Any]:
    """Return how the description tells of a body of this kind and of headers."""
    told: dict[str, Any] = {
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": False,
                "description": _HEADERS[name],
                "schema": {"type": "string", "minLength": 1, "maxLength": _MAX_KEY},
            }
            for name in headers
        ]
    }
    if kind is not None:
        schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
        content = {"application/json": {"schema": schema}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def once(given: Sent[Any], act: Callable[[str], Response]) -> Response:
    """Return what ``act`` answers, or what it has answered to the same request before.

    ``act`` gets the token that names the request, empty without a key.  Raises ``InputError`` for
    a key that named another request.  What was refused may be tried again.
    """
    key = given.key()
    if key is None:
        return act("")
    token = hashlib.sha256(f"{given.caller.subject}\0{key}".encode()).hexdigest()
    seen = Remembered(key=token, print=given.fingerprint(), at_ns=time.time_ns())
    kept = given.desk.remember(seen)
    if kept.print != seen.print:
        raise InputError(f"this {KEY} named another request", hint="a new request has a new key")
    if kept.answer is not None:
        return _replayed(kept.answer)
    answer = act(token)
    body = bytes(answer.body)
    if len(body) <= _MAX_KEPT_BYTES:
        told = [answer.status_code, answer.headers.get("ETag"), body.decode()]
        given.desk.remember(replace(seen, answer=json.dumps(told)))
    return answer


def _replayed(text: str) -> Response:
    status, tag, body = json.loads(text)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"} if tag else None
    return Response(body or None, status, headers, "application/json" if body else None)


def check_match(given: str | None, tag: str) -> None:
    """Raise ``Outdated`` if the writer has read something else."""
    if given is not None and not is_named(given, tag):
        raise Outdated("this was changed since you read it", hint="read it again, then decide")


def condition_missing(which: str) -> HTTPException:
    """Return the refusal of a change that does not say what it changes."""
    return HTTPException(_PRECONDITION_REQUIRED, f"say what you change: {which}")


def writes_of(routers: Iterable[APIRouter]) -> tuple[Write, ...]:
    """Return where something can be changed, by the routes themselves."""
    return tuple(
        Write(method, route.path_regex)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) - {"GET", "HEAD"})
    )
