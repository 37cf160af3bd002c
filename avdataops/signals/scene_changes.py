"""What changed between two detections of one measurement: new, gone, moved and the same."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from avdataops.model.scene import Scene
from avdataops.signals.arrays import Floats


@dataclass(frozen=True, slots=True)
class Pair:
    """One scene in both detections."""

    before: Scene
    after: Scene

    @property
    def moved(self) -> bool:
        """Whether it begins or ends at another time."""
        old, new = self.before, self.after
        return (old.t_start_ns, old.t_end_ns) != (new.t_start_ns, new.t_end_ns)


@dataclass(frozen=True, slots=True)
class Changes:
    """From one detection to another, in order of time."""

    more: tuple[Scene, ...]
    gone: tuple[Scene, ...]
    moved: tuple[Pair, ...]
    same: tuple[Pair, ...]

    def __str__(self) -> str:
        counts = (len(self.more), len(self.gone), len(self.moved))
        return "{} more, {} gone, {} moved".format(*counts)


def scene_changes(before: Iterable[Scene], after: Iterable[Scene]) -> Changes:
    """Return the changes between two detections, matched one to one.

    Scenes are matched within type and actor, so that the sum of their overlaps (intersection over
    union of the times) is the greatest (Kuhn 1955); scenes that do not overlap are no match.
    """
    old, new = _groups(before), _groups(after)
    more: list[Scene] = []
    gone: list[Scene] = []
    pairs: list[Pair] = []
    for key in old.keys() | new.keys():
        one, other = old.get(key, []), new.get(key, [])
        shares = _overlaps(one, other)
        rows, columns = linear_sum_assignment(shares, maximize=True)
        matched = [(a, b) for a, b in zip(rows, columns, strict=True) if shares[a, b] > 0]
        pairs += [Pair(one[a], other[b]) for a, b in matched]
        kept, found = {a for a, _ in matched}, {b for _, b in matched}
        gone += [scene for row, scene in enumerate(one) if row not in kept]
        more += [scene for row, scene in enumerate(other) if row not in found]
    pairs.sort(key=lambda pair: _order(pair.after))
    return Changes(
        tuple(sorted(more, key=_order)),
        tuple(sorted(gone, key=_order)),
        tuple(pair for pair in pairs if pair.moved),
        tuple(pair for pair in pairs if not pair.moved),
    )


def _groups(scenes: Iterable[Scene]) -> dict[tuple[str, str | None], list[Scene]]:
    found: dict[tuple[str, str | None], list[Scene]] = {}
    for scene in sorted(scenes, key=_order):
        found.setdefault((scene.type, scene.actor), []).append(scene)
    return found


def _order(scene: Scene) -> tuple[int, str, str]:
    return scene.t_start_ns, scene.type, scene.id


def _overlaps(one: list[Scene], other: list[Scene]) -> Floats:
    """Return intersection over union for each pair, shape (len(one), len(other))."""
    a = np.array([(s.t_start_ns, s.t_end_ns) for s in one], dtype=np.int64).reshape(-1, 1, 2)
    b = np.array([(s.t_start_ns, s.t_end_ns) for s in other], dtype=np.int64).reshape(1, -1, 2)
    both = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    either = np.maximum(a[..., 1], b[..., 1]) - np.minimum(a[..., 0], b[..., 0])
    return np.asarray(np.clip(both, 0, None) / np.maximum(either, 1), dtype=np.float64)
