"""The recordings that extraction is timed on."""

from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalFile
from avdataops.readers.formats import open_recording
from benchmarks.extract import inputs_ros


def test_small_says_402000_messages_in_ten_minutes() -> None:
    assert sum(hz for *_, hz in inputs_ros.SMALL) * inputs_ros.SMALL_S == 402_000


@pytest.mark.parametrize("version", [1, 2])
def test_the_same_messages_come_every_time_and_none_at_the_same_time(version: int) -> None:
    types = inputs_ros.ros(version)
    one = list(inputs_ros.messages(types, inputs_ros.MIXED, 0.1))
    other = list(inputs_ros.messages(types, inputs_ros.MIXED, 0.1))
    assert one == other
    times = [t_ns for t_ns, *_ in one]
    assert times == sorted(set(times))
    assert {topic for _, topic, *_ in one} == {topic for topic, *_ in inputs_ros.MIXED}


@pytest.mark.parametrize("codec", ["none", "lz4", "zstd"])
def test_an_mcap_file_holds_every_message(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "made.mcap"
    inputs_ros.write_mcap(path, inputs_ros.SMALL, 0.5, codec)
    assert _rows(path) == 335


@pytest.mark.parametrize("codec", ["none", "lz4", "bz2"])
def test_a_bag_holds_every_message(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "made.bag"
    inputs_ros.write_bag(path, inputs_ros.SMALL, 0.5, codec)
    assert _rows(path) == 335


def test_a_database_holds_every_message(tmp_path: Path) -> None:
    path = tmp_path / "made.db3"
    inputs_ros.write_db3(path, inputs_ros.SMALL, 0.5)
    assert _rows(path) == 335


def _rows(path: Path) -> int:
    with open_recording(LocalFile(path)) as reader:
        assert not reader.problems()
        return sum(batch.messages for batch in reader.batches())
