"""What thinning must know of each column over a whole stream, gathered piece by piece."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from avdataops.signals.arrays import Floats, Times, segments
from avdataops.signals.circles import wraps
from avdataops.signals.columns import SPARSE, Nature, angle_period, floats, known, natures, times
from avdataops.signals.followed import without_jumps
from avdataops.signals.staged_filter import Run, level_at_first, level_at_last
from avdataops.signals.thinning_plan import Axis, longest_step_of
from avdataops.signals.timing import TimingAccumulator

# The levels of both ends are told by two periods of the axis, and less than one may come before.
_EDGE_PERIODS = 3

Pass = Callable[[], Iterator[pa.Table]]
"""Reads a stream from its beginning, as ``followed.as_floats`` has it."""


@dataclass(frozen=True, slots=True)
class Level:
    """A run of known samples of a column, and its level at both ends."""

    run: Run
    ends: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What a column is over the whole stream."""

    sparse: bool
    """So few rows have a value that those alone are its samples."""
    period: float | None
    """A full turn, for an angle that wraps."""
    least: float | None
    """The least known value of a quantity."""
    longest_ns: int
    """The longest pause between its samples that is no gap."""
    levels: tuple[Level, ...] = ()
    """Of a quantity that is not sparse: its runs with a tick inside, in order of time."""

    def levels_between(self, start_ns: int, stop_ns: int) -> tuple[Level, ...]:
        """Return the runs with a tick in [start, stop], both of them ticks."""
        first = bisect_left(self.levels, start_ns, key=lambda level: level.run.last_ns)
        after = bisect_right(self.levels, stop_ns, key=lambda level: level.run.tick_ns)
        return self.levels[first:after]


def column_facts(one_pass: Pass, axis: Axis) -> dict[str, ColumnFacts]:
    """Return the facts about every column of a stream, in two passes over it."""
    seen: dict[str, _Seen] = {}
    for table in one_pass():
        for name, nature in natures(table.schema).items():
            seen.setdefault(name, _Seen()).add(table.schema.field(name), table[name], nature)
    periods = {name: one.period for name, one in seen.items() if one.wrapped and one.period}
    sparse = {name for name, one in seen.items() if one.known < SPARSE * axis.rows}
    timing = {name: TimingAccumulator() for name in sparse}
    runs = {n: _Runs(axis) for n, one in seen.items() if one.is_quantity and n not in sparse}
    for table in without_jumps(one_pass(), periods):
        t = times(table["t_ns"])
        for name, stamps in timing.items():
            stamps.add(t[known(table[name])])
        for name, column_runs in runs.items():
            x = floats(table[name])
            finite = np.isfinite(x)
            column_runs.add(t[finite], x[finite])
    return {
        name: ColumnFacts(
            sparse=name in sparse,
            period=periods.get(name),
            least=one.least,
            longest_ns=longest_step_of(timing[name]) if name in sparse else axis.max_gap_ns,
            levels=runs[name].levels() if name in runs else (),
        )
        for name, one in seen.items()
    }


@dataclass(slots=True)
class _Seen:
    known: int = 0
    is_quantity: bool = False
    period: float | None = None
    wrapped: bool = False
    least: float | None = None
    last: Floats = field(default_factory=lambda: np.empty(0))

    def add(self, stated: pa.Field, column: pa.ChunkedArray, nature: Nature) -> None:
        """Take the next rows of the column."""
        if nature is Nature.CONTINUOUS:
            x = floats(column)
            x = x[np.isfinite(x)]
            self.is_quantity = True
            self.known += x.size
            self._add_known(stated, x)
        else:
            self.known += int(np.count_nonzero(known(column)))

    def _add_known(self, stated: pa.Field, x: Floats) -> None:
        self.period = angle_period(stated)
        if self.period is not None and not self.wrapped:
            self.wrapped = wraps(np.concatenate((self.last, x)), self.period)
        if x.size:
            least = float(x.min())
            self.least = least if self.least is None else min(least, self.least)
            self.last = x[-1:]


class _Runs:
    """Takes the known samples of a column and gives the levels of its runs, holding their ends."""

    def __init__(self, axis: Axis) -> None:
        self._axis = axis
        self._span_ns = int(_EDGE_PERIODS * axis.period_ns) + axis.max_gap_ns
        self._head = self._tail = _Samples()
        self._levels: list[Level] = []

    def add(self, t: Times, x: Floats) -> None:
        """Take the next samples."""
        for start, stop in segments(t, self._axis.max_gap_ns).tolist():
            last = self._tail.t
            if last.size and t[start] - last[-1] > self._axis.max_gap_ns:
                self._close()
            more = _Samples(t[start:stop], x[start:stop])
            first_ns = int((self._head.t if self._head.t.size else more.t)[0])
            self._head = self._head.plus(more.until(first_ns + self._span_ns))
            self._tail = self._tail.plus(more.since(int(more.t[-1]) - self._span_ns))
            self._tail = self._tail.since(int(more.t[-1]) - self._span_ns)

    def levels(self) -> tuple[Level, ...]:
        """Return the runs with a tick inside, after the last sample."""
        if self._tail.t.size:
            self._close()
        return tuple(self._levels)

    def _close(self) -> None:
        run = self._axis.run(int(self._head.t[0]), int(self._tail.t[-1]))
        if run is not None:
            first = level_at_first(run, self._head.t, self._head.x)
            last = level_at_last(run, self._tail.t, self._tail.x)
            self._levels.append(Level(run, (first, last)))
        self._head = self._tail = _Samples()


@dataclass(frozen=True, slots=True)
class _Samples:
    t: Times = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    x: Floats = field(default_factory=lambda: np.empty(0))

    def plus(self, more: "_Samples") -> "_Samples":
        if not more.t.size:
            return self
        return _Samples(np.concatenate((self.t, more.t)), np.concatenate((self.x, more.x)))

    def until(self, t_ns: int) -> "_Samples":
        stop = int(np.searchsorted(self.t, t_ns, side="right"))
        return _Samples(self.t[:stop], self.x[:stop])

    def since(self, t_ns: int) -> "_Samples":
        start = int(np.searchsorted(self.t, t_ns, side="left"))
        return _Samples(self.t[start:], self.x[start:])
