"""The sync step: all streams of a measurement on one clock and one grid, never across gaps.

Makes one table per stream of numbers, the canonical ego table, the object list, the association
of frames, the gaps, and a quality row per stream.  A clock that cannot be tied to the reference
leaves its streams out, with a caveat: values at unknown times are worse than unknown values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_MS
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.signals.clock_table import clock_table, stamps_from
from avdataops.signals.clocks import Refusal
from avdataops.signals.columns import batch_of
from avdataops.signals.ego import Offer, ego_table, measured
from avdataops.signals.frame_facts import frame_facts
from avdataops.signals.frames import frame_table
from avdataops.signals.gnss_ties import GnssClock, gnss_clocks, on_utc, tied_by_gnss
from avdataops.signals.gridding import Limits, grid_over
from avdataops.signals.object_streams import object_streams
from avdataops.signals.placed import (
    PlacedStream,
    assume_common,
    reference_of,
    ties_of,
    timed_streams,
)
from avdataops.signals.reference_clock import clock_scores
from avdataops.signals.stamps import to_middle_ns
from avdataops.signals.stream_timing import StreamTiming, from_table
from avdataops.signals.sync_quality import gap_table, quality_table
from avdataops.signals.ties import Tie
from avdataops.tables.kinds import kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncParams:
    """The grid and what may be bridged on it.

    Three periods, but at least 0.2 s, is the pause that scene definitions still call no gap.
    """

    rate_hz: float = 50.0
    """Ticks are multiples of its period since the epoch."""
    reference: str = ""
    """Clock of all results; empty: the one with the best score of ``signals/reference_clock``,
    taken to UTC where a stream of that clock carries the time of satellites."""
    max_lag_s: float = 30.0
    """How far a clock may be off and still be found."""
    assume_common_clock: bool = False
    """Take a clock that cannot be tied as the reference clock, if the recordings overlap."""
    gap_periods: float = 3.0
    min_gap_ms: float = 200.0
    max_gap_ms: float = 2500.0
    """Samples further apart are never joined, however slow the signal."""
    frame_reference: str = ""
    """Stream whose frames are the ticks of the frame table; empty: lidar, else camera, radar."""
    camera_stamp: str = "mid"
    """What of an exposure the stamps of cameras are: start, mid or end."""
    camera_exposure_ms: float = 0.0
    lidar_stamp: str = "mid"
    """What of a sweep the stamps of lidars are: start, mid or end."""
    lidar_sweep_ms: float = 100.0

    @property
    def to_middle_ns(self) -> Mapping[str, int]:
        """What takes frames to the middle of their exposure or sweep, by topic class."""
        return {
            "camera": to_middle_ns(self.camera_stamp, self.camera_exposure_ms),
            "lidar": to_middle_ns(self.lidar_stamp, self.lidar_sweep_ms),
        }


def run(ctx: StepContext, inputs: Inputs, params: SyncParams) -> Iterator[Rows]:
    """Yield all tables on the reference clock; ``sync_quality`` has a row for every stream."""
    found = (from_table(table.read()) for table in inputs.tables.get("timing", ()))
    timings = {timing.stream: timing for timing in found if timing is not None}
    stamps = {one.artifact.name: one.read() for one in inputs.tables.get("stamps", ())}
    judged = {name: stamps_from(table) for name, table in stamps.items()}
    stamp_kinds = {name: one.kind.value for name, one in judged.items()}
    scores = clock_scores(timings.values(), stamp_kinds)
    reference = reference_of(scores, params.reference)
    if reference is None:
        return
    tables = inputs.tables.get("thinned", ())
    streams = timed_streams(tables, timings)
    found_ties = ties_of(streams, timings.values(), reference, max_lag_s=params.max_lag_s)
    gnss = gnss_clocks(streams)
    found_ties = tied_by_gnss(found_ties, gnss, reference)
    if params.assume_common_clock:
        found_ties = assume_common(found_ties, timings.values())
    yield _whole("clock_models", _clocks(reference, found_ties, timings, gnss, stamps))
    ties = found_ties if params.reference else _on_utc(ctx, found_ties, gnss.get(reference))
    _tell_clocks(ctx, reference, scores, ties)
    moved = params.to_middle_ns
    placed = [
        PlacedStream(
            stream,
            ties[stream.timing.clock],
            judged.get(stream.name),
            moved.get(stream.timing.topic_class, 0),
        )
        for stream in streams
    ]
    placed = [stream for stream in placed if stream.tie.usable]
    yield from _signals(ctx, placed, params)
    yield _whole("objects", _objects(ctx, placed, tables))
    frames = [frames for stream in placed if (frames := stream.frames()) is not None]
    yield _whole("frames", frame_table(frames, params.frame_reference))
    yield _whole("frame_facts", frame_facts(frames))
    measured = [(timings[name], ties[timings[name].clock]) for name in sorted(timings)]
    yield _whole("gaps", gap_table(measured))
    quality = quality_table(measured, stamp_kinds)
    _tell_time(ctx, quality)
    yield _whole("sync_quality", quality)


def _tell_time(ctx: StepContext, quality: pa.Table) -> None:
    """Tell from when to when the measurement goes, by the streams whose clock is known."""
    known = quality.filter(pc.is_valid(quality.column("offset_ms")))
    if known.num_rows:
        start_ns = pc.min(known.column("t_ns")).as_py()
        stop_ns = pc.max(known.column("last_ns")).as_py() + 1
        ctx.fact("time", {"start_ns": start_ns, "stop_ns": stop_ns})


def _clocks(
    reference: str,
    ties: Mapping[str, Tie],
    timings: Mapping[str, StreamTiming],
    gnss: Mapping[str, GnssClock],
    stamps: Mapping[str, pa.Table],
) -> pa.Table:
    starts = {
        clock: min(one.first_ns for one in timings.values() if one.clock == clock) for clock in ties
    }
    return clock_table(ties.values(), reference, starts, gnss, stamps.values())


def _on_utc(ctx: StepContext, ties: dict[str, Tie], gnss: GnssClock | None) -> dict[str, Tie]:
    """Return the ties taken to UTC where the reference clock is known to keep another time."""
    if gnss is None:
        return ties
    if isinstance(gnss.found, Refusal):
        text = f"'{gnss.stream}' does not tie '{gnss.clock}' to UTC: {gnss.found.message}"
        ctx.caveat(Problem(code="utc_unknown", message=text, stream=gnss.stream))
        return ties
    ctx.fact("utc", {"stream": gnss.stream, "offset_ms": gnss.found.offset_ns / NS_PER_MS})
    return on_utc(ties, gnss.found)


def _tell_clocks(
    ctx: StepContext, reference: str, scores: Mapping[str, float], ties: dict[str, Tie]
) -> None:
    methods = {clock: tie.method for clock, tie in ties.items()}
    ctx.fact("clocks", {"reference": reference, "scores": scores, "methods": methods})
    for tie in ties.values():
        if tie.refused:
            done = "taken as the same" if tie.assumed else "its streams are left out"
            text = f"clock '{tie.clock}' is not tied to '{reference}', {done}: {tie.refused}"
            ctx.caveat(Problem(code="clock_unknown", message=text))


def _signals(ctx: StepContext, placed: list[PlacedStream], params: SyncParams) -> Iterator[Rows]:
    """Yield the synced tables of all streams of numbers, then the ego table."""
    limits = Limits(
        periods=params.gap_periods, at_least_ms=params.min_gap_ms, at_most_ms=params.max_gap_ms
    )
    # Streams slower than the largest gap have nothing between their messages to be told.
    fast = [stream for stream in placed if stream.is_fast_enough(limits)]
    stretches = (stream.stretches for stream in fast)
    ticks = grid_over(stretches, params.rate_hz, join_ns=limits.at_most_ns)
    offers: list[Offer] = []
    for number, stream in enumerate(fast):
        for match in stream.stream.matches:
            reading = stream.stream.read(match)
            for word in reading.strange:
                text = f"{stream.name}: '{word}' is no known word for {match.signal.name}"
                ctx.caveat(Problem(code="unknown_word", message=text, stream=stream.name))
            offers.append(stream.offer(match, reading, ticks, limits))
        if stream.is_signals:
            yield _synced(stream, stream.on_own_grid(params.rate_hz, limits))
        ctx.progress((number + 1) / len(fast))
    usable, dead = measured(offers, ticks)
    for offer in dead:
        text = f"{offer.source} keeps one value throughout the drive: it is no measurement"
        ctx.caveat(Problem(code="dead_signal", message=text, stream=offer.match.stream))
    yield _whole("ego", ego_table(ticks, usable))


def _objects(ctx: StepContext, placed: list[PlacedStream], tables: tuple[Table, ...]) -> pa.Table:
    made = [kind("objects").schema.empty_table()]
    for stream in object_streams(placed, tables):
        problem = stream.problem()
        if problem is not None:
            ctx.caveat(problem)
            continue
        rows, account = stream.read()
        ctx.account(account)
        made.append(rows)
    joined = pa.concat_tables(made)
    return joined.sort_by([("t_ns", "ascending"), ("track_id", "ascending")])


def _synced(stream: PlacedStream, table: pa.Table) -> Rows:
    facts = stream.stream.table.artifact.attributes | {"method": stream.tie.method}
    attributes = tuple(sorted(facts.items()))
    return Rows(Output(kind="synced", name=stream.name, attributes=attributes), batch_of(table))


def _whole(name: str, table: pa.Table) -> Rows:
    return Rows(Output(kind=name, name=name), batch_of(table))


SYNC = Step(
    name="sync",
    version=4,
    split=Split.MEASUREMENT,
    needs={
        "thinned": Need(kind="thinned", optional=True, doc="Every stream after downsampling."),
        "timing": Need(kind="stream_timing", doc="The timing of every stream."),
        "stamps": Need(kind="stamp_models", optional=True, doc="What messages' own stamps are."),
    },
    makes=(
        "synced",
        "ego",
        "objects",
        "frames",
        "frame_facts",
        "gaps",
        "sync_quality",
        "clock_models",
    ),
    params=SyncParams,
    run=run,
    doc="Put all streams on one clock and one grid, and say how well that went.",
)
