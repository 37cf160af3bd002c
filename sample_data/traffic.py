"""The cast of a drive: who cuts in, who crosses, who merely drives by."""

from collections.abc import Iterator

import numpy as np

from sample_data.actors import SIZES, Actor, Path, make_actor, track_times
from sample_data.motion import EgoMotion, motion_at, ramp
from sample_data.noise import Floats, generator
from sample_data.plan import Beat, Plan
from sample_data.road import Road
from sample_data.vehicle import FRONT_M, KERB_M, LANE_M, LENGTH_M, RIGHT_LANE_M

WALK_MPS = 1.45
ENTERS_AFTER_S = 3.8
"""The pedestrian steps into ego's lane this long after ego begins to brake."""
ENTERS_AHEAD_M = 15.0
_STEP_OFF_S = 0.6
_NO_ONCOMING = (
    "turn_right",
    "turn_left",
    "lane_change_left",
    "lane_change_right",
    "wait_at_light",
    "brake_for_pedestrian",
)
_EGO_CENTRE_M = FRONT_M - LENGTH_M / 2


def make_traffic(plan: Plan, motion: EgoMotion, road: Road) -> tuple[Actor, ...]:
    """Return all road users, in a fixed order, each with a track id drawn from the seed."""
    cast = [
        *_cut_in_cars(plan, motion),
        *_slow_trucks(plan, motion),
        *_followers(plan, motion),
        *_crossing_pedestrians(plan, motion),
        *_walkers(plan, motion),
        *_oncoming_cars(plan, motion),
    ]
    rng = generator(plan.seed, "track ids")
    return tuple(
        make_actor(road, path, kind=kind, role=role, track=rng.bytes(16))
        for kind, role, path in cast
    )


Part = tuple[str, str, Path]


def _ego_s(motion: EgoMotion, t_s: Floats | float) -> Floats:
    return motion_at(motion, np.atleast_1d(np.asarray(t_s, dtype=np.float64))).s_m


def _until(plan: Plan, after_s: float, label: str) -> float:
    """Return the start of the first such beat after a time, or the end of the drive."""
    return next((b.start_s for b in plan.named(label) if b.start_s > after_s), plan.duration_s)


def _before(plan: Plan, time_s: float, label: str) -> float:
    """Return the end of the last such beat before a time, or the start of the drive."""
    return max((b.end_s for b in plan.named(label) if b.end_s < time_s), default=0.0)


def intrusion_gap_m(plan: Plan, cut_in: Beat) -> float:
    """Return the bumper gap [m] drawn for the middle of a cut-in's lateral motion."""
    return float(generator(plan.seed, f"gap at {cut_in.start_s:.3f}").uniform(11.5, 13.0))


def _cut_in_cars(plan: Plan, motion: EgoMotion) -> Iterator[Part]:
    """A slower car ahead in the right lane moves left before ego; later it brakes hard."""
    for beat in plan.named("other:cut_in"):
        t_s = track_times(
            _before(plan, beat.start_s, "turn_right") + 0.5,
            min(_until(plan, beat.end_s, "wait_at_light"), plan.duration_s),
        )
        leave = next(b for b in reversed(plan.named("leave_turn")) if b.start_s < beat.start_s)
        follow = next(b for b in plan.named("follow") if b.start_s > beat.start_s)
        middle_s = beat.start_s + 0.5 * beat.duration_s
        ego = motion_at(motion, np.array([follow.end_s]))
        speed_mps = float(ego.speed_mps[0])
        rate = speed_mps - 3.3 * (1.0 - ramp(t_s, leave.start_s, leave.duration_s))
        braking = [b for b in plan.named("hard_brake") if b.start_s > beat.start_s][:1]
        for brake in braking:
            rate -= (speed_mps - 6.5) * ramp(t_s, brake.start_s - 0.5, 3.0)
            rate += 7.5 * ramp(t_s, brake.end_s, 6.0)
        s_m = np.concatenate(([0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(t_s))))
        gap_m = intrusion_gap_m(plan, beat)
        anchor = float(_ego_s(motion, middle_s)[0]) + FRONT_M + gap_m
        s_m += anchor + SIZES["car"].length_m / 2 - np.interp(middle_s, t_s, s_m)
        offset_m = RIGHT_LANE_M + LANE_M * ramp(t_s, beat.start_s, beat.duration_s)
        yield "car", "cut_in", Path(t_s, s_m, offset_m)


def _slow_trucks(plan: Plan, motion: EgoMotion) -> Iterator[Part]:
    """A truck in the right lane is why the car ahead moves left; ego never reaches it."""
    for beat in plan.named("other:cut_in"):
        stop_s = min(_until(plan, beat.end_s, "wait_at_light"), plan.duration_s)
        t_s = track_times(max(beat.start_s - 6.0, 0.0), stop_s)
        start_m = float(_ego_s(motion, beat.start_s + 0.5 * beat.duration_s)[0]) + 58.0
        s_m = start_m + 10.0 * (t_s - beat.start_s - 0.5 * beat.duration_s)
        yield "truck", "slow", Path(t_s, s_m, np.full_like(t_s, RIGHT_LANE_M))


def _followers(plan: Plan, motion: EgoMotion) -> Iterator[Part]:
    """A car behind repeats ego's motion 1.8 s later, so it stops behind ego at the light."""
    for light in plan.named("wait_at_light"):
        t_s = track_times(light.start_s - 9.0, _until(plan, light.end_s, "slow"))
        earlier = motion_at(motion, t_s - 1.8)
        s_m = earlier.s_m - 9.0 + _EGO_CENTRE_M
        yield "car", "follower", Path(t_s, s_m, earlier.offset_m)


def _crossing_pedestrians(plan: Plan, motion: EgoMotion) -> Iterator[Part]:
    """A pedestrian waits at the right kerb, crosses the whole road before ego and stays there."""
    for beat in plan.named("brake_for_pedestrian"):
        enters_s = beat.start_s + ENTERS_AFTER_S
        t_s = track_times(enters_s - 10.0, min(enters_s + 16.0, plan.duration_s))
        s_m = float(_ego_s(motion, enters_s)[0]) + ENTERS_AHEAD_M
        kerb_m = KERB_M + 1.2
        leaves_s = enters_s - (kerb_m - LANE_M) / WALK_MPS
        late_s = t_s - leaves_s
        # What is walked until the far kerb, with a soft last step like the first.
        walked_s = _soft_walk(late_s) - _soft_walk(late_s - 2.0 * kerb_m / WALK_MPS)
        offset_m = WALK_MPS * walked_s - kerb_m
        yield "pedestrian", "crossing", Path(t_s, np.full_like(t_s, s_m), offset_m)


def _soft_walk(t_s: Floats) -> Floats:
    """Return the walked time with a smooth start: first quadratic, then linear."""
    late = np.maximum(t_s, 0.0)
    return np.where(late < _STEP_OFF_S, late**2 / (2.0 * _STEP_OFF_S), late - 0.5 * _STEP_OFF_S)


def _walkers(plan: Plan, motion: EgoMotion) -> Iterator[Part]:
    """Pedestrians on the right pavement of a straight leg, who never come near the lanes."""
    rng = generator(plan.seed, "walkers")
    for light in plan.named("wait_at_light"):
        start_m = float(_ego_s(motion, light.start_s)[0])
        for ahead_m, along_mps in zip(
            rng.uniform(-45.0, -12.0, 2), rng.uniform(0.9, 1.5, 2) * (1.0, -1.0), strict=True
        ):
            t_s = track_times(light.start_s - 8.0, min(light.end_s + 6.0, plan.duration_s))
            s_m = start_m + ahead_m + along_mps * (t_s - light.start_s)
            offset_m = np.full_like(t_s, -(KERB_M + rng.uniform(2.2, 2.8)))
            yield "pedestrian", "walker", Path(t_s, s_m, offset_m)


def _oncoming_cars(plan: Plan, motion: EgoMotion) -> Iterator[Part]:
    """Cars of the other direction, met on straights while ego is moving."""
    rng = generator(plan.seed, "oncoming")
    busy = [
        (beat.start_s - 7.0, beat.end_s + 6.0)
        for label in _NO_ONCOMING
        for beat in plan.named(label)
    ]
    meets_s = 6.0 + rng.uniform(0.0, 3.0)
    while meets_s < plan.duration_s - 2.0:
        if not any(start <= meets_s <= stop for start, stop in busy):
            speed_mps = rng.uniform(11.0, 13.5)
            t_s = track_times(max(meets_s - 4.5, 0.0), min(meets_s + 4.0, plan.duration_s))
            s_m = float(_ego_s(motion, meets_s)[0]) - speed_mps * (t_s - meets_s)
            yield "car", "oncoming", Path(t_s, s_m, np.full_like(t_s, -RIGHT_LANE_M))
        meets_s += rng.uniform(5.0, 9.0)


def crossing_s_m(plan: Plan, motion: EgoMotion) -> tuple[float, ...]:
    """Return where along the road the pedestrian crossings are."""
    return tuple(
        float(_ego_s(motion, beat.start_s + ENTERS_AFTER_S)[0]) + ENTERS_AHEAD_M
        for beat in plan.named("brake_for_pedestrian")
    )
