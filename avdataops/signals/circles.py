"""Quantities that come back to where they began: angles that wrap, quaternions that flip sign."""

import numpy as np

from avdataops.signals.arrays import Floats

NO_TURNS = -0.0
"""Added to any number, zeros with their sign included, it leaves that number."""


def wraps(x: Floats, period: float) -> bool:
    """Say whether known neighbours ever differ by more than half a period: the angle wrapped."""
    values = x[np.isfinite(x)]
    return bool(np.any(np.abs(np.diff(values)) > period / 2))


def unwrapped(x: Floats, period: float) -> Floats:
    """Return the angle without jumps, each step on the shorter way; NaN stays and is skipped."""
    return unwrapped_from(x, period, NO_TURNS)[0]


def unwrapped_from(x: Floats, period: float, turns: float) -> tuple[Floats, float]:
    """Return the angle without jumps, when ``turns`` was added to its first known value already.

    Also what was added to the last one, so that the next stretch, which must begin with that last
    value as it was, goes on from it: to the last bit as if both were one.
    """
    result = x.copy()
    known = np.isfinite(x)
    added = np.cumsum(np.append(turns, _corrections(x[known], period)))[: result[known].size]
    result[known] += added
    return result, float(added[-1]) if added.size else turns


def _corrections(x: Floats, period: float) -> Floats:
    """Return what takes each step to the shorter way round, as ``numpy.unwrap`` has it."""
    half = period / 2
    step = np.diff(x)
    shorter = np.mod(step + half, period) - half
    shorter[(shorter == -half) & (step > 0)] = half
    return np.where(np.abs(step) < half, 0.0, shorter - step)


def wrapped_like(x: Floats, original: Floats, period: float) -> Floats:
    """Return angles in [0, period) if the original has no negative value, else from -half to half.

    Of the two halves the positive one is in the range.
    """
    values = original[np.isfinite(original)]
    return wrapped(x, period, least=float(values.min()) if values.size else None)


def wrapped(x: Floats, period: float, *, least: float | None) -> Floats:
    """Return angles as :func:`wrapped_like` by the original's least value, None for unknown."""
    if least is not None and least >= 0:
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
