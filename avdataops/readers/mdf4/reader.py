"""The Reader of MDF 4 files."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import Sidecars, StreamBatch
from avdataops.readers.can.buses import Bus, frames_by_message
from avdataops.readers.can.decode import decode_frames
from avdataops.readers.can.frames import Frames
from avdataops.readers.mdf4 import bus
from avdataops.readers.mdf4.columns import column_arrays
from avdataops.readers.mdf4.facts import Group, Times
from avdataops.readers.mdf4.plan import Measured, plan_streams
from avdataops.readers.mdf4.source import Source


class Mdf4Reader:
    """One opened MDF 4 file."""

    clock = "mdf"

    def __init__(self, name: str, source: Source, dbc: Mapping[str, bytes]) -> None:
        self._name = name
        self._source = source
        self._plan = plan_streams(name, source, dbc)
        self._found: dict[tuple[str, str | None], Problem] = {}

    @property
    def time(self) -> TimeRange | None:
        """First record to last of all streams whose times are known."""
        found: TimeRange | None = None
        for stream in self.streams:
            if stream.start_ns is not None and stream.stop_ns is not None:
                span = TimeRange(stream.start_ns, stream.stop_ns)
                found = span.union(found) if found else span
        return found

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Measured groups, then each bus channel with its messages."""
        return self._plan.streams

    @property
    def attachments(self) -> tuple[str, ...]:
        """Names of files inside."""
        return self._source.attachments

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far."""
        return (*self._plan.problems, *self._found.values())

    def batches(
        self,
        streams: Collection[str] | None = None,
        *,
        time: TimeRange | None = None,
        max_rows: int = 65_536,
    ) -> Iterator[StreamBatch]:
        """Yield the asked streams group by group, in one pass over each group."""
        known = [stream.name for stream in self.streams]
        for name in streams if streams is not None else ():
            if name not in known:
                near = did_you_mean(name, known)
                raise MissingStream(f"no stream '{name}' in {self._name}{near}")
        asked = frozenset(known if streams is None else streams)
        run = _Pass(self._source, asked, time, max(max_rows, 1))
        return self._batches(run, is_whole=time is None)

    def _batches(self, run: "_Pass", *, is_whole: bool) -> Iterator[StreamBatch]:
        for measured in self._plan.measured:
            if measured.stream.name in run.asked:
                yield from self._guarded(run.measured(measured), measured.group)
        wanted = [one for one in self._plan.buses if run.wants(one)]
        if wanted:
            for group in self._plan.frame_groups:
                yield from self._guarded(run.frames(group, wanted), group)
        yield from self._finish(run, is_whole=is_whole)

    def _guarded(self, batches: Iterator[StreamBatch], group: Group) -> Iterator[StreamBatch]:
        try:
            yield from batches
        except Exception as error:  # noqa: BLE001 - damage shows as whatever the library trips over
            text = f"{self._name}: group '{group.name}' breaks off: {error}"
            problem = Problem(code="truncated", message=text, stream=group.name)
            self._found["damaged", group.name] = problem

    def _finish(self, run: "_Pass", *, is_whole: bool) -> Iterator[StreamBatch]:
        schemas = self._schemas()
        for stream in self.streams:
            if stream.name not in run.asked:
                continue
            dropped = {**run.untold(stream.name)}
            missing = run.missing(stream) if is_whole else 0
            if missing > 0:
                dropped["missing"] = missing
                self._note_missing(stream, missing)
            if dropped or stream.name not in run.seen:
                empty = pa.RecordBatch.from_pylist([], schema=schemas[stream.name])
                yield StreamBatch(stream.name, empty, 0, dropped)
        for (name, reason), count in sorted(run.dropped.items()):
            text = f"{count} records of '{name}' in {self._name} were dropped: {reason}"
            problem = Problem(code=reason, message=text, stream=name, lost_rows=count)
            if reason != "no_time":
                self._found[reason, name] = problem

    def _note_missing(self, stream: Stream, missing: int) -> None:
        total = stream.rows or 0
        text = f"'{stream.name}' in {self._name}: read {total - missing} of {total} records"
        self._found["missing", stream.name] = Problem(
            code="truncated", message=text, stream=stream.name, lost_rows=missing
        )

    def _schemas(self) -> dict[str, pa.Schema]:
        found = {one.stream.name: one.schema for one in self._plan.measured}
        for one in self._plan.buses:
            found |= one.schemas
        return found

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Close the file."""
        self._source.close()


class _Pass:
    """State of one pass: what was asked, what came out, what was lost."""

    def __init__(
        self, source: Source, asked: frozenset[str], time: TimeRange | None, max_rows: int
    ) -> None:
        self._source = source
        self.asked = asked
        self._time = time
        self._max_rows = max_rows
        self.seen: set[str] = set()
        self.dropped: Counter[tuple[str, str]] = Counter()
        self._untold: dict[str, Counter[str]] = {}
        self._out: Counter[str] = Counter()

    def wants(self, one: Bus) -> bool:
        """Say whether the frames of a bus channel or any message on it were asked for."""
        return not self.asked.isdisjoint(one.schemas)

    def measured(self, one: Measured) -> Iterator[StreamBatch]:
        """Yield the records of a group."""
        name, group = one.stream.name, one.group
        if group.kind != "time":
            self._drop(name, "no_time", group.rows)
            return
        channels = [column.channel for column in one.columns]
        for piece in self._source.pieces(group, channels, self._max_rows):
            t_ns, kept = self._source.times_ns(piece.seconds)
            self._drop(name, "bad_time", len(piece.seconds) - len(t_ns))
            arrays = [pa.array(t_ns)]
            for column in one.columns:
                raw, invalid = piece.samples[column.channel.index]
                arrays.extend(
                    column_arrays(column, raw[kept], None if invalid is None else invalid[kept])
                )
            batch = pa.RecordBatch.from_arrays(arrays, schema=one.schema)
            yield from self._give(name, batch, t_ns)

    def frames(self, group: Group, buses: Collection[Bus]) -> Iterator[StreamBatch]:
        """Yield the frames of a group, by bus channel and by message."""
        parts = bus.frame_channels(group)
        for piece in self._source.pieces(group, list(parts.values()), self._max_rows):
            t_ns, kept = self._source.times_ns(piece.seconds)
            good = np.zeros(len(piece.seconds), dtype=np.bool_)
            good[kept] = True
            whole = np.zeros(len(piece.seconds), dtype=np.int64)
            whole[kept] = t_ns
            frames = bus.frames_of(parts, piece, whole)
            for one in buses:
                here = frames.bus == one.channel
                self._drop(one.stream.name, "bad_time", int((here & ~good).sum()))
                yield from self._bus(one, frames.take(here & good))

    def _bus(self, one: Bus, frames: Frames) -> Iterator[StreamBatch]:
        if not len(frames):
            return
        if one.stream.name in self.asked:
            yield from self._give(one.stream.name, frames.to_batch(), frames.t_ns)
        for decoded, part in frames_by_message(one, frames):
            if decoded.stream.name in self.asked:
                batch = decode_frames(decoded.message, part)
                yield from self._give(decoded.stream.name, batch, part.t_ns)

    def _give(self, name: str, batch: pa.RecordBatch, t_ns: Times) -> Iterator[StreamBatch]:
        self._out[name] += batch.num_rows
        if self._time is not None:
            inside = (t_ns >= self._time.start_ns) & (t_ns < self._time.stop_ns)
            batch = batch.filter(pa.array(inside))
        if not batch.num_rows:
            return
        self.seen.add(name)
        yield StreamBatch(name, batch, batch.num_rows, self.untold(name))

    def _drop(self, name: str, reason: str, count: int) -> None:
        if count:
            self.dropped[name, reason] += count
            self._untold.setdefault(name, Counter())[reason] += count

    def untold(self, name: str) -> dict[str, int]:
        """Return the losses of a stream that no batch has told yet."""
        return dict(self._untold.pop(name, Counter()))

    def missing(self, stream: Stream) -> int:
        """Return how many records the index counts beyond those that were read."""
        lost = sum(count for (name, _), count in self.dropped.items() if name == stream.name)
        return (stream.rows or 0) - self._out[stream.name] - lost


def open_mdf4(file: ReadableFile, sidecars: Sidecars) -> Mdf4Reader:
    """Open an MDF 4 file; raises ``UnreadableFile`` if its blocks cannot be read."""
    return Mdf4Reader(file.name, Source(file), sidecars.dbc)
