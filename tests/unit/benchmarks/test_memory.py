"""The recordings that memory is measured on."""

from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalFile
from avdataops.readers.formats import open_recording
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, mcap_bytes
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


def test_one_topic_costs_little_more_than_the_chunks_that_hold_it(tmp_path: Path) -> None:
    blob = b"\x00\x01\x00\x00" + (4000).to_bytes(4, "little") + bytes(range(250)) * 16
    said = [Said("/rare" if 40 <= n < 45 else "/often", "a/msg/B", n, blob) for n in range(400)]
    style = McapStyle(compression="none", chunk_bytes=4000)
    path = tmp_path / "made.mcap"
    path.write_bytes(mcap_bytes(said, {"a/msg/B": "uint8[] data\n"}, style))
    read, held = memory.one_topic(path, "/rare")
    index = 60_000
    assert held < 50_000
    assert held <= read < held * 1.3 + index
    assert read < path.stat().st_size / 10
