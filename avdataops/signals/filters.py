"""Zero-phase low-pass and derivative, segment by segment, never across a gap or an unknown."""

from math import ceil

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import (
    Floats,
    Times,
    by_segment,
    check_positive,
    on_known,
)

_ORDER = 2
# Settling of the filter beyond both ends of a segment, in periods of the cut-off frequency.
_SETTLE_PERIODS = 3.0
# A stretch shorter than this many cut-off periods says nothing about what is below the cut-off.
_SHORTEST_PERIODS = 0.5
_EDGE_PERIODS = 0.25


def low_pass(t: Times, x: Floats, cutoff_hz: float, max_gap_ns: int) -> Floats:
    """Return ``x`` through a 2nd-order Butterworth low-pass, run forwards and backwards.

    No phase shift; half the amplitude is left at the cut-off.  Segments of known samples end at
    gaps longer than ``max_gap_ns``; each is filtered on an even grid of its own with as many
    points as samples, so jitter does no harm.  A segment shorter than half a cut-off period is
    unknown (NaN): what it holds below the cut-off cannot be told from what it holds above.  A
    segment sampled too slowly to hold anything above the cut-off stays as it is.  Unknown and
    repeated rows as in :func:`avdataops.signals.arrays.by_segment`.
    Source: zero-phase 2nd-order Butterworth is the habit for naturalistic driving data, with
    1 Hz for longitudinal acceleration and 2 Hz for yaw rate and lateral acceleration.
    """
    check_positive("cutoff_hz", cutoff_hz)

    def smooth(t_known: Times, known: Floats) -> Floats:
        span_s = float(t_known[-1] - t_known[0]) / NS_PER_S
        if span_s * cutoff_hz < _SHORTEST_PERIODS:
            return np.full(known.size, np.nan)
        rate_hz = (known.size - 1) / span_s
        if rate_hz <= 2 * cutoff_hz:
            return known
        place = (t_known - t_known[0]) * (rate_hz / NS_PER_S)
        even = np.arange(known.size, dtype=np.float64)
        smoothed = _two_way(np.interp(even, place, known), cutoff_hz / rate_hz)
        return np.asarray(np.interp(place, even, smoothed), dtype=np.float64)

    return by_segment(t, x, max_gap_ns, smooth)


def derivative(t: Times, x: Floats, max_gap_ns: int) -> Floats:
    """Return dx/dt per second: central inside a segment, one-sided at its ends.

    Second order in uneven steps.  Unknown samples are left out; a sample without a known neighbour
    within ``max_gap_ns`` has no derivative (NaN).  Rows as in
    :func:`avdataops.signals.arrays.on_known`.
    """

    def slope_of(t_known: Times, known: Floats) -> Floats:
        if known.size == 0:
            return known
        step_ns = np.diff(t_known)
        slope = np.where(step_ns <= max_gap_ns, np.diff(known) / step_ns * NS_PER_S, np.nan)
        before, after = np.append(np.nan, slope), np.append(slope, np.nan)
        step_before, step_after = np.append(1, step_ns), np.append(step_ns, 1)
        # The nearer neighbour's slope weighs more: the parabola through three samples.
        both = before + (after - before) * (step_before / (step_before + step_after))
        either = np.where(np.isnan(before), after, before)
        return np.where(np.isnan(both), either, both)

    return on_known(t, x, slope_of)


def extend_past_ends(x: Floats, before: int, after: int, edge: int) -> tuple[Floats, Floats]:
    """Return ``x`` prolonged for filtering, as (what is left, a straight line) to be added up.

    The line joins the levels of the two ends, each a straight fit over ``edge`` samples.  What is
    left is mirrored with opposite sign at both ends, as often as ``before`` and ``after`` samples
    need.  A filter with unit gain leaves the line as it is, so constants and ramps stay exact up
    to the ends, and vibration at an end does not shift it as a mirror at the last sample would.
    """
    number = np.arange(-before, x.size + after)
    if x.size == 1:
        return np.zeros(number.size), np.full(number.size, x[0])
    first, last = level_at_start(x[:edge]), level_at_start(x[::-1][:edge])
    line: Floats = first + (last - first) / (x.size - 1) * number.astype(np.float64)
    left = x - line[before : before + x.size]
    folded = np.mod(number, 2 * (x.size - 1))
    mirrored = folded > x.size - 1
    folded = np.where(mirrored, 2 * (x.size - 1) - folded, folded)
    return np.where(mirrored, -left[folded], left[folded]), line


def level_at_start(x: Floats) -> float:
    """Return the value at the first sample of the straight line fitted through all of them."""
    middle = float(np.mean(x))
    if x.size == 1:
        return middle
    offsets = np.arange(x.size) - (x.size - 1) / 2
    # Plain sums: a matrix product takes another order of addition on every kind of processor.
    slope = float(np.sum(offsets * (x - middle))) / float(np.sum(offsets**2))
    return middle + slope * float(offsets[0])


def _two_way(x: Floats, cutoff_per_sample: float) -> Floats:
    from scipy import signal

    settle = ceil(_SETTLE_PERIODS / cutoff_per_sample)
    left, line = extend_past_ends(x, settle, settle, ceil(_EDGE_PERIODS / cutoff_per_sample))
    sections = signal.butter(_ORDER, 2 * cutoff_per_sample, output="sos")
    smooth = signal.sosfiltfilt(sections, left, padlen=0) + line
    return np.asarray(smooth[settle : settle + x.size], dtype=np.float64)
