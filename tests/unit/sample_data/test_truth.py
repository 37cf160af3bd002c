"""Every event of the truth is checked against its definition, written out here a second time."""

from itertools import pairwise

import numpy as np
import pytest

from sample_data.actors import seen_from
from sample_data.truth import Event, events, runs
from sample_data.vehicle import FRONT_M, LANE_M
from sample_data.world import World, build_world

EXPECTED_180 = {
    "standstill": 2,
    "drive_off": 2,
    "hard_brake": 1,
    "turn_left": 1,
    "lane_change_left": 1,
    "lane_change_right": 1,
    "cut_in": 1,
    "vru_crossing": 1,
    "tunnel": 1,
    "gnss_outage": 1,
    "sensor_dropout": 1,
    "rain": 1,
    "twilight": 1,
    "night": 1,
}


@pytest.fixture(scope="module", params=[7, 1, 12])
def drive(request: pytest.FixtureRequest) -> World:
    return build_world(request.param, 180.0)


def of(world: World, label: str) -> list[Event]:
    return [event for event in events(world) if event.type == label]


def within(world: World, event: Event) -> np.ndarray:
    return (world.motion.t_s >= event.start_s) & (world.motion.t_s < event.end_s)


def test_180_seconds_hold_every_kind_of_event(drive: World) -> None:
    found = [event.type for event in events(drive)]
    counts = {label: found.count(label) for label in EXPECTED_180}
    assert counts == EXPECTED_180
    assert found.count("turn_right") >= 1
    assert set(found) == {*EXPECTED_180, "turn_right", "high_jerk"}


def test_events_are_in_order_and_within_the_drive(drive: World) -> None:
    found = events(drive)
    assert [event.start_s for event in found] == sorted(event.start_s for event in found)
    assert all(0.0 <= event.start_s < event.end_s <= drive.duration_s for event in found)


@pytest.mark.parametrize("duration_s", [20.0, 33.3, 60.0, 400.0])
def test_any_duration_has_a_truth(duration_s: float) -> None:
    found = [event.type for event in events(build_world(7, duration_s))]
    assert {"standstill", "twilight", "night", "rain"} <= set(found)
    assert ("hard_brake" in found) == (duration_s > 70.0)


def test_long_drives_repeat_the_lap() -> None:
    found = [event.type for event in events(build_world(7, 400.0))]
    assert found.count("cut_in") >= 2
    assert found.count("turn_left") == 2


def test_the_hard_brake_reaches_about_minus_five(drive: World) -> None:
    (event,) = of(drive, "hard_brake")
    accel = drive.motion.accel_x_mps2[within(drive, event)]
    assert -5.6 < accel.min() < -4.3
    assert event.evidence["min_accel_mps2"] == pytest.approx(accel.min())
    assert (accel <= -3.0).sum() / 200.0 >= 0.3
    assert accel[0] == pytest.approx(-0.5, abs=0.05)
    assert accel[-1] == pytest.approx(-1.5, abs=0.05)
    assert float(event.evidence["speed_before_mps"]) >= 2.8


def test_ego_brakes_hard_only_in_that_event(drive: World) -> None:
    (event,) = of(drive, "hard_brake")
    outside = ~within(drive, event)
    assert drive.motion.accel_x_mps2[outside].min() > -2.6


def test_standstills_begin_at_a_tenth_and_end_at_half_a_metre_per_second(drive: World) -> None:
    rest, light = of(drive, "standstill")
    for event in (rest, light):
        speed = drive.motion.speed_mps[within(drive, event)]
        assert speed.max() <= 0.5 + 1e-6
        assert speed.min() <= 0.1
        assert event.end_s - event.start_s >= 2.0
    assert rest.start_s == 0.0
    assert "at" not in rest.evidence


def test_the_stop_at_the_light_lasts_and_is_close_to_the_signal(drive: World) -> None:
    light = of(drive, "standstill")[1]
    assert light.end_s - light.start_s >= 4.0
    assert light.evidence["at"] == "traffic_signals"
    s_m = drive.ego(np.array([light.end_s - 1.0])).s_m[0]
    assert FRONT_M < drive.signals_m[0] - s_m < 40.0
    red = drive.reds[0]
    assert red.start < light.start_s
    assert light.start_s < red.stop < light.end_s


def test_a_drive_off_goes_from_half_a_metre_to_two_metres_per_second(drive: World) -> None:
    stops = of(drive, "standstill")
    for stop, event in zip(stops, of(drive, "drive_off"), strict=True):
        inside = within(drive, event)
        assert stop.start_s < stop.end_s == event.start_s < event.end_s < stop.end_s + 5.0
        assert drive.motion.speed_mps[inside].max() < 2.0
        assert drive.motion.speed_mps[inside].min() > 0.5


def test_jerks_are_the_ramps_of_the_hard_brake_joined_over_half_a_second(drive: World) -> None:
    (brake,) = of(drive, "hard_brake")
    jerks = of(drive, "high_jerk")
    assert 1 <= len(jerks) <= 2
    assert brake.start_s < jerks[0].start_s < brake.end_s < jerks[-1].end_s + 0.5
    for event in jerks:
        slope = np.abs(np.diff(drive.motion.accel_x_mps2[within(drive, event)]) * 200.0)
        assert slope.max() == pytest.approx(event.evidence["max_jerk_mps3"], rel=0.02)
        assert slope.max() >= 4.13
        assert np.count_nonzero(slope < 2.0) <= 0.5 * 200
    for earlier, later in pairwise(jerks):
        assert later.start_s - earlier.end_s > 0.5


def test_turns_exceed_45_degrees_at_more_than_walking_pace(drive: World) -> None:
    for label, sign in (("turn_left", 1.0), ("turn_right", -1.0)):
        event = of(drive, label)[0]
        inside = within(drive, event)
        yaw_rate = sign * np.degrees(drive.motion.yaw_rate_rps[inside])
        assert (yaw_rate > 2.9).all()
        assert yaw_rate[0] == pytest.approx(5.0, abs=0.2)
        assert sign * float(event.evidence["turned_deg"]) > 80.0
        assert event.end_s - event.start_s >= 1.5
        assert drive.motion.speed_mps[inside].min() > 1.0


def test_lane_changes_cross_one_line_at_a_plausible_pace(drive: World) -> None:
    for label, sign in (("lane_change_left", 1.0), ("lane_change_right", -1.0)):
        (event,) = of(drive, label)
        inside = within(drive, event)
        rate = sign * drive.motion.offset_rate_mps[inside]
        assert (rate >= 0.1 - 1e-9).all()
        assert 1.5 <= event.end_s - event.start_s <= 12.0
        crossing = float(event.evidence["crossing_s"])
        offset = drive.ego(np.array([crossing])).offset_m[0]
        assert offset == pytest.approx(-LANE_M, abs=0.02)
        turned = np.ptp(np.degrees(drive.motion.road_heading_rad[inside]))
        assert turned == 0.0


def test_the_cut_in_fulfils_its_definition(drive: World) -> None:
    (event,) = of(drive, "cut_in")
    actor = event.actor
    assert actor is not None
    t_s = actor.path.t_s
    intrusion = float(event.evidence["intrusion_s"])
    near_edge = actor.path.offset_m + actor.size.width_m / 2
    adjacent = (t_s >= intrusion - 2.5) & (t_s < intrusion - 1.5)
    assert (near_edge[adjacent] < -LANE_M - 0.3).all()
    assert np.interp(intrusion, t_s, near_edge) == pytest.approx(-LANE_M + 0.3, abs=0.03)
    inside = (t_s > intrusion) & (t_s < intrusion + 8.0)
    assert (actor.path.offset_m[inside] > -LANE_M).sum() / 50.0 >= 1.0
    assert event.start_s < intrusion < event.end_s
    ego = drive.ego(np.array([intrusion]))
    assert ego.speed_mps[0] > 5.0
    assert abs(ego.offset_rate_mps[0]) < 0.3
    assert 10.0 < float(event.evidence["gap_m"]) < 14.5
    assert float(event.evidence["lateral_mps"]) >= 0.2
    assert 5.0 < float(event.evidence["ttc_s"]) < 20.0


def test_after_the_cut_in_ego_keeps_a_survivable_distance(drive: World) -> None:
    (event,) = of(drive, "cut_in")
    assert event.actor is not None
    t_s = event.actor.path.t_s
    seen = seen_from(drive.ego(t_s), event.actor.at(t_s))
    gap = seen.x_m - FRONT_M - event.actor.size.length_m / 2
    closing = drive.ego(t_s).speed_mps - seen.vx_mps
    after = (t_s > float(event.evidence["intrusion_s"])) & (closing > 0.5)
    assert gap.min() > 4.0
    assert (gap[after] / closing[after]).min() > 2.0


def test_the_pedestrian_fulfils_the_definition_of_a_crossing(drive: World) -> None:
    (event,) = of(drive, "vru_crossing")
    actor = event.actor
    assert actor is not None
    assert actor.kind == "pedestrian"
    t_s = actor.path.t_s
    ego = drive.ego(t_s)
    seen = seen_from(ego, actor.at(t_s))
    inside = (t_s >= event.start_s) & (t_s < event.end_s)
    assert (seen.x_m[inside] > 0.0).all()
    assert (np.diff(seen.y_m[inside]) > 0.0).all()
    assert seen.y_m[inside][0] == pytest.approx(-5.0, abs=0.1)
    assert seen.y_m[inside][-1] == pytest.approx(5.0, abs=0.1)
    lane = (t_s >= float(event.evidence["enters_s"])) & (t_s < float(event.evidence["leaves_s"]))
    assert (seen.x_m[lane] < np.maximum(15.0, 4.0 * ego.speed_mps[lane])).all()
    assert lane.sum() / 50.0 == pytest.approx(LANE_M / 1.45, abs=0.1)
    assert t_s[0] < event.start_s - 0.5


def test_ego_slows_only_moderately_for_the_pedestrian(drive: World) -> None:
    beat = drive.plan.named("brake_for_pedestrian")[0]
    ego = drive.ego(np.linspace(beat.start_s, beat.end_s, 500))
    assert -3.0 < ego.accel_x_mps2.min() < -1.5


def test_the_tunnel_is_long_enough_and_blocks_the_receiver(drive: World) -> None:
    (tunnel,), (outage,) = of(drive, "tunnel"), of(drive, "gnss_outage")
    assert float(tunnel.evidence["length_m"]) >= 100.0
    assert outage.end_s - outage.start_s >= 5.0
    assert tunnel.start_s < outage.start_s < tunnel.end_s < outage.end_s


def test_the_camera_is_missing_for_about_one_and_a_half_seconds(drive: World) -> None:
    (event,) = of(drive, "sensor_dropout")
    assert 1.4 < event.end_s - event.start_s < 1.9
    assert event.evidence["stream"] == "/camera/front/image/compressed"


def test_night_follows_twilight_in_the_middle_of_the_drive(drive: World) -> None:
    (twilight,), (night,) = of(drive, "twilight"), of(drive, "night")
    assert twilight.start_s == 0.0
    assert twilight.end_s == night.start_s
    assert night.start_s == pytest.approx(90.0, abs=1.0)
    assert night.end_s == drive.duration_s


def test_it_rains_from_sixty_percent_on(drive: World) -> None:
    (event,) = of(drive, "rain")
    assert event.start_s == pytest.approx(108.0, abs=0.5)
    assert event.end_s == drive.duration_s


def test_a_drive_at_noon_is_by_day() -> None:
    noon_ns = 1_791_979_200_000_000_000
    found = [event.type for event in events(build_world(7, 20.0, noon_ns))]
    assert "day" in found
    assert not {"night", "twilight"} & set(found)


def test_runs_are_half_open() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.array([False, False])) == []
    assert runs(np.zeros(0, dtype=bool)) == []
