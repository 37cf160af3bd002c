"""The streams of one measurement, with their timing, placed on the reference clock.

Reads stored tables, one stream at a time and only the columns that are needed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.time import NS_PER_MS
from avdataops.ports.step import Table
from avdataops.signals.arrays import Pairs, Times
from avdataops.signals.columns import FRAME_CLASSES, times
from avdataops.signals.ego import Offer
from avdataops.signals.frames import FrameStream
from avdataops.signals.gridding import (
    Limits,
    at_ticks,
    grid_over,
    has_numbers,
    rate_within,
    synced,
)
from avdataops.signals.mapping import Reading, read
from avdataops.signals.payloads import FACT_NAMES
from avdataops.signals.reference_clock import best_clock
from avdataops.signals.stamps import STAMP_COLUMN, Stamps, stamps_in
from avdataops.signals.stream_timing import StreamTiming
from avdataops.signals.ties import COMPARED, Tie, reference_tie, tie
from avdataops.tables.signals import Match, Source, matches

_DESCRIPTION = re.compile(r".*(CameraInfo|CameraCalibration)")
"""Messages of a camera that are no frames."""


@dataclass(frozen=True, slots=True)
class TimedStream:
    """One stream of messages as downsampling left it."""

    table: Table
    timing: StreamTiming

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self.table.artifact.name

    @property
    def type(self) -> str:
        """Message type or channel-group kind."""
        return self.table.artifact.attributes.get("type", "")

    @property
    def matches(self) -> tuple[Match, ...]:
        """Canonical signals that it can give."""
        return matches(Source(stream=self.name, type=self.type, schema=self.table.schema))

    def read(self, match: Match) -> Reading:
        """Return one canonical signal on the stream's own clock."""
        return read(match, self.table.read(["t_ns", *match.needs]))


@dataclass(frozen=True, slots=True)
class PlacedStream:
    """One stream whose times can be told on the reference clock."""

    stream: TimedStream
    tie: Tie
    stamps: Stamps | None = None
    """What its messages' own stamps are worth; None where that was not looked at."""
    to_middle_ns: int = 0
    """What takes the time of a frame to the middle of its exposure or sweep."""

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self.stream.name

    def message_times(self, rows: pa.Table) -> Times:
        """Return when messages were, by their stamps where those tell, on the reference clock.

        ``rows`` is a part of its table as recorded, with ``t_ns`` and the stamp if there is one.
        """
        received, stamped = times(rows["t_ns"]), stamps_in(rows)
        if self.stamps is None or stamped is None:
            return self.tie.to_reference(received)
        return self.tie.to_reference(self.stamps.on_recorder(stamped, received))

    @property
    def stretches(self) -> Pairs:
        """When it had messages, without its gaps, on the reference clock."""
        own = self.stream.timing.stretches
        return np.asarray(self.tie.to_reference(own.ravel()).reshape(-1, 2), dtype=np.int64)

    @property
    def is_signals(self) -> bool:
        """Say whether it holds numbers that can be put on a grid, rather than frames."""
        schema = self.stream.table.schema
        return "part" not in schema.names and has_numbers(schema)

    def is_fast_enough(self, limits: Limits) -> bool:
        """Say whether its messages follow each other closely enough to be joined."""
        return (self.stream.timing.period_ns or 0) <= limits.at_most_ms * NS_PER_MS

    def on_own_grid(self, rate_hz: float, limits: Limits) -> pa.Table:
        """Return its numbers and texts at ticks of ``rate_hz``, or of a whole part of that."""
        table = self.stream.table.read()
        own_hz = rate_within(rate_hz, self.stream.timing.period_ns)
        ticks = grid_over([self.stretches], own_hz, join_ns=limits.at_most_ns)
        return synced(table, self.tie.to_reference(times(table["t_ns"])), ticks, limits)

    def offer(self, match: Match, reading: Reading, ticks: Times, limits: Limits) -> Offer:
        """Return one canonical signal at ticks."""
        t = self.tie.to_reference(reading.t)
        return Offer(match, at_ticks(t, reading.x, ticks, match.signal.method, limits))

    def frames(self) -> FrameStream | None:
        """Return its frames with their place in the raw zone; None for other streams."""
        names = ["t_ns", "row", "part"]
        timing = self.stream.timing
        if timing.topic_class not in FRAME_CLASSES or _DESCRIPTION.fullmatch(self.stream.type):
            return None
        if not set(names).issubset(self.stream.table.schema.names):
            return None
        wanted = (STAMP_COLUMN, *FACT_NAMES)
        own = [name for name in wanted if name in self.stream.table.schema.names]
        rows = self.stream.table.read([*names, *own])
        t = self.message_times(rows) + self.to_middle_ns
        return FrameStream(stream=self.name, topic_class=timing.topic_class, t=t, rows=rows)


def timed_streams(
    tables: Iterable[Table], timings: Mapping[str, StreamTiming]
) -> tuple[TimedStream, ...]:
    """Return the streams that have messages of their own, by name; children have none."""
    found = (
        TimedStream(table, timings[table.artifact.name])
        for table in tables
        if table.artifact.name in timings and not table.artifact.attributes.get("parent")
    )
    return tuple(sorted(found, key=lambda stream: stream.name))


def reference_of(scores: Mapping[str, float], wanted: str) -> str | None:
    """Return the wanted clock, else the one with the best score; None without any clock.

    Raises ``ConfigError`` if the wanted one is nowhere used.
    """
    if not wanted:
        return best_clock(scores)
    if wanted not in scores:
        raise ConfigError(
            f"no clock '{wanted}' in this measurement{did_you_mean(wanted, scores)}",
            hint=f"set the parameter reference of sync to one of {', '.join(sorted(scores))}",
        )
    return wanted


def ties_of(
    streams: tuple[TimedStream, ...],
    timings: Iterable[StreamTiming],
    reference: str,
    *,
    max_lag_s: float,
) -> dict[str, Tie]:
    """Return how each clock is tied to the reference, by the best signals that both sides have."""
    others = sorted({timing.clock for timing in timings} - {reference})
    if not others:
        return {reference: reference_tie(reference)}
    ours = _compared(streams, reference)
    found = {
        clock: tie(clock, ours, _compared(streams, clock), max_lag_s=max_lag_s) for clock in others
    }
    return {reference: reference_tie(reference)} | found


def assume_common(ties: Mapping[str, Tie], timings: Iterable[StreamTiming]) -> dict[str, Tie]:
    """Return the ties with refused clocks taken as the reference where the drives overlap in time.

    Without any overlap the assumption contradicts the recording, and the refusal stays.
    """
    spans: dict[str, list[tuple[int, int]]] = {}
    for timing in timings:
        spans.setdefault(timing.clock, []).append((timing.first_ns, timing.last_ns))
    ours = next(clock for clock, found in ties.items() if found.method == "reference")
    return {
        clock: found
        if found.usable or not _overlap(spans[clock], spans[ours])
        else replace(found, assumed=True)
        for clock, found in ties.items()
    }


def _overlap(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> bool:
    first = max(min(start for start, _ in spans) for spans in (a, b))
    last = min(max(stop for _, stop in spans) for spans in (a, b))
    return first < last


def _compared(streams: tuple[TimedStream, ...], clock: str) -> dict[str, Reading]:
    """Return the preferred readings of the signals that clocks are compared by."""
    wanted = {name for name, _ in COMPARED.values()}
    best: dict[str, tuple[tuple[int, int, str], TimedStream, Match]] = {}
    for stream in streams:
        if stream.timing.clock != clock:
            continue
        for match in stream.matches:
            name = match.signal.name
            order = (match.rank, -stream.timing.rows, stream.name)
            if name in wanted and (name not in best or order < best[name][0]):
                best[name] = (order, stream, match)
    return {name: stream.read(match) for name, (_, stream, match) in best.items()}
