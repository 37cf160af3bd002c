"""Values of one stream at the times of another: linear, angle, hold, nearest, slerp, and ticks.

Rules by the nature of the signal (linear for continuous, hold for discrete, nearest for frames)
are those of the field; nothing here looks across a gap longer than the caller allows.  Samples may
come in any order: they are sorted, and of samples at the same time the last given one counts.
Ticks may come in any order and give one result each.
"""

from fractions import Fraction
from math import isqrt
from typing import NamedTuple

import numpy as np

from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import (
    Bools,
    Floats,
    Indices,
    Times,
    check_positive,
    check_same_length,
    in_order,
)
from avdataops.signals.geo import wrap_pi

# Keeps numerator * denominator * 1 s in int64; finer fractions of a rate are not told apart.
_INT64_SECONDS = 9_000_000_000
_FINEST_FRACTION = 10_000
# Below this angle sin(angle) is too small to divide by; straight interpolation is as exact.
_STRAIGHT_RAD = 1e-4


class Held(NamedTuple):
    """The last known values at ticks, NaN where there is none young enough."""

    x: Floats
    age_ns: Floats
    """Tick minus time of the sample; NaN where there is none."""


class Nearest(NamedTuple):
    """Which sample belongs to each tick."""

    row: Indices
    """Row of the sample as given; -1 where no sample belongs to the tick."""
    dt_ns: Floats
    """Time of the sample minus tick; NaN where there is none."""


def rate_fraction(rate_hz: float) -> Fraction:
    """Return the rate as the fraction that regular ticks use; raise ``InputError`` if it has none.

    Denominators go up to 10,000 (29.97, 1/3 and 1000.25 are exact), less above 90 Hz.
    """
    check_positive("rate_hz", rate_hz)
    limit = min(_FINEST_FRACTION, isqrt(int(_INT64_SECONDS / rate_hz)))
    rate = Fraction(rate_hz).limit_denominator(limit) if limit else Fraction(0)
    if rate <= 0:
        raise InputError(f"rate_hz must be between 0.0001 and 5e9, not {rate_hz}")
    return rate


def tick_times(rate: Fraction, number: Indices) -> Times:
    """Return the times of ticks by number, counted from the epoch, to the nearest ns.

    Exact for every number, because whole seconds and the rest are multiplied apart.
    """
    many, rest = np.divmod(number, rate.numerator)
    part = (rest * (rate.denominator * NS_PER_S) + rate.numerator // 2) // rate.numerator
    return np.asarray(many * (rate.denominator * NS_PER_S) + part, dtype=np.int64)


def first_tick_from(rate: Fraction, t_ns: int) -> int:
    """Return the number of the first tick at or after a time."""
    number = t_ns * rate.numerator // (rate.denominator * NS_PER_S)
    while int(tick_times(rate, np.array([number]))[0]) < t_ns:
        number += 1
    return number


def regular_grid(start_ns: int, stop_ns: int, rate_hz: float) -> Times:
    """Return all ticks in [start, stop) that are multiples of the period since the epoch.

    Two grids of one rate share their ticks wherever they overlap.  Rates that do not divide one
    second alternate between two steps, so that no error adds up.
    """
    rate = rate_fraction(rate_hz)
    if stop_ns <= start_ns:
        return np.empty(0, dtype=np.int64)
    first, stop = first_tick_from(rate, start_ns), first_tick_from(rate, stop_ns)
    return tick_times(rate, np.arange(first, stop, dtype=np.int64))


def linear_at(t: Times, x: Floats, ticks: Times, max_gap_ns: int) -> Floats:
    """Return ``x`` at ticks on the straight line between the two samples around each.

    NaN outside the samples, between samples further apart than ``max_gap_ns``, and beside a NaN.
    A tick at the very time of a sample has the value of that sample, whatever is beside it.
    """
    check_same_length(t, x)
    near = _around(t, ticks, max_gap_ns)
    left, right = _rows(x, near.left), _rows(x, near.right)
    with np.errstate(invalid="ignore"):  # between infinities nothing is known: NaN
        return np.where(near.exact, left, left + near.fraction * (right - left))


def angle_at(t: Times, angle_rad: Floats, ticks: Times, max_gap_ns: int) -> Floats:
    """Return angles at ticks in (-pi, pi], each on the shorter way round between two samples.

    This is unwrap, linear, wrap; gaps, NaN and exact hits as in :func:`linear_at`.
    """
    check_same_length(t, angle_rad)
    near = _around(t, ticks, max_gap_ns)
    left, right = _rows(angle_rad, near.left), _rows(angle_rad, near.right)
    with np.errstate(invalid="ignore"):  # an infinite angle is unknown: NaN
        turned = left + near.fraction * wrap_pi(right - left)
        return wrap_pi(np.where(near.exact, left, turned))


def slerp_at(t: Times, q_xyzw: Floats, ticks: Times, max_gap_ns: int) -> Floats:
    """Return unit quaternions (m, 4) in order x, y, z, w at ticks, on the shorter arc.

    Inputs (n, 4) need not be normalised; q and -q mean the same.  Rows with NaN or of no length
    are unknown.  Gaps and exact hits as in :func:`linear_at`.  Source: Shoemake 1985.
    """
    check_same_length(t, q_xyzw)
    if q_xyzw.shape[1:] != (4,):
        raise InputError(f"quaternions have shape (n, 4), not {q_xyzw.shape}")
    length = np.linalg.norm(q_xyzw, axis=1, keepdims=True)
    unit = np.where(length > 0, q_xyzw, np.nan) / np.where(length > 0, length, 1.0)
    near = _around(t, ticks, max_gap_ns)
    left, right = _rows(unit, near.left), _rows(unit, near.right)
    cosine = np.sum(left * right, axis=1)
    right = np.where(cosine[:, None] < 0, -right, right)
    angle = np.arccos(np.clip(np.abs(cosine), 0.0, 1.0))
    straight = angle < _STRAIGHT_RAD
    sine = np.where(straight, 1.0, np.sin(angle))
    f = near.fraction
    weight_left = np.where(straight, 1 - f, np.sin((1 - f) * angle) / sine)
    weight_right = np.where(straight, f, np.sin(f * angle) / sine)
    mixed = weight_left[:, None] * left + weight_right[:, None] * right
    mixed = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.where(near.exact[:, None], left, mixed)


def hold_index_at(t: Times, ticks: Times, max_age_ns: int) -> Nearest:
    """Return the last sample at or before each tick, at most ``max_age_ns`` old, for any values.

    ``dt_ns`` is never positive: no sample later than a tick is ever used.
    """
    order = in_order(t)
    place = np.searchsorted(t[order], ticks, side="right") - 1
    index = np.where(place >= 0, order[place], -1) if order.size else np.full(ticks.size, -1)
    behind = t[index] - ticks if t.size else np.zeros(ticks.size, dtype=np.int64)
    found = (index >= 0) & (behind >= -max_age_ns)
    return Nearest(np.where(found, index, -1), np.where(found, behind, np.nan))


def hold_at(t: Times, x: Floats, ticks: Times, max_age_ns: int) -> Held:
    """Return the last value at or before each tick, and its age (zero-order hold).

    A sample that is NaN is held as NaN: an older value is not brought back.
    """
    check_same_length(t, x)
    last = hold_index_at(t, ticks, max_age_ns)
    return Held(_rows(x, last.row), np.abs(last.dt_ns))


def nearest_at(t: Times, ticks: Times, tolerance_ns: int) -> Nearest:
    """Return the sample that belongs to each tick, no further than ``tolerance_ns``.

    Each sample is used at most once: the nearest tick wins it (of two as near, the earlier one),
    and a tick that lost it takes the sample on its other side if nobody did.  Of two samples as
    near, a tick takes the earlier one.  The usual tolerance is half the slower period.
    """
    order = in_order(t)
    t_ordered = t[order]
    after = np.searchsorted(t_ordered, ticks, side="left")
    sides = np.stack((after - 1, after))
    exists = (sides >= 0) & (sides < order.size)
    sides = np.where(exists, sides, 0)
    far = np.iinfo(np.int64).max
    if order.size:
        dt = t_ordered[sides] - ticks
        distance = np.where(exists & (np.abs(dt) <= tolerance_ns), np.abs(dt), far)
    else:
        dt = distance = np.full((2, ticks.size), far)
    taken = np.full(ticks.size, -1, dtype=np.int64)
    used = np.zeros(order.size + 1, dtype=np.bool_)
    # Two rounds are enough: a tick has two samples to ask for, and a used one is never freed.
    for _ in range(2):
        asked = np.where(used[sides] | (taken >= 0), far, distance)
        side = np.argmin(asked, axis=0)
        wish = np.take_along_axis(asked, side[None], axis=0)[0]
        sample = np.take_along_axis(sides, side[None], axis=0)[0]
        by_sample = np.lexsort((ticks, wish, sample))
        by_sample = by_sample[wish[by_sample] < far]
        first = np.append(True, np.diff(sample[by_sample]) != 0)[: by_sample.size]
        winners = by_sample[first]
        taken[winners] = sample[winners]
        used[sample[winners]] = True
    found = taken >= 0
    index = np.where(found, order[taken], -1) if order.size else taken
    return Nearest(index, np.where(found, t[index] - ticks if t.size else 0, np.nan))


class _Around(NamedTuple):
    left: Indices
    right: Indices
    fraction: Floats
    exact: Bools


def _around(t: Times, ticks: Times, max_gap_ns: int) -> _Around:
    """Return the rows around each tick, -1 where none may be used, and the way between them."""
    order = in_order(t)
    if order.size == 0:
        none = np.full(ticks.size, -1, dtype=np.int64)
        return _Around(none, none, np.zeros(ticks.size), np.zeros(ticks.size, dtype=np.bool_))
    t_ordered = t[order]
    left = np.searchsorted(t_ordered, ticks, side="right") - 1
    right = np.minimum(left + 1, order.size - 1)
    step = t_ordered[right] - t_ordered[left]
    exact = (left >= 0) & (t_ordered[left] == ticks)
    usable = exact | ((left >= 0) & (step > 0) & (step <= max_gap_ns))
    fraction = np.where(usable & ~exact, ticks - t_ordered[left], 0) / np.where(
        usable & (step > 0), step, 1
    )
    return _Around(
        np.where(usable, order[left], -1),
        np.where(usable, order[right], -1),
        fraction,
        exact,
    )


def _rows(x: Floats, index: Indices) -> Floats:
    """Return rows of ``x``, NaN where the index is -1."""
    if len(x) == 0:
        return np.full((index.size, *x.shape[1:]), np.nan)
    missing = (index < 0).reshape(-1, *(1,) * (x.ndim - 1))
    return np.where(missing, np.nan, x[index])
