"""Reviews: documents beside those of the scene's measurement, each created once.

The number of an entry is part of its id, so of two writers who both want to be next one finds
the id taken, and reads the history again.
"""

from itertools import count

from avdataops.adapters.cosmos_catalog.documents import Document, scene_of
from avdataops.adapters.cosmos_catalog.failures import ItemTaken, Unanswered
from avdataops.adapters.cosmos_catalog.layout import CATALOG
from avdataops.adapters.cosmos_catalog.missing import SCENE, no_such
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.reviewed import review_of
from avdataops.adapters.cosmos_catalog.scenes import find_row
from avdataops.adapters.cosmos_catalog.values import packed
from avdataops.model.documents import text_of
from avdataops.model.errors import Busy, shown
from avdataops.model.review import Review
from avdataops.ports.review_rules import next_review

_TURNS = 20
_UNANSWERED = 4
_OF_SCENE = "SELECT * FROM c WHERE c.kind = 'review' AND c.scene = @scene"


def list_reviews(requests: Requests, scene: str) -> list[Review]:
    """Return the history of a scene, oldest first; raises ``NotFound``."""
    return _history(requests, _row_of(requests, scene))


def _row_of(requests: Requests, scene: str) -> Document:
    row = find_row(requests, scene)
    if row is None:
        raise no_such(requests, SCENE, scene)
    return row


def _history(requests: Requests, row: Document) -> list[Review]:
    values: dict[str, object] = {"scene": row["scene"]}
    found = map(review_of, requests.query(CATALOG, _OF_SCENE, values, key=row["measurementId"]))
    return sorted(found, key=lambda one: one.number)


def add_review(requests: Requests, given: Review, expected: int | None) -> Review:
    """Add to the history of a scene; raises ``NotFound``, ``InputError`` and ``Outdated``.

    A lost answer is found out by reading, if the review names its request.
    """
    row = _row_of(requests, given.scene)
    scene, unanswered = scene_of(row), count(1)
    for _ in range(_TURNS):
        history = _history(requests, row)
        added = next_review(scene, history, given, expected)
        if added in history:
            return added
        try:
            requests.create(CATALOG, _document(added, row["measurementId"]))
        except ItemTaken:
            continue
        except Unanswered:
            if not given.request or next(unanswered) == _UNANSWERED:
                raise
        else:
            return added
    raise Busy(f"scene {shown(given.scene)} is being reviewed by others", hint="try again")


def _document(review: Review, measurement: str) -> Document:
    return {
        "id": f"{review.scene}~review~{review.number}",
        "measurementId": measurement,
        "kind": "review",
        "scene": review.scene,
        **packed(text_of(review)),
    }
