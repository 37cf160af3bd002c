"""A drive goes through the cloud: upload, event, Data Factory, Batch, containers, catalog.

Blob Storage is Azurite; Cosmos DB, Batch and Data Factory are doubles of ours that interpret the
real requests and the files that are deployed.  The result is held against the same drive on one
machine, byte by byte.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.testing.command_line import Desk
from sample_data import SampleDrive
from tests.doubles.adf.runs import Status
from tests.doubles.azurite import Azurite
from tests.doubles.container_images import Image
from tests.doubles.container_nodes import in_containers
from tests.doubles.cosmos.server import CosmosDouble
from tests.pipeline.cloud import Cloud, Facts, cloud, facts_of, opened

pytestmark = pytest.mark.timeout(900)

REAL = ("mdf4/css_3BA199E2_00000165_00000004-60FEBD93.MF4", "dbc/canmod-gps.dbc")


@pytest.fixture(scope="module")
def weather_and_map(short: SampleDrive) -> dict[str, str]:
    return {"AVDATAOPS_WEATHER": str(short.weather), "AVDATAOPS_MAP": str(short.osm)}


@pytest.fixture(scope="module")
def containers(
    azurite: Azurite,
    cosmos_server: CosmosDouble,
    worker_image: Image,
    weather_and_map: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cloud]:
    """A cloud whose tasks run in containers of the worker image."""
    with cloud(
        tmp_path_factory.mktemp("cloud"),
        azurite,
        cosmos_server,
        settings=weather_and_map,
        runner=in_containers(worker_image),
    ) as made:
        yield made


@pytest.fixture(scope="module")
def here(
    short: SampleDrive, weather_and_map: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Facts]:
    """The same drive on one machine."""
    desk = Desk(tmp_path_factory.mktemp("here"), weather_and_map)
    wanted = ("upload", short.drive, "--vehicle", short.vehicle, "--dbc", short.dbc)
    measurement = desk.here(*wanted, "--format", "json").json["measurement"]
    assert desk.here("run", measurement).status == 0
    with opened(desk) as workspace:
        return measurement, facts_of(workspace, measurement)


@pytest.fixture(scope="module")
def there(containers: Cloud, short: SampleDrive) -> str:
    """The sample drive, uploaded and taken through by the event of its manifest."""
    measurement = containers.upload(short.drive, short.vehicle, short.dbc)
    containers.driver.deliver(containers.landed(measurement))
    return measurement


def test_the_event_of_the_manifest_takes_a_drive_to_its_scenes(
    containers: Cloud, there: str
) -> None:
    (landed,) = containers.driver.of("landed")
    assert landed.status is Status.SUCCEEDED, landed.message
    (whole,) = containers.driver.of("drive_to_scenes")
    assert whole.status is Status.SUCCEEDED, whole.message
    assert containers.webhook.alerts == []
    shown = containers.desk.call("measurements", "show", there, "--format", "json").json
    assert (shown["state"], shown["reason"]) == ("complete", None)


def test_tables_and_scenes_are_those_of_one_machine_byte_by_byte(
    containers: Cloud, there: str, here: tuple[str, Facts]
) -> None:
    measurement, expected = here
    assert there == measurement
    facts = containers.facts(there)
    assert len(facts["artifacts"]) > 40
    assert {one["type"] for one in facts["scenes"].values()} >= {"standstill", "twilight"}
    assert facts == expected


def test_every_task_ran_in_a_job_of_the_measurement_that_is_closed(
    containers: Cloud, there: str
) -> None:
    jobs = containers.batch.scheduler.jobs
    assert all(there in name for name in jobs)
    assert {job.state for job in jobs.values()} == {"completed"}
    tasks = [task for job in jobs.values() for task in job.tasks.values()]
    assert len(tasks) >= 30
    assert {task.state for task in tasks} == {"completed"}


def test_a_person_asks_the_cloud_as_they_ask_their_laptop(containers: Cloud, there: str) -> None:
    found = containers.desk.call("scenes", "find", "--type", "standstill", "--format", "json").json
    assert [scene["measurement"] for scene in found] == [there]
    up = containers.desk.call("lineage", "show", found[0]["id"], "--up", "--format", "json").json
    uploads = [node for node in up["nodes"] if node["kind"] == "upload"]
    assert uploads
    assert all(len(node["sha256"]) == 64 for node in uploads)


def test_the_log_of_a_task_is_kept_with_its_trace(containers: Cloud, there: str) -> None:
    from azure.storage.blob import BlobServiceClient

    derived = containers.desk.environment["AVDATAOPS_AZURE__STORAGE__DERIVED"]
    with BlobServiceClient.from_connection_string(derived) as service:
        logs = service.get_container_client("logs")
        names = [str(blob.name) for blob in logs.list_blobs() if "stderr" in str(blob.name)]
        text = logs.download_blob(names[0]).readall().decode()
    assert all(there in name for name in names)
    assert '"trace_id"' in text


def test_a_real_recording_takes_the_same_way(
    containers: Cloud, real_data: Path, tmp_path: Path
) -> None:
    recording, dbc = (real_data / name for name in REAL)
    folder = tmp_path / "drive"
    folder.mkdir()
    shutil.copy2(recording, folder)
    context = ("AVDATAOPS_WEATHER", "AVDATAOPS_MAP")
    settings = {name: containers.desk.environment[name] for name in context}
    local = Desk(tmp_path / "here", settings)
    given = ("upload", folder, "--vehicle", "real", "--dbc", dbc, "--format", "json")
    measurement = local.here(*given).json["measurement"]
    assert local.here("run", measurement).status in {0, 3}
    with opened(local) as workspace:
        expected = facts_of(workspace, measurement)
    assert containers.upload(folder, "real", dbc) == measurement
    containers.driver.deliver(containers.landed(measurement))
    assert containers.facts(measurement) == expected
