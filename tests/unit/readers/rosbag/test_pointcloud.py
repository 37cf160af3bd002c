"""Tests of point clouds as columns."""

from typing import Any

import numpy as np
import pyarrow as pa
from rosbags.typesys import Stores, get_typestore

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, mcap_bytes

CLOUD = "sensor_msgs/msg/PointCloud2"
STORE: Any = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
XYZI = [("x", 0, 7, 1), ("y", 4, 7, 1), ("z", 8, 7, 1), ("intensity", 12, 2, 1)]


def _cloud(
    points: "np.ndarray[Any, Any]",
    fields: list[tuple[str, int, int, int]] = XYZI,
    **changes: Any,
) -> bytes:
    header = TYPES["std_msgs/msg/Header"](
        stamp=TYPES["builtin_interfaces/msg/Time"](sec=1, nanosec=2), frame_id="lidar"
    )
    facts = {
        "height": 1,
        "width": len(points),
        "is_bigendian": False,
        "point_step": points.dtype.itemsize,
        "row_step": points.nbytes,
        "data": np.frombuffer(points.tobytes(), np.uint8),
        "is_dense": True,
    } | changes
    packed = [
        TYPES["sensor_msgs/msg/PointField"](name=name, offset=at, datatype=kind, count=count)
        for name, at, kind, count in fields
    ]
    message = TYPES[CLOUD](header=header, fields=packed, **facts)
    return bytes(STORE.serialize_cdr(message, CLOUD))


def _points(count: int, order: str = "<") -> "np.ndarray[Any, Any]":
    dtype = np.dtype(
        {
            "names": ["x", "y", "z", "i"],
            "formats": [f"{order}f4", f"{order}f4", f"{order}f4", "u1"],
            "offsets": [0, 4, 8, 12],
            "itemsize": 16,
        }
    )
    points = np.zeros(count, dtype)
    points["x"] = np.arange(count)
    points["y"] = -1.5
    points["z"] = np.nan
    points["i"] = np.arange(count) % 256
    return points


def _read(*messages: bytes) -> tuple[dict[str, pa.Table], list[str]]:
    said = [Said("/points", CLOUD, number, data) for number, data in enumerate(messages)]
    text = STORE.generate_msgdef(CLOUD, ros_version=2)[0]
    data = mcap_bytes(said, {CLOUD: text}, McapStyle(silent_topics={"/points": CLOUD}))
    with open_recording(BytesFile("a.mcap", data)) as reader:
        tables = tables_of(reader.batches())
        return tables, [problem.code for problem in reader.problems()]


def test_each_point_field_is_a_list_column() -> None:
    tables, problems = _read(_cloud(_points(3)), _cloud(_points(0)), _cloud(_points(2)))
    table = tables["/points"]
    assert problems == []
    assert table["points_x_m"].to_pylist() == [[0, 1, 2], [], [0, 1]]
    assert table["points_y_m"].to_pylist() == [[-1.5] * 3, [], [-1.5] * 2]
    assert np.isnan(table["points_z_m"][0].values.to_numpy()).all()
    assert table["points_intensity"].to_pylist() == [[0, 1, 2], [], [0, 1]]
    assert table["data"].to_pylist() == [None, None, None]
    assert table["width"].to_pylist() == [3, 0, 2]
    assert table["header_frame_id"].to_pylist() == ["lidar"] * 3
    field = table.schema.field("points_x_m")
    assert (field.type, field.metadata[b"unit"]) == (pa.list_(pa.float32()), b"m")


def test_point_fields_stay_in_their_own_child_stream() -> None:
    tables, _ = _read(_cloud(_points(1)))
    names = tables["/points.fields"]["name"].to_pylist()
    assert names == ["x", "y", "z", "intensity"]


def test_a_message_packed_otherwise_keeps_its_bytes() -> None:
    other = _points(2)
    moved = [("x", 4, 7, 1), ("y", 0, 7, 1), *XYZI[2:]]
    tables, _ = _read(_cloud(_points(1)), _cloud(other, moved), _cloud(_points(1)))
    table = tables["/points"]
    assert table["data"].to_pylist() == [None, other.tobytes(), None]
    assert table["points_x_m"].to_pylist() == [[0], None, [0]]


def test_rows_with_padding_keep_their_bytes() -> None:
    data = np.zeros(2 * 40, np.uint8)
    padded = _cloud(_points(4), height=2, width=2, row_step=40, data=data)
    tables, _ = _read(_cloud(_points(1)), padded)
    assert tables["/points"]["data"].to_pylist() == [None, data.tobytes()]


def test_organised_clouds_are_read_row_by_row() -> None:
    tables, _ = _read(_cloud(_points(6), height=2, width=3, row_step=48))
    assert tables["/points"]["points_x_m"].to_pylist() == [[0, 1, 2, 3, 4, 5]]


def test_big_endian_points_are_read() -> None:
    tables, _ = _read(_cloud(_points(3, ">"), is_bigendian=True))
    assert tables["/points"]["points_x_m"].to_pylist() == [[0, 1, 2]]


def test_fields_with_several_values_are_lists_of_lists() -> None:
    points = np.zeros(2, np.dtype([("d", "<f4", 3)]))
    points["d"] = [[1, 2, 3], [4, 5, 6]]
    tables, _ = _read(_cloud(points, [("descriptor", 0, 7, 3)]))
    column = tables["/points"]["points_descriptor"]
    assert column.to_pylist() == [[[1, 2, 3], [4, 5, 6]]]


def test_fields_beyond_the_point_leave_the_bytes() -> None:
    points = _points(2)
    tables, _ = _read(_cloud(points, [("x", 14, 7, 1)]))
    assert tables["/points"]["data"].to_pylist() == [points.tobytes()]
    assert "points_x_m" not in tables["/points"].column_names


def test_names_of_point_fields_cannot_collide() -> None:
    fields = [("x", 0, 7, 1), ("X", 4, 7, 1), ("../x", 8, 7, 1)]
    tables, _ = _read(_cloud(_points(1), fields))
    names = [name for name in tables["/points"].column_names if name.startswith("points_")]
    assert names == ["points_x_m", "points_x", "points_x_2"]


def test_a_topic_without_messages_has_its_bytes_column() -> None:
    tables, _ = _read()
    assert tables["/points"].num_rows == 0
    assert "data" in tables["/points"].column_names
