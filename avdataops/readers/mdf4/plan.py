"""Streams of an MDF file: measured groups, bus channels, and decoded messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from avdataops.model.errors import HostileInput
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.reading import Sidecars
from avdataops.readers.can.buses import (
    Bus,
    id_problems,
    load_databases,
    match_for,
    plan_bus,
    sample_problem,
    sampled,
)
from avdataops.readers.can.census import Census
from avdataops.readers.can.dbc import Match
from avdataops.readers.can.frames import Frames
from avdataops.readers.can.transport import NO_TRANSPORT, Assembler, Transport, find_transport
from avdataops.readers.mdf4 import bus
from avdataops.readers.mdf4.columns import Column, plan_columns
from avdataops.readers.mdf4.facts import Channel, Group, Invalid, Lost, Source
from avdataops.readers.names import UniqueNames

MAX_IDS = 200_000
"""More identifiers, all channels together, than any honest log has."""
FRAME_ROWS = 1 << 19
"""Frames that are decoded together: few large batches for each of many messages."""
T_NS = pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})


@dataclass(frozen=True, slots=True)
class Measured:
    """A group whose channels are one stream."""

    stream: Stream
    group: Group
    columns: tuple[Column, ...]
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class Plan:
    """All streams of a file."""

    measured: Mapping[int, Measured]
    """By group."""
    buses: Mapping[str, tuple[Bus, ...]]
    """By kind of bus."""
    frame_groups: Mapping[int, str]
    """Kind of bus by group."""
    frame_parts: Mapping[int, Mapping[str, Channel]]
    """Channels of the parts of a frame by group."""
    transport: Transport
    """How long messages are put together."""
    problems: tuple[Problem, ...]

    @property
    def all_buses(self) -> tuple[Bus, ...]:
        """Bus channels of all kinds."""
        return tuple(one for some in self.buses.values() for one in some)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Measured streams, then each bus channel with its messages."""
        found = [one.stream for one in self.measured.values()]
        for one in self.all_buses:
            found += [one.stream, *(decoded.stream for decoded in one.decoded)]
        return tuple(found)

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        """Columns of all streams."""
        found = {one.stream.name: one.schema for one in self.measured.values()}
        for one in self.all_buses:
            found |= one.schemas
        return found


@dataclass(slots=True)
class _Notes:
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, stream: str | None = None) -> None:
        self.problems.append(Problem(code=code, message=message, stream=stream))


@dataclass(frozen=True, slots=True)
class _Naming:
    unique: UniqueNames
    notes: _Notes


def plan_streams(name: str, source: Source, sidecars: Sidecars) -> Plan:
    """Find the streams of an opened file."""
    dbc = sidecars.dbc
    notes = _Notes()
    naming = _Naming(UniqueNames(joint="#"), notes)
    groups = [group for some in source.sets for group in some]
    frames = {group.index: kind for group in groups if (kind := bus.bus_kind(group)) is not None}
    plain = [group for group in groups if group.index not in frames]
    ends = source.ends([group for group in plain if group.kind == "time"])
    measured = {
        group.index: _measured(group, _span(source, ends.get(group.index)), naming)
        for group in plain
    }
    buses: dict[str, tuple[Bus, ...]] = {}
    databases, problems = load_databases(dbc if frames else {})
    notes.problems += problems
    transport = find_transport(match_for(databases, "CAN"))
    for kind in dict.fromkeys(frames.values()):
        mine = [group for group in groups if frames.get(group.index) == kind]
        counting = _Counting(transport if kind == "CAN" else NO_TRANSPORT, sidecars.look_at)
        census = _census(source, mine, counting, notes)
        if census.is_sample:
            notes.problems.append(sample_problem(name, sidecars.look_at or 0))
        buses[kind] = _buses(kind, census, match_for(databases, kind), naming)
    if frames and not dbc and any(one.stream.rows for some in buses.values() for one in some):
        notes.add("no_dbc", f"{name} has CAN frames and no DBC was given to decode them")
    _note_state(name, source, notes)
    parts = {one.index: bus.frame_channels(one) for one in groups if one.index in frames}
    return Plan(measured, buses, frames, parts, transport, tuple(notes.problems))


def _check_ids(census: Census) -> None:
    ids = sum(len(some) for some in census.ids.values())
    if ids > MAX_IDS:
        raise HostileInput(f"the bus log names over {MAX_IDS} identifiers")


def _note_state(name: str, source: Source, notes: _Notes) -> None:
    for cut in source.facts.cuts[:1]:
        notes.add("truncated", f"{name} breaks off: the block at byte {cut} is not whole")
    if source.facts.is_unfinalised:
        notes.add("unfinalised", f"{name} was not closed by the logger; its last records may lack")
    if source.facts.is_local_time:
        text = f"{name} states its start in a local time without offset; it is taken for UTC"
        notes.add("local_time", text)


def _span(source: Source, ends: tuple[float, float] | None) -> TimeRange | None:
    if ends is None:
        return None
    t_ns, kept = source.facts.times_ns(np.array(ends))
    in_order = len(kept) == len(ends) and t_ns[0] <= t_ns[1]
    return TimeRange(int(t_ns[0]), int(t_ns[1]) + 1) if in_order else None


def _measured(group: Group, span: TimeRange | None, naming: _Naming) -> Measured:
    columns = plan_columns(group.channels)
    fields = [T_NS, *(field for column in columns for field in column.fields)]
    name = naming.unique.claim(group.name)
    for column in columns:
        if column.problem:
            state = "has no values" if column.channel.problem else "is kept raw"
            text = f"'{column.channel.name}' in '{name}' {state}: {column.problem}"
            naming.notes.add("bad_conversion", text, name)
    if group.kind != "time" and group.rows:
        text = f"'{name}' has no time channel (its master is {group.kind}), so it gives no rows"
        naming.notes.add("no_time", text, name)
    stream = Stream(
        name=name,
        topic=group.name,
        type=f"mdf/{group.kind}",
        rows=group.rows,
        start_ns=span.start_ns if span else None,
        stop_ns=span.stop_ns if span else None,
    )
    return Measured(stream, group, columns, pa.schema(fields))


def _buses(kind: str, census: Census, match: Match, naming: _Naming) -> tuple[Bus, ...]:
    planned = []
    for channel in census.channels:
        one = plan_bus(channel, f"{kind}{channel}", census, match, naming.unique)
        naming.notes.problems += id_problems(one, census.ids[channel], match)
        planned.append(sampled(one) if census.is_sample else one)
    return tuple(planned)


@dataclass(frozen=True, slots=True)
class _Counting:
    transport: Transport
    look_at: int | None
    """Frames after which counting ends, None for all."""

    def add(self, census: Census, assembler: Assembler, frames: Frames, timed: Invalid) -> None:
        """Count frames, and what is decoded of them."""
        census.add(frames, timed)
        _check_ids(census)
        if self.transport.is_needed:
            long = self.transport.of_messages(frames)
            census.add_messages(frames.take(~long))
            segments = long | self.transport.of_carriers(frames)
            census.add_messages(assembler.feed(frames.take(segments & timed)))


def _census(source: Source, groups: Sequence[Group], counting: _Counting, notes: _Notes) -> Census:
    """Count the frames of each identifier by reading all identifiers.

    Which messages a log holds is stated nowhere else.
    """
    census, assembler = Census(), Assembler(counting.transport)
    counted = 0
    for group in groups:
        fields = bus.CARRIED if counting.transport.is_needed else bus.COUNTED
        parts = bus.frame_channels(group, fields)
        read, why = 0, ""
        for task in source.tasks({group.index: list(parts.values())}, FRAME_ROWS):
            if counting.look_at is not None and counted >= counting.look_at:
                census.is_sample = True
                return census
            for _, piece in task():
                if isinstance(piece, Lost):
                    why = f": {piece.reason}"
                    continue
                read += len(piece.seconds)
                counted += len(piece.seconds)
                t_ns, kept = source.facts.times_ns(piece.seconds)
                whole = np.zeros(len(piece.seconds), np.int64)
                whole[kept] = t_ns
                timed = np.zeros(len(piece.seconds), np.bool_)
                timed[kept] = True
                counting.add(census, assembler, bus.frames_of(parts, piece, whole), timed)
        if read < group.rows:
            text = f"'{group.name}': read {read} of {group.rows} frames that the file counts{why}"
            lost = group.rows - read
            notes.problems.append(Problem(code="truncated", message=text, lost_rows=lost))
    return census
