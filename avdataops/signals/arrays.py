"""Array types, time order, and the cutting of samples into segments, shared by this folder.

A segment is a stretch of samples in which no two neighbours are further apart than a limit.
Differences of times must fit into int64 (292 years), which any clock that was once set does.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from avdataops.model.errors import InputError

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]
Pairs = NDArray[np.int64]
"""Shape (n, 2): half-open [start, stop) of times in ns, or of indices."""


def check_same_length(t: Times, x: NDArray[np.generic]) -> None:
    """Raise ``InputError`` unless there is one row of ``x`` for every time."""
    if t.ndim != 1 or len(x) != len(t):
        raise InputError(f"{len(x)} values do not match {t.size} times in one dimension")


def check_positive(name: str, value: float) -> None:
    """Raise ``InputError`` unless ``value`` is a finite number above zero."""
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be a number above zero, not {value}")


def in_order(t: Times) -> Indices:
    """Return the indices that make ``t`` strictly increasing; of equal times the last given stays.

    Sorting is stable, so the result does not depend on the order of samples with distinct times.
    """
    if bool(np.all(t[1:] > t[:-1])):
        return np.arange(t.size, dtype=np.int64)
    order = np.argsort(t, kind="stable")
    ordered = t[order]
    last_of_equal = np.ones(t.size, dtype=np.bool_)
    last_of_equal[:-1] = ordered[1:] != ordered[:-1]
    return np.asarray(order[last_of_equal], dtype=np.int64)


def segments(t: Times, max_gap_ns: int) -> Pairs:
    """Return index pairs of the segments of strictly increasing ``t``, split at longer gaps."""
    if t.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    cuts = np.flatnonzero(np.diff(t) > max_gap_ns) + 1
    return np.column_stack((np.append(0, cuts), np.append(cuts, t.size))).astype(np.int64)


def on_known(t: Times, x: Floats, work: Callable[[Times, Floats], Floats]) -> Floats:
    """Return ``work`` done on the known samples only, one result per row of ``x``.

    ``work`` gets strictly increasing times and finite values.  Rows of NaN or infinite values have
    the result NaN; rows that share a time all get the result of the last one.
    """
    check_same_length(t, x)
    order = in_order(t)
    t_ordered, x_ordered = t[order], x[order]
    known = np.isfinite(x_ordered)
    result = np.full(order.size, np.nan)
    result[known] = work(t_ordered[known], x_ordered[known])
    return np.asarray(result[np.searchsorted(t_ordered, t)], dtype=np.float64)


def by_segment(
    t: Times, x: Floats, max_gap_ns: int, work: Callable[[Times, Floats], Floats]
) -> Floats:
    """Return ``work`` done on each segment of known samples, one result per row of ``x``.

    Unknown samples are left out before segments are cut, so they end a segment only where the
    known samples around them are further apart than ``max_gap_ns``.  Else as :func:`on_known`.
    """

    def each(t_known: Times, known: Floats) -> Floats:
        pieces = [work(t_known[a:b], known[a:b]) for a, b in segments(t_known, max_gap_ns)]
        return np.concatenate([np.empty(0), *pieces])

    return on_known(t, x, each)
