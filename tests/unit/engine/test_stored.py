"""Which artifacts are there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.engine.pipeline import dry_run
from avdataops.engine.stored import StoredArtifacts
from avdataops.engine.verify import verify_measurement
from avdataops.model.artifact import Artifact
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import State
from avdataops.model.run import Outcome
from avdataops.ports.storage import Stored, read_all
from avdataops.testing.engine_kit import Engine, loose_artifact, memory_engine
from avdataops.testing.toy_steps import TOY_PIPELINE


class Counting(MemoryStorage):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def list(self, zone: Zone, prefix: str = "") -> Iterator[Stored]:
        self.asked += 1
        return super().list(zone, prefix)

    def stat(self, at: Location) -> Stored | None:
        self.asked += 1
        return super().stat(at)


def artifact(key: str, size: int = 3) -> Artifact:
    return replace(loose_artifact("ego", "x"), location=Location(Zone.DERIVED, key), bytes=size)


@pytest.mark.parametrize("key", ["ego/m_1/x~1/art_1.parquet", "ego/m_1/x", "ego/x", "x"])
def test_an_artifact_is_there_in_its_full_length_or_not_at_all(key: str) -> None:
    storage = MemoryStorage()
    assert not StoredArtifacts(storage).has(artifact(key))
    storage.put(Location(Zone.DERIVED, key), [b"123"])
    assert StoredArtifacts(storage).has(artifact(key))
    assert not StoredArtifacts(storage).has(artifact(key, size=4))
    assert not StoredArtifacts(storage).has(artifact(f"{key}1"))


def test_a_folder_of_many_artifacts_is_asked_for_once() -> None:
    storage = Counting()
    for number in range(100):
        storage.put(Location(Zone.DERIVED, f"ego/m_1/x~{number}/a"), [b"123"])
    storage.asked = 0
    there = StoredArtifacts(storage)
    assert all(there.has(artifact(f"ego/m_1/x~{number}/a")) for number in range(100))
    assert not there.has(artifact("ego/m_2/x~0/a"))
    assert storage.asked == 2


def finished() -> tuple[Engine, str]:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    return engine, drive.id


def test_a_table_that_somebody_deleted_is_made_again_with_the_same_bytes() -> None:
    engine, measurement = finished()
    lost = engine.made(measurement, "stream")[0]
    before = read_all(engine.storage.open(lost.location))
    engine.storage.delete(lost.location)
    again = engine.run(measurement)
    assert [(record.step, record.run, record.outcome) for record in again.ran] == [
        ("spread", lost.run, Outcome.DONE)
    ]
    assert read_all(engine.storage.open(lost.location)) == before
    assert engine.catalog.measurement(measurement).state is State.COMPLETE
    assert verify_measurement(engine.storage, engine.catalog, measurement)[1] == ()
    assert engine.run(measurement).ran == ()


def test_a_table_that_was_cut_short_is_made_again() -> None:
    engine, measurement = finished()
    (lost,) = engine.made(measurement, "scenes")
    engine.storage.delete(lost.location)
    engine.storage.put(lost.location, [b"PAR1"])
    assert [record.step for record in engine.run(measurement).ran] == ["judge"]
    assert verify_measurement(engine.storage, engine.catalog, measurement)[1] == ()


def test_a_plan_names_what_is_missing_in_the_first_step_that_lacks_something() -> None:
    engine, measurement = finished()
    for kind in ("scenes", "stream"):
        engine.storage.delete(engine.made(measurement, kind)[0].location)
    facts = engine.catalog.measurement(measurement)
    tasks, step = dry_run(engine.machinery(), facts, TOY_PIPELINE)
    assert (len(tasks), step) == (1, "spread")


def test_a_lost_original_cannot_be_made_again_and_the_drive_is_set_aside() -> None:
    engine, measurement = finished()
    engine.storage.delete(engine.made(measurement, "recording")[0].location)
    again = engine.run(measurement)
    assert [record.outcome for record in again.failed] == [Outcome.FAILED_INPUT]
    assert engine.catalog.measurement(measurement).state is State.QUARANTINED
