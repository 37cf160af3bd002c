"""The staged low-pass of a gapless run of samples, at any stretch of its ticks."""

from dataclasses import dataclass
from math import floor, prod

import numpy as np

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.filters import level_at_start

# Per stage: taps each side of the middle per unit of decimation, Kaiser window, and cut-off per
# Nyquist frequency.  Together: ripple of 1e-4 up to 0.59, 80 dB down from 1.0 on.
_HALF_TAPS = 12
_KAISER_BETA = 8.0
_CUTOFF_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Run:
    """Samples without a gap from one time to another, and the ticks inside that follow each other.

    The samples are laid on a fine even grid that the ticks are part of, as far as samples go.
    """

    first_ns: int
    last_ns: int
    """Time of the last sample."""
    tick_ns: int
    """Time of the first tick."""
    ticks: int
    """How many there are; at least one."""
    stages: tuple[int, ...]
    """Factors of decimation."""
    period_ns: float
    """From tick to tick."""

    @property
    def many(self) -> int:
        """Points of the fine grid per tick."""
        return prod(self.stages)

    @property
    def fine_ns(self) -> float:
        """Step of the fine grid."""
        return self.period_ns / self.many

    @property
    def lead(self) -> int:
        """Points of the grid before the first tick."""
        return floor(-float(self.first_ns - self.tick_ns) / self.fine_ns)

    @property
    def points(self) -> int:
        """Points of the grid."""
        to_last = self.many * (self.ticks - 1)
        after_ns = float(self.last_ns - self.tick_ns) - self.fine_ns * to_last
        return self.lead + to_last + max(floor(after_ns / self.fine_ns), 0) + 1

    @property
    def reach(self) -> int:
        """Points of the grid on each side of a tick that its value depends on."""
        return reach_of(self.stages)

    @property
    def edge(self) -> int:
        """Points of the grid that tell the level at an end."""
        return min(2 * self.many, self.points)

    def even(self, t: Times, x: Floats, start: int, stop: int) -> Floats:
        """Return the samples at points [start, stop) of the grid; ``t`` must reach around them."""
        grid = np.arange(start - self.lead, stop - self.lead) * self.fine_ns
        since = (t - self.tick_ns).astype(np.float64)
        return np.asarray(np.interp(grid, since, x), dtype=np.float64)


def reach_of(stages: tuple[int, ...]) -> int:
    """Return how many points of the fine grid the staged filter needs on each side of a tick.

    Each stage eats half its taps on both sides.
    """
    return sum(_HALF_TAPS * prod(stages[: i + 1]) for i in range(len(stages)))


def level_at_first(run: Run, t: Times, x: Floats) -> float:
    """Return the level at the first point, from samples that reach two ticks beyond it."""
    return level_at_start(run.even(t, x, 0, run.edge))


def level_at_last(run: Run, t: Times, x: Floats) -> float:
    """Return the level at the last point, from samples that reach two ticks before it."""
    return level_at_start(run.even(t, x, run.points - run.edge, run.points)[::-1])


def low_passed(
    run: Run, levels: tuple[float, float], t: Times, x: Floats, wanted: tuple[int, int]
) -> Floats:
    """Return the run, low-passed, at its ticks [start, stop) of ``wanted``.

    The straight line between the levels of both ends is taken off before and put back after, and
    what is left is mirrored at both ends with opposite sign.  A value depends on the samples within
    ``reach`` points of its tick and on the two levels, and on nothing else: it is the same to the
    last bit whichever ticks are asked for together.  ``t`` and ``x`` are samples of the run that
    reach around those.
    """
    from scipy import signal

    start, stop = wanted
    first = run.lead + start * run.many
    last = run.lead + (stop - 1) * run.many
    number = np.arange(first - run.reach, last + run.reach + 1)
    at_ticks = slice(run.reach, run.reach + last - first + 1, run.many)
    if run.points == 1:
        return np.full(stop - start, levels[0])
    slope = (levels[1] - levels[0]) / (run.points - 1)
    folded = np.mod(number, 2 * (run.points - 1))
    mirrored = folded > run.points - 1
    folded = np.where(mirrored, 2 * (run.points - 1) - folded, folded)
    low, high = int(folded.min()), int(folded.max())
    inside = np.arange(low, high + 1).astype(np.float64)
    above = run.even(t, x, low, high + 1) - (levels[0] + slope * inside)
    left = np.where(mirrored, -above[folded - low], above[folded - low])
    for factor in run.stages:
        taps = signal.firwin(
            2 * _HALF_TAPS * factor + 1, _CUTOFF_SHARE / factor, window=("kaiser", _KAISER_BETA)
        )
        left = signal.upfirdn(taps, left, 1, factor)[2 * _HALF_TAPS :]
        left = left[: (left.size - 2 * _HALF_TAPS)]
    line = levels[0] + slope * number[at_ticks].astype(np.float64)
    return np.asarray(left[: stop - start] + line, dtype=np.float64)
