"""What the vehicle measures about itself: IMU, GNSS, odometry, temperature."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sample_data.geodesy import GROUND_M, to_wgs84
from sample_data.noise import Floats, correlated, generator, sample_times
from sample_data.ros_types import (
    ROS1,
    Stream,
    cdr,
    header,
    point,
    ros1_header,
    ros2,
    twist,
    vector3,
    yaw_pose,
)
from sample_data.world import World

GRAVITY_MPS2 = 9.816
ANTENNA_M = 1.5
"""Height of the antenna above ``base_link``; it sits straight above the rear axle."""


def imu_stream(world: World) -> Stream:
    """Return the IMU at 100 Hz: specific force and rates in vehicle axes, with bias and noise."""
    rng = generator(world.seed, "imu")
    t_s = sample_times(rng, rate_hz=100.0, duration_s=world.duration_s, jitter_s=5e-5)
    ego = world.ego(t_s)
    zero = np.zeros_like(t_s)
    # Vibration grows with speed; bias of a mid-grade MEMS unit.
    shake = (0.015 + 0.003 * ego.speed_mps)[:, None]
    force = np.column_stack((ego.accel_x_mps2, ego.accel_y_mps2, zero + GRAVITY_MPS2))
    force += rng.normal(0.0, 0.02, 3) + shake * rng.normal(size=(t_s.size, 3))
    rates = np.column_stack((zero, zero, ego.yaw_rate_rps))
    rates += rng.normal(0.0, 2e-4, 3) + rng.normal(0.0, 1.2e-3, (t_s.size, 3))
    stamps = world.stamps(t_s)
    return Stream("/imu/data", "sensor_msgs/msg/Imu", stamps, _imu(stamps, force, rates))


def _imu(stamps: Any, force: Floats, rates: Floats) -> Iterator[bytes]:
    message = ros2("sensor_msgs/msg/Imu")
    # REP 145: -1 in the first element says that the unit gives no orientation.
    no_orientation = np.zeros(9)
    no_orientation[0] = -1.0
    unturned = ros2("geometry_msgs/msg/Quaternion")(x=0.0, y=0.0, z=0.0, w=1.0)
    rate_covariance = np.eye(3).ravel() * 1.5e-6
    force_covariance = np.eye(3).ravel() * 2.0e-3
    for stamp_ns, a, w in zip(stamps, force, rates, strict=True):
        yield cdr(
            message(
                header=header(stamp_ns, "base_link"),
                orientation=unturned,
                orientation_covariance=no_orientation,
                angular_velocity=vector3(*w),
                angular_velocity_covariance=rate_covariance,
                linear_acceleration=vector3(*a),
                linear_acceleration_covariance=force_covariance,
            )
        )


def gnss_fix_stream(world: World) -> Stream:
    """Return the receiver's position at 10 Hz; without a fix the status is -1, the values NaN."""
    rng = generator(world.seed, "gnss fix")
    t_s = sample_times(rng, rate_hz=10.0, duration_s=world.duration_s, jitter_s=1e-4)
    ego = world.ego(t_s)
    error = correlated(rng, t_s.size, sigma=0.5, steps=300.0, columns=3)
    error += rng.normal(0.0, 0.03, error.shape)
    lat, lon = to_wgs84(ego.x_m + error[:, 0], ego.y_m + error[:, 1])
    height = GROUND_M + ANTENNA_M + 1.5 * error[:, 2]
    stamps = world.stamps(t_s)
    values = np.column_stack((lat, lon, height))
    lost = world.gnss_lost(t_s)
    values[lost] = np.nan
    return Stream("/gnss/fix", "sensor_msgs/msg/NavSatFix", stamps, _fixes(stamps, values, lost))


def _fixes(stamps: Any, values: Floats, lost: Any) -> Iterator[bytes]:
    message, status = ros2("sensor_msgs/msg/NavSatFix"), ros2("sensor_msgs/msg/NavSatStatus")
    known = np.diag((0.36, 0.36, 0.81)).ravel()
    for stamp_ns, (lat, lon, height), no_fix in zip(stamps, values, lost, strict=True):
        yield cdr(
            message(
                header=header(stamp_ns, "gnss"),
                status=status(status=-1 if no_fix else 0, service=1),
                latitude=float(lat),
                longitude=float(lon),
                altitude=float(height),
                position_covariance=np.zeros(9) if no_fix else known,
                position_covariance_type=0 if no_fix else 2,
            )
        )


def gnss_velocity_stream(world: World) -> Stream:
    """Return the receiver's east-north-up velocity at 10 Hz (ROS 1); NaN without a fix."""
    rng = generator(world.seed, "gnss velocity")
    t_s = sample_times(rng, rate_hz=10.0, duration_s=world.duration_s, jitter_s=1e-4)
    ego = world.ego(t_s)
    east = ego.speed_mps * np.cos(ego.heading_rad)
    north = ego.speed_mps * np.sin(ego.heading_rad)
    velocity = np.column_stack((east, north, np.zeros_like(east)))
    velocity += rng.normal(0.0, 0.04, velocity.shape)
    velocity[world.gnss_lost(t_s)] = np.nan
    stamps = world.stamps(t_s)
    return Stream(
        "/gnss/vel", "geometry_msgs/msg/TwistStamped", stamps, _velocities(stamps, velocity)
    )


def _velocities(stamps: Any, velocity: Floats) -> Iterator[bytes]:
    types = ROS1.types
    still = types["geometry_msgs/msg/Vector3"](x=0.0, y=0.0, z=0.0)
    for number, (stamp_ns, (east, north, up)) in enumerate(zip(stamps, velocity, strict=True)):
        linear = types["geometry_msgs/msg/Vector3"](x=float(east), y=float(north), z=float(up))
        message = types["geometry_msgs/msg/TwistStamped"](
            header=ros1_header(number, stamp_ns, "gnss"),
            twist=types["geometry_msgs/msg/Twist"](linear=linear, angular=still),
        )
        yield bytes(ROS1.serialize_ros1(message, "geometry_msgs/msg/TwistStamped"))


def outside_temperature(world: World, t_s: Floats) -> Floats:
    """Return the true air temperature [deg C]; it falls a little when the rain begins."""
    return 9.4 - 0.0003 * t_s - 0.6 * np.clip((t_s - world.rain_from_s) / 60.0, 0.0, 1.0)


def temperature_stream(world: World) -> Stream:
    """Return the outside thermometer at 1 Hz (ROS 1)."""
    rng = generator(world.seed, "temperature")
    t_s = sample_times(rng, rate_hz=1.0, duration_s=world.duration_s, jitter_s=2e-3)
    values = outside_temperature(world, t_s) + rng.normal(0.0, 0.05, t_s.size)
    stamps = world.stamps(t_s)
    return Stream(
        "/body/temperature",
        "sensor_msgs/msg/Temperature",
        stamps,
        _temperatures(stamps, np.round(values, 2)),
    )


def _temperatures(stamps: Any, values: Floats) -> Iterator[bytes]:
    kind = ROS1.types["sensor_msgs/msg/Temperature"]
    for number, (stamp_ns, value) in enumerate(zip(stamps, values, strict=True)):
        message = kind(
            header=ros1_header(number, stamp_ns, "body"), temperature=float(value), variance=0.0025
        )
        yield bytes(ROS1.serialize_ros1(message, "sensor_msgs/msg/Temperature"))


def odometry_stream(world: World) -> Stream:
    """Return the localisation at 50 Hz: pose in ``map`` (east-north-up), twist in ``base_link``."""
    rng = generator(world.seed, "odometry")
    t_s = sample_times(rng, rate_hz=50.0, duration_s=world.duration_s, jitter_s=2e-4)
    ego = world.ego(t_s)
    drift = correlated(rng, t_s.size, sigma=0.06, steps=1500.0, columns=2)
    state = np.column_stack(
        (
            ego.x_m + drift[:, 0],
            ego.y_m + drift[:, 1],
            ego.heading_rad + rng.normal(0.0, 8e-4, t_s.size),
            ego.speed_mps + rng.normal(0.0, 0.015, t_s.size),
            ego.yaw_rate_rps + rng.normal(0.0, 1.5e-3, t_s.size),
        )
    )
    stamps = world.stamps(t_s)
    return Stream(
        "/localization/odometry", "nav_msgs/msg/Odometry", stamps, _odometry(stamps, state)
    )


def _odometry(stamps: Any, state: Floats) -> Iterator[bytes]:
    message = ros2("nav_msgs/msg/Odometry")
    posed = ros2("geometry_msgs/msg/PoseWithCovariance")
    moved = ros2("geometry_msgs/msg/TwistWithCovariance")
    pose_covariance = np.diag((4e-3, 4e-3, 1e-2, 1e-6, 1e-6, 1e-6)).ravel()
    twist_covariance = np.diag((3e-4, 1e-4, 1e-4, 1e-6, 1e-6, 3e-6)).ravel()
    for stamp_ns, (x, y, yaw, speed, yaw_rate) in zip(stamps, state, strict=True):
        motion = twist(vector3(speed, 0.0, 0.0), vector3(0.0, 0.0, yaw_rate))
        yield cdr(
            message(
                header=header(stamp_ns, "map"),
                child_frame_id="base_link",
                pose=posed(pose=yaw_pose(point(x, y, GROUND_M), yaw), covariance=pose_covariance),
                twist=moved(twist=motion, covariance=twist_covariance),
            )
        )
