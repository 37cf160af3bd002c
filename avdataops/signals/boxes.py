"""Boxes of tracked road users, steadier than a tracker gives them row by row."""

import numpy as np

from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.filters import low_pass
from avdataops.signals.intervals import hysteresis, true_runs
from avdataops.signals.kinematics import box_reach
from avdataops.signals.road_users import Sightings


def steady_reach_y(seen: Sightings, cutoff_hz: float, max_gap_ns: int) -> Floats:
    """Return how far the box of one track reaches to its sides in m, one value per row.

    A vehicle keeps its size, so the median over the track counts; its heading turns slowly, so it
    is low-passed before the box is turned.  Row by row, a heading noise of 2 degrees would move
    the side of a 10 m truck by 0.2 m and, because the reach grows either way, widen it by 0.1 m:
    a third of the 0.3 m by which an intrusion is told.
    """
    heading = np.nan_to_num(low_pass(seen.t, seen.heading_rad, cutoff_hz, max_gap_ns))
    length, width = (
        np.full(x.size, np.median(x) if x.size else np.nan) for x in (seen.length_m, seen.width_m)
    )
    return box_reach(length, width, heading)[1]


def stay_beside(t: Times, outside_m: Floats, clear_m: float) -> tuple[int, int] | None:
    """Return first and last row of the latest stay beside a lane, None without one.

    ``outside_m`` is how far the near edge of one road user is outside the lane, up to the moment
    asked for.  It is beside from ``clear_m`` on until its edge reaches the line; the last row is
    the last beyond ``clear_m``.  A truck in the middle of its lane has only 0.5 m to spare, so
    with one level every swing and every noisy row would begin the stay anew.
    """
    span_ns = int(t[-1] - t[0]) if t.size else 0
    stays = hysteresis(t, outside_m, on=clear_m, off=0.0, max_gap_ns=max(1, span_ns))
    if stays.start.size == 0:
        return None
    first, stop = int(stays.start[-1]), int(stays.stop[-1])
    return first, first + int(np.flatnonzero(outside_m[first:stop] >= clear_m)[-1])


def first_lasting(t: Times, mask: Bools, start: int, *, hold_ns: int, within_ns: int) -> int | None:
    """Return the first row from ``start`` on from which ``mask`` holds long enough, soon enough.

    It must have held for ``hold_ns`` no later than ``within_ns`` after row ``start``; else None.
    """
    limit = t[start] + within_ns
    for first, stop in true_runs(mask[start:]) + start:
        if t[first] + hold_ns <= min(limit, t[stop - 1]):
            return int(first)
    return None
