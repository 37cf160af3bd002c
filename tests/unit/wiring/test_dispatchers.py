"""Settings to a dispatcher."""

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
from avdataops.wiring.dispatchers import check_batch, open_dispatcher
from avdataops.wiring.trace import follow

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
    given = settings(tmp_path, storage=ZONES, client_id="id-1")
    assert dispatchers._environment(given, trace) == {
        **{f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}": ZONES[zone] for zone in Zone},
        "AVDATAOPS_AZURE__CLIENT_ID": "id-1",
        "TRACEPARENT": trace.traceparent,
    }
    assert "TRACEPARENT" not in dispatchers._environment(given, None)


def test_a_worker_of_an_emulator_is_told_the_folder(tmp_path: Path) -> None:
    trace = follow(None)
    assert dispatchers._environment(settings(tmp_path), trace) == {
        "AVDATAOPS_WORKSPACE": str(tmp_path),
        "TRACEPARENT": trace.traceparent,
    }
    assert dispatchers._environment(settings(tmp_path), None) == {
        "AVDATAOPS_WORKSPACE": str(tmp_path)
    }
