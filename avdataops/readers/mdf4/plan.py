"""Streams of an MDF file: measured groups, bus channels, and decoded messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from avdataops.model.stream import Problem, Stream
from avdataops.readers.can.buses import Bus, id_problems, load_dbcs, plan_bus
from avdataops.readers.can.census import Census, Seen
from avdataops.readers.can.dbc import Match
from avdataops.readers.mdf4 import bus
from avdataops.readers.mdf4.columns import Column, plan_columns
from avdataops.readers.mdf4.facts import Group
from avdataops.readers.mdf4.source import Source
from avdataops.readers.names import UniqueNames

_CENSUS_ROWS = 1 << 20
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

    measured: tuple[Measured, ...]
    buses: tuple[Bus, ...]
    frame_groups: tuple[Group, ...]
    problems: tuple[Problem, ...]

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Measured streams, then each bus channel with its messages."""
        found = [one.stream for one in self.measured]
        for one in self.buses:
            found += [one.stream, *(decoded.stream for decoded in one.decoded)]
        return tuple(found)


@dataclass(slots=True)
class _Notes:
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, stream: str | None = None) -> None:
        self.problems.append(Problem(code=code, message=message, stream=stream))


@dataclass(frozen=True, slots=True)
class _Naming:
    unique: UniqueNames
    notes: _Notes


def plan_streams(name: str, source: Source, dbc: Mapping[str, bytes]) -> Plan:
    """Find the streams of an opened file; ``dbc`` are texts by file name."""
    notes = _Notes()
    naming = _Naming(UniqueNames(joint="#"), notes)
    frame_groups = tuple(group for group in source.groups if bus.is_frames(group))
    measured = tuple(
        _measured(source, group, naming) for group in source.groups if group not in frame_groups
    )
    buses: tuple[Bus, ...] = ()
    if frame_groups:
        match, problems = load_dbcs(dbc)
        notes.problems += problems
        buses = _buses(source, frame_groups, match, naming)
        if not dbc and any(one.stream.rows for one in buses):
            notes.add("no_dbc", f"{name} has CAN frames and no DBC was given to decode them")
    _note_state(name, source, notes)
    return Plan(measured, buses, frame_groups, tuple(notes.problems))


def _note_state(name: str, source: Source, notes: _Notes) -> None:
    for cut in source.cuts[:1]:
        notes.add("truncated", f"{name} breaks off: the block at byte {cut} is not whole")
    if source.is_unfinalised:
        notes.add("unfinalised", f"{name} was not closed by the logger; its last records may lack")
    if source.is_local_time:
        text = f"{name} states its start in a local time without offset; it is taken for UTC"
        notes.add("local_time", text)


def _measured(source: Source, group: Group, naming: _Naming) -> Measured:
    columns = plan_columns(group.channels)
    fields = [T_NS, *(field for column in columns for field in column.fields)]
    name = naming.unique.claim(group.name)
    for column in columns:
        if column.problem:
            text = f"'{column.channel.name}' in '{name}' is kept raw: {column.problem}"
            naming.notes.add("bad_conversion", text, name)
    if group.kind != "time" and group.rows:
        text = f"'{name}' has no time channel (its master is {group.kind}), so it gives no rows"
        naming.notes.add("no_time", text, name)
    span = source.time_of(group) if group.kind == "time" else None
    stream = _with_time(
        Stream(name=name, topic=group.name, type=f"mdf/{group.kind}", rows=None),
        Seen(group.rows, span),
    )
    return Measured(stream, group, columns, pa.schema(fields))


def _buses(
    source: Source, groups: Sequence[Group], match: Match, naming: _Naming
) -> tuple[Bus, ...]:
    census = Census()
    for group in groups:
        found = _census(source, group, naming.notes)
        _note_lost_frames(group, sum(seen.frames for seen in found.values()), naming.notes)
        for (channel, number, extended), seen in found.items():
            ids = census.ids.setdefault(channel, {})
            ids[number, extended] = ids.get((number, extended), Seen()).plus(seen)
    planned = []
    for channel in census.channels:
        one = plan_bus(channel, f"CAN{channel}", census, match, naming.unique)
        naming.notes.problems += id_problems(one, census.ids[channel], match)
        planned.append(one)
    return tuple(planned)


def _census(source: Source, group: Group, notes: _Notes) -> dict[bus.Key, Seen]:
    try:
        return bus.take_census(source, group, _CENSUS_ROWS)
    except Exception as error:  # noqa: BLE001 - damage shows as whatever the library trips over
        notes.add("truncated", f"the frames of '{group.name}' cannot be read: {error}")
        return {}


def _note_lost_frames(group: Group, frames: int, notes: _Notes) -> None:
    """Tell of frames that the file counts and does not hold; their bus channels are unknown."""
    if frames < group.rows:
        text = f"'{group.name}': read {frames} of {group.rows} frames that the file counts"
        problem = Problem(code="truncated", message=text, lost_rows=group.rows - frames)
        notes.problems.append(problem)


def _with_time(stream: Stream, seen: Seen) -> Stream:
    start = seen.time.start_ns if seen.time else None
    stop = seen.time.stop_ns if seen.time else None
    return replace(stream, rows=seen.frames, start_ns=start, stop_ns=stop)
