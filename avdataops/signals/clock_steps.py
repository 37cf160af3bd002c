"""Where a clock stepped, seen from outside, and counters that ran over."""

import numpy as np

from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Bools, Indices, Pairs, Times
from avdataops.signals.timing import median_period_ns

MIN_STEP_NS = 20_000_000
"""A change of the least delay by less is queueing or drift (20 ms: field habit)."""
MAX_SKEW = 200e-6
"""Drift that two windows may show without a step between them."""

# Queues empty within a window this long, so that each has a message without a queue.
_WINDOW_S = 5.0
# At the ends of a record less must do, but no single stall of a queue.
_SHORTEST_S = 2.0
_FEWEST_ROWS = 10
_CHANCE = 8.0
_FAR = np.iinfo(np.int64).max // 4
_MAX_BITS = 63


def find_steps(t_receive: Times, delay_ns: Times, *, min_step_ns: int = MIN_STEP_NS) -> Indices:
    """Return the rows at which the least delay changes for good by more than ``min_step_ns``.

    ``t_receive`` does not fall; ``delay_ns`` is receive time minus sensor time, up to a constant.
    The smallest delay of the 5 s before a row is held against that of the 5 s after it (10 rows
    at least; 2 s at the ends of the record), so a queue that stalls for less is no step.  Drift
    of 200 ppm between the two is allowed for, and so is what chance makes of the smallest of few
    delays where queues are long.  The row is that of the first message beyond the
    old level, or after the last one below the new level: exact where queues are shorter than the
    step.  Of steps within one window only the first is told.
    """
    if len(t_receive) != len(delay_ns):
        raise InputError(f"{len(t_receive)} receive times, but {len(delay_ns)} delays")
    window, shortest = _rows_of(t_receive, _WINDOW_S), _rows_of(t_receive, _SHORTEST_S)
    count = delay_ns.size
    if count < 2 * shortest:
        return np.empty(0, dtype=np.int64)
    before, after = _least_around(delay_ns, window)
    row = np.arange(count + 1)
    first, last = np.maximum(row - window, 0), np.minimum(row + window, count) - 1
    drift = np.rint((t_receive[last] - t_receive[first]) * MAX_SKEW).astype(np.int64)
    inside = (row >= shortest) & (row <= count - shortest)
    jump = np.where(inside, after - before, 0)
    doubt = drift + _doubt_ns(delay_ns, before, after, window)
    found = []
    for run in _runs(np.sign(jump) * (np.abs(jump) > min_step_ns + doubt)):
        peak = int(run[0] + np.argmax(np.abs(jump[run[0] : run[1]])))
        near = slice(int(first[peak]), int(last[peak]) + 1)
        if jump[peak] < 0:
            beyond = delay_ns[near] < before[peak] - drift[peak]
            found.append(near.start + int(np.argmax(beyond)))
        else:
            below = delay_ns[near] < after[peak] - drift[peak]
            found.append(near.start + int(np.flatnonzero(below)[-1]) + 1)
    return np.unique(np.array(found, dtype=np.int64))


def unwrap_counter(count: Times, *, bits: int = 32, tick_ns: int = 1) -> Times:
    """Return a counter of ``bits`` that starts again at 0 as nanoseconds that go on rising.

    Each step is taken as the shorter way round, so reordered rows step back rather than forward
    by a whole turn; a silence of more than half a turn cannot be told from a step back.
    """
    if not 1 < bits <= _MAX_BITS:
        raise InputError(f"a counter has 2 to {_MAX_BITS} bits, not {bits}")
    if tick_ns <= 0:
        raise InputError(f"tick_ns must be above zero, not {tick_ns}")
    if count.size == 0:
        return count.astype(np.int64)
    whole = 1 << bits
    steps = (np.diff(count) + whole // 2) % whole - whole // 2
    risen = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(steps)))
    return np.asarray((int(count[0]) + risen) * tick_ns, dtype=np.int64)


def _rows_of(t: Times, seconds: float) -> int:
    period_ns = median_period_ns(np.unique(t)) or NS_PER_S
    return max(_FEWEST_ROWS, round(seconds * NS_PER_S / period_ns))


def _least_around(delay: Times, window: int) -> tuple[Times, Times]:
    """Return the smallest of up to ``window`` delays before each row, and from it on.

    One place more than rows: the last has all of them before it.
    """
    from scipy import ndimage

    far = np.full(window, _FAR, dtype=np.int64)
    padded = np.concatenate((far, delay, far))
    # The filter is centred; moved so that place i tells of padded[i : i + window].
    least = ndimage.minimum_filter1d(padded, window, mode="nearest")[window // 2 :]
    count = delay.size + 1
    return least[:count], least[window : window + count]


def _doubt_ns(delay: Times, before: Times, after: Times, window: int) -> int:
    """Return how far two smallest delays may differ by chance.

    The smallest of n delays lies about twice their median excess / n above the floor; four times
    that is rarer than one in a thousand on each side.
    """
    floor = np.minimum(before[:-1], after[:-1])
    return round(_CHANCE * float(np.median(delay - floor)) / window)


def _runs(signs: Times) -> Pairs:
    """Return [start, stop) of each stretch of equal signs other than 0."""
    edges = np.flatnonzero(np.diff(signs)) + 1
    starts, stops = np.append(0, edges), np.append(edges, signs.size)
    kept: Bools = signs[starts] != 0
    return np.column_stack((starts[kept], stops[kept])).astype(np.int64)
