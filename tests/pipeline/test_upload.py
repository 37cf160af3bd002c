"""Uploads: nothing twice, nothing lost, the manifest last."""

import json
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine import intake, sending
from avdataops.model.location import Location, Zone
from avdataops.testing.command_line import Desk, sha256_of
from sample_data import SampleDrive

NO_RECORDING = 65
VEHICLE = ("--vehicle", "AV-07")
MIB = 1 << 20


def test_the_result_names_every_recording_with_its_size_and_hash(
    short: SampleDrive, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake")
    answer = desk.call("upload", short.drive, *VEHICLE, "--dbc", short.dbc, "--format", "json")
    assert answer.status == 0
    recordings = [short.body, short.chassis, short.localization, short.sensors]
    assert answer.json["state"] == "pending"
    assert answer.json["recordings"] == [
        {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in recordings
    ]
    assert f"next: avdataops run {answer.json['measurement']}" in answer.err


def test_a_dry_run_writes_nothing(short: SampleDrive, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lake")
    answer = desk.here("upload", short.drive, *VEHICLE, "--dry-run", "--format", "json")
    assert answer.status == 0
    names = {file["name"] for file in answer.json["files"]}
    assert names == {path.name for path in short.drive.iterdir()}
    assert answer.json["bytes"] == sum(path.stat().st_size for path in short.drive.iterdir())
    assert not (desk.workspace / "landing").exists()
    assert not (desk.workspace / "uploads").exists()
    assert desk.here("measurements", "list", "--format", "json").json == []


def test_the_second_upload_has_nothing_to_do(tiny: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lake")
    first = desk.here("upload", tiny, *VEHICLE, "--format", "json").json
    before = desk.files("landing")
    second = desk.here("upload", tiny, *VEHICLE)
    assert second.status == 0
    assert second.text.startswith(
        f"nothing to do: it was uploaded before, as {first['measurement']}"
    )
    assert desk.files("landing") == before
    again = desk.here("upload", tiny, *VEHICLE, "--format", "json").json
    assert (first.pop("uploaded"), again.pop("uploaded")) == (True, False)
    assert again == first


def test_a_drive_that_was_run_is_not_uploaded_again(tiny: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lake")
    measurement = desk.here("upload", tiny, *VEHICLE, "--format", "json").json["measurement"]
    assert desk.here("run", measurement, "--to", "validate").status == 0
    again = desk.here("upload", tiny, *VEHICLE, "--format", "json")
    assert (again.status, again.json["uploaded"]) == (0, False)
    assert desk.files("landing") == {}


def test_another_vehicle_makes_another_measurement(tiny: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "lake")
    one = desk.here("upload", tiny, "--vehicle", "A", "--format", "json").json
    two = desk.here("upload", tiny, "--vehicle", "B", "--format", "json").json
    assert one["measurement"] != two["measurement"]
    assert one["recordings"] == two["recordings"]


def test_what_the_driver_noted_is_shown_with_the_measurement(
    short: SampleDrive, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake")
    measurement = desk.here("upload", short.drive, *VEHICLE, "--format", "json").json["measurement"]
    shown = desk.here("measurements", "show", measurement, "--format", "json").json
    notes = json.loads(short.driver_notes.read_text(encoding="utf-8"))
    assert notes["remarks"]
    assert shown["driver_notes"] == notes
    assert (
        f"driver notes, driver_id: {notes['driver_id']}"
        in desk.here("measurements", "show", measurement).text
    )


def test_notes_in_yaml_from_another_place_are_taken(tiny: Path, tmp_path: Path) -> None:
    notes = tmp_path / "mine.yaml"
    notes.write_text("driver_id: D1\nroute: to work\nremarks:\n  - {t: '12:00', text: wet}\n")
    desk = Desk(tmp_path / "lake")
    given = ("upload", tiny, *VEHICLE, "--driver-notes", notes, "--format", "json")
    measurement = desk.here(*given).json["measurement"]
    shown = desk.here("measurements", "show", measurement, "--format", "json").json
    assert shown["driver_notes"]["route"] == "to work"


def test_files_that_are_left_out_are_named(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    shutil.copytree(tiny, folder)
    (folder / "photo.png").write_bytes(b"png")
    (folder / "sub").mkdir()
    (folder / "sub" / "log.txt").write_bytes(b"text")
    desk = Desk(tmp_path / "lake")
    answer = desk.here("upload", folder, *VEHICLE, "--format", "json")
    assert answer.status == 0
    assert "left out: photo.png" in answer.err
    assert "left out: sub/log.txt" in answer.err
    assert len(answer.json["recordings"]) == 2


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "log.txt").write_bytes(b"text")
    desk = Desk(tmp_path / "lake")
    answer = desk.here("upload", folder, *VEHICLE, "--format", "json")
    assert (answer.status, answer.out) == (NO_RECORDING, b"")
    error = json.loads(answer.err[answer.err.index("{") :])["error"]
    assert "holds no recording" in error["message"]
    assert "1 other files" in error["message"]
    assert not (desk.workspace / "landing").exists()
    missing = desk.here("upload", tmp_path / "nowhere", *VEHICLE)
    assert missing.status == NO_RECORDING
    assert "is not a folder" in missing.err


def test_the_manifest_is_written_last_and_whole(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    put = LocalStorage.put

    def noting(self: LocalStorage, at: Location, chunks: Iterable[bytes]) -> bool:
        if at.zone is Zone.LANDING:
            order.append(at.name)
        return put(self, at, chunks)

    monkeypatch.setattr(LocalStorage, "put", noting)
    desk = Desk(tmp_path / "lake")
    measurement = desk.here("upload", tiny, *VEHICLE, "--format", "json").json["measurement"]
    assert order == ["body.bag", "localization.db3", "manifest.json"]
    place = desk.workspace / "landing" / measurement / "manifest.json"
    manifest = json.loads(place.read_text(encoding="utf-8"))
    assert [file["name"] for file in manifest["files"]] == ["body.bag", "localization.db3"]


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    """A folder with 40 and 200 MiB under the names of recordings, mostly holes."""
    folder = tmp_path / "large"
    folder.mkdir()
    for name, size in (("a.mcap", 40 * MIB), ("b.mcap", 200 * MIB)):
        with (folder / name).open("wb") as file:
            file.write(name.encode())
            file.truncate(size)
    yield folder
    shutil.rmtree(folder)
    shutil.rmtree(tmp_path / "lake", ignore_errors=True)


def test_an_upload_that_was_killed_hashes_and_copies_nothing_twice(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "lake")
    landing = desk.workspace / "landing"
    with desk.start("upload", large, *VEHICLE, err=tmp_path / "err") as process:
        while process.poll() is None and not list(landing.glob("m_*/a.mcap")):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    (copied,) = landing.glob("m_*/*")
    assert copied.name == "a.mcap"
    before = copied.stat()
    read: Counter[str] = Counter()
    real_read = intake.read_chunks

    def counting(path: Path) -> Iterator[bytes]:
        for chunk in real_read(path):
            read[path.name] += len(chunk)
            yield chunk

    for module in (intake, sending):
        monkeypatch.setattr(module, "read_chunks", counting)
    resumed = desk.here("upload", large, *VEHICLE, "--format", "json")
    assert resumed.status == 0
    # One read of b is its copy; its hash and all of a were remembered.
    assert read == {"b.mcap": 200 * MIB}
    after = copied.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    manifest = json.loads((copied.parent / "manifest.json").read_text(encoding="utf-8"))
    assert {file["name"]: file["sha256"] for file in manifest["files"]} == {
        path.name: sha256_of(path) for path in large.iterdir()
    }
    assert sha256_of(copied.parent / "b.mcap") == sha256_of(large / "b.mcap")
    assert desk.here("upload", large, *VEHICLE).text.startswith("nothing to do")
