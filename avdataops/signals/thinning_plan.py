"""What thinning must know of a whole stream before its first row can come out: its time axis."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.align import first_tick_from, rate_fraction, tick_times
from avdataops.signals.arrays import Indices, Times
from avdataops.signals.columns import times
from avdataops.signals.ordered_rows import OrderedRows
from avdataops.signals.resample import stages_for
from avdataops.signals.staged_filter import Run
from avdataops.signals.timing import MAX_PERIODS, MIN_GAP_NS, TimingAccumulator


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of rows without a gap, and the numbers [start, stop) of the ticks inside it."""

    first_ns: int
    last_ns: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Axis:
    """The times of a stream after thinning."""

    rows: int
    """Distinct times before thinning."""
    max_gap_ns: int
    rate: Fraction
    stages: tuple[int, ...]
    """Factors of decimation; none when every row stays."""
    pieces: tuple[Piece, ...]
    """Those with a tick inside."""

    @property
    def size(self) -> int:
        """Rows after thinning."""
        ticks = sum(piece.stop - piece.start for piece in self.pieces)
        return ticks if self.stages else self.rows

    @property
    def period_ns(self) -> float:
        """From tick to tick."""
        return NS_PER_S / float(self.rate)

    def times(self, start: int, stop: int) -> Times:
        """Return the times of ticks by number."""
        return tick_times(self.rate, np.arange(start, stop, dtype=np.int64))

    def run(self, first_ns: int, last_ns: int) -> Run | None:
        """Return a run of samples with the ticks inside it; None without a tick."""
        start, stop = self.numbers(first_ns, last_ns)
        if stop <= start:
            return None
        tick_ns = int(self.times(start, start + 1)[0])
        return Run(first_ns, last_ns, tick_ns, stop - start, self.stages, self.period_ns)

    def numbers(self, first_ns: int, last_ns: int) -> tuple[int, int]:
        """Return the numbers [start, stop) of the ticks from one time to another, both included."""
        return first_tick_from(self.rate, first_ns), first_tick_from(self.rate, last_ns + 1)


def longest_step_of(stamps: TimingAccumulator) -> int:
    """Return the longest pause that is no gap: three median periods, or 0.2 s."""
    period_ns = stamps.timing().median_period_ns
    return int(max(MAX_PERIODS * (period_ns or 0), MIN_GAP_NS))


def axis_of(source: OrderedRows, rate_hz: float) -> Axis:
    """Return the time axis that thinning to ``rate_hz`` gives, in two passes over the times."""
    stamps, rows = TimingAccumulator(), 0
    for piece in source.pieces([]):
        stamps.add(times(piece["t_ns"]))
        rows += piece.num_rows
    max_gap_ns = longest_step_of(stamps)
    ends = list(_stretches(source, max_gap_ns))
    span_ns = sum(last - first for first, last in ends)
    source_hz = (rows - len(ends)) * NS_PER_S / span_ns if span_ns else 0.0
    empty = Axis(
        rows, max_gap_ns, rate_fraction(rate_hz), tuple(stages_for(source_hz, rate_hz)), ()
    )
    pieces = [Piece(*pair, *empty.numbers(*pair)) for pair in ends] if empty.stages else []
    inside = tuple(piece for piece in pieces if piece.stop > piece.start)
    return Axis(rows, max_gap_ns, empty.rate, empty.stages, inside)


def _stretches(source: OrderedRows, max_gap_ns: int) -> Iterator[tuple[int, int]]:
    """Yield first and last time of each stretch of rows that no gap cuts."""
    last: Indices = np.empty(0, dtype=np.int64)
    first_ns = 0
    for piece in source.pieces([]):
        t = np.concatenate((last, times(piece["t_ns"])))
        if not last.size:
            first_ns = int(t[0])
        for cut in np.flatnonzero(np.diff(t) > max_gap_ns).tolist():
            yield first_ns, int(t[cut])
            first_ns = int(t[cut + 1])
        last = t[-1:]
    if last.size:
        yield first_ns, int(last[0])
