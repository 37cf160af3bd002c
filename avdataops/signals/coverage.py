"""Coverage: where inputs were known, where not and why, and answers that keep the two apart."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from avdataops.ports.detecting import Detection, Found, Signals, Unknown
from avdataops.signals.arrays import Bools, Pairs, Times
from avdataops.signals.intervals import (
    complement,
    drop_short,
    known_intervals,
    merge_close,
    subtract,
    union,
)

NOTHING: Pairs = np.empty((0, 2), dtype=np.int64)
NO_SIGNALS = Signals(np.empty(0, dtype=np.int64), {}, 1)
"""Stands for a table that the drive does not have."""


class Tile(NamedTuple):
    """A half-open stretch of time, and why the answer is unknown there."""

    start_ns: int
    stop_ns: int
    reason: str | None
    """None where the answer is known."""


def known_spans(t: Times, known: Bools, max_gap_ns: int) -> Pairs:
    """Return when a signal is known, bridging unknown samples up to ``max_gap_ns``.

    Unlike ``known_intervals``, a lone unknown sample between close neighbours does not split.
    """
    times = t[known]
    return known_intervals(times, np.ones(times.size, dtype=np.bool_), max_gap_ns)


def missing(start_ns: int, stop_ns: int, known: Mapping[str, Pairs], min_ns: int) -> list[Unknown]:
    """Return what of [start, stop) lacks an input, not overlapping.

    ``known`` maps the name of each input to when it is known; where several are missing the first
    named is the reason: ``no NAME`` if it is never known, else ``gap in NAME``.  An input's gaps
    no longer than ``min_ns`` do not count, unless it is never known.
    """
    found: list[Unknown] = []
    told = NOTHING
    for name, pairs in known.items():
        never = len(pairs) == 0
        lost = drop_short(complement(pairs, start_ns, stop_ns), 0 if never else min_ns + 1)
        reason = f"no {name}" if never else f"gap in {name}"
        found.extend(_unknown(subtract(lost, told), reason))
        told = union(told, lost)
    return found


def settle(found: Iterable[Found], unknown: Iterable[Unknown]) -> Detection:
    """Return both in order of time, with nothing left unknown where a scene was found."""
    scenes = sorted(found, key=lambda scene: (scene.start_ns, scene.type, scene.actor or ""))
    taken = _pairs((scene.start_ns, scene.stop_ns) for scene in scenes)
    left: list[Unknown] = []
    for stretch in unknown:
        rest = subtract(_pairs([(stretch.start_ns, stretch.stop_ns)]), taken)
        left.extend(_unknown(rest, stretch.reason))
    return Detection(
        tuple(scenes), tuple(sorted(left, key=lambda item: (item.start_ns, item.reason)))
    )


def tile(start_ns: int, stop_ns: int, unknown: Iterable[Unknown]) -> tuple[Tile, ...]:
    """Return tiles that cover [start, stop) exactly once, in order.

    What ``unknown`` leaves free has reason None.  Where unknown stretches overlap, the reason
    given first holds; neighbours with the same reason are one; what lies outside is cut off.
    """
    by_reason: dict[str, list[tuple[int, int]]] = {}
    for stretch in unknown:
        by_reason.setdefault(stretch.reason, []).append((stretch.start_ns, stretch.stop_ns))
    tiles: list[Tile] = []
    told = NOTHING
    for reason, stretches in by_reason.items():
        inside = merge_close(np.clip(_pairs(stretches), start_ns, stop_ns), 0)
        tiles.extend(Tile(int(a), int(b), reason) for a, b in subtract(inside, told))
        told = union(told, inside)
    tiles.extend(Tile(int(a), int(b), None) for a, b in complement(told, start_ns, stop_ns))
    return tuple(sorted(tiles, key=lambda one: one.start_ns))


def _unknown(pairs: Pairs, reason: str) -> list[Unknown]:
    return [Unknown(start_ns=int(a), stop_ns=int(b), reason=reason) for a, b in pairs]


def _pairs(rows: Iterable[tuple[int, int]]) -> Pairs:
    return np.array(list(rows), dtype=np.int64).reshape(-1, 2)
