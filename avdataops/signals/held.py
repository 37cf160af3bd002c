"""Episodes that last: what is long enough, and what a gap cut before that could be told."""

from collections.abc import Iterable

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Unknown
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.episodes import Episode, Trigger, episodes


def held(
    t: Times, x: Floats, trigger: Trigger, *, min_s: float, cut: str
) -> tuple[list[Episode], list[Unknown]]:
    """Return the episodes that hold for ``min_s`` from trigger to end, and those left open.

    A shorter one that a gap or the end of data cut may have been long enough: it is unknown, with
    the reason ``cut``.
    """
    return long_enough(t, episodes(t, x, trigger), min_s=min_s, cut=cut)


def long_enough(
    t: Times, given: Iterable[Episode], *, min_s: float, cut: str
) -> tuple[list[Episode], list[Unknown]]:
    """Return which episodes last for ``min_s`` from trigger to end, and which were cut before."""
    lasting: list[Episode] = []
    unknown: list[Unknown] = []
    for one in given:
        if one.stop_ns - int(t[one.trigger]) >= min_s * NS_PER_S:
            lasting.append(one)
        elif one.truncated:
            unknown.append(Unknown(start_ns=one.start_ns, stop_ns=one.stop_ns, reason=cut))
    return lasting, unknown
