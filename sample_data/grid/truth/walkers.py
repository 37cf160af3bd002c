"""Pedestrians and cyclists on and near the ego's way (definitions 20 to 22)."""

from collections.abc import Iterator

import numpy as np

from sample_data.grid.plan import VULNERABLE
from sample_data.grid.truth.events import TrueEvent, lasting, told
from sample_data.grid.world import GRID_HZ, Other, World
from sample_data.vehicle import FRONT_M, WIDTH_M

WALK_MPS, CLEAR_M, AGE_S = 0.2, 5.0, 0.5
REACH_M, REACH_S = 15.0, 4.0
NEAR_ASIDE_M, NEAR_M, NEAR_S, NEAR_EGO_MPS, NEAR_MIN_S = 1.5, 10.0, 2.0, 1.0, 0.5
CROWD, CROWD_M, CROWD_S = 3, 10.0, 1.0
PAUSE_S = 1.0


def walkers(world: World) -> tuple[Other, ...]:
    """Return the pedestrians and cyclists."""
    return tuple(one for one in world.others if one.plan.kind in VULNERABLE)


def vru_crossings(world: World) -> Iterator[TrueEvent]:
    """Yield walks across or into the ego's lane ahead, while within 5 m of its middle."""
    half = world.plan.road.lane_m / 2
    reach = np.maximum(REACH_M, REACH_S * world.ego.speed_mps)
    for other in walkers(world):
        aside, ahead = other.aside_m, other.gap_m + other.length_m / 2
        in_lane = np.abs(aside) <= half
        inside = in_lane & (ahead > 0) & (ahead <= reach) & other.seen
        walks = np.abs(other.motion.d_mps) >= WALK_MPS
        # Who stops in the lane has not finished crossing: only 5 m aside ends the excursion.
        excursion = (walks | in_lane) & (np.abs(aside) <= CLEAR_M) & (other.x_m > 0) & other.seen
        for start, stop in lasting(world.t_s, excursion, 0.0, PAUSE_S):
            entered = np.flatnonzero(inside[start:stop])
            if not entered.size:
                continue
            entry = start + int(entered[0])
            age_s = np.count_nonzero(other.seen[:entry]) / GRID_HZ
            came = bool(np.any((np.abs(aside[:entry]) > half) & other.seen[:entry]))
            if came and walks[start : entry + 1].any() and age_s >= AGE_S:
                yield from told(
                    world,
                    "vru_crossing",
                    [(start, stop)],
                    other.plan.name,
                    enters_s=float(world.t_s[entry]),
                )


def pedestrians_near(world: World) -> Iterator[TrueEvent]:
    """Yield pedestrians within 1.5 m of the ego's sides and 2 s ahead, for 0.5 s."""
    reach = np.maximum(NEAR_M, NEAR_S * world.ego.speed_mps)
    for other in walkers(world):
        ahead = other.x_m - FRONT_M
        near = (np.abs(other.y_m) <= WIDTH_M / 2 + NEAR_ASIDE_M) & (ahead > 0) & (ahead <= reach)
        mask = near & (world.ego.speed_mps > NEAR_EGO_MPS) & other.seen
        if other.plan.kind == "pedestrian":
            spans = lasting(world.t_s, mask, NEAR_MIN_S)
            yield from told(world, "pedestrian_near_path", spans, other.plan.name)


def crowds(world: World) -> Iterator[TrueEvent]:
    """Yield three pedestrians or cyclists within 10 m, for 1 s."""
    near = [(np.hypot(o.x_m, o.y_m) <= CROWD_M) & o.seen for o in walkers(world)]
    count = np.sum([np.zeros(world.t_s.size), *near], axis=0)
    yield from told(world, "multi_vru", lasting(world.t_s, count >= CROWD, CROWD_S))
