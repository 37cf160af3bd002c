"""Motion of the ego vehicle and its relation to other road users, in the ego frame.

ISO 8855: x forward, y left, z up; SI units.  NaN is unknown; infinity is the known answer "never"
of a time to something that will not happen.
"""

import numpy as np

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.filters import derivative, low_pass

ACCELERATION_CUTOFF_HZ = 1.0
"""Habit for longitudinal acceleration from naturalistic driving data."""
MIN_CLOSING_MPS = 0.5
"""Slower approach is within the noise of object tracks."""
MIN_HEADWAY_SPEED_MPS = 0.5
MIN_CURVATURE_SPEED_MPS = 1.0


def acceleration_from_speed(
    t: Times, speed_mps: Floats, *, max_gap_ns: int, cutoff_hz: float = ACCELERATION_CUTOFF_HZ
) -> Floats:
    """Return longitudinal acceleration in m/s2: the slope of the low-passed speed.

    For vehicles without a measured acceleration free of gravity.  Gaps, short segments and order
    as in :mod:`avdataops.signals.filters`.
    """
    return derivative(t, low_pass(t, speed_mps, cutoff_hz, max_gap_ns), max_gap_ns)


def curvature(yaw_rate_radps: Floats, speed_mps: Floats) -> Floats:
    """Return path curvature in 1/m, positive to the left; NaN below 1 m/s, where it is noise."""
    moving = np.abs(speed_mps) >= MIN_CURVATURE_SPEED_MPS
    return np.where(moving, yaw_rate_radps / np.where(moving, speed_mps, 1.0), np.nan)


def path_offset(x_m: Floats, y_m: Floats, curvature_per_m: Floats) -> Floats:
    """Return how far left of the circle that the ego vehicle drives a point lies, in m.

    Exact for the circle through the origin along x, and plain ``y`` for curvature 0.  For points
    within the radius of the circle.
    """
    # The distance from the circle, in a form that does not cancel for nearly straight paths.
    root = np.hypot(curvature_per_m * x_m, 1 - curvature_per_m * y_m)
    return np.asarray((2 * y_m - curvature_per_m * (x_m**2 + y_m**2)) / (1 + root))


def box_reach(length_m: Floats, width_m: Floats, yaw_rad: Floats) -> tuple[Floats, Floats]:
    """Return how far a turned box reaches from its centre along x and along y, in m."""
    cosine, sine = np.abs(np.cos(yaw_rad)), np.abs(np.sin(yaw_rad))
    return (
        np.asarray((length_m * cosine + width_m * sine) / 2),
        np.asarray((length_m * sine + width_m * cosine) / 2),
    )


def gap_ahead(x_m: Floats, reach_x_m: Floats, ego_front_m: float) -> Floats:
    """Return the bumper-to-bumper gap to objects ahead in m, negative where boxes overlap in x.

    ``x_m`` are the centres of the boxes, ``ego_front_m`` the front bumper, from the same origin.
    """
    return np.asarray(x_m - reach_x_m - ego_front_m)


def lateral_edges(offset_m: Floats, reach_y_m: Floats) -> tuple[Floats, Floats]:
    """Return the offsets of the right and the left edge of boxes from the path, in m."""
    return np.asarray(offset_m - reach_y_m), np.asarray(offset_m + reach_y_m)


def near_edge_outside(offset_m: Floats, reach_y_m: Floats, half_width_m: Floats) -> Floats:
    """Return how far outside a corridor the edge nearest to its middle is, in m.

    Negative inside: a cut-in begins where it passes from above 0.3 m to below -0.3 m.
    """
    return np.asarray(np.abs(offset_m) - reach_y_m - half_width_m)


def time_to_collision(gap_m: Floats, closing_mps: Floats) -> Floats:
    """Return gap / closing speed in s; infinity when closing at 0.5 m/s or less.

    ``closing_mps`` is ego speed minus object speed along x.  A gap of zero or less gives 0 while
    closing.  Source: Hayward 1972; the limit keeps track noise out.
    """
    closing = closing_mps > MIN_CLOSING_MPS
    ttc = np.maximum(gap_m, 0.0) / np.where(closing, closing_mps, 1.0)
    never = np.where(np.isnan(gap_m), np.nan, np.inf)
    return np.where(np.isnan(closing_mps), np.nan, np.where(closing, ttc, never))


def time_headway(gap_m: Floats, speed_mps: Floats) -> Floats:
    """Return gap / ego speed in s; infinity at 0.5 m/s or less, where no bumper is reached."""
    moving = speed_mps > MIN_HEADWAY_SPEED_MPS
    thw = np.maximum(gap_m, 0.0) / np.where(moving, speed_mps, 1.0)
    never = np.where(np.isnan(gap_m), np.nan, np.inf)
    return np.where(np.isnan(speed_mps), np.nan, np.where(moving, thw, never))


def required_deceleration(gap_m: Floats, closing_mps: Floats) -> Floats:
    """Return the constant braking in m/s2 that just avoids contact (DRAC); 0 when not closing.

    Infinity when closing without a gap.  Source: Almqvist et al. 1991.
    """
    closing = closing_mps > 0
    touching = gap_m <= 0
    braking = np.square(closing_mps) / (2 * np.where(touching, 1.0, gap_m))
    needed = np.where(closing, np.where(touching, np.inf, braking), 0.0)
    return np.where(np.isnan(gap_m) | np.isnan(closing_mps), np.nan, needed)
