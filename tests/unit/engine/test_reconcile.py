"""What waits although nobody works on it."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from avdataops.engine.arrivals import landed
from avdataops.engine.landing import quarantine
from avdataops.engine.reconcile import Waiting, idle, waiting
from avdataops.model.documents import to_json
from avdataops.model.errors import Busy
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Reason, State
from avdataops.testing.engine_kit import DRIVE, Engine, land, manifest_of, memory_engine
from avdataops.testing.toy_steps import TOY_PIPELINE


def named(engine: Engine) -> list[str]:
    return [one.measurement for one in waiting(engine.storage, engine.catalog)]


def land_at(engine: Engine, vehicle: str, created_ns: int) -> str:
    manifest = replace(manifest_of(DRIVE, vehicle), created_ns=created_ns)
    at = landed(manifest.measurement)
    engine.storage.put(at, [to_json(manifest).encode()])
    return manifest.measurement


def test_in_an_empty_workspace_nothing_waits() -> None:
    assert named(memory_engine()) == []


def test_what_landed_and_nobody_registered_waits_since_it_was_made() -> None:
    engine = memory_engine()
    measurement = land(engine.storage)
    assert waiting(engine.storage, engine.catalog) == (Waiting(1, measurement),)


def test_what_is_pending_waits_since_it_last_changed_wherever_its_files_are() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    assert waiting(engine.storage, engine.catalog) == (Waiting(1, drive.id),)
    engine.run(drive.id, TOY_PIPELINE.between(None, "validate"))
    engine.catalog.set_state(drive.id, State.PENDING)
    (found,) = waiting(engine.storage, engine.catalog)
    runs = engine.catalog.runs(drive.id)
    assert found == Waiting(max(record.ended_ns for record in runs), drive.id)


def test_what_a_killed_orchestrator_left_running_waits() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.catalog.set_state(drive.id, State.RUNNING)
    assert named(engine) == [drive.id]


def test_what_is_complete_or_in_quarantine_does_not_wait() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    assert named(engine) == []
    why = Reason(code="bad", message="it is bad", fix="mend it")
    quarantine(engine.storage, engine.catalog, drive.id, why)
    # An interrupted move may have left its manifest in landing.
    engine.storage.put(landed(drive.id), [b"{}"])
    assert named(engine) == []


def test_the_oldest_comes_first_and_what_cannot_be_read_before_that() -> None:
    engine = memory_engine()
    late, early = land_at(engine, "a", 200), land_at(engine, "b", 100)
    broken = "m_" + "0" * 24
    engine.storage.put(landed(broken), [b"{"])
    assert named(engine) == [broken, early, late]


def test_only_a_manifest_of_a_measurement_counts() -> None:
    engine = memory_engine()
    measurement = "m_" + "0" * 24
    for key in (
        "box-7/manifest.json",
        f"{measurement}/sub/manifest.json",
        f"{measurement}/manifest.json.bak",
        f"{measurement}/a.mcap",
        "manifest.json",
    ):
        engine.storage.put(Location(Zone.LANDING, key), [b"{}"])
    engine.storage.put(landed("m_" + "1" * 24), [])
    assert named(engine) == []


def test_more_than_one_page_of_measurements_is_seen() -> None:
    engine = memory_engine()
    for number in range(501):
        files = {"a.mcap": b"%d" % number}
        engine.arrived(files)
    assert len(named(engine)) == 501


@dataclass(frozen=True, slots=True)
class HeldLeases:
    """Leases of which another process holds one."""

    held: str

    def hold(self, name: str) -> AbstractContextManager[None]:
        if name == self.held:
            raise Busy("held")
        return nullcontext()


def test_what_somebody_holds_is_not_idle() -> None:
    assert idle(HeldLeases("m_1"), "m_2")
    assert not idle(HeldLeases("m_1"), "m_1")
