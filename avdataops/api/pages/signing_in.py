"""Signing in: the link that ``avdataops serve`` prints, and where people land without one."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from avdataops.api.door import Door, Entrance
from avdataops.api.pages.assets import assets
from avdataops.api.pages.rendering import page
from avdataops.api.sessions import COOKIE, LASTS_S

ROUTES = APIRouter(include_in_schema=False)
_SEE_OTHER, _UNAUTHENTICATED = 303, 401
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]{0,2000}")
_NO_STORE = {"Cache-Control": "no-store"}


@ROUTES.get("/sign-in")
def sign_in(
    request: Request,
    door: Entrance,
    code: Annotated[str, Query(max_length=200)] = "",
    following: Annotated[str, Query(alias="next", max_length=4000)] = "/scenes",
) -> Response:
    """Open a session for whoever has an unused code, and go on to a page of ours."""
    going_to = following if _OWN_PATH.fullmatch(following) else "/scenes"
    if not code:
        return _ask(door, going_to, used=False)
    cookie = door.sessions.open(code) if door.sessions else None
    if cookie is None:
        return _ask(door, going_to, used=True)
    # Not a redirect: a browser that came from elsewhere would not send the cookie after one.
    answer = page("signed_in.html", next=going_to)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=LASTS_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


def _ask(door: Door, going_to: str, *, used: bool) -> Response:
    status = _UNAUTHENTICATED if used else 200
    return page("sign_in.html", status, local=door.sessions is not None, used=used, next=going_to)


@ROUTES.get("/")
def start() -> Response:
    """Go to the scenes."""
    return Response(status_code=_SEE_OTHER, headers={"Location": "/scenes", **_NO_STORE})


@ROUTES.get("/favicon.ico")
def icon() -> Response:
    """Give the icon to browsers that ask for it unasked."""
    found = assets()["icon.svg"]
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(found.data, headers=headers, media_type=found.media_type)
