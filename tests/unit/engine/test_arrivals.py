"""A landed manifest, believed only as far as it can be checked."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from avdataops.engine.arrivals import (
    arrive,
    arrive_or_quarantine,
    landed,
    read_manifest,
    register,
)
from avdataops.model.documents import to_document
from avdataops.model.errors import (
    HostileInput,
    InputError,
    NotFound,
    SchemaMismatch,
    UnsafeName,
)
from avdataops.model.ids import measurement_id
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Reason, State
from avdataops.testing.engine_kit import DRIVE, Engine, land, manifest_of, memory_engine

Change = Callable[[dict[str, Any]], None]


def rewrite(engine: Engine, measurement: str, data: bytes) -> None:
    engine.storage.delete(landed(measurement))
    engine.storage.put(landed(measurement), [data])


def hostile(change: Change, files: dict[str, bytes] | None = None) -> tuple[Engine, str]:
    """Return an engine with a manifest in landing that was changed, but has its right id."""
    engine = memory_engine()
    document = to_document(manifest_of(files or DRIVE))
    change(document)
    named = [(file["name"], file["sha256"]) for file in document["files"]]
    document["measurement"] = measurement_id(document["vehicle"], named)
    rewrite(engine, document["measurement"], json.dumps(document).encode())
    return engine, document["measurement"]


def test_an_honest_manifest_is_read_as_it_was_written() -> None:
    engine = memory_engine()
    measurement = land(engine.storage)
    assert read_manifest(engine.storage, measurement) == manifest_of(DRIVE)


def test_a_landed_measurement_becomes_pending_with_its_files() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    assert (drive.state, drive.vehicle) == (State.PENDING, "car-1")
    assert [one.name for one in engine.catalog.recordings(drive.id)] == ["a.mcap", "b.mcap"]
    uploads = engine.made(drive.id, "upload")
    assert [(one.name, one.bytes, one.attributes) for one in uploads] == [
        (name, len(data), {"role": "recording"}) for name, data in DRIVE.items()
    ]
    assert [str(one.location) for one in uploads] == [
        f"landing/{drive.id}/a.mcap",
        f"landing/{drive.id}/b.mcap",
    ]


def test_arriving_again_changes_nothing() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    arrive(engine.storage, engine.catalog, drive.id)
    assert engine.catalog.measurement(drive.id) == drive


def test_nobody_knows_a_measurement_that_is_neither_landed_nor_registered() -> None:
    engine = memory_engine()
    with pytest.raises(NotFound):
        arrive(engine.storage, engine.catalog, "m_" + "0" * 24)


@pytest.mark.parametrize(
    "name",
    [
        "../x.mcap",
        "a/../../x.mcap",
        "/etc/passwd",
        "a//b",
        "a\\..\\b",
        "a\x00b",
        ".hidden",
        "con",
        "a/",
        "x" * 300,
        "\ud800",
        "a.mcap ",
        "%2e%2e",
    ],
)
def test_a_name_that_leaves_its_folder_or_hides_is_refused(name: str) -> None:
    engine, measurement = hostile(lambda document: document["files"][0].update(name=name))
    with pytest.raises(UnsafeName):
        arrive(engine.storage, engine.catalog, measurement)


@pytest.mark.parametrize("name", ["manifest.json", "reason.json", "Reason.JSON"])
def test_the_names_of_the_pipelines_own_files_are_taken(name: str) -> None:
    engine, measurement = hostile(lambda document: document["files"][0].update(name=name))
    with pytest.raises(UnsafeName, match="the pipeline's own file"):
        read_manifest(engine.storage, measurement)


@pytest.mark.parametrize("name", ["b.mcap", "B.mcap", "B.MCAP"])
def test_a_name_that_comes_twice_is_refused_whatever_its_case(name: str) -> None:
    engine, measurement = hostile(lambda document: document["files"][0].update(name=name))
    with pytest.raises(SchemaMismatch, match="names a file twice"):
        read_manifest(engine.storage, measurement)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d.update(schema_version=2), "schema_version"),
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d.pop("created_ns"), "created_ns"),
        (lambda d: d.update(created_ns=2**63), "created_ns"),
        (lambda d: d.update(files=[]), "files"),
        (lambda d: d["files"][0].update(bytes=-1), "files/0/bytes"),
        (lambda d: d["files"][0].update(bytes=2**70), "files/0/bytes"),
        (lambda d: d["files"][0].update(bytes=True), "files/0/bytes"),
        (lambda d: d["files"][0].update(sha256="A" * 64), "files/0/sha256"),
        (lambda d: d["files"][0].update(role="virus"), "files/0/role"),
        (lambda d: d.update(driver_notes=[1]), "driver_notes"),
        (lambda d: d.update(driver_notes={"remarks": [{}]}), "driver_notes"),
    ],
)
def test_a_field_that_breaks_the_schema_is_named(change: Change, place: str) -> None:
    engine, measurement = hostile(change)
    with pytest.raises(SchemaMismatch, match=place):
        read_manifest(engine.storage, measurement)


def test_a_vehicle_that_no_path_could_hold_is_refused() -> None:
    engine, measurement = hostile(lambda document: document.update(vehicle="../car"))
    with pytest.raises(InputError, match="cannot name a vehicle"):
        read_manifest(engine.storage, measurement)


def test_an_id_that_does_not_follow_from_the_content_is_refused() -> None:
    engine = memory_engine()
    document = to_document(manifest_of(DRIVE))
    for change in ({"measurement": "m_" + "0" * 24}, {"vehicle": "car-2"}):
        lied = json.dumps(document | change).encode()
        where = str((document | change)["measurement"])
        rewrite(engine, where, lied)
        with pytest.raises(SchemaMismatch, match="does not describe it"):
            read_manifest(engine.storage, where)


def test_a_manifest_in_the_folder_of_another_measurement_is_refused() -> None:
    engine = memory_engine()
    other = "m_" + "1" * 24
    rewrite(engine, other, json.dumps(to_document(manifest_of(DRIVE))).encode())
    with pytest.raises(SchemaMismatch, match="does not describe it"):
        arrive(engine.storage, engine.catalog, other)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"1" * 5000,
        b'{"schema_version": NaN}',
        b"[" * 100_000,
        b"[" * 200 + b"]" * 200,
    ],
)
def test_what_is_no_manifest_is_told_so(data: bytes) -> None:
    engine = memory_engine()
    rewrite(engine, "m_x", data)
    with pytest.raises(SchemaMismatch, match="the manifest of m_x"):
        arrive(engine.storage, engine.catalog, "m_x")


@pytest.mark.parametrize("depth", [40, 400, 900])
def test_notes_nested_deeper_than_anybody_writes_are_refused(depth: int) -> None:
    nested: Any = "x"
    for _ in range(depth):
        nested = {"more": nested}
    engine, measurement = hostile(lambda document: document.update(driver_notes=nested))
    with pytest.raises(SchemaMismatch, match="nested more than 32 deep"):
        arrive(engine.storage, engine.catalog, measurement)


def test_a_hundred_megabytes_are_not_even_read() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    rewrite(engine, drive.id, b" " * (100 << 20))
    with pytest.raises(HostileInput, match="more than a document may have"):
        arrive(engine.storage, engine.catalog, drive.id)
    reason = arrive_or_quarantine(engine.storage, engine.catalog, drive.id)
    assert reason is not None
    assert engine.catalog.measurement(drive.id).state is State.QUARANTINED


def test_a_size_that_was_changed_after_the_upload_is_a_lie() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    document = to_document(manifest_of(DRIVE))
    document["files"][1]["bytes"] = 7
    rewrite(engine, drive.id, json.dumps(document).encode())
    with pytest.raises(SchemaMismatch, match=r"7 bytes for 'b.mcap', .* as 25 bytes"):
        arrive(engine.storage, engine.catalog, drive.id)


def test_anything_else_that_was_changed_after_the_upload_is_noticed() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    document = to_document(manifest_of(DRIVE)) | {"created_ns": 2}
    rewrite(engine, drive.id, json.dumps(document).encode())
    with pytest.raises(SchemaMismatch, match="was changed"):
        arrive(engine.storage, engine.catalog, drive.id)


def test_a_bad_manifest_of_a_known_drive_is_a_reason_for_quarantine() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    rewrite(engine, drive.id, b"{}")
    reason = arrive_or_quarantine(engine.storage, engine.catalog, drive.id)
    facts = engine.catalog.measurement(drive.id)
    assert (facts.state, facts.reason) == (State.QUARANTINED, reason)
    assert reason is not None
    assert reason.code == "bad_manifest"
    assert reason.fix.startswith("avdataops upload FOLDER --vehicle 'car-1'")


def test_a_bad_manifest_of_an_unknown_drive_is_only_told() -> None:
    engine, measurement = hostile(lambda document: document["files"][0].update(name="../x"))
    with pytest.raises(UnsafeName):
        arrive_or_quarantine(engine.storage, engine.catalog, measurement)


def test_a_lost_manifest_is_noticed_while_files_are_not_copied() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.storage.delete(landed(drive.id))
    with pytest.raises(SchemaMismatch, match=r"no manifest .* any more .2 of its 2 files"):
        arrive(engine.storage, engine.catalog, drive.id)


def test_nothing_is_missed_once_landing_was_cleared() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    assert arrive_or_quarantine(engine.storage, engine.catalog, drive.id) is None
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE


def test_asking_again_about_a_rejected_drive_keeps_its_reason_and_its_repaired_files() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    at = Location(Zone.LANDING, f"{drive.id}/b.mcap")
    engine.storage.delete(at)
    engine.storage.put(at, [b"rotten"])
    engine.run(drive.id)
    before = engine.catalog.measurement(drive.id)
    assert isinstance(before.reason, Reason)
    engine.storage.put(at, [DRIVE["b.mcap"]])
    assert arrive_or_quarantine(engine.storage, engine.catalog, drive.id) is None
    assert engine.catalog.measurement(drive.id) == before
    assert engine.storage.stat(at) is not None


def test_registering_is_repeatable() -> None:
    engine = memory_engine()
    for _ in range(2):
        register(engine.catalog, manifest_of(DRIVE))
    assert len(engine.catalog.measurements()) == 1
