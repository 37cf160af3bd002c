import numpy as np
import pytest

from sample_data.actors import Actor, seen_from
from sample_data.vehicle import FRONT_M, KERB_M, LANE_M, LENGTH_M, RIGHT_LANE_M, WIDTH_M
from sample_data.world import World, build_world

SEEDS = (7, 1, 2, 3, 4)


@pytest.fixture(scope="module", params=SEEDS)
def drive(request: pytest.FixtureRequest) -> World:
    return build_world(request.param, 340.0)


def by_role(world: World, role: str) -> list[Actor]:
    return [actor for actor in world.actors if actor.role == role]


def test_track_ids_are_unique(drive: World) -> None:
    assert len({actor.track for actor in drive.actors}) == len(drive.actors)


def test_nobody_touches_ego(drive: World) -> None:
    for actor in drive.actors:
        t_s = actor.path.t_s
        seen = seen_from(drive.ego(t_s), actor.at(t_s))
        half_length, half_width = actor.size.length_m / 2, actor.size.width_m / 2
        along = np.abs(seen.x_m - (FRONT_M - LENGTH_M / 2)) < LENGTH_M / 2 + half_length + 0.3
        aside = np.abs(seen.y_m) < WIDTH_M / 2 + half_width + 0.2
        assert not (along & aside).any(), actor.role


def test_only_the_car_that_cuts_in_changes_its_lane_ahead_of_ego(drive: World) -> None:
    for actor in drive.actors:
        if actor.kind == "pedestrian" or actor.role == "cut_in":
            continue
        ahead = actor.path.s_m > drive.ego(actor.path.t_s).s_m
        moved = np.ptp(actor.path.offset_m[ahead]) if ahead.any() else 0.0
        assert moved == 0.0, actor.role


def test_no_other_vehicle_is_in_the_lane_ahead_of_ego(drive: World) -> None:
    for actor in drive.actors:
        if actor.role in ("cut_in", "crossing"):
            continue
        t_s = actor.path.t_s
        ego = drive.ego(t_s)
        steady = np.abs(ego.offset_rate_mps) < 0.3
        near_edge = np.abs(actor.path.offset_m - ego.offset_m) - actor.size.width_m / 2
        ahead = (actor.path.s_m > ego.s_m) & (actor.path.s_m < ego.s_m + 90.0) & steady
        assert (near_edge[ahead] > LANE_M / 2 + 0.3).all(), actor.role


def test_the_car_that_cuts_in_waits_in_the_neighbour_lane(drive: World) -> None:
    for actor, beat in zip(by_role(drive, "cut_in"), drive.plan.named("other:cut_in"), strict=True):
        before = actor.path.t_s < beat.start_s
        assert beat.start_s - actor.path.t_s[0] > 3.0
        np.testing.assert_array_equal(actor.path.offset_m[before], RIGHT_LANE_M)


def test_the_lead_brakes_before_ego_does(drive: World) -> None:
    for actor, brake in zip(by_role(drive, "cut_in"), drive.plan.named("hard_brake"), strict=True):
        speed = np.hypot(actor.states.vx_mps, actor.states.vy_mps)
        lost = np.interp(brake.start_s, actor.path.t_s, speed)
        assert lost < np.interp(brake.start_s - 0.6, actor.path.t_s, speed) - 0.05


def test_the_follower_stops_behind_ego_at_the_light(drive: World) -> None:
    for actor, wait in zip(
        by_role(drive, "follower"), drive.plan.named("wait_at_light"), strict=True
    ):
        now = np.array([wait.end_s - 0.5])
        seen = seen_from(drive.ego(now), actor.at(now))
        bumper_gap = (FRONT_M - LENGTH_M) - (seen.x_m[0] + actor.size.length_m / 2)
        assert 2.0 < bumper_gap < 7.0
        assert abs(seen.vx_mps[0]) < 0.05


def test_walkers_keep_to_the_pavement(drive: World) -> None:
    for actor in by_role(drive, "walker"):
        assert (actor.path.offset_m < -KERB_M - 2.0).all()


def test_the_crossing_pedestrian_walks_from_kerb_to_kerb(drive: World) -> None:
    for actor in by_role(drive, "crossing"):
        assert actor.path.offset_m[0] == pytest.approx(-KERB_M - 1.2)
        assert actor.path.offset_m[-1] == pytest.approx(KERB_M + 1.2)
        assert np.gradient(actor.path.offset_m, actor.path.t_s).max() == pytest.approx(
            1.45, abs=0.01
        )


def test_oncoming_cars_pass_with_room(drive: World) -> None:
    for actor in by_role(drive, "oncoming"):
        ego = drive.ego(actor.path.t_s)
        beside = np.abs(actor.path.s_m - ego.s_m) < 6.0
        clearance = actor.path.offset_m - ego.offset_m - (WIDTH_M + actor.size.width_m) / 2
        assert (clearance[beside] > 1.5).all()


def test_nobody_drives_through_the_red_light(drive: World) -> None:
    for actor in drive.actors:
        if actor.kind == "pedestrian" or actor.role == "oncoming":
            continue
        front = actor.path.s_m + actor.size.length_m / 2
        for place, red in zip(drive.signals_m, drive.reds, strict=True):
            shown = (actor.path.t_s >= red.start) & (actor.path.t_s < red.stop)
            passing = (front[:-1] < place) & (front[1:] >= place) & shown[1:]
            assert not passing.any(), actor.role
