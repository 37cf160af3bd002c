"""True events and found scenes of one type in one drive, matched one to one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_IMPOSSIBLE = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened; seconds of the drive."""

    start_s: float
    stop_s: float
    actors: frozenset[str] | None = None
    """Ids under which the actor was tracked; None when the type has none."""
    cut: bool = False
    """Data was missing during it, so that nobody can tell all of it."""
    onset_known: bool = True
    """It began while data was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a detector reported; seconds of the drive."""

    start_s: float
    stop_s: float
    actor: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """Outcome for one type in one drive, by places in what was given."""

    pairs: tuple[tuple[int, int], ...]
    """Event and scene."""
    missed: tuple[int, ...]
    excused: tuple[int, ...]
    """Events that were not found where the detector said it could not tell."""
    false: tuple[int, ...]
    pieces: tuple[int, ...]
    """Further truncated scenes of an event that a gap cut: neither hits nor false alarms."""


Spans = Sequence[tuple[float, float]]


def match(
    events: Sequence[Event], scenes: Sequence[Scene], unknown: Spans, *, tolerance_s: float
) -> Matched:
    """Return the matching with the most pairs, and of those the least error of onsets.

    A pair overlaps, has the same actor, and onsets at most ``tolerance_s`` apart; the onset of an
    event that a gap cut is not asked of a scene that says it is truncated.
    Source: event-based scoring as in sed_eval (Mesaros et al. 2016), optimal instead of greedy.
    """
    error = np.full((len(events), len(scenes)), _IMPOSSIBLE)
    for row, event in enumerate(events):
        for column, scene in enumerate(scenes):
            apart_s = abs(event.start_s - scene.start_s)
            cut = event.cut and scene.truncated
            if _same(event, scene) and (apart_s <= tolerance_s or cut):
                error[row, column] = min(apart_s, tolerance_s)
    pairs = _assign(error)
    left = sorted(set(range(len(events))) - {row for row, _ in pairs})
    excused = [row for row in left if _covered(events[row], unknown)]
    spare = sorted(set(range(len(scenes))) - {column for _, column in pairs})
    pieces = [
        column
        for column in spare
        if scenes[column].truncated
        and any(event.cut and _same(event, scenes[column]) for event in events)
    ]
    return Matched(
        pairs=pairs,
        missed=tuple(row for row in left if row not in excused),
        excused=tuple(excused),
        false=tuple(column for column in spare if column not in pieces),
        pieces=tuple(pieces),
    )


def temporal_iou(event: Event, scene: Scene) -> float:
    """Return shared time over joint time, 0 to 1."""
    shared = min(event.stop_s, scene.stop_s) - max(event.start_s, scene.start_s)
    joint = max(event.stop_s, scene.stop_s) - min(event.start_s, scene.start_s)
    return max(0.0, shared) / joint if joint > 0 else 0.0


def _assign(error: np.ndarray) -> tuple[tuple[int, int], ...]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(error)
    possible = error[rows, columns] < _IMPOSSIBLE
    chosen = zip(rows[possible].tolist(), columns[possible].tolist(), strict=True)
    return tuple(sorted(chosen))


def _same(event: Event, scene: Scene) -> bool:
    overlap = event.start_s < scene.stop_s and scene.start_s < event.stop_s
    return overlap and (event.actors is None or scene.actor in event.actors)


def _covered(event: Event, unknown: Spans) -> bool:
    return any(start < event.stop_s and event.start_s < stop for start, stop in unknown)
