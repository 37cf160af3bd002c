"""Who looks at a page, and whether what a browser sends was meant by that person.

On one machine a browser shows the cookie of a session (``avdataops.api.sessions``).  In the cloud
an authenticated front end (Easy Auth of App Service or Container Apps, an OAuth proxy) signs people
in and passes their access token on in a header that the setting ``api.front_end_header`` names; it
is checked like any other token, and nothing else that the front end says is believed.
"""

from fastapi import HTTPException, Request

from avdataops.api.access import MAX_TOKEN_CHARS, Caller, Checker
from avdataops.api.sessions import COOKIE, Sessions

_FORBIDDEN = 403
_BEARER = "bearer "
_ASKED_BY_THE_PAGE = frozenset({"same-origin", "none"})
"""Sec-Fetch-Site of requests from our own page, or typed by the person."""


def browser_caller(request: Request) -> Caller | None:
    """Return who the browser says it is, None without a good session or token.

    Refuses a write that no page of ours has sent: a browser shows its session to whoever asks.
    """
    caller = _caller(request)
    if caller is not None and request.method != "GET":
        check_meant(request)
    return caller


def _caller(request: Request) -> Caller | None:
    door = request.app.state.door
    sessions: Sessions | None = door.sessions
    if sessions is not None and COOKIE in request.cookies:
        return sessions.caller(request.cookies[COOKIE])
    token = _token(request, door.front_end_header)
    if not token or len(token) > MAX_TOKEN_CHARS or not token.isascii():
        return None
    checker: Checker = door.checker
    return checker.caller(token)


def _token(request: Request, front_end_header: str | None) -> str | None:
    for name in ("authorization", front_end_header):
        given = request.headers.getlist(name) if name else []
        if len(given) > 1:
            return None
        if given and name == "authorization":
            is_bearer = given[0][: len(_BEARER)].lower() == _BEARER
            return given[0][len(_BEARER) :].strip() if is_bearer else None
        if given:
            return given[0]
    return None


def check_meant(request: Request) -> None:
    """Refuse with 403 a write that another site's page made the browser send.

    Browsers say where a request comes from (Fetch Metadata, https://www.w3.org/TR/fetch-metadata)
    and no page can change that; where the word is missing, the origin must be our own address.
    Another port of this machine is another origin.  Beside it the cookie is ``SameSite=Strict``.
    """
    site = request.headers.get("sec-fetch-site")
    if site is None:
        origin = request.headers.get("origin", "")
        meant = origin.partition("://")[2] == request.headers.get("host", " ")
    else:
        meant = site in _ASKED_BY_THE_PAGE
    if not meant:
        raise HTTPException(_FORBIDDEN, "this was not sent by a page of this service")
