from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sample_data.ego_streams import (
    GRAVITY_MPS2,
    gnss_fix_stream,
    gnss_velocity_stream,
    imu_stream,
    odometry_stream,
    outside_temperature,
    temperature_stream,
)
from sample_data.geodesy import to_local
from sample_data.ros_types import ROS1, ROS2, Stream
from sample_data.world import World


def messages(stream: Stream) -> list[Any]:
    if stream.topic in ("/gnss/vel", "/body/temperature"):
        return [ROS1.deserialize_ros1(data, stream.message_type) for data in stream.payloads]
    return [ROS2.deserialize_cdr(data, stream.message_type) for data in stream.payloads]


def seconds(world: World, stream: Stream) -> np.ndarray:
    return (stream.stamps_ns - world.start_ns) / 1e9


@pytest.mark.parametrize(
    ("make", "rate_hz"),
    [
        (imu_stream, 100),
        (gnss_fix_stream, 10),
        (gnss_velocity_stream, 10),
        (temperature_stream, 1),
        (odometry_stream, 50),
    ],
)
def test_headers_carry_the_stamps_at_the_rate(
    make: Callable[[World], Stream], rate_hz: int, short_world: World
) -> None:
    stream = make(short_world)
    read = messages(stream)
    assert len(read) == pytest.approx(36 * rate_hz, abs=1)
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in read]
    assert stamps == stream.stamps_ns.tolist()


def test_the_imu_measures_the_motion_with_a_small_bias(world: World) -> None:
    stream = imu_stream(world)
    ego = world.ego(seconds(world, stream))
    read = messages(stream)
    rate = np.array([m.angular_velocity.z for m in read]) - ego.yaw_rate_rps
    assert abs(rate.mean()) < 1e-3
    assert rate.std() == pytest.approx(1.2e-3, rel=0.05)
    force = np.array([m.linear_acceleration.x for m in read]) - ego.accel_x_mps2
    assert abs(force.mean()) < 0.08
    up = np.array([m.linear_acceleration.z for m in read])
    assert up.mean() == pytest.approx(GRAVITY_MPS2, abs=0.08)
    assert read[0].orientation_covariance[0] == -1.0


def test_fixes_are_within_metres_of_the_truth(world: World) -> None:
    stream = gnss_fix_stream(world)
    t_s = seconds(world, stream)
    ego = world.ego(t_s)
    read = messages(stream)
    lat, lon = (np.array([getattr(m, name) for m in read]) for name in ("latitude", "longitude"))
    x_m, y_m = to_local(lat, lon)
    error = np.hypot(x_m - ego.x_m, y_m - ego.y_m)
    good = ~world.gnss_lost(t_s)
    assert 0.05 < np.median(error[good]) < 2.0
    assert error[good].max() < 4.0
    # The error wanders slowly: neighbours differ by centimetres.
    assert np.median(np.abs(np.diff(error[good]))) < 0.1


def test_without_a_fix_status_is_minus_one_and_values_are_unknown(world: World) -> None:
    stream = gnss_fix_stream(world)
    lost = world.gnss_lost(seconds(world, stream))
    read = messages(stream)
    assert lost.sum() > 50
    assert [m.status.status == -1 for m in read] == lost.tolist()
    assert [bool(np.isnan(m.latitude)) for m in read] == lost.tolist()
    assert [m.position_covariance_type == 0 for m in read] == lost.tolist()


def test_gnss_velocity_points_where_ego_goes(world: World) -> None:
    stream = gnss_velocity_stream(world)
    t_s = seconds(world, stream)
    ego = world.ego(t_s)
    read = messages(stream)
    east = np.array([m.twist.linear.x for m in read])
    good = ~world.gnss_lost(t_s)
    np.testing.assert_allclose(
        east[good], (ego.speed_mps * np.cos(ego.heading_rad))[good], atol=0.25
    )
    assert np.isnan(east[~good]).all()
    assert [m.header.seq for m in read[:3]] == [0, 1, 2]


def test_odometry_is_the_pose_within_a_decimetre_or_two(world: World) -> None:
    stream = odometry_stream(world)
    ego = world.ego(seconds(world, stream))
    read = messages(stream)
    x_m = np.array([m.pose.pose.position.x for m in read])
    assert np.abs(x_m - ego.x_m).max() < 0.35
    half = np.array(
        [np.arctan2(m.pose.pose.orientation.z, m.pose.pose.orientation.w) for m in read]
    )
    error = np.angle(np.exp(1j * (2.0 * half - ego.heading_rad)))
    assert np.abs(error).max() < 0.006
    speed = np.array([m.twist.twist.linear.x for m in read])
    assert np.std(speed - ego.speed_mps) == pytest.approx(0.015, rel=0.1)
    assert (read[0].header.frame_id, read[0].child_frame_id) == ("map", "base_link")


def test_it_gets_colder_when_it_rains(world: World) -> None:
    before, after = outside_temperature(world, np.array([100.0, 179.0]))
    assert after < before - 0.4


def test_temperatures_are_rounded_to_hundredths(short_world: World) -> None:
    values = [m.temperature for m in messages(temperature_stream(short_world))]
    assert values == [round(value, 2) for value in values]
    assert 8.0 < min(values) <= max(values) < 10.0
