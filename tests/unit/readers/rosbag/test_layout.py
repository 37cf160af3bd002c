"""Tests of message layouts and their column names."""

import pytest

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.readers.rosbag.arrow import table_fields
from avdataops.readers.rosbag.definitions import default_types, parse_definition
from avdataops.readers.rosbag.layout import Run, Table, Variable, layout_of, tables

RULE = "=" * 80


def _layout(text: str, name: str = "made/msg/A") -> Table:
    return layout_of(name, parse_definition(name, text, "ros2msg"))


def _columns(table: Table) -> list[str]:
    return [field.name for field in table_fields(table)]


def test_nested_fields_become_flat_columns_with_units() -> None:
    table = layout_of("geometry_msgs/msg/PoseStamped", default_types())
    assert _columns(table) == [
        "header_stamp_ns",
        "header_frame_id",
        "pose_position_x_m",
        "pose_position_y_m",
        "pose_position_z_m",
        "pose_orientation_x",
        "pose_orientation_y",
        "pose_orientation_z",
        "pose_orientation_w",
    ]
    field = table_fields(table)[2]
    assert field.metadata == {b"source": b"pose.position.x", b"unit": b"m"}


@pytest.mark.parametrize(
    ("type_name", "column"),
    [
        ("sensor_msgs/msg/Imu", "linear_acceleration_x_mps2"),
        ("sensor_msgs/msg/Imu", "angular_velocity_z_radps"),
        ("sensor_msgs/msg/NavSatFix", "latitude_deg"),
        ("sensor_msgs/msg/NavSatFix", "altitude_m"),
        ("nav_msgs/msg/Odometry", "pose_pose_position_x_m"),
        ("nav_msgs/msg/Odometry", "twist_twist_linear_x_mps"),
        ("nav_msgs/msg/Odometry", "twist_twist_angular_z_radps"),
        ("geometry_msgs/msg/TwistStamped", "twist_linear_x_mps"),
        ("geometry_msgs/msg/TransformStamped", "transform_translation_x_m"),
        ("sensor_msgs/msg/LaserScan", "ranges_m"),
        ("sensor_msgs/msg/Temperature", "temperature_c"),
    ],
)
def test_standard_messages_have_units(type_name: str, column: str) -> None:
    assert column in _columns(layout_of(type_name, default_types()))


def test_lists_of_messages_become_tables_below() -> None:
    text = f"B[] bs\nint8 x\n{RULE}\nMSG: made/B\nC c\n{RULE}\nMSG: made/C\nD[3] ds\nint8 y\n"
    table = _layout(text + f"{RULE}\nMSG: made/D\nint8 z\n")
    assert [one.path for one in tables(table)] == ["", "bs", "bs.c.ds"]
    assert [_columns(one) for one in tables(table)] == [["x"], ["c_y"], ["z"]]
    assert [one.length for one in tables(table)] == [None, None, 3]


def test_neighbouring_fields_of_fixed_size_are_one_run() -> None:
    table = _layout("int8 a\nfloat64[3] b\nstring c\nint8[] d\nbool e\ntime f\n")
    kinds = [type(step) for step in table.steps]
    assert kinds == [Run, Variable, Variable, Run]


def test_arrow_types_follow_the_fields() -> None:
    text = (
        "uint8[] a\nbyte[] b\nchar[4] c\nint8[] d\nbool[2] e\nfloat32[] f\nstring[] g\n"
        "time[] h\nduration i\nuint64 j\nstring k\nint16[0] m\n"
    )
    types = {field.name: str(field.type) for field in table_fields(_layout(text))}
    assert types == {
        "a": "binary",
        "b": "binary",
        "c": "binary",
        "d": "list<item: int8>",
        "e": "fixed_size_list<item: bool>[2]",
        "f": "list<item: float>",
        "g": "list<item: string>",
        "h_ns": "list<item: int64>",
        "i_ns": "int64",
        "j": "uint64",
        "k": "string",
        "m": "fixed_size_list<item: int16>[0]",
    }


def test_columns_that_would_collide_are_numbered() -> None:
    text = f"B a\nint8 a_b\nint8 row\nint8 t_ns\nint8 K\nint8 k\n{RULE}\nMSG: made/B\nint8 b\n"
    assert _columns(_layout(text)) == ["a_b", "a_b_2", "row_2", "t_ns_2", "k", "k_2"]


@pytest.mark.parametrize(
    "text",
    [
        f"A inner\n{RULE}\nMSG: made/A\nA inner\n",
        f"B b\n{RULE}\nMSG: made/B\nA[] back\n",
    ],
)
def test_a_type_that_holds_itself_is_refused(text: str) -> None:
    with pytest.raises(HostileInput, match="levels deep"):
        _layout(text)


def test_a_type_that_doubles_at_every_level_is_refused() -> None:
    levels = "".join(f"{RULE}\nMSG: made/L{n}\nL{n + 1} a\nL{n + 1} b\n" for n in range(25))
    with pytest.raises(HostileInput, match="columns"):
        _layout(f"L0 a\n{levels}{RULE}\nMSG: made/L25\nint8 x\n")


def test_an_absurd_fixed_length_is_refused() -> None:
    with pytest.raises(HostileInput, match="elements"):
        _layout("float64[4000000000] x\n")


@pytest.mark.parametrize("base", ["wstring", "float128", "Missing"])
def test_types_without_columns_are_refused_by_name(base: str) -> None:
    with pytest.raises(SchemaMismatch, match=base):
        _layout(f"{base} x\n")


def test_fixed_lists_of_messages_inside_each_other_are_bounded() -> None:
    inside = f"C[65536] x\n{RULE}\nMSG: made/C\nint8 y\n"
    assert layout_of("made/msg/A", parse_definition("made/msg/A", inside, "ros2msg"))
    nested = f"B[300] b\n{RULE}\nMSG: made/B\nC[300] x\n{RULE}\nMSG: made/C\n"
    with pytest.raises(HostileInput, match="90000 messages inside"):
        layout_of("made/msg/A", parse_definition("made/msg/A", nested, "ros1msg"))
