"""Saved queries: kept under a name, changed by whoever has read them."""

import time
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Query, Request, Response

from avdataops.api.access import Role
from avdataops.api.answers import Page, page_of, paged, respond, respond_changed, tag_of
from avdataops.api.door import Door, Open, routes
from avdataops.api.parameters import Name, NamePaging
from avdataops.api.shapes import QueryBody
from avdataops.api.writing import (
    IF_MATCH,
    IF_NONE_MATCH,
    KEY,
    Sent,
    check_match,
    condition_missing,
    described,
    once,
    sent,
    sent_nothing,
)
from avdataops.model.errors import NotFound, Outdated
from avdataops.model.saved_query import SavedQuery

ROUTES = routes("queries")
_CREATED, _FORBIDDEN, _NO_CONTENT = 201, 403, 204


@ROUTES.get("/queries", response_model=Page[SavedQuery])
def list_queries(request: Request, door: Open, query: Annotated[NamePaging, Query()]) -> Response:
    """List saved queries by name."""
    found = door.desk.saved_queries(after=query.after, limit=query.limit + 1)
    items, following = page_of(request, found, query.limit, lambda one: one.name)
    return paged(request, {"items": items, "next": following})


@ROUTES.get("/queries/{name}", response_model=SavedQuery)
def get_query(request: Request, door: Open, name: Name) -> Response:
    """Tell one saved query."""
    return respond(request, door.desk.saved_query(name))


@ROUTES.put(
    "/queries/{name}",
    response_model=SavedQuery,
    openapi_extra=described(QueryBody, IF_MATCH, IF_NONE_MATCH, KEY),
)
def save_query(
    door: Open, name: Name, given: Annotated[Sent[QueryBody], sent(QueryBody)]
) -> Response:
    """Keep a question under a name: a new one with If-None-Match: *, else the one that was read."""

    def act(token: str) -> Response:
        del token
        expected = _expected(door, given, name)
        saved = SavedQuery(
            name=name, text=given.body.text, owner=given.caller.subject, at_ns=time.time_ns()
        )
        kept = door.desk.save_query(saved, expected=expected)
        return respond_changed(kept, status=200 if expected else _CREATED)

    if given.header(IF_MATCH) is None and given.header(IF_NONE_MATCH) != "*":
        raise condition_missing("If-Match, or If-None-Match: * for a new name")
    # What is kept can be asked: a mistake is told to whoever makes it.
    door.asking.matching(given.body.text)
    return once(given, act)


def _expected(door: Door, given: Sent[Any], name: str) -> int:
    """Return the version that is replaced, 0 for a new name; raises ``Outdated``."""
    if_match = given.header(IF_MATCH)
    if if_match is None:
        return 0
    try:
        now = door.desk.saved_query(name)
    except NotFound as error:
        raise Outdated(
            f"there is no saved query '{name}' to replace", hint="send If-None-Match: * to make it"
        ) from error
    check_match(if_match, tag_of(now))
    if now.owner != given.caller.subject and given.caller.role is not Role.ADMIN:
        raise HTTPException(_FORBIDDEN, "a saved query is changed by its owner, or the role admin")
    return now.version


@ROUTES.delete(
    "/queries/{name}",
    status_code=_NO_CONTENT,
    response_model=None,
    openapi_extra=described(None, IF_MATCH, KEY),
)
def drop_query(
    door: Open, name: Name, given: Annotated[Sent[None], Depends(sent_nothing)]
) -> Response:
    """Forget a saved query."""

    def act(token: str) -> Response:
        del token
        door.desk.saved_query(name)
        door.desk.drop_query(name, expected=_expected(door, given, name))
        return Response(status_code=_NO_CONTENT)

    if given.header(IF_MATCH) is None:
        raise condition_missing("If-Match")
    return once(given, act)
