"""Conversions of MDF that are worked out here, because the library fails on some of their values.

asammdf 8 divides by zero in a rational conversion whose coefficients are zero, and takes whole
numbers at the edges of value ranges for others (ASAM MDF 4.2, 5.15: conversion types 2 and 6).
"""

from typing import Any

import numpy as np

from avdataops.readers.mdf4.facts import Samples

RATIONAL, RANGES = 2, 6


def rational(conversion: Any, raw: Samples) -> Samples:
    """Return (P1 x² + P2 x + P3) / (P4 x² + P5 x + P6); without a value where that is 0 / 0."""
    p = [float(conversion[f"P{number}"]) for number in range(1, 7)]
    if p[0] == p[2] == p[3] == p[4] == 0 and p[1] == p[5] != 0:
        return raw
    x = raw.astype(np.float64)
    with np.errstate(all="ignore"):
        quotient: Samples = (p[0] * x * x + p[1] * x + p[2]) / (p[3] * x * x + p[4] * x + p[5])
    return quotient


def ranges(conversion: Any, raw: Samples) -> Samples:
    """Return the value of the first range that holds x, else the default.

    A range holds its upper end if x is a whole number.
    """
    found = np.full(raw.shape, float(conversion["default"]))
    for number in reversed(range((conversion["val_param_nr"] - 1) // 3)):
        lower, upper = conversion[f"lower_{number}"], conversion[f"upper_{number}"]
        below = raw < upper if raw.dtype.kind == "f" else raw <= upper
        found[(raw >= lower) & below] = conversion[f"phys_{number}"]
    return found
