"""The ego's way ahead: its lane by lane lines, else the arc it is about to drive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.signals.align import hold_at, linear_at
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.filters import derivative, low_pass
from avdataops.signals.kinematics import curvature, path_offset
from avdataops.signals.lanes import lane_lines, lane_position
from avdataops.signals.nullable import floats

_YAW_CUTOFF_HZ = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorParams:
    """Widths of the corridor."""

    lane_width_m: float = 3.5
    """Where no lane lines tell it (field habit for unknown lanes)."""
    ego_width_m: float = 1.9
    """UN R157 takes a vehicle of 5 x 1.9 m."""
    side_clearance_m: float = 0.3
    """The predicted corridor is at least this much wider than the ego on each side."""


@dataclass(frozen=True, slots=True)
class Ego:
    """The ego at the times of object rows; NaN where unknown."""

    speed_mps: Floats
    yaw_rate_radps: Floats
    curvature_per_m: Floats
    """Of its lane, without lane lines of its path; 0 below 1 m/s, where it cannot be told."""
    middle_m: Floats
    """Offset of the lane's middle at the rear axle, left positive; NaN without lane lines."""
    slope_rad: Floats
    """Direction of the lane relative to the ego; 0 where unknown."""
    half_width_m: Floats
    """Half the lane's width; NaN without lane lines."""

    @property
    def lateral_mps(self) -> Floats:
        """Speed across its own lane, left positive; NaN without lane lines."""
        across = -self.speed_mps * np.tan(self.slope_rad)
        return np.where(np.isfinite(self.middle_m), across, np.nan)


@dataclass(frozen=True, slots=True)
class Corridor:
    """Where points lie relative to the ego's way; one value per point."""

    offset_m: Floats
    """From the middle of the corridor, left positive."""
    half_width_m: Floats
    direction_rad: Floats
    """Direction of the corridor beside the point, relative to the ego."""
    by_lines: Bools
    """True where lane lines tell it, False where it is the predicted arc."""


def ego_at(t: Times, columns: Mapping[str, NDArray[Any]], ticks: Times, max_gap_ns: int) -> Ego:
    """Return the ego's motion and lane at ``ticks`` from canonical ego columns at ``t``.

    Motion lies on straight lines between samples, yaw rate low-passed at 1 Hz.  Lane lines are
    held, because they jump by a lane width when the ego changes lanes.
    """
    stamps, number = np.unique(ticks, return_inverse=True)
    speed = floats(columns, "ego_speed_mps", t.size)
    yaw = low_pass(t, floats(columns, "yaw_rate_radps", t.size), _YAW_CUTOFF_HZ, max_gap_ns)
    speed_at, yaw_at = (_between(t, x, stamps, max_gap_ns) for x in (speed, yaw))
    lines = lane_lines(columns, t.size)
    turning = yaw_at + _turned_against_lines(t, lines.slope_rad, stamps, max_gap_ns)
    bent = np.nan_to_num(curvature(turning, speed_at))
    arc = np.where(np.isfinite(speed_at * yaw_at), bent, 0.0)
    lane = lane_position(lines, default_width_m=CorridorParams().lane_width_m)
    middle, half = (hold_at(t, x, stamps, max_gap_ns).x for x in (-lane.offset_m, lane.width_m / 2))
    slope = np.nan_to_num(hold_at(t, lines.slope_rad, stamps, max_gap_ns).x)
    per_stamp = (speed_at, yaw_at, arc, middle, slope, half)
    return Ego(*(x[number] for x in per_stamp))


def corridor_at(ego: Ego, x_m: Floats, y_m: Floats, params: CorridorParams) -> Corridor:
    """Return where points in the ego frame lie relative to the ego's way.

    With lane lines: the lane, bent as the ego and its lines turn.  Without: the arc of
    constant curvature, half as wide as the wider of the assumed lane and the ego with clearance.
    """
    by_lines = np.isfinite(ego.middle_m)
    middle = np.where(by_lines, ego.middle_m, 0.0)
    slope = np.where(by_lines, ego.slope_rad, 0.0)
    straightened = y_m - middle - np.tan(slope) * x_m
    arc_half = max(params.lane_width_m / 2, params.ego_width_m / 2 + params.side_clearance_m)
    return Corridor(
        offset_m=path_offset(x_m, straightened, ego.curvature_per_m),
        half_width_m=np.where(by_lines, ego.half_width_m, arc_half),
        direction_rad=slope + np.arctan(ego.curvature_per_m * x_m),
        by_lines=by_lines,
    )


def _turned_against_lines(t: Times, slope_rad: Floats, stamps: Times, max_gap_ns: int) -> Floats:
    """Return how fast the lane lines turn relative to the ego, in rad/s; 0 where unknown.

    Added to the ego's yaw rate it is the turning of the road: an ego that sets out to change lanes
    turns against its lines, and the road ahead of it goes on as it was.
    """
    known = np.isfinite(slope_rad)
    smooth = low_pass(t[known], slope_rad[known], _YAW_CUTOFF_HZ, max_gap_ns)
    rate = derivative(t[known], smooth, max_gap_ns)
    return np.nan_to_num(_between(t[known], rate, stamps, max_gap_ns))


def _between(t: Times, x: Floats, stamps: Times, max_gap_ns: int) -> Floats:
    """Return ``x`` at stamps, bridging unknown samples up to the gap."""
    known = np.isfinite(x)
    return linear_at(t[known], x[known], stamps, max_gap_ns)
