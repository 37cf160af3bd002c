"""Uploads that went wrong: each is set aside with its own reason, and the fix it names works."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from avdataops.testing.command_line import Answer, Desk, sha256_of

VEHICLE = "AV-07"
BAG, DB3 = "body.bag", "localization.db3"
REPAIRS = f"avdataops upload FOLDER --vehicle '{VEHICLE}' (the same folder) repairs it"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A drive in landing, and the folder it came from."""

    desk: Desk
    folder: Path
    measurement: str

    @property
    def landing(self) -> Path:
        return self.desk.workspace / "landing" / self.measurement

    def again(self) -> Answer:
        return self.desk.here("upload", self.folder, "--vehicle", VEHICLE, "--format", "json")

    def run(self) -> Answer:
        return self.desk.here("run", self.measurement, "--format", "json")

    def show(self) -> Json:
        answer = self.desk.here("measurements", "show", self.measurement, "--format", "json")
        document: Json = answer.json
        return document

    def originals(self) -> dict[str, str]:
        return {path.name: sha256_of(path) for path in sorted(self.folder.iterdir())}

    def kept(self) -> dict[str, set[str]]:
        """The hashes under which each uploaded name is still stored, wherever that is."""
        found: dict[str, set[str]] = {}
        for place, sha256 in self.desk.files("landing", "quarantine", "raw/recordings").items():
            found.setdefault(place.rsplit("/", 1)[-1], set()).add(sha256)
        return found


@pytest.fixture
def uploaded(tiny: Path, tmp_path: Path) -> Uploaded:
    """Two recordings, uploaded and not yet run."""
    folder = tmp_path / "drive"
    shutil.copytree(tiny, folder)
    return upload(folder, tmp_path / "lake")


def upload(folder: Path, workspace: Path) -> Uploaded:
    desk = Desk(workspace)
    answer = desk.here("upload", folder, "--vehicle", VEHICLE, "--format", "json")
    assert answer.status == 0, answer.err
    return Uploaded(desk, folder, answer.json["measurement"])


def flip_a_byte(landing: Path) -> None:
    data = bytearray((landing / BAG).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (landing / BAG).write_bytes(data)


def remove(landing: Path) -> None:
    (landing / BAG).unlink()


def cut(landing: Path) -> None:
    data = (landing / BAG).read_bytes()
    (landing / BAG).write_bytes(data[: len(data) // 2])


def edit_manifest(landing: Path, change: Callable[[Json], None]) -> None:
    place = landing / "manifest.json"
    document = json.loads(place.read_text(encoding="utf-8"))
    change(document)
    place.write_text(json.dumps(document), encoding="utf-8")


def lie_about_a_size(landing: Path) -> None:
    edit_manifest(landing, lambda document: document["files"][0].update(bytes=1))


def point_outside(landing: Path) -> None:
    edit_manifest(landing, lambda document: document["files"][0].update(name="../../x"))


def name_another_hash(landing: Path) -> None:
    edit_manifest(landing, lambda document: document["files"][0].update(sha256="0" * 64))


def break_the_json(landing: Path) -> None:
    (landing / "manifest.json").write_text('{"files": [', encoding="utf-8")


def empty_the_manifest(landing: Path) -> None:
    (landing / "manifest.json").write_bytes(b"")


def lose_the_manifest(landing: Path) -> None:
    (landing / "manifest.json").unlink()


DAMAGED_FILE = [
    pytest.param(flip_a_byte, "checksum_mismatch", "SHA-256", id="a flipped byte"),
    pytest.param(remove, "missing_file", "not in landing", id="a file removed"),
    pytest.param(cut, "size_mismatch", "bytes", id="a file cut short"),
]
BAD_MANIFEST = [
    pytest.param(lie_about_a_size, BAG, id="lies about a size"),
    pytest.param(point_outside, "../../x", id="points outside"),
    pytest.param(name_another_hash, "hashes", id="names another hash"),
    pytest.param(break_the_json, "not JSON", id="is half written"),
    pytest.param(empty_the_manifest, "not JSON", id="is empty"),
    pytest.param(lose_the_manifest, "no manifest", id="is gone"),
]


@pytest.mark.parametrize(("tamper", "code", "told"), DAMAGED_FILE)
def test_a_damaged_file_is_rejected_with_its_name_and_the_same_upload_repairs_it(
    uploaded: Uploaded, tamper: Callable[[Path], None], code: str, told: str
) -> None:
    tamper(uploaded.landing)
    rejected = uploaded.run()
    assert rejected.status == 1
    assert f"quarantined [{code}]" in rejected.err
    shown = uploaded.show()
    assert shown["state"] == "quarantined"
    assert shown["reason"]["code"] == code
    assert f"'{BAG}'" in shown["reason"]["message"]
    assert told in shown["reason"]["message"]
    assert shown["reason"]["fix"] == REPAIRS
    assert uploaded.originals()[DB3] in uploaded.kept()[DB3]
    assert not any(uploaded.desk.files("landing"))
    _repair_and_finish(uploaded)


@pytest.mark.parametrize(("tamper", "told"), BAD_MANIFEST)
def test_a_manifest_that_was_changed_is_rejected_and_the_same_upload_repairs_it(
    uploaded: Uploaded, tamper: Callable[[Path], None], told: str
) -> None:
    outside = uploaded.desk.workspace.parent
    before = sorted(outside.iterdir())
    tamper(uploaded.landing)
    rejected = uploaded.run()
    assert rejected.status == 65
    assert uploaded.measurement in rejected.err
    shown = uploaded.show()
    assert shown["state"] == "quarantined"
    assert shown["reason"]["code"] == "bad_manifest"
    assert told in shown["reason"]["message"]
    assert shown["reason"]["fix"] == REPAIRS
    kept = uploaded.kept()
    assert all(sha256 in kept[name] for name, sha256 in uploaded.originals().items())
    assert sorted(outside.iterdir()) == before
    _repair_and_finish(uploaded)


def _repair_and_finish(uploaded: Uploaded) -> None:
    waiting = uploaded.run()
    assert waiting.status == 65
    assert "quarantined" in waiting.err
    repaired = uploaded.again()
    assert (repaired.status, repaired.json["state"]) == (0, "pending")
    assert repaired.json["measurement"] == uploaded.measurement
    done = uploaded.run()
    assert (done.status, done.json["state"]) == (0, "complete"), done.err
    shown = uploaded.show()
    assert (shown["state"], shown["reason"]) == ("complete", None)
    kept = uploaded.kept()
    assert {name: kept[name] for name in (BAG, DB3)} == {
        name: {sha256} for name, sha256 in uploaded.originals().items()
    }
    assert uploaded.desk.files("landing", "quarantine") == {}
    assert uploaded.desk.here("measurements", "verify", uploaded.measurement).status == 0


@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 64], ids=["empty", "no recording"])
def test_a_file_of_no_known_format_is_rejected_and_the_drive_without_it_goes_through(
    tiny: Path, tmp_path: Path, content: bytes
) -> None:
    folder = tmp_path / "drive"
    shutil.copytree(tiny, folder)
    (folder / "x.mcap").write_bytes(content)
    uploaded = upload(folder, tmp_path / "lake")
    rejected = uploaded.run()
    assert rejected.status == 1
    shown = uploaded.show()
    assert (shown["state"], shown["reason"]["code"]) == ("quarantined", "unknown_format")
    assert "'x.mcap'" in shown["reason"]["message"]
    assert "remove or convert 'x.mcap' and upload the folder again" in shown["reason"]["fix"]
    kept = uploaded.kept()
    assert all(sha256 in kept[name] for name, sha256 in uploaded.originals().items())
    (folder / "x.mcap").unlink()
    mended = upload(folder, tmp_path / "lake")
    assert mended.measurement != uploaded.measurement
    done = mended.run()
    assert (done.status, done.json["state"]) == (0, "complete"), done.err
    assert uploaded.show()["state"] == "quarantined"


def test_an_mcap_whose_inside_is_noise_is_rejected_or_read_with_a_caveat(
    tiny: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "drive"
    shutil.copytree(tiny, folder)
    (folder / "x.mcap").write_bytes(b"\x89MCAP0\r\n" + bytes(range(256)) * 64)
    uploaded = upload(folder, tmp_path / "lake")
    answer = uploaded.run()
    state = uploaded.show()["state"]
    assert (answer.status, state) in {(1, "quarantined"), (3, "complete")}
    assert "x.mcap" in answer.err


def test_requeue_takes_a_rejected_drive_back_after_it_was_mended_by_hand(
    uploaded: Uploaded,
) -> None:
    flip_a_byte(uploaded.landing)
    assert uploaded.run().status == 1
    requeue = ("measurements", "requeue", uploaded.measurement, "--format", "json")
    back = uploaded.desk.here(*requeue)
    assert back.status == 0
    assert back.json["state"] == "pending"
    assert uploaded.show()["reason"] is None
    assert uploaded.desk.files("quarantine") == {}
    # Not mended yet: it is rejected again, for the same reason.
    assert uploaded.run().status == 1
    assert uploaded.show()["reason"]["code"] == "checksum_mismatch"
    assert uploaded.desk.here(*requeue).status == 0
    shutil.copy(uploaded.folder / BAG, uploaded.landing / BAG)
    done = uploaded.run()
    assert (done.status, done.json["state"]) == (0, "complete"), done.err


def test_a_drive_that_was_not_rejected_cannot_be_requeued(uploaded: Uploaded) -> None:
    refused = uploaded.desk.here("measurements", "requeue", uploaded.measurement)
    assert refused.status == 65
    assert "is pending, not quarantined" in refused.err


def test_every_rejected_drive_can_be_listed(uploaded: Uploaded) -> None:
    remove(uploaded.landing)
    assert uploaded.run().status == 1
    listed = uploaded.desk.here(
        "measurements", "list", "--state", "quarantined", "--format", "json"
    ).json
    assert [(row["measurement"], row["reason"]) for row in listed] == [
        (uploaded.measurement, "missing_file")
    ]
    assert uploaded.desk.here("measurements", "list", "--state", "complete").out.count(b"m_") == 0
