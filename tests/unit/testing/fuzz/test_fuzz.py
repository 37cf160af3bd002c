"""Changed recordings are read, refused or told about; whatever else happens is found and kept."""

import random
import time
from pathlib import Path

import pytest

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing.fuzz import trial
from avdataops.testing.fuzz.__main__ import main, trials
from avdataops.testing.fuzz.corpus import READERS, Seed, seeds
from avdataops.testing.fuzz.mutate import MAX_CHANGES, MAX_GROWTH, mutated
from avdataops.testing.fuzz.trial import Outcome, Trials, read


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - chance, not secrets


SLICE = 40
"""Changed recordings of each format in the usual tests; ``./run fuzz`` takes as many as it can."""


def test_every_format_has_recordings_that_are_read_whole() -> None:
    for reader in READERS:
        found = seeds(reader)
        assert found, reader
        for seed in found:
            outcome = read(seed.data)
            assert outcome.finding is None, (seed.name, outcome.finding)
            assert outcome.rows, seed.name


@pytest.mark.parametrize("reader", READERS)
def test_changed_recordings_never_escape_the_error_tree(reader: str) -> None:
    made = trials(reader, seeds(reader), seed=7)
    for _, (seed, data) in zip(range(SLICE), made, strict=False):
        outcome = read(data)
        assert outcome.finding is None, (seed.name, outcome.finding)


def test_the_same_seed_makes_the_same_changes() -> None:
    data = bytes(range(256)) * 8
    one, two = (mutated(data, _chance(3)) for _ in range(2))
    assert one == two
    assert one != data
    assert mutated(data, _chance(4)) != one


def test_changes_keep_a_recording_small_and_never_fail() -> None:
    rng = _chance(1)
    for size in (0, 1, 7, 500):
        for _ in range(300):
            changed = mutated(b"##HD" * size, rng)
            assert len(changed) <= 4 * size + MAX_CHANGES * (MAX_GROWTH + 64)


def test_what_must_not_happen_is_found_with_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: BytesFile) -> None:
        raise KeyError(file.name)

    monkeypatch.setattr(trial, "open_recording", broken)
    assert "KeyError: 'fuzzed'" in (read(b"x").finding or "")
    monkeypatch.undo()
    assert read(b"x") == Outcome(refused="unreadable_file")


def test_a_process_that_hangs_or_dies_is_a_finding_and_is_replaced() -> None:
    (seed,) = [one for one in seeds("mdf4") if one.name == "mdf4-plain"]
    process = Trials(wall_s=60)
    try:
        assert process.read(seed.data).rows == 52
        process._process.kill()
        process._process.join()
        assert process.read(seed.data).finding == "the process ended with status -9"
        assert process.read(seed.data).rows == 52
    finally:
        process.close()


def test_a_reader_without_an_end_is_a_finding() -> None:
    process = Trials(wall_s=0.0)
    began = time.monotonic()
    try:
        assert process.read(b"MDF     4.10    " * 8).finding == "it took more than 0 s"
    finally:
        process.close()
    assert time.monotonic() - began < 30


def test_the_command_tells_what_came_of_it_and_keeps_nothing_of_the_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVDATAOPS_TEST_DATA", raising=False)
    assert main(["candump", "--seconds", "0", "--keep", str(tmp_path / "kept")]) == 0
    assert capsys.readouterr().out.startswith("candump ")
    assert not (tmp_path / "kept").exists()


def test_the_command_keeps_what_it_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(self: Trials, data: bytes) -> Outcome:
        del self, data
        return Outcome(finding="Traceback\nKeyError: 7")

    monkeypatch.delenv("AVDATAOPS_TEST_DATA", raising=False)
    monkeypatch.setattr(Trials, "read", found)
    assert main(["asc", "--seconds", "0", "--keep", str(tmp_path)]) == 1
    kept = sorted(path.suffix for path in tmp_path.iterdir())
    assert kept == ["", ".txt"]
    assert "KeyError: 7" in capsys.readouterr().err


def test_real_recordings_join_if_their_folder_is_given(tmp_path: Path) -> None:
    (tmp_path / "drive.mf4").write_bytes(seeds("mdf4")[0].data)
    (tmp_path / "notes.txt").write_text("no recording")
    assert Seed("drive.mf4", seeds("mdf4")[0].data) in seeds("mdf4", tmp_path)
    assert all(seed.name != "drive.mf4" for seed in seeds("mcap", tmp_path))


def test_a_recording_that_is_opened_again_gives_the_same(tmp_path: Path) -> None:
    del tmp_path
    data = next(trials("mdf4", seeds("mdf4"), 3))[1]
    assert read(data) == read(data)
    with pytest.raises(Exception, match="known formats"):
        open_recording(BytesFile("none", b"nothing that is known"))


def test_a_name_of_a_topic_that_is_no_text_was_found_and_is_refused() -> None:
    (seed,) = seeds("db3")
    assert seed.data.count(b"/short")
    outcome = read(seed.data.replace(b"/short", b"/sh\x81rt"))
    assert outcome.finding is None
    assert outcome.refused == "unreadable_file" or outcome.rows
