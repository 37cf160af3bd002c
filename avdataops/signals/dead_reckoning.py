"""Where the vehicle went on the plane, by its own speed and yaw rate alone."""

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times, check_same_length
from avdataops.signals.deskew import Poses


def planar_poses(t: Times, speed_mps: Floats, yaw_rate_radps: Floats) -> Poses:
    """Return a pose per sample at which both are known, from the origin and along x at the first.

    ``t`` increases.  Trapezoids for the yaw, and for the place along the yaw half way; level ground
    and no slip to the side (ISO 8855: x forward, left turns positive).  Good for the parts of a
    second for which sweeps are put together: the error of a 100 ms sweep is that of its speed and
    yaw rate, and what piled up before does not count.
    """
    check_same_length(t, speed_mps)
    check_same_length(t, yaw_rate_radps)
    known = np.isfinite(speed_mps) & np.isfinite(yaw_rate_radps)
    at, speed, rate = t[known], speed_mps[known], yaw_rate_radps[known]
    step_s = np.diff(at) / NS_PER_S
    yaw = _sums(0.5 * (rate[1:] + rate[:-1]) * step_s, at.size)
    middle = 0.5 * (yaw[1:] + yaw[:-1])
    driven = 0.5 * (speed[1:] + speed[:-1]) * step_s
    flat = np.zeros(at.size)
    x, y = (_sums(driven * along, at.size) for along in (np.cos(middle), np.sin(middle)))
    return Poses(
        at,
        np.column_stack((x, y, flat)),
        np.column_stack((flat, flat, np.sin(yaw / 2), np.cos(yaw / 2))),
    )


def window(poses: Poses, start_ns: int, stop_ns: int) -> Poses:
    """Return the poses from one time to another, both included, so that few are looked at."""
    low, high = np.searchsorted(poses.t, (start_ns, stop_ns + 1))
    rows = slice(int(low), int(high))
    return Poses(poses.t[rows], poses.positions_m[rows], poses.quaternions_xyzw[rows])


def _sums(steps: Floats, count: int) -> Floats:
    return np.concatenate(([0.0], np.cumsum(steps)))[:count]
