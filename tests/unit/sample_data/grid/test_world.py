"""Planned drives in motion: kinematics of the ego, and others seen from it."""

import numpy as np
import pytest

from sample_data.grid.motion import Pulse, change, shift
from sample_data.grid.plan import Actor, Plan, Road
from sample_data.grid.world import GRID_HZ, simulate
from sample_data.vehicle import FRONT_M


def at(t_s: float) -> int:
    return round(t_s * GRID_HZ)


def test_a_plain_drive_is_straight_and_even() -> None:
    world = simulate(Plan(speed_mps=20.0, duration_s=10.0))
    assert world.t_s[-1] == 10.0
    assert world.ego.s_m[-1] == pytest.approx(200.0)
    assert world.ego.x_m[-1] - world.ego.x_m[0] == pytest.approx(200.0, abs=1e-6)
    assert np.abs(world.ego.y_m).max() < 1e-9
    assert np.abs(world.ego.accel_mps2).max() < 1e-9
    assert np.abs(world.ego.yaw_rate_radps).max() < 1e-9
    assert not world.lane.any()


def test_acceleration_is_the_slope_of_speed() -> None:
    world = simulate(Plan(speed_mps=20.0, accelerate=(change(10.0, -4.0, -10.0),)))
    assert world.ego.accel_mps2.min() == pytest.approx(-4.0, abs=0.01)
    assert world.ego.speed_mps[-1] == pytest.approx(10.0, abs=1e-3)


def test_a_lane_change_ends_in_the_next_lane_and_turns_there_and_back() -> None:
    plan = Plan(speed_mps=20.0, sideways=(shift(10.0, 5.0, 3.5),), duration_s=20.0)
    ego, lane = simulate(plan).ego, simulate(plan).lane
    assert ego.d_m[-1] == pytest.approx(3.5, abs=1e-3)
    assert (lane[0], lane[-1]) == (0, 1)
    assert ego.heading_rad[-1] == pytest.approx(0.0, abs=1e-6)
    assert ego.heading_rad.max() == pytest.approx(np.arctan2(1.4, 20.0), abs=1e-3)
    assert ego.yaw_rate_radps.max() > 0 > ego.yaw_rate_radps.min()


def test_a_bend_turns_at_speed_times_curvature() -> None:
    road = Road(bends=(Pulse(50.0, 200.0, 0.01, 20.0),))
    world = simulate(Plan(speed_mps=10.0, road=road, duration_s=30.0))
    assert world.ego.yaw_rate_radps[at(12.0)] == pytest.approx(0.1, abs=1e-3)
    assert world.ego.heading_rad[-1] == pytest.approx(0.01 * 180.0, abs=1e-2)


def test_reversing_keeps_the_heading() -> None:
    pulses = (Pulse(1.0, 3.0, -2.0, 1.0),)
    world = simulate(Plan(speed_mps=0.0, accelerate=pulses, reverses=True, duration_s=8.0))
    assert world.ego.speed_mps[-1] == pytest.approx(-4.0, abs=1e-2)
    assert np.abs(world.ego.heading_rad).max() < 1e-9


@pytest.mark.parametrize("bend", [0.0, 0.002])
def test_an_actor_is_where_it_was_placed_at_that_moment(bend: float) -> None:
    road = Road(bends=(Pulse(0.0, 2000.0, bend, 50.0),)) if bend else Road()
    actor = Actor(name="a", at_s=12.0, gap_m=18.0, speed_mps=13.0, offset_m=-3.5)
    (other,) = simulate(Plan(speed_mps=15.0, actors=(actor,), road=road, duration_s=20.0)).others
    row = 12 * GRID_HZ
    assert other.gap_m[row] == pytest.approx(18.0, abs=1e-6)
    assert other.aside_m[row] == pytest.approx(-3.5)
    assert other.gap_m[row + 2 * GRID_HZ] == pytest.approx(14.0, abs=1e-6)


def test_the_ego_frame_is_x_forward_y_left() -> None:
    actor = Actor(name="a", gap_m=20.0, speed_mps=15.0, offset_m=3.5)
    (other,) = simulate(Plan(speed_mps=15.0, actors=(actor,), duration_s=5.0)).others
    assert other.x_m == pytest.approx(FRONT_M + 20.0 + 2.25)
    assert other.y_m == pytest.approx(3.5)
    assert other.vx_mps == pytest.approx(15.0, abs=1e-6)
    assert other.vy_mps == pytest.approx(0.0, abs=1e-6)
    assert other.heading_rad == pytest.approx(0.0, abs=1e-6)


def test_an_oncoming_actor_heads_at_the_ego() -> None:
    actor = Actor(name="a", at_s=3.0, speed_mps=10.0, direction=-1, offset_m=3.5)
    (other,) = simulate(Plan(speed_mps=15.0, actors=(actor,), duration_s=5.0)).others
    assert np.abs(other.heading_rad) == pytest.approx(np.pi)
    assert other.vx_mps == pytest.approx(-10.0, abs=1e-6)
    assert np.gradient(other.gap_m) * GRID_HZ == pytest.approx(-25.0, abs=1e-6)


def test_places_are_told_from_the_lane_that_the_ego_is_in() -> None:
    plan = Plan(
        speed_mps=15.0,
        sideways=(shift(5.0, 4.0, 3.5),),
        actors=(Actor(name="a", gap_m=20.0, speed_mps=15.0, offset_m=3.5),),
        duration_s=12.0,
    )
    (other,) = simulate(plan).others
    assert other.aside_m[0] == pytest.approx(3.5)
    assert other.aside_m[-1] == pytest.approx(0.0, abs=1e-6)


def test_an_actor_is_seen_within_reach_and_its_time() -> None:
    near = Actor(name="near", gap_m=20.0, speed_mps=15.0, seen_s=(2.0, 4.0))
    far = Actor(name="far", gap_m=200.0, speed_mps=15.0)
    one, other = simulate(Plan(speed_mps=15.0, actors=(near, far), duration_s=6.0)).others
    assert one.seen.nonzero()[0][[0, -1]].tolist() == [2 * GRID_HZ, 4 * GRID_HZ]
    assert not other.seen.any()
