"""Put weather, sun and road beside the drive, and who is around it, tick by tick."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, make_dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.enrichers import ENRICHERS
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Track
from avdataops.ports.step import (
    Bytes,
    InputFile,
    Inputs,
    Need,
    Output,
    Rows,
    Split,
    Step,
    StepContext,
    Table,
)
from avdataops.signals.align import angle_at, linear_at, regular_grid
from avdataops.signals.arrays import Floats, Times, segments
from avdataops.signals.columns import batch_of
from avdataops.signals.drives import drive_of
from avdataops.signals.geo import bearing_rad, haversine_m, wrap_pi
from avdataops.signals.object_context import object_context
from avdataops.signals.timing import median_period_ns
from avdataops.tables.kinds import kind

_SIGNALS = ("lat_deg", "lon_deg", "heading_rad", "ego_speed_mps")
_OUTPUT = Output(kind="context", name="context")
_AROUND = Output(kind="object_context", name="object_context")
# Rows are neighbours up to this many periods; with one row missing they are two apart.
_NEIGHBOUR_PERIODS = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackParams:
    """How the path is taken from the ego signals."""

    track_rate_hz: float = 1.0
    bridge_s: float = 0.0
    """Longest time without a position that a straight line may fill; 0 fills none."""
    max_silence_s: float = 60.0
    """A longer pause of all signals has no rows."""
    max_gap_s: float = 0.5
    """Of the ego signals and the object list, for what is around the ego to be known."""
    min_course_speed_mps: float = 2.0
    """Below, noise of the positions turns the course, so heading stays unknown."""


Params = make_dataclass(
    "Params",
    [(e.name, e.params, field(default_factory=e.params)) for e in ENRICHERS],
    bases=(TrackParams,),
    namespace={"__module__": __name__, "__doc__": "Of the track, and of each enricher by name."},
    frozen=True,
    slots=True,
    kw_only=True,
)


def run(context: StepContext, inputs: Inputs, params: Any) -> Iterator[Rows | Bytes]:
    """Yield the context table: one row per whole second of the drive, null where unknown."""
    track = read_track(inputs.tables.get("ego", ()), params)
    if not track.t_ns.size:
        context.caveat(
            Problem(code="no_track", message="the ego signals span no whole second; no context")
        )
    columns: dict[str, Any] = {
        "t_ns": pa.array(track.t_ns),
        "lat_deg": pa.array(track.lat_deg, from_pandas=True),
        "lon_deg": pa.array(track.lon_deg, from_pandas=True),
        "heading_rad": pa.array(track.heading_rad, from_pandas=True),
        "ego_speed_mps": pa.array(track.speed_mps, from_pandas=True),
    }
    for done, enricher in enumerate(ENRICHERS, start=1):
        files: tuple[InputFile, ...] = ()
        if enricher.needs is not None:
            files = inputs.files.get(enricher.needs, ())
        columns |= enricher.enrich(context, track, files, getattr(params, enricher.name))
        context.progress(done / len(ENRICHERS))
    yield Rows(_OUTPUT, _batch(columns, track.t_ns.size))
    if "objects" in inputs.tables:
        around = {role: inputs.tables.get(role, ()) for role in ("ego", "objects")}
        drive = drive_of(context.measurement, around, round(params.max_gap_s * NS_PER_S))
        yield Rows(_AROUND, batch_of(object_context(drive)))


def _batch(columns: Mapping[str, Any], rows: int) -> pa.RecordBatch:
    """Return the columns as promised; those that no enricher gave are null."""
    schema = kind("context").schema
    nothing = pa.nulls(rows)
    return pa.RecordBatch.from_arrays(
        [columns.get(name, nothing).cast(schema.field(name).type) for name in schema.names],
        schema=schema,
    )


def read_track(ego: tuple[Table, ...], params: TrackParams) -> Track:
    """Return the path at whole ticks from the first ego row to the last.

    Signals that the drive lacks are unknown throughout.
    """
    parts = [
        table.read([n for n in ("t_ns", *_SIGNALS) if n in table.schema.names]) for table in ego
    ]
    t = np.concatenate([np.empty(0, np.int64), *(p.column("t_ns").to_numpy() for p in parts)])
    signals = {
        name: np.concatenate([np.empty(0), *(_column(p, name) for p in parts)]) for name in _SIGNALS
    }
    return make_track(t, signals, params)


def _column(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)


def make_track(t: Times, signals: Mapping[str, Floats], params: TrackParams) -> Track:
    """Return the path at whole ticks, on straight lines between neighbouring known samples.

    ``signals`` are lat_deg, lon_deg, heading_rad and ego_speed_mps, NaN where unknown.  A heading
    that is unknown is taken from the course of the positions while the ego moves.
    """
    if t.size == 0:
        return Track(t, *(np.empty(0) for _ in _SIGNALS))
    # A logger whose clock lost its battery must not cost a row for every second since then.
    silence_ns = round(params.max_silence_s * NS_PER_S)
    ticks = np.concatenate(
        [
            regular_grid(int(t[first]), int(t[stop - 1]) + 1, params.track_rate_hz)
            for first, stop in segments(t, silence_ns)
        ]
    )
    near_ns = round(_NEIGHBOUR_PERIODS * (median_period_ns(t) or 0))
    bridge_ns = max(near_ns, round(params.bridge_s * NS_PER_S))
    lat, lon, heading, speed = (signals[name] for name in _SIGNALS)
    placed = np.isfinite(lat) & np.isfinite(lon)
    lat_at = linear_at(t[placed], lat[placed], ticks, bridge_ns)
    lon_at = np.degrees(angle_at(t[placed], np.radians(lon[placed]), ticks, bridge_ns))
    turned, timed = np.isfinite(heading), np.isfinite(speed)
    heading_at = angle_at(t[turned], heading[turned], ticks, near_ns)
    speed_at = linear_at(t[timed], speed[timed], ticks, near_ns)
    course = course_heading(ticks, lat_at, lon_at, params.min_course_speed_mps)
    # A car that says it stands or reverses does not point where its positions go.
    course = np.where(speed_at <= params.min_course_speed_mps, np.nan, course)
    heading_at = np.where(np.isnan(heading_at), course, heading_at)
    return Track(ticks, lat_at, lon_at, heading_at, speed_at)


def course_heading(t: Times, lat_deg: Floats, lon_deg: Floats, min_speed_mps: float) -> Floats:
    """Return yaw (east-north-up) of the motion from the tick before each tick to the one after.

    At the ends of the track, and beside an unknown position, from or to the tick itself; NaN where
    there is no such pair, or where it moved slower than ``min_speed_mps``.
    """
    rows = np.arange(t.size)
    known = np.isfinite(lat_deg) & np.isfinite(lon_deg)
    before = np.where(np.append(False, known)[:-1], rows - 1, rows)
    after = np.where(np.append(known, False)[1:], rows + 1, rows)
    there = (lat_deg[after], lon_deg[after])
    bearing = bearing_rad(lat_deg[before], lon_deg[before], *there)
    moved_m = haversine_m(lat_deg[before], lon_deg[before], *there)
    fast = moved_m > min_speed_mps * (t[after] - t[before]) / NS_PER_S
    return np.where(fast & known, wrap_pi(np.pi / 2 - bearing), np.nan)


ENRICH = Step(
    name="enrich",
    version=3,
    split=Split.MEASUREMENT,
    needs={
        "ego": Need(kind="ego"),
        "objects": Need(kind="objects", optional=True),
        "weather": Need(
            kind="reference",
            optional=True,
            doc="Files of weather and of stations, and documents that a service gave.",
        ),
        "map": Need(
            kind="reference",
            optional=True,
            doc="OpenStreetMap extracts, XML or PBF, and the tables that were made of them.",
        ),
    },
    makes=("context", "object_context"),
    params=Params,
    run=run,
    doc="Sun, weather and road along the ego's path, every value with its source.",
)
