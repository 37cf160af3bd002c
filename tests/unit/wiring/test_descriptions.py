"""The documents of the doors, field by field."""

from dataclasses import replace

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.measurement import Measurement, Reason, State
from avdataops.model.run import Failure, Outcome
from avdataops.model.stream import Problem
from avdataops.testing.catalog_store import extracted, fill
from avdataops.testing.facts import T0_NS, ended, scene, uploaded
from avdataops.wiring.descriptions import (
    describe,
    measurement_row,
    run_row,
    scene_row,
    stream_row,
)

DRIVE = uploaded()


def test_a_measurement_in_a_list_has_the_code_of_its_reason() -> None:
    facts = Measurement(id="m_1", vehicle="car", state=State.COMPLETE, created_ns=1, start_ns=2)
    row = {
        "measurement": "m_1",
        "vehicle": "car",
        "state": "complete",
        "start_ns": 2,
        "stop_ns": None,
        "reason": None,
    }
    assert measurement_row(facts) == row
    bad = Reason(code="checksum", message="differs", fix="upload again")
    rejected = replace(facts, state=State.QUARANTINED, reason=bad)
    assert measurement_row(rejected) == row | {"state": "quarantined", "reason": "checksum"}


def test_a_stream_tells_what_is_known_and_null_for_the_rest() -> None:
    table = extracted(DRIVE).made[0]
    assert stream_row(table) == {
        "name": "/gnss",
        "topic": "/gnss",
        "type": None,
        "class": None,
        "recording": "",
        "rows": 100,
        "start_ns": T0_NS,
        "stop_ns": T0_NS + 60_000_000_000,
        "artifact": table.id,
        "location": f"derived/stream/{DRIVE.id}/{table.id}.parquet",
    }
    assert stream_row(replace(table, attributes={}))["topic"] == "/gnss"
    told = stream_row(replace(table, attributes={"topic_class": "gnss", "type": "x/Fix"}))
    assert (told["class"], told["type"]) == ("gnss", "x/Fix")


def test_a_run_tells_its_outcome_and_why() -> None:
    record = extracted(DRIVE)
    assert run_row(record) == {
        "run": record.run,
        "step": "extract",
        "part": "",
        "outcome": "done",
        "attempt": 1,
        "made": [one.id for one in record.made],
        "caveats": [],
        "failure": None,
    }
    failed = replace(
        ended(record, Outcome.FAILED_INPUT, attempt=2),
        failure=Failure(code="input", message="no"),
        caveats=(Problem(code="truncated", message="3 of 4"),),
    )
    told = run_row(failed)
    assert (told["outcome"], told["attempt"], told["made"]) == ("failed (input)", 2, [])
    assert (told["caveats"], told["failure"]) == (["3 of 4"], "no")


def test_a_scene_tells_how_long_it_is() -> None:
    told = scene_row(scene(DRIVE.id, "rain", 0, stop_ns=2_500_000_000, evidence={"x": None}))
    assert told["duration_s"] == 2.5
    assert told["evidence"] == {"x": None}


def test_a_measurement_is_told_with_its_recordings_and_streams() -> None:
    with SqliteCatalog(":memory:") as catalog:
        fill(catalog, [], DRIVE)
        told = describe(catalog, catalog.measurement(DRIVE.id))
        streams = catalog.artifacts(DRIVE.id, kind="stream")
    assert told["measurement"] == DRIVE.id
    assert told["state"] == "pending"
    assert told["reason"] is None
    recordings, listed = told["recordings"], told["streams"]
    assert isinstance(recordings, list)
    assert [one["name"] for one in recordings] == ["a.mcap", "b.mf4"]
    assert listed == [stream_row(one) for one in streams]
