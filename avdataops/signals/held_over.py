"""Where in a drive the tests of a question hold, and where they do not: truth over time."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from avdataops.ports.detecting import Signals
from avdataops.ports.question_answers import Answer
from avdataops.signals.arrays import Bools, Pairs
from avdataops.signals.intervals import intersect, subtract, union

NEVER: Pairs = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Held:
    """Disjoint spans, each list in order; what is in neither is unknown."""

    true: Pairs
    false: Pairs

    def opposite(self) -> "Held":
        """Return the opposite; of unknown, unknown."""
        return Held(self.false, self.true)


def all_of(parts: Iterable[Held]) -> Held:
    """Return where all hold; one that does not is enough against."""
    return functools.reduce(
        lambda a, b: Held(intersect(a.true, b.true), union(a.false, b.false)), parts
    )


def any_of(parts: Iterable[Held]) -> Held:
    """Return where one holds at least."""
    return all_of(part.opposite() for part in parts).opposite()


def always(span: Pairs, *, true: bool) -> Held:
    """Return what is the same all over ``span``."""
    return Held(span, NEVER) if true else Held(NEVER, span)


def unknown_in(span: Pairs, held: Held) -> Pairs:
    """Return where in ``span`` it is not known."""
    return subtract(span, union(held.true, held.false))


def found_in(span: Pairs, *, true: Pairs, maybe: Pairs, judged: Pairs) -> Held:
    """Return where scenes are: ``true`` hold, ``maybe`` may; others were looked for if judged."""
    inside = intersect(true, span)
    return Held(inside, subtract(intersect(judged, span), union(inside, maybe)))


def over_ticks(context: Signals, span: Pairs, test: Callable[[int], Answer]) -> Held:
    """Return where a test of single rows holds; a row goes until the next, or for one gap."""
    size = context.t_ns.size
    answers = [test(row) for row in range(size)]
    yes = np.fromiter((one is True for one in answers), np.bool_, size)
    no = np.fromiter((one is False for one in answers), np.bool_, size)
    return Held(
        intersect(_spans(context, yes), span),
        intersect(_spans(context, no), span),
    )


def _spans(context: Signals, mask: Bools) -> Pairs:
    t = context.t_ns
    if t.size == 0:
        return NEVER
    stops = np.append(t[1:], t[-1] + _period(context))
    stops = np.minimum(stops, t + context.max_gap_ns)
    pairs = np.column_stack([t, stops])[mask]
    return union(pairs[pairs[:, 1] > pairs[:, 0]], NEVER)


def _period(context: Signals) -> int:
    return int(np.median(np.diff(context.t_ns))) if context.t_ns.size > 1 else 1


def whole(start_ns: int, stop_ns: int) -> Pairs:
    """Return one span as pairs."""
    return np.array([[start_ns, stop_ns]], dtype=np.int64)


def value_at(context: Signals, name: str, row: int) -> Any:
    """Return a value of a row as tests compare it: None where it is unknown."""
    column = context.get(name)
    if column is None:
        return None
    value = column[row]
    if column.dtype == object:
        return None if value is None else str(value)
    return float(value) if np.isfinite(value) else None
