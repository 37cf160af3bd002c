"""Refusals as pages, in the words and with the status of the API's one table."""

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import Request, Response

from avdataops.api.pages.rendering import page
from avdataops.api.problems import Problem

_UNAUTHENTICATED, _SEE_OTHER = 401, 303


def tell_as_page(request: Request, problem: Problem, headers: Mapping[str, str]) -> Response:
    """Return a refusal for people; who is not signed in is sent to where that is done."""
    if problem.status == _UNAUTHENTICATED and request.url.path != "/sign-in":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        address = f"/sign-in?next={quote(wanted, safe='')}"
        return Response(status_code=_SEE_OTHER, headers={"Location": address})
    answer = page("refusal.html", problem.status, problem=problem)
    answer.headers.update(dict(headers))
    return answer
