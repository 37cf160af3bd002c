"""Figures that a scene keeps: peaks, margins and qualities, with None for unknown."""

import math

import numpy as np

from avdataops.signals.arrays import Floats, Times

_DIGITS = 6
_MARGIN_SCALE = 0.15


def number(value: float) -> float | None:
    """Return ``value`` with six significant digits; None for NaN and infinity.

    Six digits are beyond every sensor here, and keep the last bits of a platform's arithmetic out
    of what is stored.
    """
    return float(f"{float(value):.{_DIGITS}g}") if math.isfinite(value) else None


def lowest(x: Floats) -> float | None:
    """Return the least finite value, or None if there is none."""
    finite = x[np.isfinite(x)]
    return number(float(finite.min())) if finite.size else None


def highest(x: Floats) -> float | None:
    """Return the greatest finite value, or None if there is none."""
    finite = x[np.isfinite(x)]
    return number(float(finite.max())) if finite.size else None


def middle(x: Floats) -> float | None:
    """Return the mean of the finite values, or None if there is none."""
    finite = x[np.isfinite(x)]
    return number(float(finite.mean())) if finite.size else None


def margin(value: float, threshold: float) -> float:
    """Return how clearly ``value`` passed ``threshold``, from 0 to 1; 0.5 at the threshold.

    A logistic curve of the ratio: 0.12 at 70 % of the threshold, 0.84 at 125 %, 0.97 at 150 %.
    Both numbers have the same sign.  Source: own choice; a monotonous squashing is all that is
    asked of it, and it is stored beside the values it came from.
    """
    return 1.0 / (1.0 + math.exp(-(value / threshold - 1.0) / _MARGIN_SCALE))


def share_received(rows: int, t: Times, period_ns: float) -> float:
    """Return samples received over samples expected in the span of ``t``, from 0 to 1."""
    if t.size == 0 or period_ns <= 0:
        return 0.0
    expected = float(t[-1] - t[0]) / period_ns + 1.0
    return min(1.0, rows / expected)


def confidence(*parts: float) -> float:
    """Return the least of the parts, within 0 to 1 and with six digits; 0 when one is unknown."""
    least = min(parts)
    return float(f"{min(1.0, max(0.0, least)):.{_DIGITS}g}") if math.isfinite(least) else 0.0


def mean_slope(t: Times, x: Floats) -> float:
    """Return the slope of the straight line through the first and last sample, NaN for fewer."""
    span_ns = float(t[-1] - t[0]) if t.size else 0.0
    return float(x[-1] - x[0]) / span_ns * 1e9 if span_ns > 0 else math.nan


def integral(t: Times, x: Floats) -> float:
    """Return the time integral of ``x`` by the trapezoidal rule, in the unit of x times s."""
    return float(np.sum(0.5 * (x[1:] + x[:-1]) * np.diff(t)) / 1e9) if t.size else 0.0
