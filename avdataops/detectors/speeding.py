"""The ego vehicle above the speed limit of its road."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.coverage import NO_SIGNALS, known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, highest, margin, number
from avdataops.signals.held import held
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of speeding.

    2.23 m/s (5 mph) over the limit is the tolerance of nuPlan's planner metrics.  The times are
    the product's own defaults.  Only limits that the map has as a tag count.
    """

    on_over_mps: float = 2.23
    off_over_mps: float = 0.0
    min_s: float = 2.0
    merge_s: float = 3.0
    max_age_s: float = 1.5
    """A limit holds for so long after the second for which it was looked up."""


@dataclass(frozen=True, slots=True)
class _Limited:
    t: Times
    speed: Floats
    limit: Floats


def find(drive: Drive, params: Params) -> Detection:
    """Return the stretches over the limit; unknown where speed or a tagged limit is."""
    motion, unknown = _limited(drive, params)
    trigger = Trigger(
        on=params.on_over_mps,
        off=params.off_over_mps,
        max_gap_ns=drive.ego.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    over = motion.speed - motion.limit
    lasting, cut = held(motion.t, over, trigger, min_s=params.min_s, cut="speeding cut by a gap")
    return settle((_scene(motion, over, one, params) for one in lasting), [*unknown, *cut])


def _limited(drive: Drive, params: Params) -> tuple[_Limited, list[Unknown]]:
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = np.abs(floats(drive.ego.columns, "ego_speed_mps", t.size))
    limit = _limit_at(drive, t, round(params.max_age_s * NS_PER_S))
    spans = {
        "ego speed": known_spans(t, np.isfinite(speed), gap_ns),
        "tagged speed limit": known_spans(t, np.isfinite(limit), gap_ns),
    }
    known = np.isfinite(speed) & np.isfinite(limit)
    lost = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    return _Limited(t[known], speed[known], limit[known]), lost


def _limit_at(drive: Drive, t: Times, max_age_ns: int) -> Floats:
    """Return the limit of the last context row up to each time, never one from the future."""
    context = drive.context or NO_SIGNALS
    limits = floats(context.columns, "speed_limit_mps", context.t_ns.size)
    row = np.searchsorted(context.t_ns, t, side="right") - 1
    if context.t_ns.size == 0:
        return np.full(t.size, np.nan)
    fresh = (row >= 0) & (t - context.t_ns[np.maximum(row, 0)] <= max_age_ns)
    return np.where(fresh, limits[np.maximum(row, 0)], np.nan)


def _scene(motion: _Limited, over: Floats, episode: Episode, params: Params) -> Found:
    rows = episode.rows
    peak = float(over[rows].max())
    worst = episode.onset + int(np.argmax(over[rows]))
    return Found(
        type="speeding",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        # A matched way may be the one beside: the map alone never makes it sure.
        confidence=confidence(margin(peak, params.on_over_mps), 0.9),
        truncated=episode.truncated,
        evidence={
            "max_over_mps": number(peak),
            "limit_mps": number(float(motion.limit[worst])),
            "max_speed_mps": highest(motion.speed[rows]),
            "ego_speed_mps": number(float(motion.speed[episode.onset])),
            "duration_s": number(episode.duration_s),
        },
    )


SPEEDING = Detector(
    name="speeding",
    version=1,
    types=("speeding",),
    params=Params,
    find=find,
    gates=(Gate(param="on_over_mps", evidence="max_over_mps", op=">="),),
    tags={"speeding": "SubjectVehicleSpeed"},
    doc="More than 2.23 m/s over a speed limit that the map has as a tag.",
)
