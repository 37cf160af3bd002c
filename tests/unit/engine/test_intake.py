"""From a folder to landing."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.engine.intake import (
    HashCache,
    hash_sources,
    make_manifest,
    scan,
    upload,
)
from avdataops.engine.landing import quarantine
from avdataops.model.errors import Conflict, InputError, StorageUnavailable, UnsafeName
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Reason, Role, State
from avdataops.ports.storage import read_all
from avdataops.testing.engine_kit import DRIVE, Engine, manifest_of, memory_engine
from avdataops.testing.facts import sha256_of

WHY = Reason(code="bad", message="it is bad", fix="mend it")


def folder_of(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}", encoding="utf-8")
    return root


def drive_on_disk(root: Path) -> dict[str, Path]:
    root.mkdir(exist_ok=True)
    for name, data in DRIVE.items():
        (root / name).write_bytes(data)
    return {name: root / name for name in DRIVE}


def landing(engine: Engine) -> list[str]:
    return [stored.location.name for stored in engine.storage.list(Zone.LANDING)]


def send(engine: Engine, paths: dict[str, Path], manifest: Manifest | None = None) -> bool:
    return upload(engine.storage, engine.catalog, manifest or manifest_of(DRIVE), paths)


class Told(list[tuple[str, str, int]]):
    """Progress that is kept."""

    def __call__(self, what: str, name: str, size: int) -> None:
        self.append((what, name, size))


class TestScan:
    def test_recordings_and_what_belongs_to_them_are_found_in_order(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "z.mcap", "sub/a.MF4", "b.bag", "c.db3", "bus.dbc")
        folder_of(tmp_path, "driver_notes.json", "sub/metadata.yaml")
        found = scan(tmp_path)
        assert [(source.name, source.role) for source in found.sources] == [
            ("b.bag", Role.RECORDING),
            ("bus.dbc", Role.DBC),
            ("c.db3", Role.RECORDING),
            ("driver_notes.json", Role.NOTES),
            ("sub/a.MF4", Role.RECORDING),
            ("sub/metadata.yaml", Role.SIDECAR),
            ("z.mcap", Role.RECORDING),
        ]
        assert found.sources[0].bytes == len("content of b.bag")
        assert found.ignored == ()

    def test_other_files_are_left_out_and_named_hidden_ones_are_not(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "a.mcap", "readme.txt", "x/photo.jpg", ".git/b.mcap", ".hidden.mcap")
        folder_of(tmp_path, "manifest.json", "sub/driver_notes.json")
        found = scan(tmp_path)
        assert [source.name for source in found.sources] == ["a.mcap"]
        assert found.ignored == (
            "manifest.json",
            "readme.txt",
            "sub/driver_notes.json",
            "x/photo.jpg",
        )

    def test_a_log_is_a_recording_only_if_it_begins_like_one(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "drive.log", "empty.log", "a.mcap", "checksums.asc", "bus.ASC", "b.blf")
        (tmp_path / "drive.log").write_bytes(b"(1581670628.161550) can0 123#DEADBEEF\n")
        (tmp_path / "empty.log").write_bytes(b"")
        (tmp_path / "bus.ASC").write_bytes(b"date Fri Feb 14 08:51:20 am 2020\nbase hex\n")
        folder_of(tmp_path, "player.log")
        found = scan(tmp_path)
        assert [source.name for source in found.sources] == [
            "a.mcap",
            "b.blf",
            "bus.ASC",
            "drive.log",
        ]
        assert {source.role for source in found.sources} == {Role.RECORDING}
        assert found.ignored == ("checksums.asc", "empty.log", "player.log")

    def test_a_folder_with_nothing_but_other_logs_holds_no_recording(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "player.log")
        with pytest.raises(InputError, match=r"holds no recording.*\.log.*1 other files"):
            scan(tmp_path)

    def test_files_given_beside_the_folder_come_along(self, tmp_path: Path) -> None:
        drive = folder_of(tmp_path / "drive", "a.mcap", "driver_notes.json")
        other = folder_of(tmp_path / "other", "bus.dbc", "words.yaml")
        found = scan(drive, [other / "bus.dbc"], other / "words.yaml")
        assert {source.name: source.path for source in found.sources} == {
            "a.mcap": drive / "a.mcap",
            "dbc/bus.dbc": other / "bus.dbc",
            "driver_notes.json": other / "words.yaml",
        }

    def test_two_files_under_one_name_are_refused(self, tmp_path: Path) -> None:
        drive = folder_of(tmp_path / "drive", "a.mcap")
        one = folder_of(tmp_path / "one", "bus.dbc") / "bus.dbc"
        two = folder_of(tmp_path / "two", "bus.dbc") / "bus.dbc"
        with pytest.raises(InputError, match=r"two files would be uploaded as 'dbc/bus.dbc'"):
            scan(drive, [one, two])
        assert len(scan(drive, [one, one]).sources) == 2

    def test_names_that_differ_in_case_only_are_refused_before_anything_is_copied(
        self, tmp_path: Path
    ) -> None:
        folder_of(tmp_path, "a.mcap", "A.mcap")
        if len(list(tmp_path.iterdir())) == 1:
            pytest.skip("case does not count in this file system")
        with pytest.raises(InputError, match=r"'A.mcap' and 'a.mcap' would be one file"):
            scan(tmp_path)

    def test_a_folder_without_a_recording_says_what_was_looked_for(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "bus.dbc", "readme.txt")
        with pytest.raises(InputError, match=r"no recording .*\.mcap.*1 other files"):
            scan(tmp_path)

    def test_a_name_that_no_storage_takes_is_refused(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "a:b.mcap")
        with pytest.raises(UnsafeName):
            scan(tmp_path)

    def test_what_is_not_there_is_named(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "a.mcap")
        with pytest.raises(InputError, match=r"there is no file .*nowhere"):
            scan(tmp_path, [tmp_path / "nowhere.dbc"])
        with pytest.raises(InputError, match="nowhere' is not a folder"):
            scan(tmp_path / "nowhere")


class TestHashing:
    def test_lines_of_the_manifest_hold_size_and_hash(self, tmp_path: Path) -> None:
        sources = scan(folder_of(tmp_path, "a.mcap", "b.mcap")).sources
        told = Told()
        files = hash_sources(sources, HashCache(tmp_path / "cache"), told, 2)
        assert files == tuple(
            ManifestFile(
                name=name, bytes=17, sha256=sha256_of(f"content of {name}"), role=Role.RECORDING
            )
            for name in ("a.mcap", "b.mcap")
        )
        assert sorted(told) == [("hash", "a.mcap", 17), ("hash", "b.mcap", 17)]

    def test_an_unchanged_file_is_not_hashed_twice_even_by_another_process(
        self, tmp_path: Path
    ) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        HashCache(tmp_path / "cache").put(HashCache.key(source.path), "f" * 64)
        again = HashCache(tmp_path / "cache")
        (file,) = hash_sources([source], again, lambda *_: None, 1)
        assert file.sha256 == "f" * 64
        again.drop()
        (file,) = hash_sources([source], HashCache(tmp_path / "cache"), lambda *_: None, 1)
        assert file.sha256 == sha256_of("content of a.mcap")

    def test_a_changed_file_is_hashed_anew(self, tmp_path: Path) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        cache = HashCache(tmp_path / "cache")
        cache.put(HashCache.key(source.path), "f" * 64)
        os.utime(source.path, ns=(1, 1))
        assert cache.get(HashCache.key(source.path)) is None

    def test_a_broken_cache_is_an_empty_one(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("{", encoding="utf-8")
        assert HashCache(tmp_path / "cache").get("x") is None

    def test_a_file_that_changes_while_it_is_hashed_is_refused_and_not_remembered(
        self, tmp_path: Path
    ) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        key = HashCache.key(source.path)

        def appending(*_: object) -> None:
            with source.path.open("a", encoding="utf-8") as file:
                file.write("more")

        cache = HashCache(tmp_path / "cache")
        with pytest.raises(InputError, match="changed while it was hashed"):
            hash_sources([source], cache, appending, 1)
        assert cache.get(key) is None
        assert cache.get(HashCache.key(source.path)) is None

    def test_a_file_that_grew_since_the_scan_is_refused(self, tmp_path: Path) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        source.path.write_text("longer than it was before", encoding="utf-8")
        with pytest.raises(InputError, match="changed while it was hashed"):
            hash_sources([source], HashCache(tmp_path / "cache"), lambda *_: None, 1)


class TestManifest:
    def test_the_id_follows_from_vehicle_names_and_hashes_alone(self) -> None:
        one = manifest_of(DRIVE)
        assert make_manifest("car-1", one.files[::-1], {"route": "x"}).measurement == (
            one.measurement
        )
        assert make_manifest("car-2", one.files, None).measurement != one.measurement
        renamed = replace(one.files[0], name="c.mcap")
        assert make_manifest("car-1", (renamed, one.files[1]), None).measurement != (
            one.measurement
        )

    def test_a_vehicle_needs_a_plain_name(self) -> None:
        with pytest.raises(InputError, match="cannot name a vehicle"):
            make_manifest("../car", manifest_of(DRIVE).files, None)


class _Failing(MemoryStorage):
    """Fails at the file named, once."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.read: list[str] = []

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        data = list(chunks) if self.stat(at) is None else []
        if at.name == self.name:
            self.name = ""
            raise StorageUnavailable("the line went dead")
        if data:
            self.read.append(at.name)
        return super().put(at, data)


class TestUpload:
    def test_files_land_and_the_drive_is_pending(self, tmp_path: Path) -> None:
        engine = memory_engine()
        assert send(engine, drive_on_disk(tmp_path))
        assert landing(engine) == ["a.mcap", "b.mcap", "manifest.json"]
        facts = engine.catalog.measurement(manifest_of(DRIVE).measurement)
        assert (facts.state, facts.created_ns) == (State.PENDING, 1)

    def test_the_same_upload_again_does_nothing(self, tmp_path: Path) -> None:
        engine = memory_engine()
        paths = drive_on_disk(tmp_path)
        send(engine, paths)
        for path in paths.values():
            path.unlink()
        assert not send(engine, paths)

    def test_after_clearing_the_same_upload_still_does_nothing(self, tmp_path: Path) -> None:
        engine = memory_engine()
        paths = drive_on_disk(tmp_path)
        send(engine, paths)
        engine.run(manifest_of(DRIVE).measurement)
        assert not send(engine, paths)
        assert landing(engine) == []

    @pytest.mark.parametrize("name", ["a.mcap", "b.mcap", "manifest.json"])
    def test_an_interrupted_upload_goes_on_where_it_stopped(
        self, tmp_path: Path, name: str
    ) -> None:
        storage = _Failing(name)
        engine = replace(memory_engine(), storage=storage)
        paths = drive_on_disk(tmp_path)
        with pytest.raises(StorageUnavailable):
            send(engine, paths)
        before = list(storage.read)
        assert "manifest.json" not in landing(engine)
        assert send(engine, paths, replace(manifest_of(DRIVE), created_ns=99))
        assert sorted(storage.read) == ["a.mcap", "b.mcap", "manifest.json"]
        assert storage.read[: len(before)] == before

    def test_the_manifest_of_a_first_try_stays(self, tmp_path: Path) -> None:
        engine = memory_engine()
        paths = drive_on_disk(tmp_path)
        send(engine, paths)
        fresh = replace(memory_engine(), storage=engine.storage)
        assert send(fresh, paths, replace(manifest_of(DRIVE), created_ns=99))
        assert fresh.catalog.measurement(manifest_of(DRIVE).measurement).created_ns == 1

    def test_a_source_that_changes_during_the_upload_leaves_nothing_of_itself(
        self, tmp_path: Path
    ) -> None:
        engine = memory_engine()
        paths = drive_on_disk(tmp_path)
        paths["b.mcap"].write_bytes(b"changed since it was hashed")
        with pytest.raises(InputError, match="changed while it was uploaded"):
            send(engine, paths)
        assert landing(engine) == ["a.mcap"]

    def test_other_content_in_landing_is_never_overwritten(self, tmp_path: Path) -> None:
        engine = memory_engine()
        at = Location(Zone.LANDING, f"{manifest_of(DRIVE).measurement}/b.mcap")
        engine.storage.put(at, [b"somebody else's"])
        with pytest.raises(Conflict, match="exists with other content"):
            send(engine, drive_on_disk(tmp_path))
        assert read_all(engine.storage.open(at)) == b"somebody else's"

    def test_progress_tells_every_byte_once_copied_or_found(self, tmp_path: Path) -> None:
        total = sum(len(data) for data in DRIVE.values())
        for landed_before in (0, 1):
            engine = memory_engine()
            names = list(DRIVE)[:landed_before]
            for name in names:
                at = Location(Zone.LANDING, f"{manifest_of(DRIVE).measurement}/{name}")
                engine.storage.put(at, [DRIVE[name]])
            told = Told()
            paths = drive_on_disk(tmp_path)
            upload(engine.storage, engine.catalog, manifest_of(DRIVE), paths, told)
            assert sum(size for _, _, size in told) == total


class TestRepair:
    def rejected(self, tmp_path: Path) -> tuple[Engine, dict[str, Path], str]:
        engine = memory_engine()
        paths = drive_on_disk(tmp_path)
        send(engine, paths)
        measurement = manifest_of(DRIVE).measurement
        at = Location(Zone.LANDING, f"{measurement}/b.mcap")
        engine.storage.delete(at)
        engine.storage.put(at, [b"rotten"])
        engine.run(measurement)
        assert engine.catalog.measurement(measurement).state is State.QUARANTINED
        return engine, paths, measurement

    def test_the_same_upload_repairs_a_rejected_drive(self, tmp_path: Path) -> None:
        engine, paths, measurement = self.rejected(tmp_path)
        assert send(engine, paths, replace(manifest_of(DRIVE), created_ns=99))
        facts = engine.catalog.measurement(measurement)
        assert (facts.state, facts.reason, facts.created_ns) == (State.PENDING, None, 1)
        assert list(engine.storage.list(Zone.QUARANTINE)) == []
        engine.run(measurement)
        assert engine.catalog.measurement(measurement).state is State.COMPLETE

    def test_a_bad_file_that_an_interrupted_rejection_left_does_not_block_the_repair(
        self, tmp_path: Path
    ) -> None:
        engine, paths, measurement = self.rejected(tmp_path)
        engine.storage.put(Location(Zone.LANDING, f"{measurement}/b.mcap"), [b"rotten"])
        assert send(engine, paths)
        engine.run(measurement)
        assert engine.catalog.measurement(measurement).state is State.COMPLETE

    def test_a_bad_manifest_is_repaired_too(self, tmp_path: Path) -> None:
        engine, paths, measurement = self.rejected(tmp_path)
        engine.storage.put(Location(Zone.LANDING, f"{measurement}/manifest.json"), [b"{}"])
        assert send(engine, paths)
        engine.run(measurement)
        assert engine.catalog.measurement(measurement).state is State.COMPLETE

    def test_a_drive_rejected_after_landing_was_cleared_is_taken_again(
        self, tmp_path: Path
    ) -> None:
        engine = memory_engine()
        paths = drive_on_disk(tmp_path)
        send(engine, paths)
        measurement = manifest_of(DRIVE).measurement
        engine.run(measurement)
        quarantine(engine.storage, engine.catalog, measurement, WHY)
        assert send(engine, paths)
        assert engine.run(measurement).ran == ()
        assert landing(engine) == []
        assert engine.catalog.measurement(measurement).state is State.COMPLETE
