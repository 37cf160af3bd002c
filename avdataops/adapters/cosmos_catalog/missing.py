"""Things that are asked for and not there, with the nearest that is."""

import itertools

from avdataops.adapters.cosmos_catalog.layout import CATALOG, IDS, SCENES
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.model.errors import NotFound, shown
from avdataops.ports.catalog_rules import nearest

MEASUREMENT, RECORDING, ARTIFACT, RUN, SCENE = (
    "measurement", "recording", "artifact", "run", "scene",
)  # fmt: skip

_NEIGHBOURS = 50
_LONGEST = 100

_AFTER = "SELECT VALUE c.id FROM c WHERE c.kind = @kind AND c.id >= @wrong ORDER BY c.id ASC"
_BEFORE = "SELECT VALUE c.id FROM c WHERE c.kind = @kind AND c.id < @wrong ORDER BY c.id DESC"
_SCENES_AFTER = "SELECT VALUE c.scene FROM c WHERE c.scene >= @wrong ORDER BY c.scene ASC"
_SCENES_BEFORE = "SELECT VALUE c.scene FROM c WHERE c.scene < @wrong ORDER BY c.scene DESC"


def no_such(requests: Requests, noun: str, wrong: str) -> NotFound:
    """Return the error for an id that is not known as a ``noun``."""
    near = nearest_id(requests, noun, wrong)
    told = f"; did you mean '{near}'?" if near else ""
    hint = "avdataops scenes find" if noun == SCENE else "avdataops measurements list"
    return NotFound(f"no {noun} {shown(wrong)}{told}", hint=hint)


def nearest_id(requests: Requests, noun: str, wrong: str) -> str | None:
    """Return the known id that ``wrong`` was probably meant to be.

    Only a few ids that sort next to it are looked at, so this stays cheap in a large catalog.
    """
    start = wrong[:_LONGEST].encode("ascii", "ignore").decode()
    known: list[str] = []
    for text in (_SCENES_AFTER, _SCENES_BEFORE) if noun == SCENE else (_AFTER, _BEFORE):
        container = {MEASUREMENT: CATALOG, SCENE: SCENES}.get(noun, IDS)
        values: dict[str, object] = {"wrong": start}
        if noun != SCENE:
            values["kind"] = noun
        rows = requests.query(container, text, values, page=_NEIGHBOURS)
        known += [str(row) for row in itertools.islice(rows, _NEIGHBOURS)]
    return nearest(wrong[:_LONGEST], known)
