"""Tests of how connections become streams."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from avdataops.model.time import TimeRange
from avdataops.readers.rosbag.container import Connection
from avdataops.readers.rosbag.topics import Topic, child_schema, root_schema, time_of, topics_of

RULE = "=" * 80
NESTED = f"B[] bs\nint8 x\n{RULE}\nMSG: made/B\nC[] cs\nint8 y\n{RULE}\nMSG: made/C\nint8 z\n"


def _one(number: int, topic: str = "/a", kind: str = "made/msg/A", **facts: Any) -> Connection:
    plain = Connection(id=number, topic=topic, type=kind, encoding="cdr")
    return replace(plain, **({"language": "ros2msg", "definition": "int8 x\n"} | facts))


def _names(topics: tuple[Topic, ...]) -> list[str]:
    return [topic.name for topic in topics]


def test_publishers_of_one_topic_and_type_are_one_stream() -> None:
    topics = topics_of([_one(1, rows=3), _one(2, rows=4)])
    assert _names(topics) == ["/a"]
    assert topics[0].rows == 7


def test_unknown_counts_stay_unknown_together() -> None:
    assert topics_of([_one(1, rows=3), _one(2)])[0].rows is None


def test_types_on_one_topic_are_told_apart() -> None:
    topics = topics_of([_one(1), _one(2, kind="made/msg/B"), _one(3, topic="/c")])
    assert _names(topics) == ["/a#made/msg/A", "/a#made/msg/B", "/c"]


def test_definitions_of_one_type_that_differ_are_told_apart() -> None:
    topics = topics_of([_one(1), _one(2, definition="int16 x\n")])
    assert _names(topics) == ["/a#made/msg/A", "/a#made/msg/A#2"]


def test_children_are_named_by_their_fields_and_follow_their_parents() -> None:
    topic = topics_of([_one(1, definition=NESTED, rows=5)])[0]
    streams = topic.streams()
    assert [(one.name, one.parent, one.rows) for one in streams] == [
        ("/a", None, 5),
        ("/a.bs", "/a", None),
        ("/a.bs.cs", "/a.bs", None),
    ]
    assert {one.topic for one in streams} == {"/a"}


def test_streams_state_encoding_origin_and_time() -> None:
    stream = topics_of([_one(1, time=TimeRange(3, 9))])[0].streams()[0]
    assert stream.attributes == {"encoding": "cdr", "definition": "file"}
    assert (stream.start_ns, stream.stop_ns) == (3, 9)
    assert stream.type == "made/msg/A"


@pytest.mark.parametrize(
    ("facts", "definition", "code"),
    [
        ({"language": "", "kind": "std_msgs/msg/Header"}, "default", None),
        ({"language": "", "kind": "made/msg/Who"}, "none", "no_definition"),
        (
            {"language": "", "kind": "std_msgs/msg/Header", "encoding": "ros1"},
            "none",
            "no_definition",
        ),
        ({"encoding": "json"}, "none", "unsupported_encoding"),
        ({"definition": "!"}, "file", "bad_definition"),
    ],
)
def test_where_a_definition_is_from_is_told(
    facts: dict[str, str], definition: str, code: str | None
) -> None:
    topic = topics_of([_one(1, **facts)])[0]
    assert topic.definition == definition
    assert (topic.problem.code if topic.problem else None) == code
    assert (topic.table is None) is (code is not None)


def test_schemas_say_how_rows_join() -> None:
    root, child, grandchild = topics_of([_one(1, definition=NESTED)])[0].tables
    assert root_schema(root, has_publish_time=True).names == ["t_ns", "publish_ns", "row", "x"]
    assert root_schema(root, has_publish_time=False).names == ["t_ns", "row", "x"]
    assert child_schema(child, has_grandparent=False).names == ["t_ns", "row", "element", "y"]
    names = child_schema(grandchild, has_grandparent=True).names
    assert names == ["t_ns", "row", "parent_element", "z"]


def test_raw_streams_have_times_and_bytes() -> None:
    schema = root_schema(None, has_publish_time=False)
    assert schema.names == ["t_ns", "data"]
    assert schema.field("data").type == pa.binary()


def test_the_time_of_all_is_the_union() -> None:
    assert time_of([_one(1, time=TimeRange(5, 7)), _one(2), _one(3, time=TimeRange(1, 6))]) == (
        TimeRange(1, 7)
    )
    assert time_of([_one(1)]) is None
