"""Intervals: from thresholds to stretches of time, and the algebra on them.

Three-valued logic: a condition is true inside the intervals found for it, unknown outside
:func:`known_intervals` of its inputs, and false only in what is known and not true, which is
``subtract(known, true)``.  So "no rain" never answers for a time about which nothing is known.

Sets of intervals are int64 arrays of shape (n, 2), half-open [start, stop).  They may be given in
any order and overlap; results are sorted, do not overlap or touch, and hold no empty interval.
"""

from dataclasses import dataclass

import numpy as np

from avdataops.model.errors import InputError
from avdataops.signals.arrays import (
    Bools,
    Floats,
    Indices,
    Pairs,
    Times,
    check_same_length,
    in_order,
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Stretches of samples during which a trigger was on; row numbers, half-open."""

    start: Indices
    stop: Indices
    """The first row after the run: where the trigger went off, or where its segment ended."""
    truncated_start: Bools
    """The run was on at the first sample of its segment: it may have begun before."""
    truncated_stop: Bools
    """The run was on at the last sample of its segment: it may have gone on."""

    def times(self, t: Times) -> Pairs:
        """Return [start, stop) in ns: a run ends where it went off, else at its last sample."""
        stop = np.where(self.truncated_stop, self.stop - 1, self.stop)
        return np.column_stack((t[self.start], t[stop])).astype(np.int64)


def hysteresis(t: Times, x: Floats, *, on: float, off: float, max_gap_ns: int) -> Runs:
    """Return the runs of a Schmitt trigger.

    With ``on`` above ``off`` it goes on at x >= on and off at x < off; with ``on`` below ``off``
    it goes on at x <= on and off at x > off.  A gap longer than ``max_gap_ns``, a NaN, and a time
    that repeats or steps back end a run and its segment: nothing is carried across.  A segment
    that begins between the two levels begins off.  Raises ``InputError`` when the levels are equal
    or NaN, which leaves the direction open; ``true_runs`` serves for one level.
    Source: Schmitt 1938; no detection across a gap, and ends cut by one are marked.
    """
    check_same_length(t, x)
    if not (on > off or on < off):
        raise InputError(f"the levels on={on} and off={off} do not tell a direction")
    rising = on > off
    goes_on = x >= on if rising else x <= on
    goes_off = x < off if rising else x > off
    begins = _segment_begins(t, x, max_gap_ns)
    # A NaN switches nothing by itself, but begins a segment of its own, which begins off.
    decides = goes_on | goes_off | begins
    last = np.maximum.accumulate(np.where(decides, np.arange(t.size), 0))
    state = goes_on[last] if t.size else goes_on
    carried = np.append(False, state[:-1])[: t.size] & ~begins
    start = np.flatnonzero(state & ~carried)
    ends = np.append(begins[1:] | ~state[1:], True)[: t.size]
    stop = np.flatnonzero(state & ends) + 1
    segment_over = np.append(begins, True)
    return Runs(start, stop, begins[start], segment_over[stop])


def onset_rows(t: Times, x: Floats, runs: Runs, *, level: float, max_gap_ns: int) -> Indices:
    """Return for each run the row where ``x`` last passed a lower ``level`` before the run began.

    The direction is that of each run: a run that begins above ``level`` goes back while x > level,
    one that begins below it while x < level.  Never goes back past the start of the segment, as
    :func:`hysteresis` cuts them.  This makes onsets what a person would mark.
    """
    begins = _segment_begins(t, x, max_gap_ns)
    number = np.arange(t.size)
    first_of_segment = np.maximum.accumulate(np.where(begins, number, 0))
    last_not_above = np.maximum.accumulate(np.where(x > level, -1, number))
    last_not_below = np.maximum.accumulate(np.where(x < level, -1, number))
    rising = x[runs.start] > level
    last_outside = np.where(rising, last_not_above[runs.start], last_not_below[runs.start])
    onset = np.maximum(last_outside + 1, first_of_segment[runs.start])
    return np.asarray(np.minimum(onset, runs.start), dtype=np.int64)


def true_runs(mask: Bools) -> Pairs:
    """Return the half-open index pairs of the runs of True."""
    edges = np.diff(np.concatenate(([0], mask.astype(np.int8), [0])))
    return np.column_stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)))


def merge_close(pairs: Pairs, gap_ns: int) -> Pairs:
    """Return the intervals with pauses of at most ``gap_ns`` closed; 0 joins what touches."""
    _check_pairs(pairs)
    filled: Pairs = pairs[pairs[:, 1] > pairs[:, 0]]
    if len(filled) == 0:
        return filled
    ordered = filled[np.argsort(filled[:, 0], kind="stable")]
    reached = np.maximum.accumulate(ordered[:, 1])
    apart = ordered[1:, 0] - reached[:-1] > gap_ns
    return np.column_stack((ordered[np.append(True, apart), 0], reached[np.append(apart, True)]))


def drop_short(pairs: Pairs, min_ns: int) -> Pairs:
    """Return the intervals that last at least ``min_ns``, as they are."""
    _check_pairs(pairs)
    long = pairs[:, 1] - pairs[:, 0] >= min_ns
    return np.asarray(pairs[long], dtype=np.int64)


def union(a: Pairs, b: Pairs) -> Pairs:
    """Return what is in at least one of two sets."""
    return merge_close(np.concatenate((a, b)), 0)


def intersect(a: Pairs, b: Pairs) -> Pairs:
    """Return what is in both sets."""
    one, other = merge_close(a, 0), merge_close(b, 0)
    edges = np.concatenate((one[:, 0], other[:, 0], one[:, 1], other[:, 1]))
    step = np.repeat(np.array([1, -1]), len(one) + len(other))
    # At one instant the ends count first, because an end is not part of its interval.
    order = np.lexsort((step, edges))
    inside_both = np.flatnonzero(np.cumsum(step[order]) > 1)
    edges = edges[order]
    return np.column_stack((edges[inside_both], edges[inside_both + 1]))


def complement(pairs: Pairs, start_ns: int, stop_ns: int) -> Pairs:
    """Return what of [start, stop) is in no interval."""
    joined = merge_close(pairs, 0)
    starts = np.clip(np.append(start_ns, joined[:, 1]), start_ns, stop_ns)
    stops = np.clip(np.append(joined[:, 0], stop_ns), start_ns, stop_ns)
    rest = stops > starts
    return np.column_stack((starts[rest], stops[rest]))


def subtract(a: Pairs, b: Pairs) -> Pairs:
    """Return what is in ``a`` and not in ``b``."""
    joined = merge_close(a, 0)
    if len(joined) == 0:
        return joined
    return intersect(joined, complement(b, int(joined[0, 0]), int(joined[-1, 1])))


def known_intervals(t: Times, valid: Bools, max_gap_ns: int) -> Pairs:
    """Return when a sampled signal is known: between valid samples that follow each other closely.

    From the first to the last of each run of ``valid`` samples no further apart than
    ``max_gap_ns``; a lone valid sample covers no time.  Samples may come in any order; of samples
    at the same time the last one counts.
    """
    check_same_length(t, valid)
    order = in_order(t)
    times, good = t[order], valid[order]
    steps = np.column_stack((times[:-1], times[1:]))
    return merge_close(steps[good[:-1] & good[1:] & (np.diff(times) <= max_gap_ns)], 0)


def inside(pairs: Pairs, t: Times) -> Bools:
    """Say which times lie in one of some intervals, which are sorted and apart."""
    if len(pairs) == 0:
        return np.zeros(t.size, dtype=np.bool_)
    place = np.searchsorted(pairs[:, 0], t, side="right") - 1
    return np.asarray((place >= 0) & (t < pairs[np.maximum(place, 0), 1]))


def total_ns(pairs: Pairs) -> int:
    """Return how long the set lasts, overlaps counted once."""
    joined = merge_close(pairs, 0)
    return int(np.sum(joined[:, 1] - joined[:, 0]))


def _segment_begins(t: Times, x: Floats, max_gap_ns: int) -> Bools:
    unknown = np.isnan(x)
    step = np.diff(t)
    cut = (step > max_gap_ns) | (step <= 0) | unknown[1:] | unknown[:-1]
    return np.append(True, cut)[: t.size]


def _check_pairs(pairs: Pairs) -> None:
    if pairs.shape[1:] != (2,):
        raise InputError(f"intervals have shape (n, 2), not {pairs.shape}")
