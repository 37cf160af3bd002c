"""Streams go to the container of their topic class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.tables.load import load_json
from avdataops.tables.topics import topic_class

CLASSES = ["camera", "lidar", "radar", "gnss", "imu", "can", "vehicle", "objects", "other"]


@pytest.mark.parametrize(
    ("name", "message_type", "expected"),
    [
        ("/camera/front", "sensor_msgs/msg/CompressedImage", "camera"),
        ("/anything", "sensor_msgs/msg/Image", "camera"),
        ("/points", "sensor_msgs/msg/PointCloud2", "lidar"),
        ("/scan", "sensor_msgs/msg/LaserScan", "lidar"),
        ("/front_radar/points", "sensor_msgs/msg/PointCloud2", "radar"),
        ("/fix", "sensor_msgs/msg/NavSatFix", "gnss"),
        ("/imu/data", "sensor_msgs/msg/Imu", "imu"),
        ("IMU_01", "mdf/group", "imu"),
        ("/minimum", "std_msgs/msg/Float64", "other"),
        ("/can0", "can_msgs/msg/Frame", "can"),
        ("CAN1", "can/frames", "can"),
        ("BrakePressure", "can/BrakePressure", "vehicle"),
        ("/odom", "nav_msgs/msg/Odometry", "vehicle"),
        ("/tracks", "vision_msgs/msg/Detection3DArray", "objects"),
        ("/chatter", "std_msgs/msg/String", "other"),
        ("", "", "other"),
        ("/x\n/y", "a\nb", "other"),
    ],
)
def test_streams_have_the_class_of_their_type_or_name(
    name: str, message_type: str, expected: str
) -> None:
    assert topic_class(name, message_type) == expected


def test_upper_and_lower_case_do_not_matter() -> None:
    assert topic_class("/GNSS/Fix", "x") == topic_class("/gnss/fix", "x") == "gnss"


@given(st.text(max_size=50), st.text(max_size=50))
def test_every_stream_has_one_of_the_known_classes(name: str, message_type: str) -> None:
    assert topic_class(name, message_type) in CLASSES


def test_the_rules_name_only_known_classes_and_each_tests_something() -> None:
    rules = load_json("topic_classes.json")
    assert rules["classes"] == CLASSES
    for rule in rules["rules"]:
        assert rule["class"] in CLASSES
        assert set(rule) <= {"class", "type", "name"}
        assert rule.get("type") or rule.get("name")


@pytest.mark.timeout(20)
def test_hostile_names_do_not_make_the_rules_slow() -> None:
    for piece in ("a", "imu", "gps", "can/", "/", "radar"):
        topic_class(piece * 20_000, piece * 20_000)
