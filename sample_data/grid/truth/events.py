"""True events, and from thresholds on noiseless motion to when they hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from sample_data.grid.world import World
from sample_data.noise import Floats


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """One event; times are seconds since the start of the drive."""

    type: str
    start_s: float
    stop_s: float
    actor: str | None = None
    """Name of the other road user, or of the stream."""
    facts: dict[str, float | str] = field(default_factory=dict)


Truth = Callable[[World], Iterator[TrueEvent]]
"""Every event of one definition in a drive."""

Spans = list[tuple[int, int]]
"""Half-open ranges of samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A definition's threshold; ``on`` above ``off`` rises, below falls."""

    on: float
    off: float
    min_s: float = 0.0
    merge_s: float = 0.0
    onset: float | None = None
    """The event begins where the signal last passed this level."""
    onset_within_s: float = np.inf
    """But at most so long before it passed ``off``."""


def runs(mask: np.ndarray) -> Spans:
    """Return the ranges in which ``mask`` is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def passages(t_s: Floats, x: Floats, level: Level) -> Spans:
    """Return when ``x`` has passed a level and not yet come back, from the onset on.

    How long it lasts counts from where it passed ``on``, as the definitions say.
    """
    sign = 1.0 if level.on > level.off else -1.0
    beyond = sign * x
    found: Spans = []
    for start, stop in runs(beyond > sign * level.off):
        strong = np.flatnonzero(beyond[start:stop] >= sign * level.on)
        if strong.size:
            found.append((start + int(strong[0]), stop))
    merged = merge(t_s, found, level.merge_s)
    kept = [(a, b) for a, b in merged if lasts_s(t_s, a, b) >= level.min_s]
    if level.onset is None:
        return kept
    rises = [_last_below(beyond, a, sign * level.off) for a, _ in kept]
    earliest = np.searchsorted(t_s, t_s[rises] - level.onset_within_s).tolist() if kept else []
    begins = [_last_below(beyond, a, sign * level.onset) for a, _ in kept]
    return [(max(a, b), stop) for a, b, (_, stop) in zip(begins, earliest, kept, strict=True)]


def _last_below(x: Floats, trigger: int, level: float) -> int:
    before = np.flatnonzero(x[:trigger] <= level)
    return int(before[-1]) + 1 if before.size else 0


def merge(t_s: Floats, spans: Spans, pause_s: float) -> Spans:
    """Return the spans with pauses of at most ``pause_s`` closed."""
    joined: Spans = []
    for start, stop in spans:
        if joined and t_s[start] - t_s[min(joined[-1][1], t_s.size - 1)] <= pause_s:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def lasting(t_s: Floats, mask: np.ndarray, min_s: float, merge_s: float = 0.0) -> Spans:
    """Return when ``mask`` holds for long enough, short pauses closed."""
    found = merge(t_s, runs(mask), merge_s)
    return [(a, b) for a, b in found if lasts_s(t_s, a, b) >= min_s]


def lasts_s(t_s: Floats, start: int, stop: int) -> float:
    """Return how long a range of samples lasts."""
    return float(t_s[min(stop, t_s.size - 1)] - t_s[start])


def told(
    world: World, kind: str, spans: Spans, actor: str | None = None, **facts: float | str
) -> Iterator[TrueEvent]:
    """Yield an event for each span."""
    t_s = world.t_s
    for start, stop in spans:
        end = float(t_s[min(stop, t_s.size - 1)])
        yield TrueEvent(kind, float(t_s[start]), end, actor, dict(facts))
