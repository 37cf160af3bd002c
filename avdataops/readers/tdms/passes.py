"""One pass over the samples: windows of rows, bounded in rows and bytes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import HostileInput
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import StreamBatch
from avdataops.readers.tdms.clock import Times, stamps_ns
from avdataops.readers.tdms.columns import Column, nulls, number_arrays, text_array
from avdataops.readers.tdms.index import Index
from avdataops.readers.tdms.layout import Layout
from avdataops.readers.tdms.plan import Plan, Planned
from avdataops.readers.tdms.samples import BLOCK_BYTES, Piece, Runs, Samples

BATCH_BYTES = 16 << 20
_TEXT_BYTES = 32 << 20
_MAX_WALKS = 400_000_000
_MAX_AMPLIFICATION = 64
_SPARE_BYTES = 1 << 30
_DIRECT_SHARE = 4


@dataclass(frozen=True, slots=True)
class Cohort:
    """Streams whose values lie in the same chunks; they are read side by side."""

    planned: tuple[Planned, ...]
    row_bytes: int
    """Most bytes that are read or made for one row."""
    is_direct: bool
    """They are a small part of their chunks, so that only their own bytes are read."""

    def only(self, asked: frozenset[str]) -> "Cohort":
        """Return the cohort with the asked streams alone."""
        kept = tuple(one for one in self.planned if one.stream.name in asked)
        return Cohort(kept, self.row_bytes, self.is_direct)


def cohorts_of(file: ReadableFile, index: Index, plan: Plan) -> tuple[Cohort, ...]:
    """Sort streams by the chunks that they lie in.

    Raises ``HostileInput`` if chunks would have to be read more often than any honest file asks.
    """
    by_runs: dict[frozenset[int], list[Planned]] = {}
    for one in plan.planned:
        by_runs.setdefault(frozenset(map(id, one.runs.values())), []).append(one)
    if len(by_runs) * index.listings > _MAX_WALKS:
        raise HostileInput(f"{file.name} has {len(by_runs)} kinds of streams in too many segments")
    budget = _MAX_AMPLIFICATION * file.size + _SPARE_BYTES
    found = []
    for planned in by_runs.values():
        cohort, cost = _cohort(tuple(planned))
        budget -= cost
        if budget < 0:
            text = "would have to be read too often: its streams share interleaved chunks"
            raise HostileInput(f"{file.name} {text}")
        found.append(cohort)
    return tuple(found)


def _cohort(planned: tuple[Planned, ...]) -> tuple[Cohort, int]:
    """Return streams as a cohort, and how many bytes reading them takes."""
    runs = {id(run): run for one in planned for run in one.runs.values()}
    own = {channel for one in planned for channel in one.runs}
    row_bytes = max(sum(column.row_bytes for column in one.columns) + 8 for one in planned)
    cost, is_direct = 0, False
    for number, run in enumerate(runs.values()):
        seen: set[int] = set()
        for layout, values, chunks in run.layouts():
            cost += layout.chunk_bytes * chunks
            if id(layout) in seen:
                continue
            if not seen and not number:
                is_direct = _is_small_part(layout, own)
            seen.add(id(layout))
            if layout.rows_are_mixed or (layout.chunk_bytes <= BLOCK_BYTES and not is_direct):
                row_bytes = max(row_bytes, -(-layout.chunk_bytes // values))
    return Cohort(planned, row_bytes, is_direct), 0 if is_direct else cost


def _is_small_part(layout: Layout, own: set[int]) -> bool:
    if layout.rows_are_mixed:
        return False
    sizes = (
        shape.size
        for channel, shape in zip(layout.channels, layout.shapes, strict=True)
        if channel in own
    )
    return sum(sizes) * _DIRECT_SHARE < layout.chunk_bytes


class Pass:
    """State of one pass: what came out, what was lost."""

    def __init__(self, file: ReadableFile, time: TimeRange | None, max_rows: int) -> None:
        self._samples = Samples(file)
        self._time = time
        self._max_rows = max_rows
        self.batches: Counter[str] = Counter()
        self.damaged: Counter[tuple[str, str]] = Counter()
        self._told: Counter[str] = Counter()

    def cohort(self, cohort: Cohort) -> Iterator[StreamBatch]:
        """Yield the rows of streams that lie together, window by window."""
        step = min(self._max_rows, max(BATCH_BYTES // cohort.row_bytes, 1))
        self._samples.is_direct = cohort.is_direct
        for start in range(0, max(one.rows for one in cohort.planned), step):
            for one in cohort.planned:
                yield from self._window(one, start, min(start + step, one.rows))

    def lost(self, one: Planned) -> dict[str, int]:
        """Return the samples that no batch has told of, in a pass over all times."""
        missing = (one.stream.rows or 0) - self._told[one.stream.name]
        return {"missing": missing} if missing and self._time is None else {}

    def _window(self, one: Planned, start: int, stop: int) -> Iterator[StreamBatch]:
        if start >= stop:
            return
        times, known = self._times(one, start, stop)
        name = one.stream.name
        dropped = {"bad_time": int((~known).sum())} if not known.all() else {}
        wanted = known
        if self._time is not None:
            wanted = known & (times >= self._time.start_ns) & (times < self._time.stop_ns)
        rows = np.flatnonzero(wanted)
        if dropped:
            self.damaged[name, "bad_time"] += dropped["bad_time"]
        if not len(rows):
            self._told_later(name, dropped)
            return
        low, high = int(rows[0]), int(rows[-1]) + 1
        inside = _Window(start + low, times[low:high], wanted[low:high])
        for part in self._parts(one, inside):
            batch = self._batch(one, part)
            if batch.num_rows:
                yield self._given(one, batch, dropped)
                dropped = {}
        self._told_later(name, dropped)
'''
