"""Turns of the ego vehicle to the left and to the right at junctions."""

import math
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.coverage import NO_SIGNALS, known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, integral, lowest, margin, number
from avdataops.signals.filters import low_pass
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a turn.

    Rate and angle: a run of one sign above 5 deg/s that turns by 45 deg, and 15 deg for a turn cut
    by the end of data (RefAV).  Sharp: 70 deg within a radius of 25 m, and the distance to a
    junction, are the product's own defaults.  Filter: zero-phase Butterworth at 2 Hz, the habit for
    yaw rates.
    """

    on_degps: float = 5.0
    off_degps: float = 3.0
    min_s: float = 1.5
    merge_s: float = 0.5
    min_angle_deg: float = 45.0
    min_cut_angle_deg: float = 15.0
    min_speed_mps: float = 1.0
    """Below it the ego does not turn, whatever a drifting yaw rate says."""
    max_junction_m: float = 25.0
    """Further away it is a bend of the road; an unknown distance decides nothing."""
    sharp_angle_deg: float = 70.0
    sharp_radius_m: float = 25.0
    cutoff_hz: float = 2.0


@dataclass(frozen=True, slots=True)
class _Motion:
    t: Times
    speed: Floats
    rate_degps: Floats
    """Left positive; 0 below the least speed."""


_UNKNOWN_MAP = 0.8
"""Confidence at most, without a map: a bend may pass for a turn, the wider the likelier."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the turns; unknown where speed or yaw rate is."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    yaw = low_pass(t, floats(drive.ego.columns, "yaw_rate_radps", t.size), params.cutoff_hz, gap_ns)
    spans = {
        "ego speed": known_spans(t, np.isfinite(speed), gap_ns),
        "yaw rate": known_spans(t, np.isfinite(yaw), gap_ns),
    }
    known = np.isfinite(speed) & np.isfinite(yaw)
    turning = np.where(speed[known] > params.min_speed_mps, np.degrees(yaw[known]), 0.0)
    motion = _Motion(t[known], speed[known], turning)
    found: list[Found] = []
    unknown = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    for name, sign in (("turn_left", 1.0), ("turn_right", -1.0)):
        for episode in episodes(motion.t, sign * motion.rate_degps, _trigger(params, gap_ns)):
            turned = abs(integral(motion.t[episode.rows], motion.rate_degps[episode.rows]))
            if turned >= params.min_angle_deg and episode.duration_s >= params.min_s:
                junction_m = _junction_m(drive, episode)
                if junction_m is None or junction_m <= params.max_junction_m:
                    found.append(_scene(name, motion, episode, junction_m, params))
            elif episode.truncated and turned >= params.min_cut_angle_deg:
                start, stop = episode.start_ns, episode.stop_ns
                unknown.append(Unknown(start_ns=start, stop_ns=stop, reason="turn cut by a gap"))
    return settle(found, unknown)


def _trigger(params: Params, gap_ns: int) -> Trigger:
    return Trigger(
        on=params.on_degps,
        off=params.off_degps,
        max_gap_ns=gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )


def _junction_m(drive: Drive, episode: Episode) -> float | None:
    """Return the least known distance to a junction during the turn."""
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    distance = floats(context.columns, "junction_distance_m", t.size)
    return lowest(distance[(t >= episode.start_ns) & (t <= episode.stop_ns)])


def _scene(
    name: str, motion: _Motion, episode: Episode, junction_m: float | None, params: Params
) -> Found:
    rows = episode.rows
    t, speed, rate = motion.t[rows], motion.speed[rows], motion.rate_degps[rows]
    turned = integral(t, rate)
    path_m = integral(t, speed)
    radius_m = path_m / math.radians(abs(turned))
    sharp = abs(turned) >= params.sharp_angle_deg and radius_m < params.sharp_radius_m
    return Found(
        type=name,
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(
            margin(abs(turned), params.min_angle_deg),
            1.0
            if junction_m is not None
            else _UNKNOWN_MAP * min(1.0, params.sharp_radius_m / radius_m),
        ),
        truncated=episode.truncated,
        evidence={
            "heading_change_deg": number(turned),
            "angle_deg": number(abs(turned)),
            "max_yaw_rate_degps": highest(np.abs(rate)),
            "radius_m": number(radius_m),
            "path_m": number(path_m),
            "min_speed_mps": lowest(speed),
            "ego_speed_mps": number(float(speed[0])),
            "junction_distance_m": junction_m,
            "severity": "sharp" if sharp else "normal",
        },
    )


TURN = Detector(
    name="turn",
    version=2,
    types=("turn_left", "turn_right"),
    params=Params,
    find=find,
    gates=(Gate(param="min_angle_deg", evidence="angle_deg", op=">="),),
    tags={"turn_left": "MotionTurnLeft", "turn_right": "MotionTurnRight"},
    doc="At least 45 degrees in one go, near a junction where a map is known.",
)
