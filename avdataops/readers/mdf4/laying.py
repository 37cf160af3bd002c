"""Pieces of records become batches of rows; any thread may do it, for nothing here changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.readers.can.buses import Bus, frames_by_message
from avdataops.readers.can.decode import decode_frames
from avdataops.readers.can.frames import Frames
from avdataops.readers.can.transport import Assembler
from avdataops.readers.mdf4 import bus
from avdataops.readers.mdf4.columns import column_arrays
from avdataops.readers.mdf4.facts import (
    Channel,
    FileFacts,
    Group,
    Invalid,
    Lost,
    Piece,
    Samples,
    Task,
    Times,
)
from avdataops.readers.mdf4.plan import Measured, Plan


@dataclass(frozen=True, slots=True)
class Event:
    """Rows of a stream, or records that gave none, or what is wrong with some."""

    stream: str
    batch: pa.RecordBatch | None = None
    t_ns: Times | None = None
    segments: Frames | None = None
    """Frames that a transport must see in their order, one piece after the other."""
    dropped: int = 0
    reason: str = ""
    note: str | None = None
    is_end: bool = False
    """Whether no more records of the stream follow."""


@dataclass(frozen=True, slots=True)
class Laying:
    """How records of the asked streams become rows."""

    facts: FileFacts
    plan: Plan
    asked: frozenset[str]

    def wanted(self, groups: Sequence[Group]) -> dict[int, Sequence[Channel]]:
        """Return the channels to read, by those of the groups that were asked for."""
        found: dict[int, Sequence[Channel]] = {}
        for group in groups:
            measured = self.plan.measured.get(group.index)
            if measured is None:
                if any(self._wants(one) for one in self._buses(group.index)):
                    found[group.index] = list(self.plan.frame_parts[group.index].values())
            elif group.kind == "time" and measured.stream.name in self.asked:
                found[group.index] = [column.channel for column in measured.columns]
        return found

    def untimed(self, groups: Sequence[Group]) -> Sequence[Event]:
        """Return the records of groups that were asked for and have no times."""
        measured = (self.plan.measured.get(group.index) for group in groups)
        return [
            Event(one.stream.name, dropped=one.group.rows, reason="no_time")
            for one in measured
            if one is not None and one.group.kind != "time" and one.stream.name in self.asked
        ]

    def ends(self, groups: Sequence[Group]) -> Sequence[Event]:
        """Return the ends of the streams that only records of these groups make.

        A bus channel may be recorded by several groups, and its long messages end later.
        """
        measured = (self.plan.measured.get(group.index) for group in groups)
        names = [one.stream.name for one in measured if one is not None]
        return [Event(name, is_end=True) for name in names if name in self.asked]

    def lay(self, task: Task) -> Sequence[Event]:
        """Read records and return their rows."""
        return [event for index, piece in task() for event in self._events(index, piece)]

    def _buses(self, index: int) -> tuple[Bus, ...]:
        return self.plan.buses.get(self.plan.frame_groups.get(index, ""), ())

    def _wants(self, one: Bus) -> bool:
        return not self.asked.isdisjoint(one.schemas)

    def _events(self, index: int, piece: Piece | Lost) -> Iterator[Event]:
        measured = self.plan.measured.get(index)
        names = [one.stream.name for one in self._buses(index)]
        first = measured.stream.name if measured is not None else (names or [""])[0]
        if isinstance(piece, Lost):
            yield Event(first, note=piece.reason)
            return
        for note in piece.notes:
            yield Event(first, note=note)
        if measured is not None:
            yield self._measured(measured, piece)
        else:
            yield from self._frames(index, piece)

    def _measured(self, one: Measured, piece: Piece) -> Event:
        t_ns, kept = self.facts.times_ns(piece.seconds)
        lost = len(piece.seconds) - len(t_ns)
        arrays = [pa.array(t_ns)]
        for column in one.columns:
            raw, invalid = piece.samples[column.channel.index]
            if lost:
                raw, invalid = _chosen(raw, invalid, kept)
            arrays.extend(column_arrays(column, raw, invalid))
        batch = pa.RecordBatch.from_arrays(arrays, schema=one.schema)
        return Event(one.stream.name, batch, t_ns, dropped=lost, reason="bad_time")

    def _frames(self, index: int, piece: Piece) -> Iterator[Event]:
        t_ns, kept = self.facts.times_ns(piece.seconds)
        good = np.zeros(len(piece.seconds), dtype=np.bool_)
        good[kept] = True
        whole = np.zeros(len(piece.seconds), dtype=np.int64)
        whole[kept] = t_ns
        parts = self.plan.frame_parts[index]
        frames = bus.frames_of(parts, piece, whole)
        lacking = bus.without_payload(parts, piece)
        for one in self._buses(index):
            here = frames.bus == one.channel
            if lacking is not None:
                yield Event(one.stream.name, dropped=int((here & lacking).sum()), reason="no_data")
                here &= ~lacking
            untimed = int((here & ~good).sum())
            if untimed:
                yield Event(one.stream.name, dropped=untimed, reason="bad_time")
            chosen = here & good
            yield from self._bus(one, frames if chosen.all() else frames.take(chosen))

    def _bus(self, one: Bus, frames: Frames) -> Iterator[Event]:
        if not len(frames):
            return
        if one.stream.name in self.asked:
            yield Event(one.stream.name, frames.to_batch(), frames.t_ns)
        transport = self.plan.transport
        if transport.is_needed:
            long = transport.of_messages(frames)
            segments = long | transport.of_carriers(frames)
            if segments.any():
                yield Event(one.stream.name, segments=frames.take(segments))
                frames = frames.take(~long)
        yield from self.messages(one, frames)

    def messages(self, one: Bus, frames: Frames) -> Iterator[Event]:
        """Yield what the asked messages of a bus channel say in frames."""
        for decoded, part in frames_by_message(one, frames):
            if decoded.stream.name in self.asked:
                rows = decode_frames(decoded.message, part, decoded.schema)
                yield Event(decoded.stream.name, rows, part.t_ns)

    def assembled(self, event: Event, assembler: Assembler) -> Iterator[Event]:
        """Yield what long messages say that are whole with these segments."""
        if event.segments is None:
            return
        whole = assembler.feed(event.segments)
        for one in self.plan.all_buses:
            if one.stream.name == event.stream and len(whole):
                yield from self.messages(one, whole)


def _chosen(
    raw: Samples | pa.Array, invalid: Invalid | None, kept: npt.NDArray[np.intp]
) -> tuple[Samples | pa.Array, Invalid | None]:
    values = raw.take(pa.array(kept)) if isinstance(raw, pa.Array) else raw[kept]
    return values, None if invalid is None else invalid[kept]
