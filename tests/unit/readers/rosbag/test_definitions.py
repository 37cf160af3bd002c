"""Tests of message definitions."""

import pytest

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.readers.rosbag.definitions import (
    DURATION,
    TIME,
    Field,
    default_types,
    full_name,
    is_complete,
    parse_definition,
)

RULE = "=" * 80


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("std_msgs/String", "std_msgs/msg/String"),
        ("std_msgs/msg/String", "std_msgs/msg/String"),
        ("Header", "std_msgs/msg/Header"),
        ("time", TIME),
        ("duration", DURATION),
        ("pkg/action/Goal", "pkg/action/Goal"),
    ],
)
def test_type_names_are_written_one_way(name: str, expected: str) -> None:
    assert full_name(name) == expected


def test_a_bare_name_belongs_to_the_package_around_it() -> None:
    assert full_name("Part", "made") == "made/msg/Part"


def test_fields_of_all_kinds_are_read() -> None:
    text = (
        "# a comment\n"
        "int32 X=3\n"
        'string NAME = "a # b"\n'
        "bool flag true\n"
        "string<=10 short 'x'\n"
        "int32[<=5] some [1, 2]\n"
        "float64[36] covariance\n"
        "uint8[] data  # bytes\n"
        "time stamp\n"
        "duration[] waits\n"
        "Header header\n"
        "other_msgs/Thing thing\n"
        "Part[2] parts\n"
    )
    types = parse_definition("made/msg/All", text, "ros2msg")
    assert types == {
        "made/msg/All": (
            Field("flag", "bool"),
            Field("short", "string"),
            Field("some", "int32", is_list=True),
            Field("covariance", "float64", is_list=True, length=36),
            Field("data", "uint8", is_list=True),
            Field("stamp", TIME),
            Field("waits", DURATION, is_list=True),
            Field("header", "std_msgs/msg/Header"),
            Field("thing", "other_msgs/msg/Thing"),
            Field("parts", "made/msg/Part", is_list=True, length=2),
        )
    }


def test_sections_define_the_types_that_fields_name() -> None:
    text = f"Part one\n{RULE}\nMSG: made/Part\nint8 a\n{RULE}\nMSG: made/Empty\n"
    types = parse_definition("made/msg/Whole", text, "ros1msg")
    assert types == {
        "made/msg/Whole": (Field("one", "made/msg/Part"),),
        "made/msg/Part": (Field("a", "int8"),),
        "made/msg/Empty": (),
    }
    assert is_complete(types)


def test_a_missing_type_makes_the_definition_incomplete() -> None:
    assert not is_complete(parse_definition("made/msg/Whole", "Part one\n", "ros1msg"))


def test_an_empty_text_is_a_message_without_fields() -> None:
    assert parse_definition("std_msgs/msg/Empty", "", "ros2msg") == {"std_msgs/msg/Empty": ()}


def test_windows_line_ends_do_not_matter() -> None:
    types = parse_definition("a/msg/B", "int8 x\r\nint8 y\r\n", "ros2msg")
    assert types == {"a/msg/B": (Field("x", "int8"), Field("y", "int8"))}


def test_idl_definitions_are_read() -> None:
    text = (
        "module made { module msg {\n"
        "struct Part { int16 id; };\n"
        "struct Whole { double score; sequence<made::msg::Part> parts; float three[3]; };\n"
        "}; };\n"
    )
    types = parse_definition("made/msg/Whole", f"{RULE}\nIDL: made/msg/Whole\n{text}", "ros2idl")
    assert types["made/msg/Whole"] == (
        Field("score", "float64"),
        Field("parts", "made/msg/Part", is_list=True),
        Field("three", "float32", is_list=True, length=3),
    )
    assert types["made/msg/Part"] == (Field("id", "int16"),)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("!no field\n", "ros2msg"),
        ("struct {", "ros2idl"),
        ("int32[x] a\n", "ros1msg"),
    ],
)
def test_other_texts_are_refused(text: str, language: str) -> None:
    with pytest.raises(SchemaMismatch):
        parse_definition("a/msg/B", text, language)


def test_a_huge_text_is_refused_unread() -> None:
    with pytest.raises(HostileInput, match="characters"):
        parse_definition("a/msg/B", "int8 x\n" * 200_000, "ros2msg")


def test_the_default_types_know_the_standard_messages() -> None:
    types = default_types()
    assert types["std_msgs/msg/Header"] == (Field("stamp", TIME), Field("frame_id", "string"))
    covariance = Field("position_covariance", "float64", is_list=True, length=9)
    assert covariance in types["sensor_msgs/msg/NavSatFix"]
    assert is_complete(types)
    # Constants such as NavSatFix.COVARIANCE_TYPE_KNOWN are no fields.
    assert all(one.name.islower() for one in types["sensor_msgs/msg/NavSatFix"])
