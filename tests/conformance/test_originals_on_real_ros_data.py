"""Recordings of others, opened for copying: word for word as rosbags and SQLite read them."""

import sqlite3
from pathlib import Path

import pytest
from rosbags.rosbag1 import Reader

from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.readers.formats import open_originals

ALL = TimeRange(0, 2**62)


def originals(path: Path) -> list[tuple[int, bytes]]:
    found = open_originals(BytesFile(path.name, path.read_bytes()))
    assert found is not None
    with found as opened:
        numbers = [one.number for one in opened.channels]
        rows = [(one.t_ns, bytes(one.data)) for one in opened.messages(numbers, ALL)]
        assert opened.problems() == ()
    assert [t_ns for t_ns, _ in rows] == sorted(t_ns for t_ns, _ in rows)
    return sorted(rows)


@pytest.mark.parametrize(
    "name", ["embag_test", "ouster_512x10_raw", "webviz_example-bz2", "embag_array_test"]
)
def test_a_real_bag_is_copied_as_rosbags_reads_it(real_data: Path, name: str) -> None:
    path = real_data / "ros1" / f"{name}.bag"
    with Reader(path) as reader:
        told = sorted((t_ns, bytes(data)) for _, t_ns, data in reader.messages())
    assert originals(path) == told
    assert told


@pytest.mark.parametrize("name", ["nebula_vlp16", "autoware_ego_trajectory", "philips_test_bag"])
def test_a_real_database_is_copied_as_sqlite_reads_it(real_data: Path, name: str) -> None:
    (path,) = (real_data / "ros2" / name).rglob("*.db3")
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    told = sorted(connection.execute("SELECT timestamp, data FROM messages"))
    connection.close()
    assert originals(path) == told
    assert told
