"""Extremes over many windows of one array at once."""

import numpy as np

from avdataops.signals.arrays import Floats, Indices


def window_highest(x: Floats, stop: Indices) -> Floats:
    """Return for every row ``i`` the greatest of ``x[i:stop[i]]``; windows hold at least one row.

    Doubling windows (a sparse table): n log w steps for windows of at most w rows.
    """
    rows = np.arange(x.size)
    width = np.asarray(stop - rows, dtype=np.int64)
    highest = np.full(x.size, -np.inf)
    level, span = x.astype(np.float64, copy=True), 1
    while x.size and span <= int(width.max()):
        # Two windows of this span, one at either end, cover all widths below twice the span.
        fits = (width >= span) & (width < 2 * span)
        first = rows[fits]
        highest[fits] = np.maximum(level[first], level[stop[fits] - span])
        level = np.maximum(level[: x.size - span], level[span:]) if span < level.size else level
        level = np.append(level, np.full(x.size - level.size, -np.inf))
        span *= 2
    return highest


def window_lowest(x: Floats, stop: Indices) -> Floats:
    """Return for every row ``i`` the least of ``x[i:stop[i]]``; windows hold at least one row."""
    return np.asarray(-window_highest(-x, stop))
