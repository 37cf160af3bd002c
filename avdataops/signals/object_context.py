"""What is around the ego, tick by tick: counts by class and distance, nearest, most urgent."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Bools, Floats, Indices, Times
from avdataops.signals.collisions import closing_mps, planar_ttc
from avdataops.signals.timing import median_period_ns
from avdataops.signals.traffic import VULNERABLE, EgoBox, Traffic, traffic
from avdataops.tables.kinds import kind

RADII_M = (10, 30, 50)
"""Near, at town speed, and at motorway speed: the product's own defaults."""
_USUAL_PERIOD_NS = 100_000_000
_MIN_CLOSING_MPS = 0.5
"""Slower approach is within the noise of object tracks."""


def object_context(drive: Drive) -> pa.Table:
    """Return one row per tick while the object list was delivered and the ego known.

    Ticks are a period of the list apart.  A count of 0 is an answer; where the list is missing
    there is no row.  ``min_ttc_s`` and ``min_thw_s`` are infinite where nothing is on its way or
    ahead, ``nearest_vru_m`` is null where none is listed.
    """
    box = EgoBox()
    around = traffic(drive, box)
    period_ns = median_period_ns(np.unique(around.seen.t)) or _USUAL_PERIOD_NS
    ticks = _ticks(around, period_ns)
    row_tick, listed = _tick_of(around.seen.t, ticks, period_ns)
    columns: dict[str, Floats] = dict(_counts(around, row_tick, listed, ticks.size))
    distance = np.hypot(around.seen.x_m - box.centre_m, around.seen.y_m)
    vulnerable = np.isin(around.seen.object_class.astype(str), VULNERABLE) & listed
    nearest = _least(distance, vulnerable, row_tick, ticks.size)
    columns["nearest_vru_m"] = np.where(np.isfinite(nearest), nearest, np.nan)
    closing = closing_mps(around.seen, box) > _MIN_CLOSING_MPS
    ttc = planar_ttc(around.seen, box)
    columns["min_ttc_s"] = _least(ttc, listed & closing & ~np.isnan(ttc), row_tick, ticks.size)
    columns["min_thw_s"] = _least(around.thw_s, listed & around.is_lead, row_tick, ticks.size)
    schema = kind("object_context").schema
    arrays = [
        pa.array(ticks)
        if field.name == "t_ns"
        else pa.array(columns[field.name], from_pandas=True).cast(field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _ticks(around: Traffic, period_ns: int) -> Times:
    spans = around.users.listed
    grids = [np.arange(start, stop, period_ns, dtype=np.int64) for start, stop in spans.tolist()]
    return np.concatenate([np.empty(0, np.int64), *grids])


def _tick_of(t: Times, ticks: Times, period_ns: int) -> tuple[Indices, Bools]:
    """Return the last tick up to each row, and whether it is one of its own period."""
    if ticks.size == 0:
        return np.zeros(t.size, dtype=np.int64), np.zeros(t.size, dtype=np.bool_)
    tick = np.searchsorted(ticks, t, side="right") - 1
    known = np.maximum(tick, 0)
    return known, (tick >= 0) & (t - ticks[known] < period_ns)


def _counts(around: Traffic, tick: Indices, listed: Bools, size: int) -> Mapping[str, Floats]:
    """Return how many of each class are within each radius; a track counts once per tick."""
    seen = around.seen
    distance = np.hypot(seen.x_m, seen.y_m)
    # Two messages within one tick would count everybody twice.
    code = np.unique(seen.track_id.astype(str), return_inverse=True)[1]
    key = tick * (int(code.max(initial=0)) + 1) + code
    first = np.zeros(seen.t.size, dtype=np.bool_)
    first[np.unique(key, return_index=True)[1]] = True
    classes = {
        "vehicles": around.vehicle,
        "pedestrians": seen.object_class == "pedestrian",
        "bicycles": seen.object_class == "bicycle",
    }
    return {
        f"{name}_{radius}m": np.bincount(
            tick[member & listed & first & (distance <= radius)], minlength=size
        ).astype(np.float64)
        for name, member in classes.items()
        for radius in RADII_M
    }


def _least(x: Floats, chosen: Bools, tick: Indices, size: int) -> Floats:
    least = np.full(size, np.inf)
    np.minimum.at(least, tick[chosen], x[chosen])
    return least
