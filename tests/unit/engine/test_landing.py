"""Uploaded files: cleared, set aside, taken back."""

import json
from contextlib import suppress

import pytest

from avdataops.engine.commit import commit
from avdataops.engine.landing import clear_landing, quarantine, requeue, set_aside
from avdataops.engine.plan import plan_step
from avdataops.model.errors import Conflict, NotFound
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Reason, State
from avdataops.ports.storage import read_all
from avdataops.testing.crash_storage import Crashed, CrashPoint, CrashStorage, When
from avdataops.testing.engine_kit import DRIVE, Engine, memory_engine
from avdataops.testing.toy_steps import VALIDATE

WHY = Reason(code="bad", message="it is bad", fix="mend it")


def keys(engine: Engine, zone: Zone, measurement: str) -> list[str]:
    found = engine.storage.list(zone, f"{measurement}/")
    return [stored.location.key.removeprefix(f"{measurement}/") for stored in found]


def copied(engine: Engine, measurement: str, number: int = 2) -> None:
    """Execute and commit the raw copies of the first ``number`` files."""
    drive = engine.catalog.measurement(measurement)
    tasks = engine.catalog.begin(plan_step(engine.catalog, drive, VALIDATE, {}).run)[:number]
    for task in tasks:
        engine.execute(task)
    commit(engine.storage, engine.catalog, tasks)


def test_landing_is_cleared_when_every_copy_is_committed() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    copied(engine, drive.id)
    assert clear_landing(engine.storage, engine.catalog, drive.id) == 3
    assert keys(engine, Zone.LANDING, drive.id) == []
    raw = [stored.location.name for stored in engine.storage.list(Zone.RAW, "recordings/")]
    assert raw == ["a.mcap", "b.mcap", "manifest.json"]


def test_landing_stays_while_one_copy_is_missing_from_the_catalog() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    copied(engine, drive.id, number=1)
    assert clear_landing(engine.storage, engine.catalog, drive.id) == 0
    assert len(keys(engine, Zone.LANDING, drive.id)) == 3


@pytest.mark.parametrize("left", [None, b"short"])
def test_landing_stays_while_one_copy_is_gone_or_of_another_size(left: bytes | None) -> None:
    engine = memory_engine()
    drive = engine.arrived()
    copied(engine, drive.id)
    at = Location(Zone.RAW, f"recordings/{drive.id}/a.mcap")
    engine.storage.delete(at)
    if left:
        engine.storage.put(at, [left])
    assert clear_landing(engine.storage, engine.catalog, drive.id) == 0
    assert len(keys(engine, Zone.LANDING, drive.id)) == 3


def test_a_file_that_the_manifest_does_not_name_is_not_deleted() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    stray = Location(Zone.LANDING, f"{drive.id}/later.mcap")
    engine.storage.put(stray, [b"only here"])
    copied(engine, drive.id)
    clear_landing(engine.storage, engine.catalog, drive.id)
    assert keys(engine, Zone.LANDING, drive.id) == ["later.mcap"]


def test_an_interrupted_clearing_is_seen_and_finished() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    copied(engine, drive.id)
    broken = CrashStorage(engine.storage, CrashPoint(at=3, when=When.BEFORE))
    with pytest.raises(Crashed):
        clear_landing(broken, engine.catalog, drive.id)
    assert keys(engine, Zone.LANDING, drive.id) == ["b.mcap", "manifest.json"]
    assert clear_landing(engine.storage, engine.catalog, drive.id) == 2
    assert clear_landing(engine.storage, engine.catalog, drive.id) == 0


def test_quarantine_sets_state_files_and_reason() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    quarantine(engine.storage, engine.catalog, drive.id, WHY)
    facts = engine.catalog.measurement(drive.id)
    assert (facts.state, facts.reason) == (State.QUARANTINED, WHY)
    assert keys(engine, Zone.LANDING, drive.id) == []
    files = ["a.mcap", "b.mcap", "manifest.json", "reason.json"]
    assert keys(engine, Zone.QUARANTINE, drive.id) == files
    at = Location(Zone.QUARANTINE, f"{drive.id}/reason.json")
    assert json.loads(read_all(engine.storage.open(at)))["code"] == "bad"


def test_a_round_trip_through_quarantine_changes_no_byte() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    before = {
        stored.location: read_all(engine.storage.open(stored.location))
        for stored in engine.storage.list(Zone.LANDING)
    }
    quarantine(engine.storage, engine.catalog, drive.id, WHY)
    assert requeue(engine.storage, engine.catalog, drive.id) == 3
    after = {
        stored.location: read_all(engine.storage.open(stored.location))
        for stored in engine.storage.list(Zone.LANDING)
    }
    assert after == before
    assert keys(engine, Zone.QUARANTINE, drive.id) == []
    facts = engine.catalog.measurement(drive.id)
    assert (facts.state, facts.reason) == (State.PENDING, None)


def test_a_repaired_file_in_landing_wins_over_the_rejected_one() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    at = Location(Zone.LANDING, f"{drive.id}/b.mcap")
    engine.storage.delete(at)
    engine.storage.put(at, [b"rotten"])
    engine.run(drive.id)
    engine.storage.put(at, [DRIVE["b.mcap"]])
    assert requeue(engine.storage, engine.catalog, drive.id) == 2
    engine.run(drive.id)
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE


def test_a_later_rejection_keeps_the_newer_file() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.storage.put(Location(Zone.QUARANTINE, f"{drive.id}/b.mcap"), [b"old"])
    quarantine(engine.storage, engine.catalog, drive.id, WHY)
    at = Location(Zone.QUARANTINE, f"{drive.id}/b.mcap")
    assert read_all(engine.storage.open(at)) == DRIVE["b.mcap"]


@pytest.mark.parametrize("when", [When.BEFORE, When.DURING, When.AFTER])
def test_an_interrupted_rejection_loses_no_file_and_can_be_repeated(when: When) -> None:
    for k in range(1, 20):
        engine = memory_engine()
        drive = engine.arrived()
        point = CrashPoint(at=k, when=when)
        try:
            quarantine(CrashStorage(engine.storage, point), engine.catalog, drive.id, WHY)
        except Crashed:
            both = keys(engine, Zone.LANDING, drive.id) + keys(engine, Zone.QUARANTINE, drive.id)
            assert {"a.mcap", "b.mcap", "manifest.json"} <= set(both)
        quarantine(engine.storage, engine.catalog, drive.id, WHY)
        assert len(keys(engine, Zone.QUARANTINE, drive.id)) == 4
        assert requeue(engine.storage, engine.catalog, drive.id) == 3
        if not point.crashed:
            return
    pytest.fail("the rejection never ended")


def test_only_what_is_in_quarantine_can_be_taken_back() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    with pytest.raises(Conflict, match="is pending, not quarantined"):
        requeue(engine.storage, engine.catalog, drive.id)
    with pytest.raises(NotFound):
        requeue(engine.storage, engine.catalog, "m_" + "0" * 24)


def test_a_drive_rejected_after_landing_was_cleared_goes_on_from_raw() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    quarantine(engine.storage, engine.catalog, drive.id, WHY)
    assert requeue(engine.storage, engine.catalog, drive.id) == 0
    assert engine.run(drive.id).ran == ()
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE


OTHER = Reason(code="other", message="it is worse", fix="give up")


def test_what_is_known_is_set_aside_and_keeps_its_first_reason() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    assert set_aside(engine.storage, engine.catalog, drive.id, WHY) == WHY
    assert set_aside(engine.storage, engine.catalog, drive.id, OTHER) == WHY
    facts = engine.catalog.measurement(drive.id)
    assert (facts.state, facts.reason) == (State.QUARANTINED, WHY)
    assert keys(engine, Zone.LANDING, drive.id) == []
    at = Location(Zone.QUARANTINE, f"{drive.id}/reason.json")
    assert json.loads(read_all(engine.storage.open(at)))["code"] == "bad"


def test_what_only_landing_has_is_set_aside_without_a_row() -> None:
    engine = memory_engine()
    at = Location(Zone.LANDING, "m_1/a.mcap")
    engine.storage.put(at, [b"1"])
    assert set_aside(engine.storage, engine.catalog, "m_1", WHY) == WHY
    engine.storage.put(at, [b"1"])
    assert set_aside(engine.storage, engine.catalog, "m_1", OTHER) == WHY
    assert keys(engine, Zone.QUARANTINE, "m_1") == ["a.mcap", "reason.json"]
    assert keys(engine, Zone.LANDING, "m_1") == []


def test_an_interrupted_setting_aside_is_finished() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    for k in range(1, 12):
        broken = CrashStorage(engine.storage, CrashPoint(at=k, when=When.AFTER))
        with suppress(Crashed):
            set_aside(broken, engine.catalog, drive.id, WHY)
    assert set_aside(engine.storage, engine.catalog, drive.id, OTHER) == WHY
    assert keys(engine, Zone.LANDING, drive.id) == []
    assert keys(engine, Zone.QUARANTINE, drive.id) == [*DRIVE, "manifest.json", "reason.json"]


def test_what_nobody_has_cannot_be_set_aside() -> None:
    engine = memory_engine()
    with pytest.raises(NotFound):
        set_aside(engine.storage, engine.catalog, "m_1", WHY)
    assert list(engine.storage.list(Zone.QUARANTINE)) == []
