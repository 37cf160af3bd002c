"""Real ROS recordings read as independent libraries read them, field by field."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of

BAGS = [
    "ros1/robot_localization_test1.bag",
    "ros1/embag_array_test.bag",
    "ros1/foxglove_rosbag_example-lz4.bag",
    "ros1/webviz_example-bz2.bag",
    "ros1/webviz_example.bag",
    "ros1/ouster_512x10_raw.bag",
]
FOLDERS = [
    "ros2/uf_gps_nav_bag",
    "ros2/philips_test_bag",
    "ros2/rosbag2_py_resources/mcap/wbag",
    "ros2/rosbag2_py_resources/sqlite3/wbag",
    "ros2/rosbag2_py_resources/mcap/convert_a",
    "ros2/rosbag2_py_resources/mcap/convert_b",
    "ros2/rosbag2_py_resources/mcap/talker",
]


def _open(path: Path) -> Reader:
    return open_recording(BytesFile(path.name, path.read_bytes()))


def _walk(message: Any, source: str) -> Any:
    """Return what a library's message holds at a dotted path of ours."""
    for name in source.split("."):
        message = getattr(message, name)
    if hasattr(message, "nanosec"):
        return message.sec * 10**9 + message.nanosec
    return message


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, bytes):
        return ours == np.asarray(theirs).astype(np.uint8).tobytes()
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(_same, ours, list(theirs)))
    if hasattr(theirs, "nanosec"):
        return bool(ours == theirs.sec * 10**9 + theirs.nanosec)
    if isinstance(ours, float) and math.isnan(ours):
        return math.isnan(float(theirs))
    return bool(ours == theirs)


def _fields(table: pa.Table) -> Iterator[tuple[str, str]]:
    for field in table.schema:
        source = (field.metadata or {}).get(b"source")
        if source is not None:
            yield field.name, source.decode()


def _compare(table: pa.Table, times: list[int], messages: list[Any]) -> None:
    assert table["t_ns"].to_pylist() == times
    for column, source in _fields(table):
        ours = table[column].to_pylist()
        theirs = [_walk(message, source) for message in messages]
        wrong = [n for n, pair in enumerate(zip(ours, theirs, strict=True)) if not _same(*pair)]
        assert not wrong, f"{column} differs in rows {wrong[:5]}"


def _children(times: list[int], messages: list[Any], path: str) -> tuple[list[int], list[Any]]:
    pairs = list(zip(times, messages, strict=True))
    found = [(t, element) for t, message in pairs for element in _walk(message, path)]
    return [t for t, _ in found], [element for _, element in found]


@pytest.mark.parametrize("name", [*BAGS, *FOLDERS])
def test_every_field_of_every_message_equals_rosbags(real_data: Path, name: str) -> None:
    path = real_data / name
    said: dict[str, tuple[list[int], list[Any]]] = {}
    store = get_typestore(Stores.ROS2_HUMBLE)
    with AnyReader([path], default_typestore=store) as theirs:
        for connection, t_ns, data in theirs.messages():
            times, messages = said.setdefault(connection.topic, ([], []))
            times.append(t_ns)
            if connection.msgtype in theirs.typestore.fielddefs:
                messages.append(theirs.deserialize(data, connection.msgtype))
            else:
                messages.append(data)
    files = sorted(path.glob("*.[dm][bc][3a]*")) if path.is_dir() else [path]
    tables: dict[str, list[pa.Table]] = {}
    children: dict[str, str] = {}
    for file in files:
        with _open(file) as reader:
            for stream, table in tables_of(reader.batches()).items():
                tables.setdefault(stream, []).append(table)
            children |= {one.name: one.topic for one in reader.streams if one.parent}
    for topic, (times, messages) in said.items():
        table = (
            pa.concat_tables(tables[topic]).sort_by("t_ns") if path.is_dir() else tables[topic][0]
        )
        if isinstance(messages[0], bytes):
            assert table["data"].to_pylist() == messages
            continue
        _compare(table, times, messages)
        for child, parent in children.items():
            if parent == topic:
                elements = _children(times, messages, child.removeprefix(f"{topic}."))
                _compare(pa.concat_tables(tables[child]), *elements)


def test_point_clouds_have_the_values_that_their_bytes_hold(real_data: Path) -> None:
    path = real_data / "ros1/embag_test.bag"
    with _open(path) as reader:
        tables = tables_of(reader.batches(["/luminar_pointcloud"]))
    table = tables["/luminar_pointcloud"]
    assert table["data"].null_count == table.num_rows == 5
    with AnyReader([path]) as theirs:
        wanted = [one for one in theirs.connections if one.topic == "/luminar_pointcloud"]
        for row, (connection, _, raw) in enumerate(theirs.messages(wanted)):
            message: Any = theirs.deserialize(raw, connection.msgtype)
            for one in message.fields:
                code = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}
                dtype = np.dtype(
                    {
                        "names": ["v"],
                        "formats": ["<" + code[one.datatype]],
                        "offsets": [one.offset],
                        "itemsize": message.point_step,
                    }
                )
                expected = np.frombuffer(message.data.tobytes(), dtype)["v"]
                unit = "_m" if one.name in "xyz" else ""
                ours = table[f"points_{one.name}{unit}"][row].values.to_numpy()
                np.testing.assert_array_equal(ours, expected)


def test_mcap_messages_equal_those_of_the_mcap_library(real_data: Path) -> None:
    for path in sorted((real_data / "ros2/rosbag2_py_resources/mcap/wbag").glob("*.mcap")):
        with path.open("rb") as stream:
            theirs: dict[str, list[tuple[int, int]]] = {}
            for _, channel, message in make_reader(stream).iter_messages(log_time_order=True):
                pair = (message.log_time, message.publish_time)
                theirs.setdefault(channel.topic, []).append(pair)
        with _open(path) as reader:
            for topic, table in tables_of(reader.batches()).items():
                ours = zip(table["t_ns"].to_pylist(), table["publish_ns"].to_pylist(), strict=True)
                assert list(ours) == theirs[topic]


def test_the_sqlite_twin_of_an_mcap_folder_holds_the_same(real_data: Path) -> None:
    folder = real_data / "ros2/rosbag2_py_resources"
    for number in range(5):
        with _open(folder / f"mcap/wbag/wbag_{number}.mcap") as reader:
            mcap = tables_of(reader.batches())
        with _open(folder / f"sqlite3/wbag/wbag_{number}.db3") as reader:
            db3 = tables_of(reader.batches())
        assert mcap.keys() == db3.keys()
        for name, table in mcap.items():
            assert table.drop_columns("publish_ns").to_pylist() == db3[name].to_pylist()


def test_a_type_that_is_nowhere_defined_stays_bytes_and_is_told(real_data: Path) -> None:
    with _open(real_data / "ros2/uf_gps_nav_bag/bag_0.db3") as reader:
        stream = next(one for one in reader.streams if one.name == "/vehicle_command_ackermann")
        tables = tables_of(reader.batches([stream.name]))
        assert stream.rows == tables[stream.name].num_rows == 1034
        assert stream.attributes["definition"] == "none"
        assert [(p.code, p.stream) for p in reader.problems()] == [("no_definition", stream.name)]
    assert tables[stream.name].column_names == ["t_ns", "data"]


def test_a_definition_that_does_not_fit_leaves_the_bytes(real_data: Path) -> None:
    # This fixture of rosbag2 holds only the first line of each definition.
    with _open(real_data / "ros2/rosbag2_py_resources/sqlite3/talker/talker.db3") as reader:
        tables = tables_of(reader.batches())
        assert ("bad_definition", "/rosout") in [(p.code, p.stream) for p in reader.problems()]
    assert tables["/rosout"].column_names == ["t_ns", "data"]
    assert tables["/rosout"].num_rows == 10
    assert tables["/topic"]["data"].to_pylist()[0].startswith("Hello")


def test_every_ros_recording_opens_and_accounts_for_every_message(real_data: Path) -> None:
    files = [
        path
        for folder in ("ros1", "ros2")
        for path in sorted((real_data / folder).rglob("*"))
        if path.suffix in (".bag", ".db3", ".mcap")
    ]
    assert len(files) > 25
    for path in files:
        with _open(path) as reader:
            counts: dict[str, int] = {}
            for batch in reader.batches():
                batch.rows.validate(full=True)
                lost = sum(batch.dropped.values())
                counts[batch.stream] = counts.get(batch.stream, 0) + batch.messages + lost
            for stream in reader.streams:
                assert counts[stream.name] == (stream.rows or 0), f"{path.name} {stream.name}"
