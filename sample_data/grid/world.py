"""A planned drive in motion, without any noise: what really happens, 100 times a second."""

from dataclasses import dataclass

import numpy as np

from sample_data.grid.motion import Pulse, integrate, speed_from, value
from sample_data.grid.plan import LENGTH_M, WIDTH_M, Actor, Plan, Road
from sample_data.noise import Floats
from sample_data.vehicle import FRONT_M

GRID_HZ = 100
_WAY_STEP_M = 0.25
_STANDS_MPS = 0.3
_MARGIN_M = 400.0
SEEN_M = (-60.0, 120.0)
"""Behind and ahead of the ego, how far its sensors see along the road."""
SEEN_ASIDE_M = 40.0


@dataclass(frozen=True, slots=True)
class Motion:
    """One road user on the grid, in SI units; the ego's reference is its rear axle."""

    s_m: Floats
    """Along the road's reference line."""
    d_m: Floats
    """Left of it."""
    d_mps: Floats
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    speed_mps: Floats
    """Over ground; negative backwards."""
    accel_mps2: Floats
    yaw_rate_radps: Floats


@dataclass(frozen=True, slots=True)
class Other:
    """A road user as the ego could see it."""

    plan: Actor
    motion: Motion
    x_m: Floats
    """Centre in the ego's frame."""
    y_m: Floats
    heading_rad: Floats
    """Relative to the ego, in (-pi, pi]."""
    vx_mps: Floats
    """Over ground, along the ego's axes."""
    vy_mps: Floats
    gap_m: Floats
    """Between the bumpers along the road."""
    aside_m: Floats
    """Of its centre left of the middle of the ego's lane."""
    seen: np.ndarray

    @property
    def width_m(self) -> float:
        """Across its heading."""
        return WIDTH_M[self.plan.kind]

    @property
    def length_m(self) -> float:
        """Along its heading."""
        return LENGTH_M[self.plan.kind]


@dataclass(frozen=True, slots=True)
class World:
    """One drive in motion."""

    plan: Plan
    t_s: Floats
    ego: Motion
    lane: np.ndarray
    """Number of the ego's lane; 0 is the first, left positive."""
    road_heading_rad: Floats
    curvature_per_m: Floats
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """The reference line by points."""

    s_m: Floats
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    curvature_per_m: Floats

    def at(self, s_m: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return place, heading and curvature at distances along it."""
        lines = (self.x_m, self.y_m, self.heading_rad, self.curvature_per_m)
        x, y, heading, bend = (np.interp(s_m, self.s_m, line) for line in lines)
        return x, y, heading, bend


def simulate(plan: Plan) -> World:
    """Return the drive as it happens."""
    count = round(plan.duration_s * GRID_HZ) + 1
    t_s = np.arange(count) / GRID_HZ
    least = -np.inf if plan.reverses else 0.0
    speed = _speed(plan.speed_mps, plan.accelerate, t_s, least_mps=least)
    s_m = integrate(speed, 1 / GRID_HZ)
    d_m = _across(plan.sideways, t_s, plan.wander_m, plan.wander_s)
    way = _way(plan.road, float(s_m.min()) - _MARGIN_M, float(s_m.max()) + _MARGIN_M)
    ego = _move(way, s_m, d_m, turned_back=False)
    _, _, road_heading, bend = way.at(s_m)
    lane = np.round(d_m / plan.road.lane_m)
    world = World(plan, t_s, ego, lane, road_heading, bend, ())
    others = tuple(_other(world, way, actor) for actor in plan.actors)
    return World(plan, t_s, ego, lane, road_heading, bend, others)


def _speed(start: float, pulses: tuple[Pulse, ...], t_s: Floats, *, least_mps: float) -> Floats:
    accel = value(pulses, t_s)
    if np.isinf(least_mps):
        return start + integrate(accel, 1 / GRID_HZ)
    return speed_from(start, accel, 1 / GRID_HZ, least_mps=least_mps)


def _across(pulses: tuple[Pulse, ...], t_s: Floats, wander_m: float, wander_s: float) -> Floats:
    swing = wander_m * np.sin(2 * np.pi * t_s / wander_s)
    return np.asarray(integrate(value(pulses, t_s), 1 / GRID_HZ) + swing)


def _way(road: Road, start_m: float, stop_m: float) -> _Way:
    s_m = np.arange(start_m, stop_m + _WAY_STEP_M, _WAY_STEP_M)
    bend = value(road.bends, s_m)
    heading = integrate(bend, _WAY_STEP_M)
    x = integrate(np.cos(heading), _WAY_STEP_M)
    y = integrate(np.sin(heading), _WAY_STEP_M)
    return _Way(s_m, x, y, heading, bend)


def _move(way: _Way, s_m: Floats, d_m: Floats, *, turned_back: bool) -> Motion:
    """Return the motion of something at these places on the road; it heads where it moves."""
    along_mps, d_mps = (np.gradient(x) * GRID_HZ for x in (s_m, d_m))
    x, y, road_heading, bend = way.at(s_m)
    x, y = x - d_m * np.sin(road_heading), y + d_m * np.cos(road_heading)
    along_mps = along_mps * (1 - bend * d_m)
    backwards = along_mps < -_STANDS_MPS
    usual = np.pi if turned_back else 0.0
    moving = np.hypot(along_mps, d_mps) > _STANDS_MPS
    # A car that reverses still heads forwards; one that drives against the ego heads at it.
    flip = np.where(backwards & (not turned_back), -1.0, 1.0)
    angle = np.where(moving, np.arctan2(flip * d_mps, flip * along_mps), usual)
    heading = np.unwrap(road_heading + angle)
    speed = flip * np.hypot(along_mps, d_mps)
    return Motion(
        s_m=s_m,
        d_m=d_m,
        d_mps=d_mps,
        x_m=x,
        y_m=y,
        heading_rad=heading,
        speed_mps=speed,
        accel_mps2=np.gradient(speed) * GRID_HZ,
        yaw_rate_radps=np.gradient(heading) * GRID_HZ,
    )


def _other(world: World, way: _Way, actor: Actor) -> Other:
    t_s, ego, half_m = world.t_s, world.ego, LENGTH_M[actor.kind] / 2
    run_m = actor.direction * integrate(
        _speed(actor.speed_mps, actor.accelerate, t_s, least_mps=0.0), 1 / GRID_HZ
    )
    there = np.interp(actor.at_s, t_s, ego.s_m) - np.interp(actor.at_s, t_s, run_m)
    s_m = run_m + there + FRONT_M + actor.gap_m + half_m
    d_m = actor.offset_m + _across(actor.sideways, t_s, actor.wander_m, actor.wander_s)
    motion = _move(way, s_m, d_m, turned_back=actor.direction < 0)
    dx, dy = motion.x_m - ego.x_m, motion.y_m - ego.y_m
    vx, vy = (np.gradient(x) * GRID_HZ for x in (motion.x_m, motion.y_m))
    x_m, y_m = _turned(dx, dy, ego.heading_rad)
    vx_mps, vy_mps = _turned(vx, vy, ego.heading_rad)
    relative = np.angle(np.exp(1j * (motion.heading_rad - ego.heading_rad)))
    first, last = actor.seen_s
    near = (x_m > SEEN_M[0]) & (x_m < SEEN_M[1]) & (np.abs(y_m) < SEEN_ASIDE_M)
    return Other(
        plan=actor,
        motion=motion,
        x_m=x_m,
        y_m=y_m,
        heading_rad=np.asarray(relative),
        vx_mps=vx_mps,
        vy_mps=vy_mps,
        gap_m=s_m - half_m - ego.s_m - FRONT_M,
        aside_m=d_m - world.lane * world.plan.road.lane_m,
        seen=near & (t_s >= first) & (t_s <= last),
    )


def _turned(x: Floats, y: Floats, by_rad: Floats) -> tuple[Floats, Floats]:
    """Return vectors of the ground along axes that are turned."""
    cosine, sine = np.cos(by_rad), np.sin(by_rad)
    return np.asarray(x * cosine + y * sine), np.asarray(y * cosine - x * sine)
