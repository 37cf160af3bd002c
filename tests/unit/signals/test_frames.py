"""Frames of several sensors put to the ticks of one."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.frames import FrameStream, frame_table, pivot
from avdataops.tables.kinds import kind

MS = 1_000_000


def _stream(name: str, times_ms: list[float], topic_class: str = "camera") -> FrameStream:
    t = np.array([round(ms * MS) for ms in times_ms], dtype=np.int64)
    rows = pa.table(
        {
            "t_ns": pa.array(t + 7),
            "row": pa.array(np.arange(t.size)),
            "part": pa.array(["a"] * t.size, pa.string()),
        }
    )
    return FrameStream(stream=name, topic_class=topic_class, t=t, rows=rows)


def _of(table: pa.Table, stream: str, column: str) -> list[object]:
    return [row[column] for row in table.to_pylist() if row["stream"] == stream]


def test_the_lidar_is_the_clock_then_the_camera_then_the_radar() -> None:
    lidar, camera = _stream("z", [0, 100], "lidar"), _stream("a", [0, 50, 100])
    radar = _stream("r", [0, 10, 20, 30], "radar")
    assert pivot([radar, camera, lidar]) is lidar
    assert pivot([radar, camera]) is camera
    assert pivot([radar]) is radar
    assert pivot([]) is None
    assert pivot([_stream("empty", [], "lidar"), camera]) is camera


def test_of_one_class_the_one_with_most_frames_is_the_clock_then_the_first_by_name() -> None:
    few, many, same = _stream("a", [0]), _stream("c", [0, 1]), _stream("b", [0, 1])
    assert pivot([few, many]) is many
    assert pivot([many, same]) is same


def test_the_wanted_clock_wins_if_it_has_frames() -> None:
    lidar, camera = _stream("l", [0, 100], "lidar"), _stream("c", [0])
    assert pivot([lidar, camera], "c") is camera
    assert pivot([lidar, camera], "nowhere") is lidar


def test_every_tick_gets_the_nearest_frame_within_half_the_slower_period() -> None:
    lidar = _stream("l", [0, 100, 200, 300], "lidar")
    camera = _stream("c", [30, 140, 251, 400])
    table = frame_table([camera, lidar])
    assert _of(table, "c", "frame_row") == [0, 1, None, 2]
    assert _of(table, "c", "dt_ms") == [30.0, 40.0, None, -49.0]
    assert _of(table, "l", "dt_ms") == [0.0, 0.0, 0.0, 0.0]
    assert table["t_ns"].to_pylist() == [ms * MS for ms in (0, 0, 100, 100, 200, 200, 300, 300)]
    assert table["stream"].to_pylist() == ["c", "l"] * 4


def test_a_frame_keeps_the_time_of_its_recorder() -> None:
    table = frame_table([_stream("l", [0, 100], "lidar")])
    assert _of(table, "l", "frame_t_ns") == [7, 100 * MS + 7]
    assert _of(table, "l", "part") == ["a", "a"]


def test_frames_come_in_any_order() -> None:
    straight = frame_table([_stream("l", [0, 100, 200], "lidar"), _stream("c", [10, 110, 210])])
    mixed = frame_table([_stream("c", [10, 110, 210]), _stream("l", [0, 100, 200], "lidar")])
    assert straight.equals(mixed)


def test_without_frames_there_is_an_empty_table_of_the_kind() -> None:
    table = frame_table([])
    assert table.schema.equals(kind("frames").schema)
    assert table.num_rows == 0


@pytest.mark.parametrize("count", [1, 2])
def test_few_frames_are_enough(count: int) -> None:
    table = frame_table([_stream("l", [0.0, 100.0][:count], "lidar")])
    assert table.num_rows == count


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=40, unique=True),
    st.lists(st.integers(0, 3_000), min_size=0, max_size=40, unique=True),
)
def test_no_frame_is_used_twice(lidar: list[int], camera: list[int]) -> None:
    table = frame_table(
        [
            _stream("l", [float(x) for x in sorted(lidar)], "lidar"),
            _stream("c", [float(x) for x in sorted(camera)]),
        ]
    )
    used = [row for row in _of(table, "c", "frame_row") if row is not None]
    assert len(used) == len(set(used))
