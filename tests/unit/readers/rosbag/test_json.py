"""JSON messages with a schema become columns."""

import json
from typing import Any

import pytest

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.model.stream import Problem
from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.readers.rosbag.json_decode import json_types
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, mcap_bytes

SCHEMA = {
    "type": "object",
    "properties": {
        "speed": {"type": "number"},
        "count": {"type": "integer"},
        "name": {"type": "string"},
        "on": {"type": "boolean"},
        "pose": {"type": "object", "properties": {"x": {"type": "number"}}},
        "values": {"type": "array", "items": {"type": "number"}},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "dots": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"u": {"type": "integer"}}},
                    },
                },
            },
        },
    },
}
WHOLE = {
    "speed": 1.5,
    "count": 3,
    "name": "é",
    "on": True,
    "pose": {"x": -1},
    "values": [1, 2.5],
    "parts": [{"id": 7, "dots": [{"u": 1}, {"u": 2}]}, {"id": 8, "dots": [{"u": 3}]}],
}


def _read(*messages: bytes) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    said = [Said("/j", "made.J", number, data) for number, data in enumerate(messages)]
    style = McapStyle(encoding="json", language="jsonschema")
    data = mcap_bytes(said, {"made.J": json.dumps(SCHEMA)}, style)
    with open_recording(BytesFile("a.mcap", data)) as reader:
        tables = tables_of(reader.batches())
        return tables, reader.problems()


def test_properties_are_columns_and_lists_of_objects_are_rows_of_their_own() -> None:
    tables, problems = _read(json.dumps(WHOLE).encode(), json.dumps(WHOLE, indent=2).encode())
    assert problems == ()
    rows = tables["/j"].to_pylist()
    assert rows[0] | {"t_ns": 0, "publish_ns": 0} == {
        "t_ns": 0,
        "publish_ns": 0,
        "row": 0,
        "speed": 1.5,
        "count": 3,
        "name": "é",
        "on": True,
        "pose_x": -1.0,
        "values": [1.0, 2.5],
    }
    assert tables["/j.parts"]["id"].to_pylist() == [7, 8, 7, 8]
    assert tables["/j.parts"]["element"].to_pylist() == [0, 1, 0, 1]
    assert tables["/j.parts.dots"]["u"].to_pylist() == [1, 2, 3] * 2
    assert tables["/j.parts.dots"]["parent_element"].to_pylist() == [0, 0, 1] * 2


def test_what_a_message_leaves_out_is_null() -> None:
    tables, problems = _read(b"{}", b'{"pose": {}, "parts": null, "values": [null]}')
    assert problems == ()
    assert tables["/j"]["speed"].to_pylist() == [None, None]
    assert tables["/j"]["values"].to_pylist() == [None, [None]]
    assert tables["/j.parts"].num_rows == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"[]",
        b'{"count": 1.5}',
        b'{"count": true}',
        b'{"count": 99999999999999999999}',
        b'{"values": 1}',
        b'{"parts": [1]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_message_that_is_not_as_the_schema_says_is_dropped_and_told(bad: bytes) -> None:
    tables, problems = _read(b'{"count": 1}', bad, b'{"count": 2}')
    assert tables["/j"]["count"].to_pylist() == [1, 2]
    assert [(one.code, one.lost_rows) for one in problems] == [("decode_failed", 1)]


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"properties": {"a": {"type": ["string", "null"]}}}', '{"properties": 1}']
)
def test_a_schema_that_says_too_little_leaves_bytes(text: str) -> None:
    with pytest.raises(SchemaMismatch):
        json_types("made.J", text.encode())


def test_a_schema_too_deep_or_too_long_is_refused() -> None:
    deep: dict[str, Any] = {"type": "object", "properties": {"x": {"type": "number"}}}
    for _ in range(40):
        deep = {"type": "object", "properties": {"x": deep}}
    with pytest.raises(HostileInput, match="nested"):
        json_types("made.J", json.dumps(deep).encode())
    with pytest.raises(HostileInput, match="bytes"):
        json_types("made.J", b" " * (1 << 21))
