"""What a map match tells of the way along the road: how far what is on it is ahead and behind."""

import numpy as np
from numpy.typing import NDArray

from sample_data.grid.world import World
from sample_data.noise import Floats, correlated

MATCH_M = 2.0
"""Error of a matched place along the road, alike over half a minute."""
SCHOOL_M = 150.0
"""How far around a school its zone reaches."""


def along_road(world: World, ticks: NDArray[np.int64]) -> dict[str, Floats]:
    """Return the columns that the map match of a drive has at some samples of its motion.

    The place along the road has the error that a receiver leaves; what is ahead or behind is told
    from that place, as on a real map.
    """
    road = world.plan.road
    rng = np.random.default_rng(round(1e6 * abs(float(world.ego.s_m[-1]))))
    s_m = world.ego.s_m[ticks]
    s_m = s_m + correlated(rng, ticks.size, sigma=MATCH_M, steps=30.0)[:, 0]
    # A car that stands does not move on the map either, and no match runs back.
    moved = np.concatenate(([0.0], np.diff(world.ego.s_m[ticks])))
    s_m = _steady(s_m, moved)
    places = {
        "junction": road.junctions_m,
        "crossing": road.crossings_m,
        "traffic_signal": road.signals_m,
        "level_crossing": road.rails_m,
    }
    stretches = {
        "tunnel": road.tunnels_m,
        "bridge": road.bridges_m,
        "roundabout": road.roundabouts_m,
    }
    found = {"route_m": s_m - s_m[0], "match_probability": np.full(ticks.size, 0.97)}
    for name, points in places.items():
        found |= _to(name, s_m, tuple((one, one) for one in points))
    for name, spans in stretches.items():
        found |= _to(name, s_m, spans)
    found["school_distance_m"] = _to_school(s_m, road.schools_m)
    return found


def _steady(s_m: Floats, moved_m: Floats) -> Floats:
    """Return the places with steps between half and twice the true ones."""
    steps = np.diff(s_m, prepend=s_m[0])
    low, high = np.sort(np.stack((0.5 * moved_m, 2.0 * moved_m)), axis=0)
    return np.asarray(s_m[0] + np.cumsum(np.clip(steps, low, high)))


def _to(name: str, s_m: Floats, spans: tuple[tuple[float, float], ...]) -> dict[str, Floats]:
    ahead, behind = (np.full(s_m.size, np.nan) for _ in range(2))
    for start, stop in spans:
        inside = (s_m >= start) & (s_m < stop)
        ahead = np.fmin(ahead, np.where(s_m < start, start - s_m, np.nan))
        behind = np.fmin(behind, np.where(s_m >= stop, s_m - stop, np.nan))
        ahead, behind = (np.where(inside, 0.0, x) for x in (ahead, behind))
    return {f"{name}_ahead_m": ahead, f"{name}_behind_m": behind}


def _to_school(s_m: Floats, zones: tuple[tuple[float, float], ...]) -> Floats:
    distance = np.full(s_m.size, np.nan)
    for start, stop in zones:
        outside = np.maximum(start - s_m, s_m - stop)
        distance = np.fmin(distance, np.maximum(SCHOOL_M + outside, 0.0))
    return distance
