import numpy as np
import pytest

from sample_data.ros_types import (
    ROS1,
    ROS2,
    cdr,
    header,
    point,
    ros1_header,
    ros2,
    twist,
    vector3,
    yaw_pose,
)

ADDED = ("radar_msgs/msg/RadarTracks", "autoware_perception_msgs/msg/TrackedObjects")


@pytest.mark.parametrize("name", ADDED)
def test_added_types_have_complete_definitions(name: str) -> None:
    text, _ = ROS2.generate_msgdef(name, ros_version=2)
    assert "MSG: std_msgs/Header" in text
    assert "MSG: unique_identifier_msgs/UUID" in text


def test_a_radar_track_has_the_fields_of_the_public_message() -> None:
    _, fields = ROS2.fielddefs["radar_msgs/msg/RadarTrack"]
    assert [name for name, _ in fields] == [
        "uuid",
        "position",
        "velocity",
        "acceleration",
        "size",
        "classification",
        "position_covariance",
        "velocity_covariance",
        "acceleration_covariance",
        "size_covariance",
    ]


def test_a_tracked_object_has_the_fields_of_the_public_message() -> None:
    _, fields = ROS2.fielddefs["autoware_perception_msgs/msg/TrackedObject"]
    assert [name for name, _ in fields] == [
        "object_id",
        "existence_probability",
        "classification",
        "kinematics",
        "shape",
    ]


def test_nanoseconds_survive_in_headers_of_both_generations() -> None:
    stamp_ns = 1_791_997_000_999_999_999
    for made in (header(stamp_ns, "base_link"), ros1_header(4, stamp_ns, "base_link")):
        assert made.stamp.sec * 10**9 + made.stamp.nanosec == stamp_ns
        assert made.frame_id == "base_link"


@pytest.mark.parametrize("yaw_rad", [0.0, 0.7, -3.0, np.pi])
def test_a_pose_turns_about_the_vertical(yaw_rad: float) -> None:
    turned = yaw_pose(point(1.0, 2.0, 3.0), yaw_rad).orientation
    assert 2.0 * np.arctan2(turned.z, turned.w) == pytest.approx(yaw_rad)
    assert np.hypot(turned.z, turned.w) == pytest.approx(1.0)
    assert (turned.x, turned.y) == (0.0, 0.0)


def test_payloads_are_little_endian_cdr_that_reads_back() -> None:
    made = ros2("geometry_msgs/msg/TwistStamped")(
        header=header(5, "x"), twist=twist(vector3(1.0, 2.0, 3.0), vector3(4.0, 5.0, 6.0))
    )
    payload = cdr(made)
    assert payload[:4] == b"\x00\x01\x00\x00"
    assert ROS2.deserialize_cdr(payload, "geometry_msgs/msg/TwistStamped") == made


def test_ros1_headers_serialise() -> None:
    made = ROS1.types["sensor_msgs/msg/Temperature"](
        header=ros1_header(1, 2, "body"), temperature=3.0, variance=0.0
    )
    data = bytes(ROS1.serialize_ros1(made, "sensor_msgs/msg/Temperature"))
    assert ROS1.deserialize_ros1(data, "sensor_msgs/msg/Temperature") == made
