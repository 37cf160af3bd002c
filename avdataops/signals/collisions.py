"""When two outlines would touch if everybody went on as they do."""

import numpy as np

from avdataops.signals.arrays import Floats
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import EgoBox

HORIZON_S = 3.0
"""How far ahead constant velocities are believed, as in nuPlan's planner metrics."""


def planar_ttc(seen: Sightings, box: EgoBox) -> Floats:
    """Return the time in s until the outlines touch, infinity if not within 3 s, NaN unknown.

    Both go on with their velocities, the ego along its own axis; outlines do not turn, so that
    the time is where the overlaps along both axes begin to hold together.
    """
    dx, dy = seen.x_m - box.centre_m, seen.y_m
    vx, vy = seen.vx_mps - seen.ego_mps, seen.vy_mps
    along = seen.reach_x_m + box.length_m / 2
    across = seen.reach_y_m + box.width_m / 2
    enter_x, leave_x = _overlap(dx, vx, along)
    enter_y, leave_y = _overlap(dy, vy, across)
    enter = np.maximum(np.maximum(enter_x, enter_y), 0.0)
    touches = (enter <= np.minimum(leave_x, leave_y)) & (enter <= HORIZON_S)
    known = np.isfinite(dx) & np.isfinite(dy) & np.isfinite(vx) & np.isfinite(vy)
    return np.where(known, np.where(touches, enter, np.inf), np.nan)


def _overlap(d_m: Floats, v_mps: Floats, reach_m: Floats) -> tuple[Floats, Floats]:
    """Return from when to when two intervals overlap on one axis."""
    still = np.abs(v_mps) < 1e-6  # noqa: PLR2004 - slower is standing in any units of a sensor
    speed = np.where(still, 1.0, v_mps)
    one, other = (-reach_m - d_m) / speed, (reach_m - d_m) / speed
    inside = np.abs(d_m) <= reach_m
    enter = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(one, other))
    leave = np.where(still, np.where(inside, np.inf, -np.inf), np.maximum(one, other))
    return enter, leave


def closing_mps(seen: Sightings, box: EgoBox) -> Floats:
    """Return how fast the distance between the middles of the outlines shrinks, in m/s."""
    dx, dy = seen.x_m - box.centre_m, seen.y_m
    distance = np.maximum(np.hypot(dx, dy), 1e-3)
    vx, vy = seen.vx_mps - seen.ego_mps, seen.vy_mps
    return np.asarray(-(dx * vx + dy * vy) / distance)
