"""What the ego does by itself: speeding up, slowing, standing, turning (definitions 1 to 8, 11)."""

from collections.abc import Iterator

import numpy as np
from scipy.signal import butter, sosfiltfilt

from sample_data.grid.truth.events import (
    Level,
    Spans,
    TrueEvent,
    lasting,
    lasts_s,
    passages,
    told,
)
from sample_data.grid.world import GRID_HZ, World
from sample_data.noise import Floats

BRAKE = Level(on=-3.0, off=-1.5, min_s=0.3, merge_s=1.0, onset=-0.5, onset_within_s=2.0)
ACCELERATE = Level(on=2.4, off=1.2, min_s=0.5, merge_s=1.0, onset=0.5, onset_within_s=2.0)
JERK = Level(on=4.13, off=2.0, min_s=0.1, merge_s=0.5)
ASIDE = Level(on=4.0, off=2.5, min_s=0.5, merge_s=1.0)
TURN = Level(on=5.0, off=3.0, min_s=1.5, merge_s=0.5)
STAND = Level(on=0.1, off=0.5, min_s=2.0, merge_s=1.0)
BRAKE_FROM_MPS = 2.8
TURN_DEG, U_TURN_DEG = 45.0, 150.0
U_TURN_S, U_TURN_M = 40.0, 80.0
TURN_MPS, JUNCTION_M = 1.0, 25.0
AWAY_MPS, AWAY_S = 2.0, 5.0
BACK_MPS = -0.3
OVER_LIMIT_MPS = 2.23


def hard_brakes(world: World) -> Iterator[TrueEvent]:
    """Yield stretches of -3 m/s2 or less for 0.3 s from at least 2.8 m/s."""
    accel, speed = world.ego.accel_mps2, world.ego.speed_mps
    for start, stop in passages(world.t_s, accel, BRAKE):
        if speed[start] >= BRAKE_FROM_MPS:
            least = float(accel[start:stop].min())
            yield from told(world, "hard_brake", [(start, stop)], min_ax_mps2=least)


def hard_accelerations(world: World) -> Iterator[TrueEvent]:
    """Yield stretches of +2.4 m/s2 or more for 0.5 s."""
    spans = passages(world.t_s, world.ego.accel_mps2, ACCELERATE)
    yield from told(world, "hard_accel", spans)


def high_jerks(world: World) -> Iterator[TrueEvent]:
    """Yield stretches of 4.13 m/s3 or more, of the acceleration below 1 Hz."""
    sections = butter(2, 1.0, fs=GRID_HZ, output="sos")
    accel = sosfiltfilt(sections, world.ego.accel_mps2)
    jerk = np.abs(np.gradient(accel) * GRID_HZ)
    yield from told(world, "high_jerk", passages(world.t_s, jerk, JERK))


def high_lateral_accelerations(world: World) -> Iterator[TrueEvent]:
    """Yield stretches of 4 m/s2 or more across the ego."""
    aside = np.abs(world.ego.speed_mps * world.ego.yaw_rate_radps)
    yield from told(world, "high_lateral_accel", passages(world.t_s, aside, ASIDE))


def _turning(world: World, sign: float) -> Iterator[tuple[int, int, float]]:
    """Yield stretches of one sign with the degrees turned in them."""
    ego = world.ego
    rate = np.where(ego.speed_mps > TURN_MPS, sign * np.degrees(ego.yaw_rate_radps), 0.0)
    for start, stop in passages(world.t_s, rate, TURN):
        yield start, stop, float(np.sum(rate[start:stop])) / GRID_HZ


def turns(world: World) -> Iterator[TrueEvent]:
    """Yield turns by 45 degrees at a junction; on a road that no map knows, anywhere."""
    road = world.plan.road
    away = distance_m(world.ego.s_m, road.junctions_m)
    for kind, sign in (("turn_left", 1.0), ("turn_right", -1.0)):
        for start, stop, degrees in _turning(world, sign):
            at_junction = not road.mapped or away[start:stop].min() <= JUNCTION_M
            if degrees >= TURN_DEG and at_junction:
                yield from told(world, kind, [(start, stop)], heading_change_deg=sign * degrees)


def u_turns(world: World) -> Iterator[TrueEvent]:
    """Yield turns by 150 degrees within 40 s and 80 m, not on a roundabout."""
    circles = within(world.ego.s_m, world.plan.road.roundabouts_m)
    for sign in (1.0, -1.0):
        for start, stop, degrees in _turning(world, sign):
            path_m = float(np.sum(np.abs(world.ego.speed_mps[start:stop]))) / GRID_HZ
            short = lasts_s(world.t_s, start, stop) <= U_TURN_S and path_m <= U_TURN_M
            if degrees >= U_TURN_DEG and short and not circles[start:stop].any():
                yield from told(world, "u_turn", [(start, stop)])


def stops(world: World) -> Spans:
    """Return when the ego stands."""
    return passages(world.t_s, np.abs(world.ego.speed_mps), STAND)


def standstills(world: World) -> Iterator[TrueEvent]:
    """Yield from 0.1 m/s or less until above 0.5 m/s, for 2 s."""
    yield from told(world, "standstill", stops(world))


def drive_offs(world: World) -> Iterator[TrueEvent]:
    """Yield from leaving a standstill until 2 m/s, reached within 5 s."""
    t_s, speed = world.t_s, world.ego.speed_mps
    for _, left in stops(world):
        fast = np.flatnonzero(speed[left:] >= AWAY_MPS)
        if fast.size and fast[0] / GRID_HZ <= AWAY_S and left < t_s.size:
            yield from told(world, "drive_off", [(left, left + int(fast[0]))])


def reversing(world: World) -> Iterator[TrueEvent]:
    """Yield driving backwards faster than 0.3 m/s, for 1 s."""
    spans = lasting(world.t_s, world.ego.speed_mps < BACK_MPS, 1.0, 1.0)
    yield from told(world, "reversing", spans)


def speeding(world: World) -> Iterator[TrueEvent]:
    """Yield from 2.23 m/s above a known limit until at it, for 2 s."""
    limit = world.plan.road.limit_mps
    if limit is not None and world.plan.road.mapped:
        level = Level(on=limit + OVER_LIMIT_MPS, off=limit, min_s=2.0, merge_s=3.0)
        yield from told(world, "speeding", passages(world.t_s, world.ego.speed_mps, level))


def distance_m(s_m: Floats, places_m: tuple[float, ...]) -> Floats:
    """Return how far the nearest of some places along the road is, infinity without any."""
    if not places_m:
        return np.full(s_m.size, np.inf)
    return np.asarray(np.min([np.abs(s_m - place) for place in places_m], axis=0))


def within(s_m: Floats, stretches_m: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Say where along the road one of some stretches is."""
    inside = [(s_m >= a) & (s_m < b) for a, b in stretches_m]
    return np.asarray(np.any([np.zeros(s_m.size, dtype=np.bool_), *inside], axis=0))
