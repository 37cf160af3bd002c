"""The object list as a tracker gives it: noisy, with rows missing and ids that change."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_data.grid.world import GRID_HZ, Other, World
from sample_data.noise import Floats

OBJECT_HZ = 10
STREAM = "/objects"
_BURST = 2.0
"""Rows in a row that drop out, on average."""
_SIGMA = {"x_m": 0.20, "y_m": 0.10, "vx_mps": 0.25, "vy_mps": 0.15, "yaw_rad": 0.03}
"""Standard deviations of a fused radar and camera track."""
_SIZE_SIGMA_M = 0.08
_LOST, _LONGEST_LOSS = "", 3


@dataclass(frozen=True, slots=True)
class ObjectList:
    """Rows sorted by time and id, and who is behind each id."""

    t_s: Floats
    columns: dict[str, NDArray[Any]]
    actors: dict[str, str]
    """Track id -> name of the road user."""


def object_list(world: World, rng: np.random.Generator) -> ObjectList:
    """Return what the tracker tells at 10 Hz."""
    ticks = np.arange(0, world.t_s.size, GRID_HZ // OBJECT_HZ)
    ticks = ticks[_delivered(world, world.t_s[ticks])]
    parts: list[dict[str, NDArray[Any]]] = []
    actors: dict[str, str] = {}
    for other in world.others:
        rows = ticks[other.seen[ticks]]
        ids = _ids(rows.size, world.plan.faults.switch_share, len(actors), rng)
        kept = (ids != _LOST) & ~_dropped(rows.size, world.plan.faults.drop_share, rng)
        rows, ids = rows[kept], ids[kept]
        actors |= dict.fromkeys(np.unique(ids).tolist(), other.plan.name)
        noise = world.plan.faults.noise
        parts.append({"row": rows, "track_id": ids, **_measured(other, rows, noise, rng)})
    joined = {
        name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else {})
    }
    if not joined:
        return ObjectList(np.empty(0), {}, actors)
    order = np.lexsort((joined["track_id"].astype(str), joined["row"]))
    t_s = world.t_s[joined.pop("row")[order].astype(np.int64)]
    return ObjectList(t_s, {name: column[order] for name, column in joined.items()}, actors)


def _delivered(world: World, t_s: Floats) -> np.ndarray:
    there = np.ones(t_s.size, dtype=np.bool_)
    for stream, start, stop in world.plan.faults.silent:
        if stream == STREAM:
            there &= (t_s <= start) | (t_s >= stop)
    return there


def _dropped(count: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return which rows are missing: a share of them, in bursts (Gilbert's channel)."""
    begins, ends = share / (1 - share) / _BURST, 1 / _BURST
    draws = rng.random(count)
    gone = np.zeros(count, dtype=np.bool_)
    for row in range(1, count):
        gone[row] = draws[row] >= ends if gone[row - 1] else draws[row] < begins
    return gone


def _ids(count: int, share: float, used: int, rng: np.random.Generator) -> NDArray[Any]:
    """Return the id of each row; in a share of the tracks it changes once, lost for a moment."""
    ids = np.full(count, f"{used + 1:04d}", dtype=object)
    if count > 1 and rng.random() < share:
        at = int(rng.integers(1, count))
        ids[at:] = f"{used + 2:04d}"
        ids[at : at + int(rng.integers(0, _LONGEST_LOSS + 1))] = _LOST
    return ids


def _measured(
    other: Other, rows: NDArray[np.int64], noise: float, rng: np.random.Generator
) -> dict[str, Any]:
    true = {
        "x_m": other.x_m,
        "y_m": other.y_m,
        "vx_mps": other.vx_mps,
        "vy_mps": other.vy_mps,
        "yaw_rad": other.heading_rad,
    }
    noisy = {
        name: values[rows] + rng.normal(0.0, noise * _SIGMA[name], rows.size)
        for name, values in true.items()
    }
    size = {
        "length_m": other.length_m + rng.normal(0.0, noise * _SIZE_SIGMA_M, rows.size),
        "width_m": other.width_m + rng.normal(0.0, noise * _SIZE_SIGMA_M, rows.size),
    }
    text = {
        "object_class": np.full(rows.size, other.plan.kind, dtype=object),
        "stream": np.full(rows.size, STREAM, dtype=object),
    }
    return {**noisy, **size, **text}
