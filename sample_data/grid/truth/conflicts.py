"""Near collisions, oncoming and crossing vehicles, dense traffic (definitions 17 to 19, 22)."""

from collections.abc import Iterator

import numpy as np

from sample_data.grid.plan import STATIC
from sample_data.grid.truth.events import Level, TrueEvent, lasting, merge, passages, runs, told
from sample_data.grid.truth.vehicles import vehicles
from sample_data.grid.world import GRID_HZ, Other, World
from sample_data.noise import Floats
from sample_data.vehicle import FRONT_M, LENGTH_M, WIDTH_M

CENTRE_M = FRONT_M - LENGTH_M / 2
TTC = Level(on=1.5, off=2.0, min_s=0.2)
HORIZON_S, STEP_S = 3.0, 0.1
CLOSING_MPS = 1.0
ONCOMING_RAD, ONCOMING_MPS, CLEAR_M = np.radians(135.0), 3.0, 1.5
ACROSS_RAD, AHEAD_M, ACROSS_MPS, ENDS_M = np.radians([45.0, 135.0]), 10.0, 1.0, 5.0
CROWD, CROWD_M, CROWD_S = 8, 50.0, 1.0
CONES, CONES_M, CONES_S, CONES_APART_S = 3, 30.0, 1.0, 3.0


def _reach(other: Other) -> tuple[Floats, Floats]:
    """Return half the extent of its box along the ego's axes."""
    cosine, sine = np.abs(np.cos(other.heading_rad)), np.abs(np.sin(other.heading_rad))
    along = (other.length_m * cosine + other.width_m * sine) / 2
    return along, (other.length_m * sine + other.width_m * cosine) / 2


def time_to_collision_s(world: World, other: Other) -> Floats:
    """Return when the boxes would touch at these velocities, in steps of 0.1 s up to 3 s."""
    along, across = _reach(other)
    dx, dy = other.x_m - CENTRE_M, other.y_m
    vx, vy = other.vx_mps - world.ego.speed_mps, other.vy_mps
    ttc = np.full(world.t_s.size, np.inf)
    for ahead_s in np.arange(HORIZON_S, -STEP_S / 2, -STEP_S):
        touch = (np.abs(dx + vx * ahead_s) <= along + LENGTH_M / 2) & (
            np.abs(dy + vy * ahead_s) <= across + WIDTH_M / 2
        )
        ttc = np.where(touch, ahead_s, ttc)
    return ttc


def near_collisions(world: World) -> Iterator[TrueEvent]:
    """Yield a time to collision of 1.5 s or less, until above 2 s, closing faster than 1 m/s.

    The other half of the definition, post-encroachment times of 1 s, is left to crossings.
    """
    for other in world.others:
        distance = np.hypot(other.x_m - CENTRE_M, other.y_m)
        closing = -np.gradient(distance) * GRID_HZ > CLOSING_MPS
        ttc = time_to_collision_s(world, other)
        danger = np.where(closing & other.seen, ttc, np.inf)
        spans = passages(world.t_s, danger, TTC)
        yield from told(world, "near_collision", spans, other.plan.name)


def oncoming_close(world: World) -> Iterator[TrueEvent]:
    """Yield oncoming vehicles beside the ego with less than 1.5 m between."""
    for other in vehicles(world):
        along, across = _reach(other)
        clearance = np.abs(other.y_m) - across - WIDTH_M / 2
        beside = np.abs(other.x_m - CENTRE_M) <= along + LENGTH_M / 2
        both = (world.ego.speed_mps > ONCOMING_MPS) & (other.motion.speed_mps > ONCOMING_MPS)
        opposite = np.abs(other.heading_rad) >= ONCOMING_RAD
        mask = beside & both & opposite & (clearance < CLEAR_M) & other.seen
        yield from told(world, "oncoming_close", lasting(world.t_s, mask, 0.2), other.plan.name)


def crossing_vehicles(world: World) -> Iterator[TrueEvent]:
    """Yield vehicles that cross the ego's way within 10 m ahead, while within 5 m of it."""
    for other in vehicles(world):
        heading = np.abs(other.heading_rad)
        aslant = (heading >= ACROSS_RAD[0]) & (heading <= ACROSS_RAD[1])
        ahead = other.gap_m > -other.length_m
        mask = aslant & (np.abs(other.vy_mps) > ACROSS_MPS) & (np.abs(other.y_m) <= ENDS_M)
        for start, stop in runs(mask & ahead & other.seen):
            sides = np.sign(other.y_m[start:stop])
            at = start + int(np.argmin(np.abs(other.y_m[start:stop])))
            front = other.x_m[at] - FRONT_M
            if sides[0] != sides[-1] and 0 < front <= AHEAD_M:
                yield from told(world, "crossing_vehicle", [(start, stop)], other.plan.name)


def dense_traffic(world: World) -> Iterator[TrueEvent]:
    """Yield eight vehicles within 50 m, for 1 s."""
    near = [(np.hypot(o.x_m, o.y_m) <= CROWD_M) & o.seen for o in vehicles(world)]
    count = np.sum([np.zeros(world.t_s.size), *near], axis=0)
    spans = merge(world.t_s, lasting(world.t_s, count >= CROWD, CROWD_S), CROWD_S)
    yield from told(world, "dense_traffic", spans)


def construction(world: World) -> Iterator[TrueEvent]:
    """Yield three cones within 30 m, for 1 s; pauses of 3 s are none."""
    cones = [one for one in world.others if one.plan.kind in STATIC]
    near = [(np.hypot(o.x_m, o.y_m) <= CONES_M) & o.seen for o in cones]
    count = np.sum([np.zeros(world.t_s.size), *near], axis=0)
    spans = lasting(world.t_s, count >= CONES, CONES_S, CONES_APART_S)
    yield from told(world, "construction", spans)
