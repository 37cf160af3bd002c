"""Quantities that come back to where they began: angles that wrap, quaternions that flip sign."""

import numpy as np

from avdataops.signals.arrays import Floats


def wraps(x: Floats, period: float) -> bool:
    """Say whether known neighbours ever differ by more than half a period: the angle wrapped."""
    values = x[np.isfinite(x)]
    return bool(np.any(np.abs(np.diff(values)) > period / 2))


def unwrapped(x: Floats, period: float) -> Floats:
    """Return the angle without jumps, each step on the shorter way; NaN stays and is skipped."""
    result = x.copy()
    known = np.isfinite(x)
    result[known] = np.unwrap(x[known], period=period)
    return result


def wrapped_like(x: Floats, original: Floats, period: float) -> Floats:
    """Return angles in [0, period) if the original has no negative value, else from -half to half.

    Of the two halves the positive one is in the range.
    """
    values = original[np.isfinite(original)]
    if values.size and values.min() >= 0:
        return np.mod(x, period)
    return period / 2 - np.mod(period / 2 - x, period)


def one_hemisphere(q_xyzw: Floats) -> Floats:
    """Return quaternions (n, 4) with signs such that known neighbours never point away.

    q and -q are the same orientation, but a filter or a line between them passes through nothing.
    """
    result = q_xyzw.copy()
    known = np.asarray(np.isfinite(q_xyzw).all(axis=1))
    rows = q_xyzw[known]
    if len(rows) > 1:
        flips = np.where(np.sum(rows[1:] * rows[:-1], axis=1) < 0, -1.0, 1.0)
        result[known] = rows * np.append(1.0, np.cumprod(flips))[:, None]
    return result
