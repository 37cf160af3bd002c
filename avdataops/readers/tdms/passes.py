"""One pass over the samples: windows of rows, bounded in rows and bytes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import AvdataopsError, HostileInput
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import StreamBatch
from avdataops.readers.tdms.clock import Times, stamps_ns
from avdataops.readers.tdms.columns import Column, nulls, number_arrays, text_array
from avdataops.readers.tdms.index import Index
from avdataops.readers.tdms.layout import Layout
from avdataops.readers.tdms.plan import Plan, Planned
from avdataops.readers.tdms.samples import BLOCK_BYTES, Piece, Samples

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
        cohort, mixed_bytes = _cohort(tuple(planned))
        budget -= min(mixed_bytes, file.size)
        if budget < 0:
            text = "would have to be read too often: its streams share interleaved chunks"
            raise HostileInput(f"{file.name} {text}")
        found.append(cohort)
    return tuple(found)


def _cohort(planned: tuple[Planned, ...]) -> tuple[Cohort, int]:
    """Return streams as a cohort, and how many bytes of mixed rows they are read from."""
    runs = {id(run): run for one in planned for run in one.runs.values()}
    own = {channel for one in planned for channel in one.runs}
    spans = [span for run in runs.values() for span in run.layouts()]
    is_direct = bool(spans) and _is_small_part(spans[0][0], own)
    row_bytes = max(sum(column.row_bytes for column in one.columns) + 8 for one in planned)
    mixed_bytes = 0
    for layout, values, chunks in spans:
        if layout.rows_are_mixed:
            row_bytes = max(row_bytes, layout.row_bytes)
            mixed_bytes += layout.chunk_bytes * chunks
        elif layout.chunk_bytes <= BLOCK_BYTES and not is_direct:
            row_bytes = max(row_bytes, -(-layout.chunk_bytes // values))
    return Cohort(planned, row_bytes, is_direct), mixed_bytes


def _is_small_part(layout: Layout, own: set[int]) -> bool:
    if layout.rows_are_mixed:
        return False
    sizes = (
        shape.size
        for channel, shape in zip(layout.channels, layout.shapes, strict=True)
        if channel in own
    )
    return sum(sizes) * _DIRECT_SHARE < layout.chunk_bytes


@dataclass(frozen=True, slots=True)
class _Window:
    """Neighbouring rows of one stream."""

    start: int
    times: Times
    wanted: npt.NDArray[np.bool_]

    @property
    def rows(self) -> int:
        return len(self.times)

    def part(self, low: int, high: int) -> "_Window":
        return _Window(self.start + low, self.times[low:high], self.wanted[low:high])


class Pass:
    """State of one pass: what came out, what was lost."""

    def __init__(self, file: ReadableFile, time: TimeRange | None, max_rows: int) -> None:
        self._samples = Samples(file)
        self._time = time
        self._max_rows = max_rows
        self.batches: Counter[str] = Counter()
        self.damaged: Counter[tuple[str, str]] = Counter()
        """Values by stream and reason."""
        self._untold: dict[str, Counter[str]] = {}
        self._told: Counter[str] = Counter()

    def cohort(self, cohort: Cohort) -> Iterator[StreamBatch]:
        """Yield the rows of streams that lie together, window by window."""
        for one in cohort.planned:
            missing = (one.stream.rows or 0) - one.rows
            if missing and self._time is None:
                self._drop(one, "missing", missing)
        step = min(self._max_rows, max(BATCH_BYTES // cohort.row_bytes, 1))
        self._samples.is_direct = cohort.is_direct
        for start in range(0, max(one.rows for one in cohort.planned), step):
            for one in cohort.planned:
                if start < one.rows:
                    yield from self._window(one, start, min(start + step, one.rows))

    def lost(self, one: Planned) -> dict[str, int]:
        """Return the samples that no batch has told of; in a pass over all times, all others."""
        found = self._untold.pop(one.stream.name, Counter[str]())
        self._told[one.stream.name] += found.total()
        rest = (one.stream.rows or 0) - self._told[one.stream.name]
        if rest and self._time is None:
            found["missing"] += rest
        return dict(found)

    def _drop(self, one: Planned, reason: str, count: int) -> None:
        self._untold.setdefault(one.stream.name, Counter())[reason] += count

    def _window(self, one: Planned, start: int, stop: int) -> Iterator[StreamBatch]:
        times, known = self._times(one, start, stop)
        if not known.all():
            late = int((~known).sum())
            self._drop(one, "bad_time", late)
            self.damaged[one.stream.name, "bad_time"] += late
        if self._time is not None:
            known = known & (times >= self._time.start_ns) & (times < self._time.stop_ns)
        rows = np.flatnonzero(known)
        if not len(rows):
            return
        whole = _Window(start, times, known).part(int(rows[0]), int(rows[-1]) + 1)
        for part in self._readable(one, whole):
            batch = self._batch(one, part)
            if batch.num_rows:
                name = one.stream.name
                dropped = dict(self._untold.pop(name, Counter()))
                self.batches[name] += 1
                self._told[name] += batch.num_rows + sum(dropped.values())
                yield StreamBatch(name, batch, batch.num_rows, dropped)

    def _times(self, one: Planned, start: int, stop: int) -> tuple[Times, npt.NDArray[np.bool_]]:
        """Return the times of rows, and which of them are known."""
        if one.ticks:
            return one.ticks.times(start, stop - start), np.ones(stop - start, np.bool_)
        if one.stamps is None:
            return np.empty(0, np.int64), np.empty(0, np.bool_)
        pieces = list(one.runs[one.stamps.number].pieces(start, stop))
        (stamps,) = self._samples.numbers(one.stamps.number, pieces).values()
        return stamps_ns(stamps)

    def _readable(self, one: Planned, window: _Window) -> Iterator[_Window]:
        """Yield the window, halved until its strings fit into memory."""
        pieces = _pieces(one, window)
        texts = [c.channel.number for c in one.columns if c.is_text]
        size = sum(self._samples.text_bytes(n, pieces[id(one.runs[n])]) for n in texts)
        if size <= _TEXT_BYTES or window.rows == 1:
            yield window
            return
        middle = window.rows // 2
        yield from self._readable(one, window.part(0, middle))
        yield from self._readable(one, window.part(middle, window.rows))

    def _batch(self, one: Planned, window: _Window) -> pa.RecordBatch:
        pieces = _pieces(one, window)
        arrays = [pa.array(window.times)]
        for column in one.columns:
            own = pieces[id(one.runs[column.channel.number])]
            arrays.extend(self._column(one, column, own, window.rows))
        batch = pa.RecordBatch.from_arrays(arrays, schema=one.schema)
        return batch if window.wanted.all() else batch.filter(pa.array(window.wanted))

    def _column(
        self, one: Planned, column: Column, pieces: list[Piece], rows: int
    ) -> list[pa.Array]:
        number = column.channel.number
        if not pieces:
            return nulls(column, rows)
        if column.is_text:
            texts, lost = self._samples.texts(number, pieces)
            if lost:
                self.damaged[one.stream.name, "decode_failed"] += lost
            return [text_array(texts, rows)]
        raw = self._samples.numbers(number, pieces)
        try:
            return number_arrays(column, raw, rows)
        except AvdataopsError:
            raise
        except Exception:  # noqa: BLE001 - scales trip over values in whatever way npTDMS has
            self.damaged[one.stream.name, "decode_failed"] += rows
            return nulls(column, rows)


def _pieces(one: Planned, window: _Window) -> dict[int, list[Piece]]:
    """Return where the rows of a window lie, by the runs of its channels."""
    stop = window.start + window.rows
    return {
        id(run): list(run.pieces(window.start, min(stop, run.rows)))
        for run in {id(run): run for run in one.runs.values()}.values()
    }
