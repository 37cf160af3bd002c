"""Messages of one stream around a scene, fetched when they are looked at."""

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from avdataops.lake.clocks import RecorderClock
from avdataops.lake.tables import Tables
from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound
from avdataops.model.time import TimeRange

T = TypeVar("T")
_AT_ONCE = 16
"""Messages fetched with one that is looked at: its neighbours are next."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one message lies."""

    part: int
    t_ns: int
    """On the recorder's clock."""
    t_ref_ns: int
    """On the reference clock; the recorder's own time where that is not known."""
    again: int
    """How many messages of the part before it have the same time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A stream of a measurement, all its parts, and the time that is wanted of it."""

    tables: Tables
    name: str
    parts: tuple[Artifact, ...]
    clock: RecorderClock
    span: TimeRange
    """On the recorder's clock."""

    def batches(self, part: int, span: TimeRange, columns: list[str] | None) -> Iterator[Any]:
        """Yield the rows of one part, only from row groups that ``span`` touches."""
        return self.tables.batches(self.parts[part], span, columns)

    def places(self) -> tuple[Place, ...]:
        """Return where all messages lie, by reference time; reads nothing but times."""
        found: list[Place] = []
        for number in range(len(self.parts)):
            last, again = None, 0
            for batch in self.batches(number, self.span, ["t_ns"]):
                stored = batch.column("t_ns")
                chunked = pa.chunked_array([stored])
                known = self.clock.to_reference(chunked).fill_null(0).to_pylist()
                for t_ns, t_ref_ns in zip(stored.to_pylist(), known, strict=True):
                    again = again + 1 if t_ns == last else 0
                    last = t_ns
                    found.append(Place(number, t_ns, t_ref_ns or t_ns, again))
        return tuple(sorted(found, key=lambda one: (one.t_ref_ns, one.part, one.t_ns, one.again)))


class Messages(Generic[T]):
    """A sequence by time: only times are known at first, a message is read when it is asked for."""

    def __init__(self, source: Source, make: Callable[[dict[str, Any], Place], T]) -> None:
        self._source = source
        self._make = make
        self._places = source.places()
        self._kept: dict[Place, T] = {}

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self._source.name

    @property
    def times(self) -> NDArray[np.int64]:
        """When the messages were logged, ns on the measurement's reference clock, ascending."""
        return np.array([one.t_ref_ns for one in self._places], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> "T | list[T]":
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        place = self._places[index]
        if place not in self._kept:
            number = range(len(self))[index]
            self._fetch(self._places[number : number + _AT_ONCE])
        return self._kept[place]

    def __iter__(self) -> Iterator[T]:
        return (self[number] for number in range(len(self)))

    def nearest(self, t_ns: int) -> T:
        """Return the message nearest in time on the reference clock; ``NotFound`` without any."""
        if not self._places:
            raise NotFound(f"there is no message of '{self.name}' here")
        times = [one.t_ref_ns for one in self._places]
        after = bisect.bisect_left(times, t_ns)
        near = [number for number in (after - 1, after) if 0 <= number < len(times)]
        return self[min(near, key=lambda number: abs(times[number] - t_ns))]

    def to_arrow(self) -> pa.Table:
        """Return all messages with all columns; everything is read."""
        return self._source.tables.rows(self._source.parts, self._source.clock, self._source.span)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_polars(self) -> Any:
        """Return a Polars data frame of all messages (needs polars)."""
        import polars as pl

        return pl.DataFrame(self)

    def __repr__(self) -> str:
        if not self._places:
            return f"<no messages of {self.name}>"
        seconds = (self._places[-1].t_ref_ns - self._places[0].t_ref_ns) / 1e9
        return f"<{len(self)} messages of {self.name} over {seconds:.1f} s>"

    def _fetch(self, places: Sequence[Place]) -> None:
        """Read some messages, and forget those read before."""
        self._kept = {}
        first = places[0]
        wanted = [one for one in places if one.part == first.part]
        span = TimeRange(min(p.t_ns for p in wanted), max(p.t_ns for p in wanted) + 1)
        by_key = {(one.t_ns, one.again): one for one in wanted}
        last, again = None, 0
        for batch in self._source.batches(first.part, span, None):
            for row in range(batch.num_rows):
                t_ns = batch.column("t_ns")[row].as_py()
                again = again + 1 if t_ns == last else 0
                last = t_ns
                place = by_key.get((t_ns, again))
                if place is not None:
                    self._kept[place] = self._make(_row(batch, row), place)


def _row(batch: pa.RecordBatch, row: int) -> dict[str, Any]:
    """Return the scalars of one row; lists stay Arrow's, for there may be a million points."""
    return {name: batch.column(name)[row] for name in batch.schema.names}
