"""Independent sources that each say when something was so, and how far to believe them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avdataops.signals.arrays import Bools, Pairs, Times
from avdataops.signals.coverage import NOTHING, known_spans
from avdataops.signals.episodes import Trigger, episodes
from avdataops.signals.intervals import intersect, subtract, total_ns, union

BOTH, ALONE, AGAINST = 0.9, 0.6, 0.4
"""Confidence of at least two sources, of a single one, and of one that another contradicts.
Two are asked for 0.8 or more; the figures themselves are the product's own."""
_SURE_SHARE = 0.5
"""A source speaks for a stretch when it was true, or known, for this share of it."""


@dataclass(frozen=True, slots=True)
class Witness:
    """One source."""

    name: str
    known: Pairs
    """When it said anything."""
    says: Pairs
    """When it said that it was so."""


def witness(name: str, t: Times, known: Bools, says: Bools, max_gap_ns: int) -> Witness:
    """Return what a sampled source says; unknown samples up to ``max_gap_ns`` are bridged."""
    so = (says & known)[known].astype(np.float64)
    trigger = Trigger(on=1.0, off=0.5, max_gap_ns=max_gap_ns)
    pairs = [(one.start_ns, one.stop_ns) for one in episodes(t[known], so, trigger)]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Witness(name, known_spans(t, known, max_gap_ns), found)


def silenced(given: Witness, spans: Pairs) -> Witness:
    """Return a source that says nothing in some spans."""
    return Witness(given.name, subtract(given.known, spans), subtract(given.says, spans))


def known_by_any(witnesses: Sequence[Witness]) -> Pairs:
    """Return when at least one source said anything."""
    known = NOTHING
    for one in witnesses:
        known = union(known, one.known)
    return known


def said_by_any(witnesses: Sequence[Witness]) -> Pairs:
    """Return when at least one source said that it was so."""
    says = NOTHING
    for one in witnesses:
        says = union(says, one.says)
    return says


def belief(witnesses: Sequence[Witness], whole: Pairs) -> float:
    """Return the confidence in what sources say of one stretch."""
    speaking = [one for one in witnesses if share(one.known, whole) >= _SURE_SHARE]
    agreeing = [one for one in witnesses if share(one.says, whole) >= _SURE_SHARE]
    if len(agreeing) > 1:
        return BOTH
    return AGAINST if len(speaking) > len(agreeing) else ALONE


def names_of(witnesses: Sequence[Witness], whole: Pairs) -> tuple[str, str]:
    """Return who said that it was so in one stretch, and who said anything at all."""
    saying = " ".join(one.name for one in witnesses if share(one.says, whole) > 0)
    known = " ".join(one.name for one in witnesses if share(one.known, whole) > 0)
    return saying, known


def share(pairs: Pairs, whole: Pairs) -> float:
    """Return what share of one stretch the pairs cover."""
    return total_ns(intersect(pairs, whole)) / total_ns(whole)
