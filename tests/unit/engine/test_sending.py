"""From a manifest to landing."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.engine.landing import quarantine
from avdataops.engine.sending import take_in_landed, upload
from avdataops.model.errors import Conflict, InputError, StorageUnavailable
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, Reason, State
from avdataops.ports.storage import PartsStored, read_all
from avdataops.testing.engine_kit import DRIVE, Engine, manifest_of, memory_engine

WHY = Reason(code="bad", message="it is bad", fix="mend it")


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


class Sent(MemoryStorage):
    """A storage that takes whole files, in parts that outlive an interruption."""

    def __init__(self, part_bytes: int = 8) -> None:
        super().__init__()
        self.part_bytes = part_bytes
        self.parts: dict[Location, list[bytes]] = {}
        self.sent: list[bytes] = []
        self.break_after = 10**9

    def put_file(self, at: Location, path: Path, sha256: str, progress: PartsStored) -> bool:
        data = path.read_bytes()
        if self.stat(at):
            return False
        known = self.parts.setdefault(at, [])
        for start in range(0, len(data), self.part_bytes):
            part = data[start : start + self.part_bytes]
            if start // self.part_bytes >= len(known):
                if len(self.sent) >= self.break_after:
                    raise StorageUnavailable("the line went dead")
                known.append(part)
                self.sent.append(part)
                progress(len(part), len(part))
            else:
                progress(len(part), 0)
        assert sha256 == hashlib.sha256(data).hexdigest()
        return self.put(at, [data])


class TestResumable:
    def test_a_storage_that_takes_files_gets_them_whole(self, tmp_path: Path) -> None:
        engine, told = replace(memory_engine(), storage=Sent()), Told()
        paths = drive_on_disk(tmp_path)
        upload(engine.storage, engine.catalog, manifest_of(DRIVE), paths, told)
        assert landing(engine) == ["a.mcap", "b.mcap", "manifest.json"]
        assert sum(size for _, _, size in told) == sum(map(len, DRIVE.values()))
        assert engine.run(manifest_of(DRIVE).measurement).failed == ()

    def test_after_an_interruption_only_what_is_missing_is_sent(self, tmp_path: Path) -> None:
        storage = Sent()
        engine = replace(memory_engine(), storage=storage)
        paths = drive_on_disk(tmp_path)
        storage.break_after = 3
        with pytest.raises(StorageUnavailable):
            send(engine, paths)
        storage.break_after = 10**9
        assert send(engine, paths)
        assert b"".join(storage.sent) == b"".join(DRIVE[name] for name in sorted(DRIVE))

    @pytest.mark.parametrize("kind", [MemoryStorage, Sent])
    def test_every_byte_waits_its_turn_where_a_cap_is_set(
        self, tmp_path: Path, kind: type[MemoryStorage]
    ) -> None:
        storage = kind()
        engine, taken = replace(memory_engine(), storage=storage), list[int]()
        manifest, paths = manifest_of(DRIVE), drive_on_disk(tmp_path)
        upload(storage, engine.catalog, manifest, paths, take=taken.append)
        assert sum(taken) == sum(map(len, DRIVE.values()))
        assert len(taken) >= 2

    def test_parts_that_arrived_before_a_kill_do_not_wait_their_turn(self, tmp_path: Path) -> None:
        storage, taken, told = Sent(), list[int](), Told()
        engine = replace(memory_engine(), storage=storage)
        manifest, paths = manifest_of(DRIVE), drive_on_disk(tmp_path)
        storage.break_after = 2
        with pytest.raises(StorageUnavailable):
            send(engine, paths)
        before = sum(map(len, storage.sent))
        storage.break_after = 10**9
        upload(storage, engine.catalog, manifest, paths, told, taken.append)
        assert sum(taken) == sum(map(len, DRIVE.values())) - before
        assert 0 not in taken
        assert sum(size for _, _, size in told) == sum(map(len, DRIVE.values()))

    def test_what_is_there_already_costs_no_time(self, tmp_path: Path) -> None:
        engine, taken = memory_engine(), list[int]()
        manifest, paths = manifest_of(DRIVE), drive_on_disk(tmp_path)
        for name, data in DRIVE.items():
            engine.storage.put(Location(Zone.LANDING, f"{manifest.measurement}/{name}"), [data])
        upload(engine.storage, engine.catalog, manifest, paths, take=taken.append)
        assert taken == []


class TestLandedByOthers:
    """The files came by AzCopy; only the manifest is missing."""

    MEASUREMENT = manifest_of(DRIVE).measurement

    def brought(self, *names: str) -> Engine:
        engine = memory_engine()
        for name in names:
            at = Location(Zone.LANDING, f"{self.MEASUREMENT}/{name}")
            engine.storage.put(at, [DRIVE[name]])
        return engine

    def take(self, engine: Engine) -> bool:
        return take_in_landed(engine.storage, engine.catalog, manifest_of(DRIVE))

    def test_the_manifest_is_written_when_every_file_is_there(self) -> None:
        engine = self.brought("a.mcap", "b.mcap")
        assert self.take(engine)
        assert engine.catalog.measurement(self.MEASUREMENT).state is State.PENDING
        assert engine.run(self.MEASUREMENT).failed == ()
        assert not self.take(engine)

    def test_what_is_missing_is_named_and_nothing_is_written(self) -> None:
        engine = self.brought("a.mcap")
        with pytest.raises(InputError, match=r"2 files: 'b\.mcap' is missing$") as told:
            self.take(engine)
        assert f"folder {self.MEASUREMENT} of the landing zone" in (told.value.hint or "")
        assert landing(engine) == ["a.mcap"]

    def test_a_file_of_another_size_is_named(self) -> None:
        engine = self.brought("a.mcap")
        at = Location(Zone.LANDING, f"{self.MEASUREMENT}/b.mcap")
        engine.storage.put(at, [b"half"])
        size = len(DRIVE["b.mcap"])
        with pytest.raises(InputError, match=rf"'b\.mcap' has 4 bytes, not {size}$"):
            self.take(engine)

    def test_of_many_missing_files_the_first_are_named_and_the_others_counted(self) -> None:
        files = {f"{number}.mcap": b"x" for number in range(9)}
        engine = memory_engine()
        with pytest.raises(InputError, match=r"'2\.mcap' is missing and 6 more$"):
            take_in_landed(engine.storage, engine.catalog, manifest_of(files))

    def test_other_bytes_of_the_right_size_are_found_by_validate(self) -> None:
        engine = self.brought("a.mcap")
        at = Location(Zone.LANDING, f"{self.MEASUREMENT}/b.mcap")
        engine.storage.put(at, [b"x" * len(DRIVE["b.mcap"])])
        assert self.take(engine)
        engine.run(self.MEASUREMENT)
        assert engine.catalog.measurement(self.MEASUREMENT).state is State.QUARANTINED

    def test_a_rejected_drive_is_brought_again(self) -> None:
        engine = self.brought("a.mcap", "b.mcap")
        self.take(engine)
        quarantine(engine.storage, engine.catalog, self.MEASUREMENT, WHY)
        with pytest.raises(InputError, match=r"'a\.mcap' is missing"):
            self.take(engine)
        for name, data in DRIVE.items():
            engine.storage.put(Location(Zone.LANDING, f"{self.MEASUREMENT}/{name}"), [data])
        assert self.take(engine)
        assert engine.catalog.measurement(self.MEASUREMENT).state is State.PENDING
        assert list(engine.storage.list(Zone.QUARANTINE)) == []

    def test_a_rotten_leftover_of_the_right_size_does_not_pass_for_the_file(self) -> None:
        engine = self.brought("a.mcap", "b.mcap")
        self.take(engine)
        quarantine(engine.storage, engine.catalog, self.MEASUREMENT, WHY)
        for name, data in DRIVE.items():
            at = Location(Zone.LANDING, f"{self.MEASUREMENT}/{name}")
            engine.storage.put(at, [b"x" * len(data)])
        with pytest.raises(InputError, match=r"'a\.mcap' is missing"):
            self.take(engine)
        assert engine.catalog.measurement(self.MEASUREMENT).state is State.QUARANTINED
