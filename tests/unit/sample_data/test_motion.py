import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.motion import GRID_HZ, EgoMotion, drive_plan, motion_at, ramp, ramp_rate
from sample_data.plan import make_plan
from sample_data.vehicle import LEFT_LANE_M, RIGHT_LANE_M
from sample_data.world import World


@pytest.fixture(scope="module", params=[(7, 180.0), (7, 20.0), (11, 60.0), (5, 400.0)])
def motion(request: pytest.FixtureRequest) -> EgoMotion:
    seed, duration_s = request.param
    return drive_plan(make_plan(seed, duration_s), heading_rad=0.4)


def rate(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.gradient(values) * GRID_HZ)


def test_speed_is_the_rate_of_position(motion: EgoMotion) -> None:
    moved = np.hypot(rate(motion.x_m), rate(motion.y_m))
    np.testing.assert_allclose(moved[1:-1], motion.speed_mps[1:-1], atol=2e-3)


def test_position_moves_along_the_heading(motion: EgoMotion) -> None:
    aside = rate(motion.y_m) * np.cos(motion.heading_rad) - rate(motion.x_m) * np.sin(
        motion.heading_rad
    )
    np.testing.assert_allclose(aside[1:-1], 0.0, atol=2e-3)


def test_longitudinal_acceleration_is_the_rate_of_speed(motion: EgoMotion) -> None:
    np.testing.assert_allclose(rate(motion.speed_mps)[1:-1], motion.accel_x_mps2[1:-1], atol=5e-3)


def test_yaw_rate_is_the_rate_of_heading(motion: EgoMotion) -> None:
    np.testing.assert_allclose(rate(motion.heading_rad)[1:-1], motion.yaw_rate_rps[1:-1], atol=1e-3)


def test_lateral_acceleration_is_speed_times_yaw_rate(motion: EgoMotion) -> None:
    np.testing.assert_allclose(
        motion.accel_y_mps2, motion.speed_mps * motion.yaw_rate_rps, atol=1e-12
    )


def test_lateral_speed_is_the_rate_of_the_offset(motion: EgoMotion) -> None:
    np.testing.assert_allclose(rate(motion.offset_m)[1:-1], motion.offset_rate_mps[1:-1], atol=1e-3)


def test_jerk_and_accelerations_stay_within_what_a_car_does(motion: EgoMotion) -> None:
    assert np.abs(rate(motion.accel_x_mps2)).max() < 7.0
    assert np.abs(motion.accel_y_mps2).max() < 3.2
    assert motion.accel_x_mps2.max() < 2.4
    assert motion.accel_x_mps2.min() > -5.8
    assert motion.speed_mps.min() >= 0.0


def test_there_are_no_jumps(motion: EgoMotion) -> None:
    step_s = 1.0 / GRID_HZ
    assert np.abs(np.diff(motion.x_m)).max() < 15.0 * step_s
    assert np.abs(np.diff(motion.heading_rad)).max() < 0.7 * step_s


def test_ego_speeds_only_a_little_over_fifty(motion: EgoMotion) -> None:
    assert motion.speed_mps.max() * 3.6 < 52.0


def test_ego_starts_in_the_right_lane_at_the_origin(motion: EgoMotion) -> None:
    assert (motion.x_m[0], motion.y_m[0], motion.speed_mps[0]) == (0.0, 0.0, 0.0)
    assert motion.offset_m[0] == RIGHT_LANE_M


def test_a_lap_ends_in_the_lane_where_it_began(world: World) -> None:
    between = world.plan.named("lane_change_left")[0].end_s
    assert motion_at(world.motion, np.array([between])).offset_m[0] == pytest.approx(LEFT_LANE_M)
    assert world.motion.offset_m[-1] == pytest.approx(RIGHT_LANE_M)


def test_turns_are_right_angles(world: World) -> None:
    for label, turned_deg in (("turn_right", -90.0), ("turn_left", 90.0)):
        beat = world.plan.named(label)[0]
        ego = motion_at(world.motion, np.array([beat.start_s, beat.end_s]))
        assert np.degrees(np.diff(ego.heading_rad))[0] == pytest.approx(turned_deg, abs=0.1)


def test_motion_at_grid_points_is_the_grid(world: World) -> None:
    picked = motion_at(world.motion, world.motion.t_s[100:200:7])
    np.testing.assert_allclose(picked.x_m, world.motion.x_m[100:200:7])
    np.testing.assert_allclose(picked.heading_rad, world.motion.heading_rad[100:200:7])


def test_motion_is_held_outside_the_drive(world: World) -> None:
    picked = motion_at(world.motion, np.array([-5.0, 1e6]))
    assert picked.s_m[0] == world.motion.s_m[0]
    assert picked.s_m[1] == world.motion.s_m[-1]


@given(st.floats(0.0, 50.0), st.floats(0.5, 20.0))
def test_a_ramp_rises_from_zero_to_one_without_falling(start_s: float, duration_s: float) -> None:
    t_s = np.linspace(start_s - 1.0, start_s + duration_s + 1.0, 400)
    rise = ramp(t_s, start_s, duration_s)
    assert rise[0] == 0.0
    assert rise[-1] == pytest.approx(1.0)
    assert (np.diff(rise) >= -1e-12).all()


@given(st.floats(0.0, 5.0), st.floats(1.0, 10.0))
def test_the_rate_of_a_ramp_integrates_to_the_ramp(start_s: float, duration_s: float) -> None:
    t_s = np.linspace(0.0, 20.0, 20_001)
    rise = ramp(t_s, start_s, duration_s)
    np.testing.assert_allclose(
        np.gradient(rise, t_s)[2:-2], ramp_rate(t_s, start_s, duration_s)[2:-2], atol=5e-3
    )
