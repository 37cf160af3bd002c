"""The ego vehicle turning round, in one go or in several moves."""

import math
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Floats, Times, segments
from avdataops.signals.coverage import NO_SIGNALS, settle
from avdataops.signals.ego_motion import Turning, turning
from avdataops.signals.evidence import confidence, highest, lowest, margin, number
from avdataops.signals.intervals import true_runs
from avdataops.signals.nullable import floats
from avdataops.signals.ranges import window_highest


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a U-turn; all are the product's own defaults.

    150 degrees leave room for a road that bends; 80 m of path is what a long vehicle needs, and
    40 s is time for three moves.
    """

    min_angle_deg: float = 150.0
    max_path_m: float = 80.0
    within_s: float = 40.0
    min_s: float = 2.0
    off_degps: float = 3.0
    """Slower, it is not turning any more: begin and end."""
    min_speed_mps: float = 0.3
    """Below it the ego does not turn, whatever a drifting yaw rate says."""
    cutoff_hz: float = 2.0


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows without a gap, with what has been turned and driven since its first one."""

    t: Times
    speed: Floats
    rate: Floats
    turned: Floats
    """Radians, positive to the side that is looked for."""
    path: Floats


def find(drive: Drive, params: Params) -> Detection:
    """Return the U-turns; unknown where speed or yaw rate is."""
    motion, unknown = turning(drive, params.cutoff_hz)
    found: list[Found] = []
    for first, stop in segments(motion.t, drive.ego.max_gap_ns):
        for sign in (1.0, -1.0):
            stretch = _stretch(motion, slice(int(first), int(stop)), sign, params)
            for begin, end in _turns(stretch, params):
                if not _on_roundabout(drive, stretch, begin, end):
                    found.append(_scene(drive, stretch, (begin, end), sign, params))
    return settle(found, unknown)


def _stretch(motion: Turning, rows: slice, sign: float, params: Params) -> _Stretch:
    t, speed = motion.t[rows], np.abs(motion.speed_mps[rows])
    rate = np.where(speed > params.min_speed_mps, sign * motion.rate_radps[rows], 0.0)
    return _Stretch(t, speed, rate, _summed(t, rate), _summed(t, speed))


def _summed(t: Times, x: Floats) -> Floats:
    steps = 0.5 * (x[1:] + x[:-1]) * (np.diff(t) / NS_PER_S)
    return np.append(0.0, np.cumsum(steps))


def _turns(stretch: _Stretch, params: Params) -> list[tuple[int, int]]:
    """Return first and last row of every turn that is large enough within path and time."""
    t, turned = stretch.t, stretch.turned
    least = math.radians(params.min_angle_deg)
    if t.size == 0 or turned.max() - turned.min() < least:
        return []
    in_time = np.searchsorted(t, t + round(params.within_s * NS_PER_S), side="right")
    in_path = np.searchsorted(stretch.path, stretch.path + params.max_path_m, side="right")
    windows = np.minimum(in_time, in_path)
    ahead = window_highest(turned, windows) - turned
    turns: list[tuple[int, int]] = []
    for _, stop in true_runs(ahead >= least):
        # The latest begin from which it is large enough is where the turning has set in.
        last = int(stop) - 1
        end = last + int(np.argmax(turned[last : windows[last]]))
        begin, end = _whole(stretch, last, end, params)
        long_enough = t[end] - t[begin] >= params.min_s * NS_PER_S
        if long_enough and (not turns or begin > turns[-1][1]):
            turns.append((begin, end))
    return turns


def _whole(stretch: _Stretch, begin: int, end: int, params: Params) -> tuple[int, int]:
    """Return the rows with the begin moved back and the end cut to where it really turns."""
    slow = stretch.rate <= math.radians(params.off_degps)
    before = np.flatnonzero(slow[:begin])
    begin = int(before[-1]) + 1 if before.size else 0
    fast = np.flatnonzero(~slow[begin : end + 1])
    return begin, begin + int(fast[-1]) if fast.size else end


def _on_roundabout(drive: Drive, stretch: _Stretch, begin: int, end: int) -> bool:
    context = drive.context or NO_SIGNALS
    inside = (context.t_ns >= stretch.t[begin]) & (context.t_ns <= stretch.t[end])
    known = floats(context.columns, "roundabout", context.t_ns.size)[inside]
    return bool(np.any(known == 1.0))


def _map_known(drive: Drive, start_ns: int, stop_ns: int) -> bool:
    context = drive.context or NO_SIGNALS
    inside = (context.t_ns >= start_ns) & (context.t_ns <= stop_ns)
    known = floats(context.columns, "roundabout", context.t_ns.size)[inside]
    return bool(known.size and np.isfinite(known).all())


def _scene(
    drive: Drive, stretch: _Stretch, rows: tuple[int, int], sign: float, params: Params
) -> Found:
    begin, end = rows
    inside = slice(begin, end + 1)
    start_ns, stop_ns = int(stretch.t[begin]), int(stretch.t[end])
    angle = math.degrees(float(stretch.turned[inside].max() - stretch.turned[begin]))
    mapped = _map_known(drive, start_ns, stop_ns)
    return Found(
        type="u_turn",
        start_ns=start_ns,
        stop_ns=stop_ns,
        # Three quarters of a small roundabout turn as far as a U-turn does.
        confidence=confidence(margin(angle, params.min_angle_deg) + 0.2, 1.0 if mapped else 0.7),
        truncated=begin == 0 or end == stretch.t.size - 1,
        evidence={
            "heading_change_deg": number(angle),
            "path_m": number(float(stretch.path[end] - stretch.path[begin])),
            "duration_s": number(float(stop_ns - start_ns) / NS_PER_S),
            "min_speed_mps": lowest(stretch.speed[inside]),
            "max_speed_mps": highest(stretch.speed[inside]),
            "ego_speed_mps": number(float(stretch.speed[begin])),
            "direction": "left" if sign > 0 else "right",
            "map_known": mapped,
        },
    )


U_TURN = Detector(
    name="u_turn",
    version=1,
    types=("u_turn",),
    params=Params,
    find=find,
    gates=(Gate(param="min_angle_deg", evidence="heading_change_deg", op=">="),),
    tags={"u_turn": "MotionUTurn"},
    doc="At least 150 degrees within 40 s and 80 m of path, not on a roundabout.",
)
