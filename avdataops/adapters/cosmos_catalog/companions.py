"""``during``: scenes of other types that overlap in the same measurement."""

from collections.abc import Iterator, Sequence

from avdataops.adapters.cosmos_catalog.layout import SCENES
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.visible import Visible

_CHUNK = 100
_OVERLAPPING = (
    "SELECT c.measurementId, c.scene, c.run, c.tag, c.at, c.stop FROM c"
    " WHERE c.type = @type AND c.at < @stop AND c.stop > @start"
    " AND ARRAY_CONTAINS(@measurements, c.measurementId)"
)


def start_of(row: Document) -> str:
    """Return the start of a row as sortable text."""
    return str(row["at"]).split("~", maxsplit=1)[0]


def in_company(
    requests: Requests, visible: Visible, rows: Sequence[Document], types: Sequence[str]
) -> Iterator[Document]:
    """Yield the rows during which there is a scene of each of ``types``.

    For each type one more query over the stretch and the measurements of ``rows``.
    """
    left = list(rows)
    for name in types:
        spans = _spans(requests, visible, left, name)
        left = [row for row in left if _overlaps(row, spans.get(row["measurementId"], []))]
    yield from left


def _spans(
    requests: Requests, visible: Visible, rows: Sequence[Document], name: str
) -> dict[str, list[tuple[str, str]]]:
    """Return (start, stop) of the scenes of one type by measurement."""
    found: dict[str, list[tuple[str, str]]] = {}
    measurements = sorted({row["measurementId"] for row in rows})
    for first in range(0, len(measurements), _CHUNK):
        chunk = measurements[first : first + _CHUNK]
        values: dict[str, object] = {
            "type": name,
            "stop": max(row["stop"] for row in rows),
            "start": min(start_of(row) for row in rows),
            "measurements": chunk,
        }
        key = chunk[0] if len(chunk) == 1 else None
        others = list(requests.query(SCENES, _OVERLAPPING, values, key=key))
        for other in visible.speaking(others):
            span = (start_of(other), other["stop"])
            found.setdefault(other["measurementId"], []).append(span)
    return found


def _overlaps(row: Document, spans: Sequence[tuple[str, str]]) -> bool:
    start, stop = start_of(row), row["stop"]
    return any(other_start < stop and other_stop > start for other_start, other_stop in spans)
