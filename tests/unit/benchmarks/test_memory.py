"""The recordings that memory is measured on."""

from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalFile
from avdataops.readers.formats import open_recording
from avdataops.testing.reader_suite import tables_of
from benchmarks import memory


def test_the_bag_holds_as_many_messages_as_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_CHUNK_MESSAGES", 100)
    assert memory.write_bag(tmp_path / "many.bag", 250) == 250
    with open_recording(LocalFile(tmp_path / "many.bag")) as reader:
        assert not reader.problems()
        table = tables_of(reader.batches())["/values"]
    assert table.num_rows == 250
    assert table["stamp_ns"].to_pylist() == table["t_ns"].to_pylist()
    assert table["v5"][1].as_py() == table["t_ns"][1].as_py() % 1_000_003 / 7.0


def test_the_recording_grows_to_the_size_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "big.mcap"
    messages = memory.write_mixed(path, 0.05)
    assert 0.05e9 <= path.stat().st_size < 0.09e9
    with open_recording(LocalFile(path)) as reader:
        assert sum(stream.rows or 0 for stream in reader.streams) == messages


def test_a_recording_is_extracted_measured_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "CACHE", tmp_path)
    assert memory.main(["--gb", "--messages", "20000"]) == 0
    told = capsys.readouterr().out
    assert "20,000 messages" in told
    assert told.rstrip().endswith("met")
    assert not list(tmp_path.iterdir())
