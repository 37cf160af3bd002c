"""Boxes of tracked road users, steadier than a tracker gives them row by row."""

import numpy as np

from avdataops.signals.arrays import Floats
from avdataops.signals.filters import low_pass
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
