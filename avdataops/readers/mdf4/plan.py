"""Streams of an MDF file: measured groups, bus channels, and decoded messages."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from avdataops.model.errors import InputError
from avdataops.model.stream import Problem, Stream
from avdataops.readers.can.dbc import Match, Message, load_dbc, match_messages
from avdataops.readers.can.decode import schema_of
from avdataops.readers.can.frames import FRAMES_TYPE
from avdataops.readers.mdf4 import bus
from avdataops.readers.mdf4.columns import Column, plan_columns
from avdataops.readers.mdf4.facts import Group
from avdataops.readers.mdf4.source import Source
from avdataops.readers.names import UniqueNames

_CENSUS_ROWS = 1 << 20
_Id = tuple[int, bool]
T_NS = pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})


@dataclass(frozen=True, slots=True)
class Measured:
    """A group whose channels are one stream."""

    stream: Stream
    group: Group
    columns: tuple[Column, ...]
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message that a DBC finds on a bus channel."""

    stream: Stream
    message: Message
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class Bus:
    """The frames of one bus channel."""

    stream: Stream
    channel: int
    by_id: Mapping[tuple[int, bool], Decoded]


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
            found.append(one.stream)
            found.extend({d.stream.name: d.stream for d in one.by_id.values()}.values())
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
        match = _load_dbcs(dbc, notes)
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
        bus.Seen(group.rows, span),
    )
    return Measured(stream, group, columns, pa.schema(fields))


def _load_dbcs(dbc: Mapping[str, bytes], notes: _Notes) -> Match:
    databases = []
    for name, text in sorted(dbc.items()):
        try:
            databases.append(load_dbc(name, text))
        except InputError as error:
            notes.add("bad_dbc", error.message)
    return match_messages(databases)


def _buses(
    source: Source, groups: Sequence[Group], match: Match, naming: _Naming
) -> tuple[Bus, ...]:
    found: dict[int, dict[_Id, bus.Seen]] = {}
    for group in groups:
        census = _census(source, group, naming.notes)
        _note_lost_frames(group, sum(seen.frames for seen in census.values()), naming.notes)
        for (channel, *key), seen in sorted(census.items()):
            ids = found.setdefault(channel, {})
            one = (int(key[0]), bool(key[1]))
            ids[one] = ids[one].plus(seen) if one in ids else seen
    return tuple(_bus(channel, ids, match, naming) for channel, ids in sorted(found.items()))


def _census(source: Source, group: Group, notes: _Notes) -> dict[bus.Key, bus.Seen]:
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


def _bus(channel: int, ids: Mapping[_Id, bus.Seen], match: Match, naming: _Naming) -> Bus:
    plain = f"CAN{channel}"
    name = naming.unique.claim(plain)
    by_message: dict[tuple[str, str], list[_Id]] = {}
    matched: dict[_Id, Message] = {}
    for key in ids:
        message = match.find(key[0], extended=key[1])
        if message is not None:
            matched[key] = message
            by_message.setdefault((message.name, message.dbc), []).append(key)
    decoded = {
        pair: _decoded(name, matched[keys[0]], _together([ids[key] for key in keys]), naming)
        for pair, keys in by_message.items()
    }
    _note_ids(name, ids, match, naming.notes)
    stream = _with_time(
        Stream(name=name, topic=plain, type=FRAMES_TYPE, rows=0, attributes={"bus": plain}),
        _together(list(ids.values())),
    )
    return Bus(stream, channel, {key: decoded[m.name, m.dbc] for key, m in matched.items()})


def _together(seen: Sequence[bus.Seen]) -> bus.Seen:
    return functools.reduce(bus.Seen.plus, seen)


def _with_time(stream: Stream, seen: bus.Seen) -> Stream:
    start = seen.time.start_ns if seen.time else None
    stop = seen.time.stop_ns if seen.time else None
    return replace(stream, rows=seen.frames, start_ns=start, stop_ns=stop)


def _note_ids(name: str, ids: Mapping[_Id, bus.Seen], match: Match, notes: _Notes) -> None:
    """Tell of ids that no DBC names, and of those that several name differently."""
    unknown = {key: seen for key, seen in ids.items() if not match.find(key[0], extended=key[1])}
    if unknown and match.exact:
        frames = sum(seen.frames for seen in unknown.values())
        text = (
            f"{len(unknown)} of {len(ids)} ids on {name} ({frames} frames) are in no DBC: "
            f"{_listed(unknown)}"
        )
        notes.add("undecoded_ids", text, name)
    shared = {key: match.shadowed[key] for key in ids if key in match.shadowed}
    if shared:
        first = next(iter(shared))
        others = ", ".join(message.dbc for message in shared[first])
        text = (
            f"{len(shared)} ids on {name} are in several DBCs ({_listed(shared)}); "
            f"{match.exact[first].dbc} is used, not {others}"
        )
        notes.add("ambiguous_ids", text, name)


def _decoded(bus_name: str, message: Message, seen: bus.Seen, naming: _Naming) -> Decoded:
    plain = f"{bus_name}.{message.name}"
    stream = Stream(
        name=naming.unique.claim(plain),
        topic=plain,
        type=f"can/{message.name}",
        rows=None,
        attributes={"bus": bus_name, "can_id": f"0x{message.id:X}", "dbc": message.dbc},
    )
    return Decoded(_with_time(stream, seen), message, schema_of(message))


def _listed(ids: Mapping[_Id, object]) -> str:
    first = [f"0x{number:X}" for number, _ in list(ids)[:8]]
    return ", ".join(first) + (", …" if len(ids) > len(first) else "")
