"""Lane changes of the ego, and vehicles it passes on the way (definitions 9 and 10)."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from sample_data.grid.truth.events import TrueEvent, lasts_s, runs, told
from sample_data.grid.world import GRID_HZ, World
from sample_data.vehicle import FRONT_M, LENGTH_M

MOVING_MPS = 0.1
CHANGE_S = (1.5, 12.0)
ROAD_TURN_RAD = np.radians(15.0)
RETURN_S = 3.0
PASS_M, PASS_S = 5.0, 60.0
PASS_ASIDE_M = (1.5, 6.0)
PASS_HEADING_RAD = np.radians(45.0)
PASS_MOVING_MPS = 2.0
CHANGES_WITHIN_S = 20.0
"""An overtaking ego changes lanes no longer before or after; ours, the wording names no time."""


def lane_changes(world: World) -> Iterator[TrueEvent]:
    """Yield moves across a line at 0.1 m/s or more; back within 3 s it is an excursion."""
    crossings = _crossings(world)
    back = [
        one[1] != other[1] and lasts_s(world.t_s, one[0], other[0]) <= RETURN_S
        for one, other in pairwise(crossings)
    ]
    for number, (row, sign) in enumerate(crossings):
        start, stop = _around(world, row, sign)
        bent = abs(world.road_heading_rad[stop - 1] - world.road_heading_rad[start])
        fits = CHANGE_S[0] <= lasts_s(world.t_s, start, stop) <= CHANGE_S[1]
        if number < len(back) and back[number]:
            _, returned = _around(world, *crossings[number + 1])
            yield from told(world, "lane_excursion", [(start, returned)])
        elif fits and bent <= ROAD_TURN_RAD and not (number and back[number - 1]):
            kind = "lane_change_left" if sign > 0 else "lane_change_right"
            yield from told(world, kind, [(start, stop)], crossing_s=float(world.t_s[row]))


def _crossings(world: World) -> list[tuple[int, int]]:
    """Return the first sample in each new lane, and its side."""
    step = np.diff(world.lane)
    return [(int(row) + 1, int(np.sign(step[row]))) for row in np.flatnonzero(step)]


def _around(world: World, row: int, sign: int) -> tuple[int, int]:
    moving = sign * world.ego.d_mps >= MOVING_MPS
    return next(((a, b) for a, b in runs(moving) if a <= row < b), (row, row + 1))


def overtakes(world: World) -> Iterator[TrueEvent]:
    """Yield vehicles passed from 5 m ahead to 5 m behind; with a lane change before and after.

    Without both it is a ``pass``.
    """
    lefts, rights = (
        [event.start_s for event in lane_changes(world) if event.type == kind]
        for kind in ("lane_change_left", "lane_change_right")
    )
    for other in world.others:
        # Centre against centre: the ego's is ahead of its rear axle.
        ahead = other.x_m - (FRONT_M - LENGTH_M / 2)
        for start, stop in runs(np.abs(ahead) <= PASS_M):
            beside = slice(start, stop)
            inside = np.abs(other.y_m[beside])
            fair = (
                start > 0
                and stop < ahead.size
                and ahead[start - 1] > PASS_M
                and ahead[stop] < -PASS_M
                and stop - start <= PASS_S * GRID_HZ
                and bool(np.all((inside > PASS_ASIDE_M[0]) & (inside < PASS_ASIDE_M[1])))
                and float(np.abs(other.heading_rad[beside]).max()) < PASS_HEADING_RAD
                and float(other.motion.speed_mps[beside].min()) > PASS_MOVING_MPS
            )
            if fair:
                out = any(0 <= world.t_s[start] - t <= CHANGES_WITHIN_S for t in lefts)
                back = any(0 <= t - world.t_s[stop] <= CHANGES_WITHIN_S for t in rights)
                kind = "overtake" if out and back else "pass"
                yield from told(world, kind, [(start, stop)], other.plan.name)
