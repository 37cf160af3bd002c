"""Streams of a TDMS file: the channels of one group that share length and times.

A group gives one stream per class of channels, in the order of the file: the first has the name
of the group, the next ``<group>/2``, ``<group>/3``.  The class of a channel is the count of its
values and its times: its own waveform properties, else the first channel of moments with the same
count of values in its group, else what group or file say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import pyarrow as pa

from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.readers.tdms.clock import (
    Clock,
    FileClock,
    Ticks,
    file_clock,
    numbered,
    other_clock,
    stamps_ns,
    waveform_clock,
)
from avdataops.readers.tdms.columns import T_NS, Channel, Column, Names, plan_columns
from avdataops.readers.tdms.index import CHANNEL_PARTS, Index
from avdataops.readers.tdms.kinds import STAMP, Value
from avdataops.readers.tdms.samples import Runs, Samples


@dataclass(frozen=True, slots=True)
class Planned:
    """One stream and where it comes from."""

    stream: Stream
    columns: tuple[Column, ...]
    schema: pa.Schema
    ticks: Ticks | None
    """None if ``stamps`` has the times."""
    stamps: Channel | None
    rows: int
    """Rows in the file; the index may promise more."""
    runs: Mapping[int, Runs]
    """By channel."""
    time: TimeRange | None = None
    """From the first row in the file to the last."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All streams of a file."""

    planned: tuple[Planned, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Group:
    channels: list[Channel] = field(default_factory=list)
    clock: FileClock = field(default_factory=FileClock)


@dataclass(frozen=True, slots=True)
class _Class:
    """Channels that are one stream."""

    promised: int
    clock: Clock | None
    stamps: Channel | None
    channels: list[Channel]

    @property
    def rows(self) -> int:
        if self.stamps:
            return self.stamps.rows
        return max((one.rows for one in self.channels), default=0)


def plan_streams(name: str, index: Index, samples: Samples) -> Plan:
    """Find the streams of an indexed file; reads first and last moments of channels that have."""
    problems = [Problem(code="truncated", message=text) for text in index.damage]
    runs = _all_runs(index)
    names = Names(joint="#")
    planned = []
    for group, facts in _groups(index, runs).items():
        for number, one in enumerate(_classes(facts), 1):
            title = names.claim((group or "group") if number == 1 else f"{group}/{number}")
            found = _planned(one, group, title, runs)
            planned.append(_timed(found, samples))
            restamped = [c.name for c in one.channels if index.objects[c.number].is_restamped]
            problems.extend(_problems(name, found, one, restamped))
    return Plan(tuple(planned), tuple(problems))


def _all_runs(index: Index) -> dict[int, Runs]:
    """Return the runs of each channel; channels that lie alike share them."""
    known: dict[tuple[bytes, bytes], Runs] = {}
    found = {}
    for number, one in enumerate(index.objects):
        if len(one.parts) == CHANNEL_PARTS and one.shape:
            key = (one.spans.tobytes(), one.values.tobytes())
            if key not in known:
                known[key] = Runs(index, one)
            found[number] = known[key]
    return found


def _groups(index: Index, runs: Mapping[int, Runs]) -> dict[str, _Group]:
    properties: dict[tuple[str, ...], Mapping[str, Value]] = {
        one.parts: one.properties for one in index.objects
    }
    whole = properties.get((), {})
    found: dict[str, _Group] = {}
    for number, one in enumerate(index.objects):
        if len(one.parts) != CHANNEL_PARTS:
            continue
        own = properties.get(one.parts[:1], {})
        group = found.setdefault(one.parts[0], _Group(clock=file_clock(own, whole)))
        if one.shape:
            levels = (one.properties, own, whole)
            channel = Channel(
                number, one.parts[1], one.shape, levels, runs[number].rows, one.missing
            )
            group.channels.append(channel)
    return found


def _classes(group: _Group) -> list[_Class]:
    """Sort the channels of a group into streams; a group without values has one without rows."""
    waves = {c.number: waveform_clock(c.levels[0], group.clock) for c in group.channels}
    stamps: dict[int, Channel] = {}
    for one in group.channels:
        if one.shape.kind is STAMP and not waves[one.number]:
            stamps.setdefault(one.rows + one.missing, one)
    found: dict[tuple[int, Clock | None], _Class] = {}
    for one in group.channels:
        promised = one.rows + one.missing
        clock, times = waves[one.number], None
        if clock is None:
            times = stamps.get(promised)
            clock = None if times else other_clock(one.levels[0], group.clock)
        key = (promised, clock)
        kept = found.setdefault(key, _Class(promised, _usable(clock, promised), times, []))
        if one is not times:
            kept.channels.append(one)
    return list(found.values()) or [_Class(0, numbered(Fraction(0), "0"), None, [])]


def _usable(clock: Clock | None, rows: int) -> Clock | None:
    if clock is None or clock.ticks.fits(rows):
        return clock
    return numbered(Fraction(0), "0, because its waveform leaves the years 1823 to 2116")


def _planned(one: _Class, group: str, title: str, runs: Mapping[int, Runs]) -> Planned:
    columns = plan_columns(one.channels)
    fields = [T_NS, *(column for found in columns for column in found.fields)]
    kind = one.clock.kind if one.clock else "timestamped"
    stream = Stream(
        name=title,
        topic=group,
        type=f"tdms/{kind}",
        rows=one.promised,
        attributes={"time_channel": one.stamps.name} if one.stamps else {},
    )
    members = [*one.channels, *([one.stamps] if one.stamps else [])]
    return Planned(
        stream=stream,
        columns=columns,
        schema=pa.schema(fields),
        ticks=one.clock.ticks if one.clock else None,
        stamps=one.stamps,
        rows=one.rows,
        runs={channel.number: runs[channel.number] for channel in members},
    )


def _timed(planned: Planned, samples: Samples) -> Planned:
    """Return the stream with the time of its rows, where that is known.

    The stream itself states it only if all promised rows are there: else rows and time would not
    belong together, and make a rate that never was.
    """
    if not planned.rows:
        return planned
    if planned.ticks:
        ends = [planned.ticks.at(0), planned.ticks.at(planned.rows - 1)]
    else:
        ends = list(_stamped_ends(planned, samples))
    if len(ends) < 2 or ends[1] < ends[0]:  # noqa: PLR2004 - first and last
        return planned
    time = TimeRange(ends[0], ends[1] + 1)
    if planned.rows < (planned.stream.rows or 0):
        return replace(planned, time=time)
    stream = replace(planned.stream, start_ns=time.start_ns, stop_ns=time.stop_ns)
    return replace(planned, stream=stream, time=time)


def _stamped_ends(planned: Planned, samples: Samples) -> Iterator[int]:
    if planned.stamps is None:
        return
    number = planned.stamps.number
    for row in (0, planned.rows - 1):
        (piece,) = planned.runs[number].pieces(row, row + 1)
        times, known = stamps_ns(samples.first(number, piece))
        if known[0]:
            yield int(times[0])


def _problems(name: str, planned: Planned, one: _Class, restamped: list[str]) -> Iterator[Problem]:
    title = planned.stream.name
    where = f"'{title}' in {name}"
    if one.clock and one.clock.note:
        code = "no_time" if one.clock.is_guess else "file_clock"
        yield Problem(code=code, message=f"{where}: {one.clock.note}", stream=title)
    shortest = min((channel.rows for channel in one.channels), default=planned.rows)
    if min(shortest, planned.rows) < one.promised:
        text = f"{where}: read {planned.rows} of {one.promised} samples"
        if shortest < planned.rows:
            text = f"{text}, and of some channels only {shortest}"
        lost = one.promised - planned.rows
        yield Problem(code="truncated", message=text, stream=title, lost_rows=lost)
    if restamped:
        text = f"{where}: the start of '{restamped[0]}' was written anew; the last one counts"
        yield Problem(code="restamped", message=text, stream=title)
    for column in planned.columns:
        if column.problem:
            text = f"{where}: {column.problem}"
            yield Problem(code="no_scaling", message=text, stream=title)
