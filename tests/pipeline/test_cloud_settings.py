"""Storage, catalog and engine on Azure, each on its own and all together, by settings alone.

Azurite stands in for Blob Storage, doubles for Cosmos DB and Batch.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.azure_blob import open_blob_storage
from avdataops.adapters.azure_tiers import open_blob_tiers
from avdataops.adapters.cosmos_catalog import create_containers
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import chunks_of
from avdataops.ports.tiers import Urgency, Warmth
from avdataops.settings import load_settings
from avdataops.testing.command_line import Answer, Desk
from avdataops.testing.invariants import broken_invariants
from avdataops.wiring.workspace import open_workspace
from tests.doubles.azurite import Azurite
from tests.doubles.batch.server import KEY as BATCH_KEY
from tests.doubles.batch.server import BatchDouble
from tests.doubles.cosmos.server import KEY as COSMOS_KEY
from tests.doubles.cosmos.server import CosmosDouble

LOG = b"(1581670628.161550) can0 123#DEADBEEF\n(1581670628.261550) can0 124#00\n"
STEPS = "name: short\nsteps:\n  - step: validate\n  - step: extract\n"
Environment = dict[str, str]


@pytest.fixture
def blob(azurite: Azurite) -> Iterator[Environment]:
    azurite.wipe()
    accounts = azurite.connection_strings()
    yield {f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": at for zone, at in accounts.items()}
    azurite.wipe()


@pytest.fixture
def catalog(cosmos: CosmosDouble) -> Environment:
    database = f"wiring-{uuid.uuid4().hex}"
    create_containers(cosmos.endpoint, database, COSMOS_KEY)
    return {
        "AVDATAOPS_AZURE__COSMOS_ENDPOINT": cosmos.endpoint,
        "AVDATAOPS_AZURE__COSMOS_DATABASE": database,
        "AVDATAOPS_AZURE__COSMOS_KEY": COSMOS_KEY,
    }


@pytest.fixture
def batch() -> Iterator[Environment]:
    with BatchDouble() as double:
        double.add_pool()
        yield {
            "AVDATAOPS_ENGINE": "azure-batch",
            "AVDATAOPS_AZURE__BATCH_ENDPOINT": double.endpoint,
            "AVDATAOPS_AZURE__BATCH_KEY": BATCH_KEY,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """A desk with a small drive."""

    root: Path

    def desk(self, name: str, *environments: Environment) -> Desk:
        given = {"AVDATAOPS_PIPELINE": str(self.root / "short.yaml"), "AVDATAOPS_JOBS": "1"}
        for environment in environments:
            given |= environment
        return Desk(self.root / name, given)

    @property
    def drive(self) -> Path:
        return self.root / "drive"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in list(os.environ):
        if name.startswith("AVDATAOPS_") and not name.startswith("AVDATAOPS_TEST_"):
            monkeypatch.delenv(name)
    (tmp_path / "drive").mkdir()
    (tmp_path / "drive" / "drive.log").write_bytes(LOG)
    (tmp_path / "short.yaml").write_text(STEPS, encoding="utf-8")
    return Place(tmp_path)


def process(desk: Desk, drive: Path) -> str:
    """Upload and run; return the measurement."""
    uploaded = desk.here("upload", drive, "--vehicle", "V", "--format", "json")
    assert uploaded.status == 0, uploaded.err
    measurement = str(uploaded.json["measurement"])
    ran = desk.here("run", measurement, "--format", "json")
    assert ran.status == 0, ran.err
    assert ran.json["state"] == "complete"
    return measurement


def contents(desk: Desk) -> dict[str, bytes]:
    """Return what raw and derived hold, run records and manifest left out."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in desk.environment.items():
            patched.setenv(name, value)
        with open_workspace(load_settings(workspace=desk.workspace)) as opened:
            assert broken_invariants(opened.storage, opened.catalog) == []
            return {
                str(one.location): b"".join(chunks_of(opened.storage.open(one.location)))
                for zone in (Zone.RAW, Zone.DERIVED)
                for one in opened.storage.list(zone)
                if not one.location.key.startswith("runs/") and one.location.name != "manifest.json"
            }


@pytest.fixture
def expected(place: Place) -> dict[str, bytes]:
    desk = place.desk("local")
    process(desk, place.drive)
    found = contents(desk)
    assert len(found) == 2
    return found


def test_zones_on_azure_with_everything_else_here(
    place: Place, expected: dict[str, bytes], blob: Environment
) -> None:
    desk = place.desk("lake", blob)
    measurement = process(desk, place.drive)
    assert contents(desk) == expected
    kept = sorted(one.name for one in desk.workspace.iterdir() if one.name != "uploads")
    assert kept == ["catalog.sqlite", "locks"]
    again = desk.call("run", measurement, "--format", "json")
    assert (again.status, again.json["nothing_to_do"]) == (0, True)
    assert desk.here("measurements", "verify", measurement).status == 0


def test_the_catalog_on_azure_with_everything_else_here(
    place: Place, expected: dict[str, bytes], catalog: Environment
) -> None:
    desk = place.desk("lake", catalog)
    measurement = process(desk, place.drive)
    assert contents(desk) == expected
    assert not list(desk.workspace.glob("*.sqlite"))
    assert not (desk.workspace / "locks").exists()
    other = place.desk("elsewhere", catalog)
    shown = other.here("measurements", "show", measurement, "--format", "json").json
    assert (shown["state"], len(shown["streams"])) == ("complete", 1)


def test_the_engine_on_azure_with_everything_else_here(
    place: Place, expected: dict[str, bytes], batch: Environment
) -> None:
    desk = place.desk("lake", batch)
    process(desk, place.drive)
    assert contents(desk) == expected


def test_storage_and_catalog_on_azure_with_the_local_engine_for_debugging(
    place: Place, expected: dict[str, bytes], blob: Environment, catalog: Environment
) -> None:
    desk = place.desk("lake", blob, catalog)
    process(desk, place.drive)
    assert contents(desk) == expected
    # What an upload has hashed is remembered here until it is complete.
    assert [one.name for one in desk.workspace.iterdir()] == ["uploads"]
    assert not list((desk.workspace / "uploads").iterdir())


def orchestrate(folder: Path, desk: Desk, **properties: str) -> Answer:
    """Start an orchestrator in ``folder`` as Data Factory does."""
    folder.mkdir(exist_ok=True)
    given = {"typeProperties": {"extendedProperties": properties}}
    (folder / "activity.json").write_text(json.dumps(given), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "batch_tasks.orchestrate"],
        cwd=folder,
        env={**os.environ, **desk.environment, "AVDATAOPS_WORKSPACE": str(desk.workspace)},
        capture_output=True,
        timeout=240,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr.decode())


def test_all_on_azure_through_an_orchestrator(
    place: Place,
    expected: dict[str, bytes],
    blob: Environment,
    catalog: Environment,
    batch: Environment,
) -> None:
    desk = place.desk("lake", blob, catalog, batch)
    uploaded = desk.here("upload", place.drive, "--vehicle", "V", "--format", "json")
    measurement = uploaded.json["measurement"]
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    done = orchestrate(
        place.root / "node",
        desk,
        action="run",
        measurement=measurement,
        traceparent=f"00-{trace}-00f067aa0ba902b7-01",
    )
    assert done.status == 0, done.err
    assert done.json["verdict"] == "done"
    assert contents(desk) == expected
    shown = desk.here("lineage", "show", done.json["runs"][-1], "--format", "json")
    assert shown.status == 0
    with open_workspace_of(desk) as opened:
        records = opened.catalog.runs(measurement)
    assert {record.environment["trace_id"] for record in records} == {trace}
    assert "AccountKey" not in done.err
    assert COSMOS_KEY not in done.err


def open_workspace_of(desk: Desk) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in desk.environment.items():
            patched.setenv(name, value)
        return open_workspace(load_settings(workspace=desk.workspace))


def test_the_doctor_checks_what_is_set_and_says_what_to_do(
    place: Place, blob: Environment, catalog: Environment, batch: Environment
) -> None:
    desk = place.desk("lake", blob, catalog, batch)
    well = desk.here("doctor", "--format", "json")
    assert well.status == 0, well.text
    zones = {f"storage {zone}" for zone in Zone}
    assert zones | {"catalog", "pool"} <= set(well.json)
    assert well.json["pool"]["found"].startswith("'execution' is active with 1 nodes")
    with open_blob_storage(
        {zone: blob[f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}"] for zone in Zone}
    ) as storage:
        assert [one for zone in Zone for one in storage.list(zone)] == []
    ill = place.desk("lake", blob, catalog, batch, {"AVDATAOPS_AZURE__BATCH_POOL": "nowhere"})
    told = ill.here("doctor", "--format", "json")
    assert told.status == 78
    assert told.json["pool"]["ok"] is False
    assert told.json["pool"]["found"] == (
        "the Batch account has no pool 'nowhere'; set azure.batch_pool, or create the pool from "
        "infra/"
    )
    assert told.json["catalog"]["ok"] is True


def test_the_doctor_does_not_look_at_a_cloud_that_nobody_set(place: Place) -> None:
    told = place.desk("lake").here("doctor", "--format", "json").json
    assert not [name for name in told if name.startswith(("storage", "catalog", "pool"))]


def test_an_archived_recording_is_asked_for(place: Place, blob: Environment) -> None:
    accounts = {zone: blob[f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}"] for zone in Zone}
    desk = place.desk("lake", blob)
    measurement = process(desk, place.drive)
    at = Location(Zone.RAW, f"recordings/{measurement}/drive.log")
    tiers = open_blob_tiers(accounts)
    assert tiers.warmth([at, at / "nothing"]) == {at: Warmth.READY}
    tiers._blob(at).set_standard_blob_tier("Archive")
    assert tiers.warmth([at]) == {at: Warmth.ARCHIVED}
    told = orchestrate(place.root / "node", desk, action="rehydrate", measurement=measurement)
    assert (told.status, told.json["waiting"]) == (0, 1)
    # The emulator is done at once; the service takes hours.
    assert tiers.warmth([at]) == {at: Warmth.READY}
    tiers.warm_up(at, Urgency.HIGH)
    tiers.close()
