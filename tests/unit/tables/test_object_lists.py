"""Object lists: which message types are known, and where their parts are."""

from avdataops.tables.kinds import kind
from avdataops.tables.object_lists import object_list

TRACKED = "autoware_perception_msgs/msg/TrackedObjects"


def test_tracked_objects_are_known_and_other_types_are_not() -> None:
    assert object_list(TRACKED) is not None
    assert object_list("autoware_perception_msgs/msg/TrackedObject") is None
    assert object_list("sensor_msgs/msg/Imu") is None


def test_objects_are_a_child_stream_and_their_classes_a_grandchild() -> None:
    rule = object_list(TRACKED)
    assert rule is not None
    assert rule.child("/a") == "/a.objects"
    assert rule.classes("/a") == "/a.objects.classification"


def test_every_column_of_the_rule_is_one_of_the_kind_or_part_of_the_orientation() -> None:
    rule = object_list(TRACKED)
    assert rule is not None
    promised = {column.name for column in kind("objects").columns}
    assert set(rule.columns) - promised == {"qx", "qy", "qz", "qw"}


def test_the_classes_are_those_that_the_kind_promises() -> None:
    rule = object_list(TRACKED)
    assert rule is not None
    doc = next(c.doc for c in kind("objects").columns if c.name == "object_class")
    assert set(rule.class_names.values()) == set(doc.split(";")[0].split(", "))
    assert 0 not in rule.class_names


def test_the_frame_is_the_vehicles_own() -> None:
    rule = object_list(TRACKED)
    assert rule is not None
    assert rule.frame.fullmatch("header_frame_id")
    assert rule.frame.fullmatch("header.frame_id")
    assert "map" not in rule.ego_frames
    assert "base_link" in rule.ego_frames
