"""Settings to a dispatcher."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.azure_batch import BatchDispatcher
from avdataops.adapters.local_pool import LocalPool
from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.model.errors import ConfigError
from avdataops.model.location import Zone
from avdataops.settings import Settings
from avdataops.wiring import dispatchers
from avdataops.wiring.dispatchers import check_batch, open_dispatcher, remove_old_jobs
from avdataops.wiring.trace import follow
from tests.doubles.batch.kit import JOB, Cloud, cloud, toy_task
from tests.doubles.batch.server import KEY

ENDPOINT = "https://batch.example"
IMAGE = f"registry.example/worker@sha256:{'0' * 64}"
ZONES = {zone: f"https://{zone}.example" for zone in Zone}


def settings(root: Path, **azure: Any) -> Settings:
    given = {"workspace": root, "engine": "azure-batch", "jobs": 1, "azure": azure}
    return Settings.model_validate(given)


def test_the_local_engine_is_a_pool_of_processes(tmp_path: Path) -> None:
    given = settings(tmp_path).model_copy(update={"engine": "local"})
    with open_dispatcher(given, MemoryStorage(), None) as dispatcher:
        assert isinstance(dispatcher, LocalPool)


@pytest.mark.parametrize(
    ("azure", "told"),
    [
        ({"storage": ZONES, "image": IMAGE}, "azure.batch_endpoint"),
        ({"storage": ZONES, "batch_endpoint": ENDPOINT}, "azure.image"),
        ({"image": IMAGE, "batch_endpoint": ENDPOINT}, "azure.storage.landing"),
    ],
)
def test_what_azure_batch_cannot_do_without_is_named(
    tmp_path: Path, azure: dict[str, Any], told: str
) -> None:
    with (
        pytest.raises(ConfigError, match=f"setting '{told}' is missing") as found,
        open_dispatcher(settings(tmp_path, **azure), MemoryStorage(), None),
    ):
        pytest.fail("it was opened")
    assert f"AVDATAOPS_{told.replace('.', '__').upper()}" in (found.value.hint or "")


def test_an_emulator_needs_neither_an_image_nor_accounts(tmp_path: Path) -> None:
    azure = {"batch_endpoint": "http://127.0.0.1:1", "batch_key": "a2V5"}
    assert check_batch(settings(tmp_path, **azure).azure) == "http://127.0.0.1:1"
    with open_dispatcher(settings(tmp_path, **azure), MemoryStorage(), None) as dispatcher:
        assert isinstance(dispatcher, BatchDispatcher)


def test_a_worker_is_told_where_the_zones_are_and_whose_trace_it_is(tmp_path: Path) -> None:
    trace = follow(None)
    given = settings(tmp_path, storage=ZONES)
    assert dispatchers._environment(given, trace) == {
        **{f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": ZONES[zone] for zone in Zone},
        "TRACEPARENT": trace.traceparent,
    }
    assert "TRACEPARENT" not in dispatchers._environment(given, None)


def test_a_worker_is_who_its_node_is_and_never_who_started_it(tmp_path: Path) -> None:
    # Nodes of the execution pool do not have the orchestrator's identity.
    given = settings(tmp_path, storage=ZONES, client_id="orchestrator-id")
    told = dispatchers._environment(given, follow(None))
    assert "orchestrator-id" not in told.values()
    assert [name for name in told if "CLIENT_ID" in name] == []


def test_a_worker_of_an_emulator_is_told_the_folder(tmp_path: Path) -> None:
    trace = follow(None)
    assert dispatchers._environment(settings(tmp_path), trace) == {
        "AVDATAOPS_WORKSPACE": str(tmp_path),
        "TRACEPARENT": trace.traceparent,
    }
    assert dispatchers._environment(settings(tmp_path), None) == {
        "AVDATAOPS_WORKSPACE": str(tmp_path)
    }


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Cloud]:
    with cloud(tmp_path) as made:
        yield made


def test_jobs_that_ended_long_ago_are_removed(
    azure: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.run(toy_task())
    given = settings(tmp_path, batch_endpoint=azure.batch.endpoint, batch_key=KEY)
    assert remove_old_jobs(given) == 0
    monkeypatch.setattr(dispatchers, "_JOBS_STAY", timedelta(0))
    assert remove_old_jobs(given.model_copy(update={"engine": "local"})) == 0
    assert list(azure.batch.scheduler.jobs) == [JOB]
    assert remove_old_jobs(given) == 1
    assert list(azure.batch.scheduler.jobs) == []
