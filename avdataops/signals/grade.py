"""How steep the road is, from altitude over distance."""

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times, segments

_STEEPEST_DEG = 20.0
"""No road is: the steepest street of the world has 35 %, which is 19.3 degrees."""


def grade_deg(
    t: Times, altitude_m: Floats, speed_mps: Floats, *, window_m: float, max_gap_ns: int
) -> Floats:
    """Return the slope along the ego's way at each sample, uphill positive forwards.

    The straight line of least squares through the altitudes of the distance ``window_m`` around:
    noise of a receiver averages out, and hills longer than the window stay.  NaN where altitude or
    speed is unknown, where less than a third of the window was driven without a gap, or where no
    road can be so steep.
    """
    found = np.full(t.size, np.nan)
    known = np.flatnonzero(np.isfinite(altitude_m) & np.isfinite(speed_mps))
    for first, stop in segments(t[known], max_gap_ns):
        rows = known[first:stop]
        along_m = _distance_m(t[rows], np.abs(speed_mps[rows]))
        found[rows] = _slope_deg(along_m, altitude_m[rows], window_m)
    return np.where(np.abs(found) <= _STEEPEST_DEG, found, np.nan)


def _distance_m(t: Times, speed_mps: Floats) -> Floats:
    steps = 0.5 * (speed_mps[1:] + speed_mps[:-1]) * np.diff(t) / NS_PER_S
    return np.concatenate(([0.0], np.cumsum(steps)))


def _slope_deg(along_m: Floats, altitude_m: Floats, window_m: float) -> Floats:
    low = np.searchsorted(along_m, along_m - window_m / 2, side="left")
    high = np.searchsorted(along_m, along_m + window_m / 2, side="right")
    # Around their means the sums keep their digits on long drives.
    x, y = along_m - along_m.mean(), altitude_m - altitude_m.mean()
    n = (high - low).astype(np.float64)
    sx, sy, sxx, sxy = (_window_sum(values, low, high) for values in (x, y, x * x, x * y))
    spread = sxx - sx * sx / n
    driven = along_m[high - 1] - along_m[low]
    enough = (driven >= window_m / 3) & (spread > 0)
    slope = np.divide(sxy - sx * sy / n, spread, out=np.full(n.size, np.nan), where=enough)
    return np.asarray(np.degrees(np.arctan(slope)))


def _window_sum(x: Floats, low: np.ndarray, high: np.ndarray) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(x)))
    return np.asarray(total[high] - total[low])
