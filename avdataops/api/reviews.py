"""Reviews of scenes: read, and added to."""

import time
from typing import Annotated

from fastapi import Request, Response

from avdataops.api.access import Writer
from avdataops.api.answers import respond, respond_changed, tag_of
from avdataops.api.door import Door, Open, routes
from avdataops.api.parameters import Id
from avdataops.api.shapes import ReviewBody, ReviewDocument
from avdataops.api.writing import (
    IdempotencyKey,
    IfMatch,
    body_of,
    check_match,
    sent,
    token_of,
)
from avdataops.model.review import Review
from avdataops.wiring.descriptions import review_document

ROUTES = routes("reviews")


@ROUTES.get("/scenes/{scene}/reviews", response_model=ReviewDocument)
def get_reviews(request: Request, door: Open, scene: Id) -> Response:
    """Tell what was said of a scene: the latest review, and all before it."""
    return respond(request, _document(door, scene))


def _document(door: Door, scene: str) -> dict[str, object]:
    return review_document(scene, door.desk.reviews(scene))


@ROUTES.post(
    "/scenes/{scene}/reviews",
    response_model=ReviewDocument,
    status_code=201,
    openapi_extra=body_of(ReviewBody),
)
def add_review(
    door: Open,
    caller: Writer,
    scene: Id,
    body: Annotated[ReviewBody, sent(ReviewBody)],
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Accept, reject or adjust a scene; the scene itself stays as it was found."""
    history = door.desk.reviews(scene)
    token = token_of(caller, key)
    expected = None
    if if_match is not None and token not in {one.request for one in history if one.request}:
        check_match(if_match, tag_of(review_document(scene, history)))
        expected = len(history)
    if body.type is not None:
        door.asking.check_type(body.type)
    given = Review(
        scene=scene,
        verdict=body.verdict,
        by=caller.subject,
        at_ns=time.time_ns(),
        comment=body.comment,
        t_start_ns=body.t_start_ns,
        t_end_ns=body.t_end_ns,
        type=body.type,
        request=token,
    )
    door.desk.review(given, expected=expected)
    return respond_changed(_document(door, scene), status=201)
