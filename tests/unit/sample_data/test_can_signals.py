import numpy as np
import pytest

from sample_data.can_database import FRAMES
from sample_data.can_signals import (
    SOURCES,
    body,
    brake_pressure,
    front_axle,
    lane_lines,
    powertrain,
    steering,
    vehicle_dynamics,
    wheel_speeds,
)
from sample_data.noise import generator
from sample_data.vehicle import LANE_M, STEERING_RATIO, WHEELBASE_M
from sample_data.world import World

T_S = np.arange(0.5, 179.0, 0.02)


def rng() -> np.random.Generator:
    return generator(1, "test")


def test_every_frame_has_a_source_for_every_signal(world: World) -> None:
    for frame in FRAMES:
        values = SOURCES[frame.name](world, T_S[:50], rng())
        assert set(values) == {signal.name for signal in frame.signals}
        assert all(np.isfinite(column).all() for column in values.values())


def test_the_dynamics_are_those_of_ego_with_little_noise(world: World) -> None:
    values, ego = vehicle_dynamics(world, T_S, rng()), world.ego(T_S)
    np.testing.assert_allclose(values["VehicleSpeed"] / 3.6, ego.speed_mps, atol=0.08)
    np.testing.assert_allclose(values["YawRate"], np.degrees(ego.yaw_rate_rps), atol=0.4)
    assert np.std(values["LongAcceleration"] - ego.accel_x_mps2) == pytest.approx(0.04, rel=0.1)


def test_speeds_are_exactly_zero_at_rest(world: World) -> None:
    rest = np.arange(0.2, 4.0, 0.02)
    assert not vehicle_dynamics(world, rest, rng())["VehicleSpeed"].any()
    assert not wheel_speeds(world, rest, rng())["WheelSpeedFL"].any()


def test_the_mean_of_the_rear_wheels_is_the_speed(world: World) -> None:
    values, ego = wheel_speeds(world, T_S, rng()), world.ego(T_S)
    mean = 0.5 * (values["WheelSpeedRL"] + values["WheelSpeedRR"]) / 3.6
    np.testing.assert_allclose(mean, ego.speed_mps, atol=0.06)


def test_outer_wheels_turn_faster_in_the_right_turn(world: World) -> None:
    turn = world.plan.named("turn_right")[0]
    middle = np.array([0.5 * (turn.start_s + turn.end_s)])
    values = wheel_speeds(world, middle, rng())
    assert values["WheelSpeedRL"][0] > values["WheelSpeedRR"][0] + 1.0
    assert values["WheelSpeedFL"][0] > values["WheelSpeedRL"][0]


def test_the_steering_angle_gives_the_yaw_rate_of_a_single_track_model(world: World) -> None:
    angle, ego = steering(world, T_S, rng())["SteeringAngle"], world.ego(T_S)
    moving = ego.speed_mps > 3.0
    yaw_rate = ego.speed_mps * np.tan(np.radians(angle / STEERING_RATIO)) / WHEELBASE_M
    np.testing.assert_allclose(yaw_rate[moving], ego.yaw_rate_rps[moving], atol=0.01)


def test_the_lines_are_one_lane_apart(world: World) -> None:
    values = lane_lines(world, T_S, rng())
    slope = values["LeftC1"]
    width = (values["LeftC0"] - values["RightC0"]) * np.cos(slope)
    np.testing.assert_allclose(width, LANE_M, atol=0.12)
    assert (values["LeftC0"] > -0.1).all()
    assert (values["RightC0"] < 0.1).all()


def test_lines_are_renamed_once_per_lane_change(world: World) -> None:
    for label, sign in (("lane_change_left", 1.0), ("lane_change_right", -1.0)):
        beat = world.plan.named(label)[0]
        t_s = np.arange(beat.start_s, beat.end_s, 0.05)
        jumps = np.diff(lane_lines(world, t_s, rng())["LeftC0"])
        big = jumps[np.abs(jumps) > 0.5 * LANE_M]
        assert big.tolist() == pytest.approx([sign * LANE_M], abs=0.2)


def test_the_slope_of_a_line_is_minus_the_angle_to_the_road(world: World) -> None:
    beat = world.plan.named("lane_change_left")[0]
    middle = np.array([0.5 * (beat.start_s + beat.end_s)])
    ego = world.ego(middle)
    expected = -np.arcsin(ego.offset_rate_mps / ego.speed_mps)
    assert lane_lines(world, middle, rng())["LeftC1"][0] == pytest.approx(expected[0], abs=0.004)


def test_the_front_axle_is_a_wheelbase_ahead(world: World) -> None:
    beat = world.plan.named("lane_change_left")[0]
    middle = np.array([0.5 * (beat.start_s + beat.end_s)])
    ego = world.ego(middle)
    offset, angle = front_axle(world, ego)
    assert offset[0] == pytest.approx(ego.offset_m[0] + WHEELBASE_M * np.sin(angle[0]), abs=1e-3)


def test_there_are_no_lines_within_turns(world: World) -> None:
    turn = world.plan.named("turn_left")[0]
    values = lane_lines(world, np.array([turn.start_s + 1.0, turn.end_s + 1.0]), rng())
    assert values["LeftQuality"][0] == 0.0
    assert values["LeftQuality"][1] > 0.0


def test_switches_follow_the_drive(world: World) -> None:
    change = world.plan.named("lane_change_left")[0]
    turn = world.plan.named("turn_right")[0]
    moments = np.array([1.0, change.start_s, turn.start_s, 60.0, 130.0])
    values = body(world, moments, rng())
    assert values["TurnIndicator"].tolist() == [0.0, 1.0, 2.0, 0.0, 0.0]
    assert values["WiperStatus"].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert values["Gear"].tolist() == [0.0, 3.0, 3.0, 3.0, 3.0]


def test_the_brake_is_pressed_while_braking_and_at_rest(world: World) -> None:
    brake = world.plan.named("hard_brake")[0]
    moments = np.array([1.0, 0.5 * (brake.start_s + brake.end_s), brake.end_s + 3.0])
    pressure = brake_pressure(world, moments)
    assert pressure[0] == 15.0
    assert pressure[1] > 50.0
    assert pressure[2] == 0.0
    assert body(world, moments, rng())["BrakePedal"].tolist() == [1.0, 1.0, 0.0]


def test_pages_of_the_powertrain_alternate(world: World) -> None:
    values = powertrain(world, T_S[:6], rng())
    assert values["Mux"].tolist() == [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    assert (powertrain(world, T_S, rng())["EngineSpeed"] < 4500.0).all()
