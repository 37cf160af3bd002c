"""How regularly a stream was recorded: period, jitter, coverage and gaps, in bounded memory."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.arrays import Floats, Indices, Times, check_positive

MIN_GAP_NS = 200_000_000
"""No shorter silence is a gap (field habit for 10 Hz perception sensors)."""
MAX_PERIODS = 3.0
"""A silence of more than this many median periods is a gap."""

# A period's bin is the upper bits of its float64 form: 10 bits of fraction, so 0.1 % wide.
_DROPPED_BITS = 52 - 10


@dataclass(frozen=True, slots=True)
class Timing:
    """How the times of one stream behave; ``None`` where too few rows came to know."""

    rows: int
    first_ns: int | None
    """The earliest time, wherever it stood."""
    last_ns: int | None
    """The latest time, wherever it stood."""
    median_period_ns: int | None
    """Median of the forward steps between neighbours in the order given, within 0.1 %."""
    rate_hz: float | None
    jitter_ms: float | None
    """95th minus 5th percentile of the forward steps."""
    backwards: int
    """Rows that are earlier than the row before them."""
    duplicates: int
    """Rows at the same time as the row before them."""
    coverage: float | None
    """Rows received (without duplicates) per rows expected from first to last, at most 1."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Silences of a stream, from the last sample before each to the first one after it."""

    start_ns: Times
    stop_ns: Times
    median_period_ns: int | None


class TimingAccumulator:
    """Takes the times of one stream batch by batch and gives their timing and gaps.

    Kept between batches: a histogram of the forward steps with bins 0.1 % wide (count and sum per
    bin that occurs, at most about 1.3 MB), and the stretches without a silence longer than
    ``min_gap_ns`` (16 bytes each, so at most 80 bytes per second of recording with 0.2 s).  The
    result does not depend on where the batches are cut; gaps do not depend on the order either.
    """

    def __init__(self, *, min_gap_ns: int = MIN_GAP_NS) -> None:
        check_positive("min_gap_ns", min_gap_ns)
        self._min_gap_ns = min_gap_ns
        self._rows = 0
        self._backwards = 0
        self._duplicates = 0
        self._previous = np.empty(0, dtype=np.int64)
        self._steps = _StepHistogram()
        self._starts = np.empty(0, dtype=np.int64)
        self._stops = np.empty(0, dtype=np.int64)

    def add(self, t: Times) -> None:
        """Take the next rows, in the order of the recording."""
        if t.size == 0:
            return
        times = np.concatenate((self._previous, t))
        steps: Indices = times[1:] - times[:-1]
        self._rows += t.size
        self._backwards += int(np.count_nonzero(steps < 0))
        self._duplicates += int(np.count_nonzero(steps == 0))
        self._steps.add(steps[steps > 0])
        self._previous = t[-1:].astype(np.int64)
        self._cover(t)

    def timing(self) -> Timing:
        """Return the timing of all rows so far."""
        if self._rows == 0:
            return Timing(0, None, None, None, None, None, 0, 0, None)
        first, last = int(self._starts[0]), int(self._stops[-1])
        low, period, high = (self._steps.quantile(q) for q in (0.05, 0.5, 0.95))
        if low is None or period is None or high is None:
            rate_hz = jitter_ms = coverage = None
        else:
            rate_hz = NS_PER_S / period
            jitter_ms = (high - low) / NS_PER_MS
            expected = (last - first) / period + 1
            coverage = min(1.0, (self._rows - self._duplicates) / expected)
        return Timing(
            rows=self._rows,
            first_ns=first,
            last_ns=last,
            median_period_ns=period,
            rate_hz=rate_hz,
            jitter_ms=jitter_ms,
            backwards=self._backwards,
            duplicates=self._duplicates,
            coverage=coverage,
        )

    def gaps(self, *, max_periods: float = MAX_PERIODS) -> Gaps:
        """Return the silences longer than ``max(max_periods * median period, min_gap_ns)``.

        The rule is that of a dropped sensor: more than three periods and more than 0.2 s.
        Times are looked at in their order in time, whatever order they came in.
        """
        period = self._steps.quantile(0.5)
        start, stop = self._stops[:-1], self._starts[1:]
        longer = (stop - start) > max_periods * (period or 0)
        return Gaps(start[longer], stop[longer], period)

    def _cover(self, t: Times) -> None:
        """Join the batch with the stretches known so far, wherever silence is short enough."""
        ordered = np.sort(t)
        cuts = np.flatnonzero(np.diff(ordered) > self._min_gap_ns)
        starts = np.concatenate((self._starts, ordered[:1], ordered[cuts + 1]))
        stops = np.concatenate((self._stops, ordered[cuts], ordered[-1:]))
        order = np.argsort(starts, kind="stable")
        starts, reached = starts[order], np.maximum.accumulate(stops[order])
        apart = (starts[1:] - reached[:-1]) > self._min_gap_ns
        self._starts = starts[np.append(True, apart)]
        self._stops = reached[np.append(apart, True)]


class _StepHistogram:
    """Counts of positive int64 steps in logarithmic bins, with the mean of each bin."""

    def __init__(self) -> None:
        self._bins = np.empty(0, dtype=np.int64)
        self._counts = np.empty(0, dtype=np.int64)
        self._excess = np.empty(0, dtype=np.int64)

    def add(self, steps: Indices) -> None:
        """Count these steps."""
        bins = steps.astype(np.float64).view(np.int64) >> _DROPPED_BITS
        keys = np.concatenate((self._bins, bins))
        counts = np.concatenate((self._counts, np.ones_like(bins)))
        # Sums are kept above each bin's floor: integers, so that no batch cut changes them.
        excess = np.concatenate((self._excess, steps - _floor_of(bins)))
        self._bins, place = np.unique(keys, return_inverse=True)
        self._counts = np.zeros(self._bins.size, dtype=np.int64)
        self._excess = np.zeros(self._bins.size, dtype=np.int64)
        np.add.at(self._counts, place, counts)
        np.add.at(self._excess, place, excess)

    def quantile(self, share: float) -> int | None:
        """Return the mean of the bin that holds the quantile by nearest rank, rounded to ns."""
        if self._bins.size == 0:
            return None
        reached = np.cumsum(self._counts)
        rank = max(1, int(np.ceil(share * reached[-1])))
        at = int(np.searchsorted(reached, rank))
        count = int(self._counts[at])
        return (
            int(_floor_of(self._bins[at : at + 1])[0])
            + (int(self._excess[at]) + count // 2) // count
        )


def _floor_of(bins: Indices) -> Indices:
    return (bins << _DROPPED_BITS).view(np.float64).astype(np.int64)


def median_period_ns(t: Times) -> int | None:
    """Return the median forward step between neighbours as given, within 0.1 %.

    Repeated and backward steps do not count; ``None`` when there is no forward step.
    """
    return measure_timing(t).median_period_ns


def measure_timing(t: Times) -> Timing:
    """Return the timing of a whole stream; see :class:`Timing` for each figure."""
    all_rows = TimingAccumulator()
    all_rows.add(t)
    return all_rows.timing()


def find_gaps(t: Times, *, max_periods: float = MAX_PERIODS, min_gap_ns: int = MIN_GAP_NS) -> Gaps:
    """Return the silences longer than ``max(max_periods * median period, min_gap_ns)``.

    Times are looked at in their order in time, whatever order they came in.
    """
    all_rows = TimingAccumulator(min_gap_ns=min_gap_ns)
    all_rows.add(t)
    return all_rows.gaps(max_periods=max_periods)


def coverage_by_window(t: Times, *, period_ns: int, window_ns: int) -> tuple[Times, Floats]:
    """Return start and share of expected rows (at most 1) of each whole window from the first row.

    A dropped sensor shows as less than 0.95 in a window of 10 s.  Rows count in any order, rows at
    the same time once.  The rest after the last whole window is left out.
    """
    check_positive("period_ns", period_ns)
    check_positive("window_ns", window_ns)
    distinct = np.unique(t)
    if distinct.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    first = int(distinct[0])
    windows = (int(distinct[-1]) - first + period_ns) // window_ns
    starts = first + np.arange(windows, dtype=np.int64) * window_ns
    edges = np.searchsorted(distinct, np.append(starts, first + windows * window_ns))
    return starts, np.minimum(1.0, np.diff(edges) * period_ns / window_ns)
