"""Arithmetic of MDF conversions whose edge cases are worked out here.

asammdf 8 divides by zero in a rational conversion whose coefficients are zero, and takes whole
numbers at the edges of value ranges for others (ASAM MDF 4.2, 5.15: conversion types 2 and 6).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.mdf4.facts import Samples

_MAX_OVERLAPPING = 4096


def rational(p: Sequence[float], raw: Samples) -> Samples:
    """Return (P1 x² + P2 x + P3) / (P4 x² + P5 x + P6); without a value where that is 0 / 0."""
    if p[0] == p[2] == p[3] == p[4] == 0 and p[1] == p[5] != 0:
        return raw
    x = raw.astype(np.float64)
    with np.errstate(all="ignore"):
        quotient: Samples = (p[0] * x * x + p[1] * x + p[2]) / (p[3] * x * x + p[4] * x + p[5])
    return quotient


def ranges(rows: npt.NDArray[np.float64], default: float, raw: Samples) -> Samples:
    """Return the value of the first range that holds x, else the default.

    ``rows`` are lower end, upper end, value.  A range holds its upper end if x is a whole number,
    or if it is that one number.  Raises ``SchemaMismatch`` for over 4096 ranges that overlap.
    """
    found = np.full(raw.shape, default)
    lower, upper = rows[:, 0], rows[:, 1]
    if len(rows) and (lower[1:] >= upper[:-1]).all() and (lower <= upper).all():
        for back in (0, 1):  # A number where two ranges touch is in the first.
            place = np.searchsorted(lower, raw, side="right") - 1 - back
            near = rows[np.maximum(place, 0)]
            inside = (place >= 0) & _holds(near[..., 0], near[..., 1], raw)
            found[inside] = near[..., 2][inside]
        return found
    if len(rows) > _MAX_OVERLAPPING:
        raise SchemaMismatch(f"its conversion has {len(rows)} ranges, and they overlap")
    for low, high, value in rows[::-1]:
        found[_holds(low, high, raw)] = value
    return found


def _holds(lower: Any, upper: Any, raw: Samples) -> npt.NDArray[np.bool_]:
    below = (raw < upper) | (lower == upper) & (raw == upper)
    if raw.dtype.kind != "f":
        below = raw <= upper
    held: npt.NDArray[np.bool_] = (raw >= lower) & below
    return held
