"""Which scene documents are part of the catalog, and which of them speaks for a scene.

Heads are read once for each question.  One that was read before the scenes were asked for makes
the answer about its measurement exact: all scenes that the head names had been written before
it.  ``Visible.know`` does this for a question about one measurement.  A question about many
meets a measurement first among the scenes found; then the head is a moment younger than those,
and a run that is being committed just then may show a part of its scenes in this one answer.
"""

from collections.abc import Iterable, Iterator, Sequence

from avdataops.adapters.cosmos_catalog.changes import find_head
from avdataops.adapters.cosmos_catalog.heads import Head, head_of
from avdataops.adapters.cosmos_catalog.layout import CATALOG, SCENES
from avdataops.adapters.cosmos_catalog.requests import Document, Requests

_CHUNK = 100
_HEADS = "SELECT * FROM c WHERE c.kind = 'measurement' AND ARRAY_CONTAINS(@ids, c.measurementId)"
_RIVALS = "SELECT c.scene, c.run, c.tag FROM c WHERE ARRAY_CONTAINS(@scenes, c.scene)"

Rank = tuple[bool, int, str, int]


class Visible:
    """The heads that one question has read."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._heads: dict[str, Head | None] = {}

    def know(self, measurement: str) -> Head | None:
        """Read the head of a measurement, if it was not read before."""
        if measurement not in self._heads:
            read = find_head(self._requests, measurement)
            self._heads[measurement] = read.head if read else None
        return self._heads[measurement]

    def _know_all(self, measurements: Iterable[str]) -> None:
        missing = sorted(set(measurements) - self._heads.keys())
        if len(missing) == 1:
            self.know(missing[0])
            return
        for first in range(0, len(missing), _CHUNK):
            chunk = missing[first : first + _CHUNK]
            self._heads |= dict.fromkeys(chunk)
            for document in self._requests.query(CATALOG, _HEADS, {"ids": chunk}):
                self._heads[document["id"]] = head_of(document)

    def speaking(self, rows: Sequence[Document]) -> Iterator[Document]:
        """Yield, in their order, the rows that are current and speak for their scene."""
        self._know_all(row["measurementId"] for row in rows)
        current = [row for row in rows if self._is_current(row)]
        rivals = self._rivals(current)
        for row in current:
            best = rivals.get((row["measurementId"], row["scene"]))
            if best is None or best == self._rank(row["measurementId"], row):
                yield row

    def _is_current(self, row: Document) -> bool:
        rank = self._rank(row["measurementId"], row)
        return rank is not None and rank[0]

    def _rank(self, measurement: str, row: Document) -> Rank | None:
        """Return how loud a row speaks; None if it is not part of the catalog."""
        head = self.know(measurement)
        return rank_of(head, row) if head else None

    def _rivals(self, rows: Sequence[Document]) -> dict[tuple[str, str], Rank]:
        """Return the highest rank of each scene that several takes may have found."""
        best: dict[tuple[str, str], Rank] = {}
        of_measurement: dict[str, list[str]] = {}
        for row in rows:
            of_measurement.setdefault(row["measurementId"], []).append(row["scene"])
        for measurement, scenes in of_measurement.items():
            head = self._heads[measurement]
            if head is None or _takes_with_scenes(head) < 2:  # noqa: PLR2004 - a rival needs two
                continue
            for first in range(0, len(scenes), _CHUNK):
                values = {"scenes": scenes[first : first + _CHUNK]}
                for rival in self._requests.query(SCENES, _RIVALS, values, key=measurement):
                    rank = rank_of(head, rival)
                    if rank is not None:
                        place = (measurement, rival["scene"])
                        best[place] = max(best.get(place, rank), rank)
        return best


def _takes_with_scenes(head: Head) -> int:
    return sum(
        bool(take.scenes) for state in head.runs.values() if state.current for take in state.takes
    )


def rank_of(head: Head, row: Document) -> Rank | None:
    """Return the rank of a scene document: current first, then the run that ended last.

    Within a run what was found first stays.  None if the head does not name the row.
    """
    state = head.runs.get(row["run"])
    if state is None or state.ended is None:
        return None
    tags = [take.tag for take in state.takes]
    if row["tag"] not in tags:
        return None
    return (state.current, state.ended.ended_ns, row["run"], -tags.index(row["tag"]))
