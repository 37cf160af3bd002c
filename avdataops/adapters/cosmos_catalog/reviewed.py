"""What the latest reviews say of scenes that were found."""

from collections.abc import Sequence

from avdataops.adapters.cosmos_catalog.documents import Document
from avdataops.adapters.cosmos_catalog.layout import CATALOG
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.values import unpacked
from avdataops.model.documents import from_json
from avdataops.model.review import Review

_CHUNK = 100
_OF_SCENES = "SELECT * FROM c WHERE c.kind = 'review' AND ARRAY_CONTAINS(@scenes, c.scene)"


def review_of(document: Document) -> Review:
    """Return the review in a document."""
    return from_json(Review, unpacked(document))


def latest_reviews(requests: Requests, scenes: Sequence[str]) -> dict[str, Review]:
    """Return the latest review of each of the scenes that have one."""
    found: dict[str, Review] = {}
    wanted = sorted(set(scenes))
    for first in range(0, len(wanted), _CHUNK):
        values: dict[str, object] = {"scenes": wanted[first : first + _CHUNK]}
        for one in map(review_of, requests.query(CATALOG, _OF_SCENES, values)):
            if one.scene not in found or found[one.scene].number < one.number:
                found[one.scene] = one
    return found


def verdicts_of(requests: Requests, scenes: Sequence[str]) -> dict[str, str]:
    """Return what the latest reviews say of the scenes that have one."""
    latest = latest_reviews(requests, scenes)
    return {scene: review.verdict.value for scene, review in latest.items()}
