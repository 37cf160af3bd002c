"""Truth about other road users: following, braking leads, conflicts, crossings and crowds."""

import numpy as np
import pytest

from sample_data.grid.motion import Pulse, change, shift
from sample_data.grid.plan import Actor, Plan, Road
from sample_data.grid.truth import events
from sample_data.grid.truth.conflicts import time_to_collision_s
from sample_data.grid.truth.events import TrueEvent
from sample_data.grid.truth.vehicles import headway_s, leads
from sample_data.grid.world import simulate


def happens(plan: Plan, kind: str) -> list[TrueEvent]:
    return [one for one in events(simulate(plan)) if one.type == kind]


def behind(gap_m: float, *, speed_mps: float = 20.0, lead_mps: float = 20.0) -> Plan:
    """The ego behind a lead in its lane, for 20 s."""
    lead = Actor(name="lead", gap_m=gap_m, speed_mps=lead_mps)
    return Plan(speed_mps=speed_mps, actors=(lead,), duration_s=20.0)


def test_headway_is_the_gap_at_the_egos_speed() -> None:
    world = simulate(behind(30.0))
    assert headway_s(world, world.others[0]) == pytest.approx(1.5)


def test_the_lead_is_the_nearest_ahead_in_the_lane() -> None:
    actors = (
        Actor(name="far", gap_m=50.0, speed_mps=20.0),
        Actor(name="near", gap_m=20.0, speed_mps=20.0),
        Actor(name="beside", gap_m=10.0, speed_mps=20.0, offset_m=3.5),
        Actor(name="behind", gap_m=-20.0, speed_mps=20.0),
        Actor(name="walker", kind="pedestrian", gap_m=5.0, speed_mps=20.0),
    )
    first = leads(simulate(Plan(speed_mps=20.0, actors=actors, duration_s=5.0)))
    assert [one.all() for one in first] == [False, True, False, False]
    assert [one.any() for one in first] == [False, True, False, False]


def test_without_others_there_is_no_lead() -> None:
    assert leads(simulate(Plan(duration_s=5.0))) == ()


@pytest.mark.parametrize(("gap_m", "count"), [(59.0, 1), (61.0, 0)])
def test_following_is_within_three_seconds(gap_m: float, count: int) -> None:
    assert len(happens(behind(gap_m), "following")) == count


@pytest.mark.parametrize(("lead_mps", "count"), [(18.2, 1), (17.8, 0), (21.8, 1), (22.2, 0)])
def test_following_is_at_nearly_the_same_speed(lead_mps: float, count: int) -> None:
    assert len(happens(behind(40.0, lead_mps=lead_mps), "following")) == count


@pytest.mark.parametrize(("gap_m", "count"), [(19.0, 1), (21.0, 0)])
def test_close_is_a_second(gap_m: float, count: int) -> None:
    assert len(happens(behind(gap_m), "close_following")) == count


def test_a_queue_in_town_is_not_close() -> None:
    assert happens(behind(5.0, speed_mps=8.0, lead_mps=8.0), "close_following") == []


def test_close_counts_from_three_seconds_after_a_cut_in() -> None:
    car = Actor(
        name="car", gap_m=12.0, speed_mps=20.0, offset_m=3.5, sideways=(shift(5.0, 4.0, -3.5),)
    )
    plan = Plan(speed_mps=20.0, actors=(car,), duration_s=20.0)
    (cut,) = happens(plan, "cut_in")
    (close,) = happens(plan, "close_following")
    assert close.start_s == pytest.approx(float(cut.facts["intrusion_s"]) + 3.0, abs=0.02)


@pytest.mark.parametrize(("decel", "count"), [(-1.9, 0), (-2.1, 1)])
@pytest.mark.parametrize(("gap_m", "near"), [(40.0, 1), (90.0, 0)])
def test_a_lead_that_brakes(decel: float, count: int, gap_m: float, near: int) -> None:
    lead = Actor(name="lead", gap_m=gap_m, speed_mps=20.0, accelerate=(change(5.0, decel, -6.0),))
    plan = Plan(speed_mps=20.0, actors=(lead,), duration_s=9.0)
    assert len(happens(plan, "lead_brake")) == count * near


def test_time_to_collision_is_gap_over_closing_speed_in_tenths() -> None:
    world = simulate(behind(60.0, lead_mps=15.0))
    ttc = time_to_collision_s(world, world.others[0])
    gap = world.others[0].gap_m
    inside = (gap > 0.5) & (gap / 5.0 < 2.9)
    expected = np.ceil(gap[inside] / 5.0 * 10 - 1e-6) / 10
    assert ttc[inside] == pytest.approx(expected, abs=0.11)
    assert np.isinf(ttc[gap / 5.0 > 3.05]).all()


def test_beside_each_other_nobody_collides() -> None:
    slow = Actor(name="slow", gap_m=20.0, speed_mps=10.0, offset_m=3.5)
    world = simulate(Plan(speed_mps=20.0, actors=(slow,), duration_s=10.0))
    assert np.isinf(time_to_collision_s(world, world.others[0])).all()


@pytest.mark.parametrize(("left_m", "count"), [(1.0, 1), (12.0, 0)])
def test_a_near_collision_is_a_second_and_a_half(left_m: float, count: int) -> None:
    # The ego comes from 10 m/s faster and keeps left_m after braking with 8 m/s2.
    brake = change(6.0, -8.0, -10.0, 0.3)
    slow = Actor(name="slow", at_s=brake.stop, gap_m=left_m, speed_mps=10.0)
    plan = Plan(speed_mps=20.0, accelerate=(brake,), actors=(slow,), duration_s=12.0)
    assert len(happens(plan, "near_collision")) == count


@pytest.mark.parametrize(("clearance_m", "count"), [(1.4, 1), (1.6, 0)])
def test_oncoming_is_close_below_a_metre_and_a_half(clearance_m: float, count: int) -> None:
    other = Actor(
        name="o", at_s=6.0, speed_mps=12.0, direction=-1, offset_m=0.925 + 0.9 + clearance_m
    )
    plan = Plan(speed_mps=12.0, actors=(other,), duration_s=12.0)
    assert len(happens(plan, "oncoming_close")) == count
    same_way = Actor(name="s", at_s=6.0, speed_mps=6.0, offset_m=2.5)
    assert happens(Plan(speed_mps=12.0, actors=(same_way,)), "oncoming_close") == []


@pytest.mark.parametrize(("ahead_m", "count"), [(6.0, 1), (12.0, 0), (-8.0, 0)])
@pytest.mark.parametrize("side", [1, -1])
def test_a_vehicle_crosses_within_ten_metres(ahead_m: float, count: int, side: int) -> None:
    car = Actor(
        name="c",
        gap_m=ahead_m - 2.25,
        offset_m=side * 20.0,
        sideways=(Pulse(2.0, 5.0, -side * 9.0, 0.5),),
    )
    plan = Plan(speed_mps=0.0, actors=(car,), duration_s=10.0)
    assert len(happens(plan, "crossing_vehicle")) == count


def test_a_vehicle_that_stops_half_way_does_not_cross() -> None:
    car = Actor(name="c", gap_m=4.0, offset_m=20.0, sideways=(Pulse(2.0, 2.5, -9.0, 0.5),))
    assert happens(Plan(speed_mps=0.0, actors=(car,), duration_s=10.0), "crossing_vehicle") == []


@pytest.mark.parametrize(("count", "dense"), [(7, 0), (8, 1)])
def test_eight_vehicles_are_dense(count: int, dense: int) -> None:
    around = tuple(
        Actor(name=f"{n}", gap_m=8.0 + 9.0 * (n // 2), speed_mps=15.0, offset_m=3.5 * (-1) ** n)
        for n in range(count)
    )
    plan = Plan(speed_mps=15.0, actors=around, duration_s=5.0)
    assert len(happens(plan, "dense_traffic")) == dense


@pytest.mark.parametrize(("count", "crowd"), [(2, 0), (3, 1)])
def test_three_people_are_a_crowd(count: int, crowd: int) -> None:
    people = tuple(
        Actor(name=f"{n}", kind="pedestrian", gap_m=1.0 + n, offset_m=-4.0) for n in range(count)
    )
    plan = Plan(speed_mps=0.0, actors=people, duration_s=5.0)
    assert len(happens(plan, "multi_vru")) == crowd


@pytest.mark.parametrize(("aside_m", "count"), [(2.3, 1), (2.6, 0)])
def test_a_pedestrian_is_near_within_a_metre_and_a_half(aside_m: float, count: int) -> None:
    person = Actor(name="p", kind="pedestrian", at_s=5.0, gap_m=10.0, offset_m=aside_m)
    plan = Plan(speed_mps=8.0, actors=(person,), duration_s=12.0)
    assert len(happens(plan, "pedestrian_near_path")) == count
    cyclist = Actor(name="c", kind="bicycle", at_s=5.0, gap_m=10.0, offset_m=aside_m)
    assert happens(Plan(speed_mps=8.0, actors=(cyclist,)), "pedestrian_near_path") == []


def test_who_waits_in_the_lane_is_still_crossing_and_who_stops_before_it_never_was() -> None:
    def person(way_m: float) -> Plan:
        there = Pulse(5.0, way_m / 1.2 + 0.8, -1.2, 0.8)
        back = Pulse(there.stop + 4.0, way_m / 1.2 + 0.8, 1.2, 0.8)
        one = Actor(name="p", kind="pedestrian", gap_m=8.0, offset_m=6.0, sideways=(there, back))
        return Plan(speed_mps=0.0, actors=(one,), duration_s=30.0)

    (crossing,) = happens(person(5.5), "vru_crossing")
    assert crossing.stop_s - crossing.start_s == pytest.approx(2 * 4.5 / 1.2 + 4.0, abs=1.5)
    assert happens(person(3.9), "vru_crossing") == []


def test_an_ego_that_swings_past_somebody_who_stands_is_crossed_by_nobody() -> None:
    person = Actor(name="p", kind="pedestrian", at_s=8.0, gap_m=12.0, offset_m=3.0)
    plan = Plan(
        speed_mps=8.0, sideways=(shift(5.0, 4.0, 3.0),), actors=(person,), road=Road(lane_m=3.5)
    )
    assert happens(plan, "vru_crossing") == []
