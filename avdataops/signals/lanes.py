"""The ego in its lane, from the lane lines left and right, and where it crosses a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.signals.arrays import Floats, Times, segments
from avdataops.signals.intervals import true_runs
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class LaneLines:
    """Offsets of the lines at the ego and their direction; left positive, NaN unknown."""

    left_m: Floats
    right_m: Floats
    slope_rad: Floats
    """Mean direction of the known lines relative to the ego."""


@dataclass(frozen=True, slots=True)
class LanePosition:
    """The ego relative to the middle of the lane it is in."""

    offset_m: Floats
    """Left positive; NaN without a line.  Jumps by a lane width when a line is crossed."""
    width_m: Floats
    typical_width_m: float
    both: NDArray[np.bool_]
    """Both lines are known."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A line crossed by the ego, seen as both lines taking the place of their neighbour."""

    row: int
    """First row in the new lane."""
    direction: int
    """1 to the left, -1 to the right."""


def lane_lines(columns: Mapping[str, NDArray[Any]], size: int) -> LaneLines:
    """Return the lane lines of canonical ego columns; a line of quality 0 is unknown.

    Qualities are graded differently by each source, but 0 is "not detected" in all of them.
    """
    offsets, slopes = [], []
    for side in ("left", "right"):
        seen = floats(columns, f"lane_{side}_quality", size)
        usable = np.isnan(seen) | (seen > 0)
        offsets.append(np.where(usable, floats(columns, f"lane_{side}_c0_m", size), np.nan))
        slopes.append(np.where(usable, floats(columns, f"lane_{side}_c1_rad", size), np.nan))
    left, right = slopes
    mean = np.where(np.isnan(left), right, np.where(np.isnan(right), left, (left + right) / 2))
    return LaneLines(offsets[0], offsets[1], mean)


def lane_position(lines: LaneLines, *, default_width_m: float) -> LanePosition:
    """Return where in its lane the ego is; with one line only, by the lane's typical width.

    The typical width is the median where both lines are known, else ``default_width_m``.
    """
    width = lines.left_m - lines.right_m
    both = np.isfinite(width)
    typical = float(np.median(width[both])) if both.any() else default_width_m
    by_left = typical / 2 - lines.left_m
    by_right = -typical / 2 - lines.right_m
    by_one = np.where(np.isnan(by_left), by_right, by_left)
    offset = np.where(both, -(lines.left_m + lines.right_m) / 2, by_one)
    known_width = np.where(both, width, np.where(np.isfinite(by_one), typical, np.nan))
    return LanePosition(offset, known_width, typical, both)


def find_crossings(
    t: Times, offset_m: Floats, *, jump_m: float, lag_ns: int, max_gap_ns: int
) -> tuple[Crossing, ...]:
    """Return where the offset in the lane jumps by ``jump_m`` or more within ``lag_ns``.

    ``offset_m`` is known everywhere.  A jump may be smeared over ``lag_ns`` by resampling, or lie
    in a gap up to ``max_gap_ns``; none is seen across a longer gap.  From the left edge of a lane
    to the right edge of the next is a crossing to the left, so the offset jumps down.
    """
    jump = np.zeros(t.size)
    for start, stop in segments(t, max_gap_ns):
        later = np.searchsorted(t[start:stop], t[start:stop] + lag_ns) + start
        jump[start:stop] = offset_m[np.minimum(later, stop - 1)] - offset_m[start:stop]
    crossings = [
        Crossing(row=int(stop), direction=direction)
        for direction, mask in ((1, jump <= -jump_m), (-1, jump >= jump_m))
        for _, stop in true_runs(mask)
        if stop < t.size
    ]
    return tuple(sorted(crossings, key=lambda crossing: crossing.row))


def unwrap_lanes(
    t: Times, offset_m: Floats, crossings: tuple[Crossing, ...], *, width_m: float, lag_ns: int
) -> Floats:
    """Return the offset across lanes: each crossing's jump of a lane width is taken out.

    Samples within ``lag_ns`` of a crossing, which may hold a smeared jump, are put on the straight
    line between their neighbours.
    """
    across = offset_m.copy()
    smeared = np.zeros(t.size, dtype=np.bool_)
    for crossing in crossings:
        across[crossing.row :] += crossing.direction * width_m
        smeared |= np.abs(t - t[crossing.row]) <= lag_ns
    clear = ~smeared
    if not clear.any():
        return across
    across[smeared] = np.interp(t[smeared], t[clear], across[clear])
    return across
