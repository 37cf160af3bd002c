"""How far and how long was driven in given stretches of time: the denominators of rates."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Pairs, Times

_TWO_SIDED = 0.025, 0.975


@dataclass(frozen=True, slots=True)
class Driven:
    """What was driven; only what is known of the speed counts."""

    distance_m: float = 0.0
    duration_s: float = 0.0

    def __add__(self, other: "Driven") -> "Driven":
        """Return both together."""
        return Driven(self.distance_m + other.distance_m, self.duration_s + other.duration_s)


@dataclass(frozen=True, slots=True)
class Odometer:
    """Distance and time since the first sample; both stand still where the speed is unknown."""

    t_ns: Times
    distance_m: Floats
    duration_s: Floats

    def within(self, spans: Pairs) -> Driven:
        """Return what was driven in spans (ns, half-open, disjoint)."""
        if self.t_ns.size == 0 or len(spans) == 0:
            return Driven()
        # Times since the start of the drive are exact in doubles, those since 1970 are not.
        t = (self.t_ns - self.t_ns[0]).astype(np.float64)
        ends = (np.asarray(spans, dtype=np.int64) - self.t_ns[0]).astype(np.float64)
        return Driven(
            *(
                float(np.sum(np.diff(np.interp(ends, t, total), axis=1)))
                for total in (self.distance_m, self.duration_s)
            )
        )


def odometer(t_ns: Times, speed_mps: Floats, max_gap_ns: int) -> Odometer:
    """Return the way over samples of speed, by trapezoids.

    Nothing is driven between samples further apart than ``max_gap_ns`` or of unknown speed.
    """
    step_ns = np.diff(t_ns)
    mean = (np.abs(speed_mps[:-1]) + np.abs(speed_mps[1:])) / 2
    known = (step_ns <= max_gap_ns) & np.isfinite(mean)
    step_s = np.where(known, step_ns / NS_PER_S, 0.0)
    way_m = np.where(known, mean * step_s, 0.0)
    start = np.zeros(min(t_ns.size, 1))
    return Odometer(
        t_ns,
        np.concatenate([start, np.cumsum(way_m)]),
        np.concatenate([start, np.cumsum(step_s)]),
    )


def rate_bounds(events: int, exposure: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate of Poisson events per unit of exposure.

    Garwood 1936, by quantiles of chi-squared.  Raises nothing: without exposure it is 0 to
    infinity.
    """
    if exposure <= 0:
        return 0.0, float("inf")
    low, high = _TWO_SIDED
    least = float(chi2.ppf(low, 2 * events)) / 2 if events else 0.0
    most = float(chi2.ppf(high, 2 * (events + 1))) / 2
    return least / exposure, most / exposure
