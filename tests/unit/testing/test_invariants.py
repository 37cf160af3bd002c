"""The invariants find what they are there to find."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.engine.landing import quarantine
from avdataops.model.artifact import Artifact
from avdataops.model.documents import to_json
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Reason, State
from avdataops.model.run import RunRecord
from avdataops.model.stream import Account
from avdataops.ports.catalog import Taken
from avdataops.ports.storage import read_all
from avdataops.testing.engine_kit import Engine, memory_engine
from avdataops.testing.invariants import broken_invariants
from avdataops.testing.toy_steps import TOY_PIPELINE

Harm = Callable[[Engine, str], None]
OTHER_RUN = "run_" + "0" * 24
WHY = Reason(code="bad", message="it is bad", fix="mend it")


def finished() -> tuple[Engine, str]:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    return engine, drive.id


def found(engine: Engine) -> set[str]:
    """Return the numbers of the broken invariants."""
    return {message.split()[0] for message in broken_invariants(engine.storage, engine.catalog)}


def change(engine: Engine, at: Location, data: bytes) -> None:
    engine.storage.delete(at)
    engine.storage.put(at, [data])


def first(engine: Engine, measurement: str, kind: str) -> Artifact:
    return engine.made(measurement, kind)[0]


def rerecord(engine: Engine, record: RunRecord) -> None:
    """Commit another attempt of a run, as nobody should."""
    again = replace(record, attempt=record.attempt + 1)
    engine.catalog.commit([Taken(again)])


def lose_a_table(engine: Engine, measurement: str) -> None:
    engine.storage.delete(first(engine, measurement, "stream").location)


def flip_a_bit(engine: Engine, measurement: str) -> None:
    at = first(engine, measurement, "stream").location
    data = bytearray(read_all(engine.storage.open(at)))
    # Inside the key-value metadata, so that the table still opens.
    place = bytes(data).rindex(b"avdataops.vehicle")
    data[place + len(b"avdataops.") - 1] ^= 1
    change(engine, at, bytes(data))


def lose_what_was_published(engine: Engine, measurement: str) -> None:
    run = first(engine, measurement, "stream").run
    engine.storage.delete(Location(Zone.DERIVED, f"runs/{measurement}/{run}/made.json"))


def promise_two_contents(engine: Engine, measurement: str) -> None:
    one = engine.catalog.run(first(engine, measurement, "scenes").run or "")
    other = replace(one.made[0], id="art_" + "0" * 24, run=OTHER_RUN, sha256="0" * 64)
    rerecord(engine, replace(one, run=OTHER_RUN, made=(other,)))


def make_something_of_nothing(engine: Engine, measurement: str) -> None:
    one = engine.catalog.run(first(engine, measurement, "scenes").run or "")
    other = replace(one.made[0], id="art_" + "0" * 24, run=OTHER_RUN)
    rerecord(engine, replace(one, run=OTHER_RUN, made=(other,), used=()))


def let_an_attempt_disagree(engine: Engine, measurement: str) -> None:
    one = engine.catalog.run(first(engine, measurement, "scenes").run or "")
    made = (replace(one.made[0], sha256="0" * 64),)
    at = Location(Zone.DERIVED, f"runs/{measurement}/{one.run}/attempt-{one.attempt}.json")
    change(engine, at, to_json(replace(one, made=made)).encode())


def lose_an_original(engine: Engine, measurement: str) -> None:
    engine.storage.delete(first(engine, measurement, "recording").location)


def drop_rows(engine: Engine, measurement: str) -> None:
    one = engine.catalog.run(first(engine, measurement, "stream").run or "")
    account = Account(stream="/imu", rows_in=9, rows_out=1)
    rerecord(engine, replace(one, accounts=(account,)))


def leave_it_running(engine: Engine, measurement: str) -> None:
    engine.catalog.set_state(measurement, State.PENDING)
    engine.catalog.set_state(measurement, State.RUNNING)


def leave_something_in_landing(engine: Engine, measurement: str) -> None:
    engine.storage.put(Location(Zone.LANDING, f"{measurement}/a.mcap"), [b"1"])


def lose_the_reason(engine: Engine, measurement: str) -> None:
    quarantine(engine.storage, engine.catalog, measurement, WHY)
    engine.storage.delete(Location(Zone.QUARANTINE, f"{measurement}/reason.json"))


def never_tell_the_catalog(engine: Engine, measurement: str) -> None:
    one = engine.catalog.run(first(engine, measurement, "scenes").run or "")
    at = Location(Zone.DERIVED, f"runs/{measurement}/{OTHER_RUN}/made.json")
    engine.storage.put(at, [to_json(replace(one, run=OTHER_RUN)).encode()])


def repeat_the_scenes(engine: Engine, measurement: str) -> None:
    one = engine.catalog.run(first(engine, measurement, "scenes").run or "")
    other = replace(one.made[0], id="art_" + "0" * 24, location=Location(Zone.DERIVED, "scenes/x"))
    source = read_all(engine.storage.open(one.made[0].location))
    engine.storage.put(other.location, [source])
    record = replace(one, run=OTHER_RUN, made=(replace(other, run=OTHER_RUN),))
    at = Location(Zone.DERIVED, f"runs/{measurement}/{OTHER_RUN}/made.json")
    engine.storage.put(at, [to_json(record).encode()])
    rerecord(engine, record)


def test_a_finished_workspace_breaks_nothing() -> None:
    engine, _ = finished()
    assert broken_invariants(engine.storage, engine.catalog) == []


def test_an_empty_workspace_breaks_nothing() -> None:
    engine = memory_engine()
    assert broken_invariants(engine.storage, SqliteCatalog(":memory:")) == []


def test_a_waiting_and_a_rejected_drive_break_nothing() -> None:
    engine = memory_engine()
    engine.arrived()
    rejected = engine.arrived({"a.mcap": b"/imu 1 1.0\n"})
    quarantine(engine.storage, engine.catalog, rejected.id, WHY)
    half = engine.arrived({"b.mcap": b"/imu 1 1.0\n"})
    engine.run(half.id, TOY_PIPELINE.between(None, "validate"))
    assert broken_invariants(engine.storage, engine.catalog) == []


@pytest.mark.parametrize(
    ("harm", "number"),
    [
        (lose_a_table, "I1"),
        (flip_a_bit, "I1"),
        (lose_what_was_published, "I1"),
        (promise_two_contents, "I2"),
        (make_something_of_nothing, "I3"),
        (let_an_attempt_disagree, "I4"),
        (lose_an_original, "I5"),
        (drop_rows, "I6"),
        (leave_it_running, "I7"),
        (leave_something_in_landing, "I7"),
        (lose_the_reason, "I7"),
        (never_tell_the_catalog, "I8"),
        (repeat_the_scenes, "I9"),
    ],
)
def test_each_harm_breaks_the_invariant_that_is_there_against_it(harm: Harm, number: str) -> None:
    engine, measurement = finished()
    harm(engine, measurement)
    assert number in found(engine)


def test_a_broken_invariant_names_the_measurement_and_the_thing() -> None:
    engine, measurement = finished()
    at = first(engine, measurement, "scenes").location
    engine.storage.delete(at)
    assert f"I1 {at} is missing ({measurement})" in broken_invariants(
        engine.storage, engine.catalog
    )
