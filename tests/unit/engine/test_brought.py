"""Files that came into landing by other ways."""

from dataclasses import replace

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.engine.brought import (
    Brought,
    find_brought,
    hash_brought,
    notes_brought,
    take_in_brought,
)
from avdataops.engine.intake import make_manifest
from avdataops.model.errors import Conflict, InputError, SchemaMismatch
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, Role, State
from avdataops.testing.engine_kit import DRIVE, Engine, manifest_of, memory_engine


def landing(engine: Engine) -> list[str]:
    return [stored.location.key for stored in engine.storage.list(Zone.LANDING)]


def with_files(folder: str, files: dict[str, bytes]) -> Engine:
    engine = memory_engine()
    for name, data in files.items():
        engine.storage.put(Location(Zone.LANDING, f"{folder}/{name}"), [data])
    return engine


def nobody(*_: object) -> None:
    pass


def manifest_from(engine: Engine, found: tuple[Brought, ...]) -> Manifest:
    files = hash_brought(engine.storage, found, nobody)
    manifest = make_manifest("car-1", files, notes_brought(engine.storage, found))
    return replace(manifest, created_ns=1)


def test_recordings_and_what_belongs_to_them_are_found_by_name_and_content() -> None:
    files = {
        "sub/a.MF4": b"1",
        "b.mcap": b"22",
        "bus.dbc": b"333",
        "driver_notes.json": b"{}",
        "drive.log": b"(1581670628.161550) can0 123#DEADBEEF\n",
        "player.log": b"it played\n",
        "photo.jpg": b"jpg",
    }
    engine = with_files("box-7/monday", files)
    found, ignored = find_brought(engine.storage, "/box-7/monday/")
    assert [(one.name, one.role, one.bytes) for one in found] == [
        ("b.mcap", Role.RECORDING, 2),
        ("bus.dbc", Role.DBC, 3),
        ("drive.log", Role.RECORDING, 38),
        ("driver_notes.json", Role.NOTES, 2),
        ("sub/a.MF4", Role.RECORDING, 1),
    ]
    assert ignored == ("photo.jpg", "player.log")
    assert found[0].at == Location(Zone.LANDING, "box-7/monday/b.mcap")


def test_a_folder_beside_it_with_a_longer_name_is_not_looked_into() -> None:
    engine = with_files("box-7", {"a.mcap": b"1"})
    engine.storage.put(Location(Zone.LANDING, "box-77/b.mcap"), [b"2"])
    assert [one.name for one in find_brought(engine.storage, "box-7")[0]] == ["a.mcap"]


@pytest.mark.parametrize("folder", ["box-8", "", "box-7/a.mcap"])
def test_a_folder_without_a_recording_is_refused(folder: str) -> None:
    engine = with_files("box-7", {"a.mcap": b"1"})
    with pytest.raises(InputError, match="holds no recording"):
        find_brought(engine.storage, folder)


def test_an_upload_is_not_taken_for_something_brought() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    with pytest.raises(InputError, match="this folder is an upload") as told:
        find_brought(engine.storage, drive.id)
    assert told.value.hint == f"avdataops run {drive.id}"


def test_names_that_differ_in_case_only_are_refused() -> None:
    engine = with_files("x", {"a.mcap": b"1", "A.mcap": b"2"})
    with pytest.raises(InputError, match="would be one file"):
        find_brought(engine.storage, "x")


def test_the_manifest_is_that_of_an_upload_of_the_same_files() -> None:
    engine = with_files("box-7", DRIVE)
    found, _ = find_brought(engine.storage, "box-7")
    assert manifest_from(engine, found) == manifest_of(DRIVE)


def test_what_the_driver_noted_is_taken_along() -> None:
    engine = with_files("x", {"a.mcap": b"1", "driver_notes.json": b'{"route": "coast"}'})
    found, _ = find_brought(engine.storage, "x")
    assert notes_brought(engine.storage, found) == {"route": "coast"}
    broken = with_files("x", {"a.mcap": b"1", "driver_notes.json": b"{"})
    with pytest.raises(SchemaMismatch, match="driver notes"):
        notes_brought(broken.storage, find_brought(broken.storage, "x")[0])


def test_files_are_copied_to_their_measurement_and_the_originals_stay() -> None:
    engine = with_files("box-7", DRIVE)
    found, _ = find_brought(engine.storage, "box-7")
    manifest = manifest_from(engine, found)
    taken: list[int] = []
    assert take_in_brought(engine.storage, engine.catalog, manifest, found, nobody, taken.append)
    assert landing(engine) == [
        "box-7/a.mcap",
        "box-7/b.mcap",
        *(f"{manifest.measurement}/{name}" for name in ("a.mcap", "b.mcap", "manifest.json")),
    ]
    assert sum(taken) == sum(map(len, DRIVE.values()))
    assert engine.run(manifest.measurement).failed == ()
    assert not take_in_brought(engine.storage, engine.catalog, manifest, found)
    assert landing(engine) == ["box-7/a.mcap", "box-7/b.mcap"]


def test_files_that_lie_in_their_place_are_not_copied() -> None:
    measurement = manifest_of(DRIVE).measurement
    engine = with_files(measurement, DRIVE)
    found, _ = find_brought(engine.storage, measurement)
    taken: list[int] = []
    manifest = manifest_from(engine, found)
    assert take_in_brought(engine.storage, engine.catalog, manifest, found, nobody, taken.append)
    assert (taken, len(landing(engine))) == ([], 3)
    assert engine.catalog.measurement(measurement).state is State.PENDING


def test_an_interrupted_taking_in_is_repeated() -> None:
    engine = with_files("box-7", DRIVE)
    found, _ = find_brought(engine.storage, "box-7")
    manifest = manifest_from(engine, found)
    at = Location(Zone.LANDING, f"{manifest.measurement}/a.mcap")
    engine.storage.put(at, [DRIVE["a.mcap"]])
    assert take_in_brought(engine.storage, engine.catalog, manifest, found)
    assert engine.run(manifest.measurement).failed == ()


def test_other_content_in_their_place_is_never_overwritten() -> None:
    engine = with_files("box-7", DRIVE)
    found, _ = find_brought(engine.storage, "box-7")
    manifest = manifest_from(engine, found)
    at = Location(Zone.LANDING, f"{manifest.measurement}/a.mcap")
    engine.storage.put(at, [b"somebody else's"])
    with pytest.raises(Conflict, match="exists with other content"):
        take_in_brought(engine.storage, engine.catalog, manifest, found)


def test_a_file_that_is_exchanged_after_it_was_hashed_does_not_land() -> None:
    engine = with_files("box-7", DRIVE)
    assert isinstance(engine.storage, MemoryStorage)
    found, _ = find_brought(engine.storage, "box-7")
    manifest = manifest_from(engine, found)
    engine.storage.delete(found[0].at)
    engine.storage.put(found[0].at, [b"other bytes"])
    with pytest.raises(InputError, match="changed while it was copied"):
        take_in_brought(engine.storage, engine.catalog, manifest, found)
    assert landing(engine) == ["box-7/a.mcap", "box-7/b.mcap"]
