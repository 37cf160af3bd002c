"""What the latest reviews say of scenes that were found."""

from collections.abc import Sequence

from avdataops.adapters.cosmos_catalog.conditions import REVIEW
from avdataops.adapters.cosmos_catalog.documents import Document
from avdataops.adapters.cosmos_catalog.layout import CATALOG
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.values import unpacked
from avdataops.model.documents import from_json
from avdataops.model.review import Review
from avdataops.ports.catalog import Condition
from avdataops.ports.review_rules import says

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


def reviewed_as(
    requests: Requests, rows: Sequence[Document], where: Sequence[Condition]
) -> Sequence[Document]:
    """Return the rows whose latest review holds the conditions on ``review``."""
    conditions = [one for one in where if one.attribute == REVIEW]
    if not conditions:
        return rows
    latest = latest_reviews(requests, [row["scene"] for row in rows])
    return [row for row in rows if says(latest.get(row["scene"]), conditions)]
