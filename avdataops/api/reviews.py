"""Reviews of scenes: read, and added to."""

import time
from typing import Annotated

from fastapi import Request, Response

from avdataops.api.answers import respond, respond_changed, tag_of
from avdataops.api.door import Door, Open, routes
from avdataops.api.parameters import Id
from avdataops.api.shapes import ReviewBody, ReviewDocument
from avdataops.api.writing import IF_MATCH, KEY, Sent, check_match, described, once, sent
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
    openapi_extra=described(ReviewBody, IF_MATCH, KEY),
)
def add_review(
    door: Open, scene: Id, given: Annotated[Sent[ReviewBody], sent(ReviewBody)]
) -> Response:
    """Accept, reject or adjust a scene; the scene itself stays as it was found."""

    def act(token: str) -> Response:
        review = _review(scene, given, token)
        door.desk.review(review, expected=_expected(door, review, given.header(IF_MATCH)))
        return respond_changed(_document(door, scene), status=201)

    if given.body.type is not None:
        door.asking.check_type(given.body.type)
    return once(given, act)


def _expected(door: Door, given: Review, if_match: str | None) -> int | None:
    """Return how many reviews the writer has seen, None if that does not matter."""
    if if_match is None:
        return None
    history = door.desk.reviews(given.scene)
    if given.request and given.request in {one.request for one in history}:
        # Its first try was done, but the answer got lost.
        return None
    check_match(if_match, tag_of(review_document(given.scene, history)))
    return len(history)


def _review(scene: str, given: Sent[ReviewBody], token: str) -> Review:
    body = given.body
    return Review(
        scene=scene,
        verdict=body.verdict,
        by=given.caller.subject,
        at_ns=time.time_ns(),
        comment=body.comment,
        t_start_ns=body.t_start_ns,
        t_end_ns=body.t_end_ns,
        type=body.type,
        request=token,
    )
