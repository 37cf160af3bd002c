"""Settings to catalog and leases."""

import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from avdataops.adapters.cosmos_catalog import CosmosCatalog, CosmosLeases, create_containers
from avdataops.adapters.local_leases import LocalLeases
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.errors import ConfigError
from avdataops.settings import Settings
from avdataops.wiring.catalogs import open_catalog
from tests.doubles.cosmos.server import KEY, CosmosDouble


def test_without_an_endpoint_catalog_and_leases_are_files(tmp_path: Path) -> None:
    settings = Settings.model_validate({"workspace": tmp_path / "w"})
    with ExitStack() as resources:
        catalog, leases = open_catalog(settings, resources)
        assert isinstance(catalog, SqliteCatalog)
        assert isinstance(leases, LocalLeases)
        with leases.hold("m_1"):
            pass
    assert sorted(path.name for path in (tmp_path / "w").iterdir()) == ["catalog.sqlite", "locks"]
    with pytest.raises(Exception, match=r"(?i)closed"):
        catalog.measurements()


def test_with_an_endpoint_both_are_in_its_database(tmp_path: Path, cosmos: CosmosDouble) -> None:
    database = f"wiring-{uuid.uuid4().hex}"
    create_containers(cosmos.endpoint, database, KEY)
    azure = {"cosmos_endpoint": cosmos.endpoint, "cosmos_database": database, "cosmos_key": KEY}
    settings = Settings.model_validate({"workspace": tmp_path / "w", "azure": azure})
    with ExitStack() as resources:
        catalog, leases = open_catalog(settings, resources)
        assert isinstance(catalog, CosmosCatalog)
        assert isinstance(leases, CosmosLeases)
        assert catalog.measurements() == []
        with leases.hold("m_1"):
            pass
    assert not (tmp_path / "w").exists()


def test_a_key_for_the_cloud_is_refused(tmp_path: Path) -> None:
    azure = {"cosmos_endpoint": "https://x.documents.azure.com:443/", "cosmos_key": KEY}
    settings = Settings.model_validate({"workspace": tmp_path, "azure": azure})
    with ExitStack() as resources, pytest.raises(ConfigError) as told:
        open_catalog(settings, resources)
    assert KEY not in str(told.value)
