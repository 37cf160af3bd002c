"""Three-valued truth of a rule's conditions on the ticks of the drive."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.detectors.rules.columns import Nature, RuleColumn, Source
from avdataops.detectors.rules.expressions import (
    And,
    Compare,
    Expression,
    Flag,
    InScene,
    Not,
    Or,
)
from avdataops.ports.detecting import Drive, Signals
from avdataops.signals.align import hold_index_at
from avdataops.signals.arrays import Bools, Floats, Pairs, Times
from avdataops.signals.coverage import NO_SIGNALS
from avdataops.signals.intervals import merge_close
from avdataops.signals.nullable import floats, is_text, words

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Truth:
    """Where a condition holds and where it does not; elsewhere it is unknown (Kleene 1938)."""

    yes: Bools
    no: Bools

    def __and__(self, other: "Truth") -> "Truth":
        return Truth(self.yes & other.yes, self.no | other.no)

    def __or__(self, other: "Truth") -> "Truth":
        return Truth(self.yes | other.yes, self.no & other.no)

    def __invert__(self) -> "Truth":
        return Truth(self.no, self.yes)

    @property
    def known(self) -> Bools:
        """Where it can be told."""
        return self.yes | self.no


def truth(drive: Drive, tree: Expression) -> Truth:
    """Return the truth of a condition on the ego's ticks."""
    match tree:
        case And(parts):
            return reduce(operator.and_, (truth(drive, part) for part in parts))
        case Or(parts):
            return reduce(operator.or_, (truth(drive, part) for part in parts))
        case Not(of):
            return ~truth(drive, of)
        case InScene():
            return _in_scene(drive, tree)
        case Flag(column):
            values = numbers_of(drive, column)
            return _told(values > 0, np.isfinite(values))
        case Compare():
            return _compared(drive, tree)


def _told(holds: Bools, known: Bools) -> Truth:
    return Truth(holds & known, ~holds & known)


def _compared(drive: Drive, asked: Compare) -> Truth:
    compare = _OPERATORS[asked.op]
    if asked.column.nature is Nature.TEXT:
        text = words_of(drive, asked.column)
        return _told(np.asarray(compare(text, asked.value), dtype=np.bool_), is_text(text))
    values = numbers_of(drive, asked.column)
    if asked.absolute:
        values = np.abs(values)
    # Infinite is an answer: nothing is ahead, so no headway is short.
    return _told(compare(values, asked.value), ~np.isnan(values))


def _in_scene(drive: Drive, asked: InScene) -> Truth:
    t = drive.ego.t_ns
    detection = drive.scenes.get(asked.type)
    if detection is None:
        nowhere = np.zeros(t.size, dtype=np.bool_)
        return Truth(nowhere, nowhere)
    around = np.array([-asked.within_ns, asked.within_ns])
    found, lost = (
        merge_close(np.array([(s.start_ns, s.stop_ns) for s in some], np.int64).reshape(-1, 2), 0)
        for some in (detection.found, detection.unknown)
    )
    inside = _inside(t, merge_close(found + around, 0))
    return _told(inside, inside | ~_inside(t, merge_close(lost + around, 0)))


def _inside(t: Times, pairs: Pairs) -> Bools:
    """Say for each time whether it is in one of the intervals, which are sorted and apart."""
    last = np.searchsorted(pairs[:, 0], t, side="right") - 1
    if len(pairs) == 0:
        return np.zeros(t.size, dtype=np.bool_)
    return np.asarray((last >= 0) & (t < pairs[np.maximum(last, 0), 1]))


def numbers_of(drive: Drive, column: RuleColumn) -> Floats:
    """Return a column of numbers on the ego's ticks, NaN where unknown.

    What other tables hold is valid from its own time on, for as long as their rows are neighbours:
    nothing of the future is used.  Of what is around the ego, null says that there is none: it is
    infinitely far.
    """
    source = _signals(drive, column.source)
    values = floats(source.columns, column.name, source.t_ns.size)
    if column.source is Source.AROUND:
        values = np.where(np.isnan(values), np.inf, values)
    return _on_ticks(drive, column.source, source, values, math.nan)


def words_of(drive: Drive, column: RuleColumn) -> NDArray[Any]:
    """Return a column of text on the ego's ticks, None where unknown."""
    source = _signals(drive, column.source)
    values = words(source.columns, column.name, source.t_ns.size)
    return _on_ticks(drive, column.source, source, values, None)


def _signals(drive: Drive, source: Source) -> Signals:
    table = {Source.EGO: drive.ego, Source.CONTEXT: drive.context, Source.AROUND: drive.around}
    return table[source] or NO_SIGNALS


def _on_ticks(
    drive: Drive, source: Source, signals: Signals, values: NDArray[Any], unknown: object
) -> NDArray[Any]:
    if source is Source.EGO:
        return values
    row = hold_index_at(signals.t_ns, drive.ego.t_ns, signals.max_gap_ns).row
    padded = np.append(values, np.array([unknown], dtype=values.dtype))
    return np.asarray(padded[row])
