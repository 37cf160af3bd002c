"""Vehicles ahead, beside and across: following and cutting in and out (definitions 12 to 19)."""

from collections.abc import Iterator

import numpy as np

from sample_data.grid.plan import STATIC, VULNERABLE
from sample_data.grid.truth.events import (
    Level,
    TrueEvent,
    lasting,
    lasts_s,
    passages,
    runs,
    told,
)
from sample_data.grid.world import GRID_HZ, Other, World
from sample_data.noise import Floats

FOLLOW_MPS, FOLLOW_DV_MPS, FOLLOW_THW_S, FOLLOW_S = 5.0, 2.0, 3.0, 5.0
CLOSE = Level(on=1.0, off=1.2, min_s=3.0)
CLOSE_MPS, AFTER_CUT_IN_S = 8.3, 3.0
LEAD_BRAKE = Level(on=-2.0, off=-1.0, min_s=0.5, onset=-0.5)
INTRUSION_M, WANDER_M = 0.30, 0.375
OUTSIDE_S, INSIDE_S, WITHIN_S, LEAD_S = 1.0, 1.0, 8.0, 2.0
CUT_IN_MPS, CUT_IN_GAP_M, CUT_IN_GAP_S = 5.0, 20.0, 4.0
CUT_IN_ASIDE_MPS, EGO_ASIDE_MPS, SETTLED_MPS = 0.2, 0.3, 0.1


def vehicles(world: World) -> tuple[Other, ...]:
    """Return the other road users that are no pedestrians, cyclists or cones."""
    return tuple(one for one in world.others if one.plan.kind not in (*VULNERABLE, *STATIC))


def headway_s(world: World, other: Other) -> Floats:
    """Return the time that the ego needs for the gap."""
    return np.asarray(other.gap_m / np.maximum(world.ego.speed_mps, 0.01))


def leads(world: World) -> tuple[np.ndarray, ...]:
    """Say for each vehicle when it is the nearest ahead in the ego's lane."""
    half = world.plan.road.lane_m / 2
    gaps = [
        np.where((np.abs(o.aside_m) <= half) & (o.gap_m > 0) & o.seen, o.gap_m, np.inf)
        for o in vehicles(world)
    ]
    nearest = np.min([np.full(world.t_s.size, np.inf), *gaps], axis=0)
    return tuple(np.isfinite(gap) & (gap == nearest) for gap in gaps)


def following(world: World) -> Iterator[TrueEvent]:
    """Yield a lead at nearly the same speed within 3 s, for 5 s."""
    speed = world.ego.speed_mps
    for other, lead in zip(vehicles(world), leads(world), strict=True):
        even = np.abs(speed - other.motion.speed_mps) <= FOLLOW_DV_MPS
        near = headway_s(world, other) <= FOLLOW_THW_S
        spans = lasting(world.t_s, lead & even & near & (speed > FOLLOW_MPS), FOLLOW_S)
        yield from told(world, "following", spans, other.plan.name)


def close_following(world: World) -> Iterator[TrueEvent]:
    """Yield a headway below 1 s for 3 s, but for the 3 s after a cut-in."""
    after = {e.actor: float(e.facts["intrusion_s"]) for e in cut_ins(world)}
    for other, lead in zip(vehicles(world), leads(world), strict=True):
        cut_s = after.get(other.plan.name, -np.inf)
        excused = (world.t_s >= cut_s) & (world.t_s < cut_s + AFTER_CUT_IN_S)
        counts = lead & (world.ego.speed_mps > CLOSE_MPS) & ~excused
        headway = np.where(counts, headway_s(world, other), np.inf)
        spans = passages(world.t_s, headway, CLOSE)
        yield from told(world, "close_following", spans, other.plan.name)


def lead_brakes(world: World) -> Iterator[TrueEvent]:
    """Yield a lead within 3 s that brakes with 2 m/s2 or more for 0.5 s."""
    for other, lead in zip(vehicles(world), leads(world), strict=True):
        near = lead & (headway_s(world, other) < FOLLOW_THW_S)
        for start, stop in passages(world.t_s, other.motion.accel_mps2, LEAD_BRAKE):
            if near[start:stop].all():
                yield from told(world, "lead_brake", [(start, stop)], other.plan.name)


def _edge_outside(world: World, other: Other) -> Floats:
    """Return how far the edge nearest to the ego's lane is outside it."""
    half = world.plan.road.lane_m / 2
    return np.asarray(np.abs(other.aside_m) - other.width_m / 2 - half)


def _ego_keeps_lane(world: World, start: int, stop: int) -> bool:
    return bool(np.all(np.abs(world.ego.d_mps[start:stop]) < EGO_ASIDE_MPS))


def cut_ins(world: World) -> Iterator[TrueEvent]:
    """Yield vehicles that come from beside the ego's lane and become its lead."""
    for other, lead in zip(vehicles(world), leads(world), strict=True):
        edge = _edge_outside(world, other)
        for begin, end in runs(edge <= -INTRUSION_M):
            outside = [one for one in runs(edge[:begin] > INTRUSION_M) if one[1] <= begin]
            if not outside or lasts_s(world.t_s, *outside[-1]) < OUTSIDE_S:
                continue
            first, last = outside[-1]
            centred = _centred(world, other, begin, end)
            if centred is None or not _cuts_in(world, other, last, begin):
                continue
            if lead[centred : centred + round(INSIDE_S * GRID_HZ)].all():
                onset = _leaves_its_zone(other.aside_m, first, last, begin)
                calm = np.flatnonzero(np.abs(other.motion.d_mps[begin:]) < SETTLED_MPS)
                stop = begin + int(calm[0]) if calm.size else world.t_s.size - 1
                yield from told(
                    world,
                    "cut_in",
                    [(onset, stop)],
                    other.plan.name,
                    intrusion_s=float(world.t_s[begin]),
                    gap_m=float(other.gap_m[begin]),
                )


def _centred(world: World, other: Other, begin: int, end: int) -> int | None:
    """Return from when its centre is inside for 1 s, within 8 s of the intrusion."""
    inside = np.abs(other.aside_m) <= world.plan.road.lane_m / 2
    for start, stop in runs(inside[begin:end]):
        at = begin + start
        soon = start / GRID_HZ + INSIDE_S <= WITHIN_S
        if soon and (stop - start) / GRID_HZ >= INSIDE_S:
            return at
    return None


def _cuts_in(world: World, other: Other, last_outside: int, begin: int) -> bool:
    """Say whether speed, gap and both sideways speeds are those of a cut-in."""
    speed, gap = float(world.ego.speed_mps[begin]), float(other.gap_m[begin])
    duration_s = (begin - last_outside) / GRID_HZ
    moved = abs(float(other.aside_m[begin] - other.aside_m[last_outside]))
    return (
        speed > CUT_IN_MPS
        and 0 < gap <= max(CUT_IN_GAP_M, CUT_IN_GAP_S * speed)
        and moved >= CUT_IN_ASIDE_MPS * duration_s
        and _ego_keeps_lane(world, last_outside - 1, begin + 1)
        and other.plan.direction > 0
        and bool(other.seen[begin])
    )


def _leaves_its_zone(aside_m: Floats, first: int, last: int, before: int) -> int:
    """Return when it last was within 0.375 m of where it drove before."""
    usual = float(np.median(aside_m[first:last]))
    wandering = np.flatnonzero(np.abs(aside_m[first:before] - usual) <= WANDER_M)
    return first + int(wandering[-1]) + 1


def cut_outs(world: World) -> Iterator[TrueEvent]:
    """Yield leads of 2 s or more that leave the ego's lane by 0.3 m."""
    half = world.plan.road.lane_m / 2
    for other, lead in zip(vehicles(world), leads(world), strict=True):
        edge = _edge_outside(world, other)
        for begin, _ in runs(edge > INTRUSION_M):
            inside = [s for s in runs(np.abs(other.aside_m[:begin]) <= half) if s[1] <= begin]
            if not inside:
                continue
            first, last = inside[-1]
            led = runs(lead[first:last])
            kept = _ego_keeps_lane(world, last - 1, begin + 1) and bool(other.seen[begin])
            if not kept or not led or led[-1][1] != last - first:
                continue
            if lasts_s(world.t_s, first + led[-1][0], last) >= LEAD_S:
                onset = _leaves_its_zone(other.aside_m, first, last, begin)
                yield from told(world, "cut_out", [(onset, begin)], other.plan.name)
