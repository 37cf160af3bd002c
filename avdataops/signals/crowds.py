"""How many road users are in sight at once, and when they are many."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.episodes import Episode, Trigger, episodes


@dataclass(frozen=True, slots=True)
class Counted:
    """Road users by stamp of the object list."""

    t: Times
    count: Floats


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many for how long."""

    count: float
    min_s: float
    merge_s: float


def counted(t: Times, chosen: Bools) -> Counted:
    """Return for each stamp that the object list has how many of its rows are chosen."""
    stamps, number = np.unique(t, return_inverse=True)
    return Counted(stamps, np.bincount(number[chosen], minlength=stamps.size).astype(np.float64))


def crowds(many: Counted, crowd: Crowd, max_gap_ns: int) -> list[Episode]:
    """Return when at least so many are there for long enough."""
    trigger = Trigger(
        on=crowd.count,
        off=crowd.count - 0.5,
        max_gap_ns=max_gap_ns,
        merge_ns=round(crowd.merge_s * NS_PER_S),
    )
    return [
        one
        for one in episodes(many.t, many.count, trigger)
        if one.stop_ns - one.start_ns >= crowd.min_s * NS_PER_S
    ]
