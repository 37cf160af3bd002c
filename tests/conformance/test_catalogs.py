"""Every catalog passes the shipped suite."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.cosmos_catalog import (
    CosmosCatalog,
    create_containers,
    open_cosmos_catalog,
)
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.testing.catalog_store import OpenCatalog
from avdataops.testing.catalog_suite import CatalogSuite
from tests.doubles.cosmos.server import KEY, CosmosDouble


class TestSqliteFile(CatalogSuite):
    @pytest.fixture
    def open_catalog(self, tmp_path: Path) -> Iterator[OpenCatalog]:
        opened: list[SqliteCatalog] = []

        def again() -> SqliteCatalog:
            opened.append(SqliteCatalog(tmp_path / "catalog.sqlite"))
            return opened[-1]

        yield again
        for catalog in opened:
            catalog.close()


class TestSqliteInMemory(CatalogSuite):
    @pytest.fixture
    def open_catalog(self) -> Iterator[OpenCatalog]:
        with SqliteCatalog(":memory:") as catalog:
            yield lambda: catalog


class TestCosmos(CatalogSuite):
    """On the wire-level double; what it cannot tell about the real service its docs say."""

    @pytest.fixture
    def open_catalog(self, cosmos: CosmosDouble) -> Iterator[OpenCatalog]:
        database = f"suite-{uuid.uuid4().hex}"
        create_containers(cosmos.endpoint, database, KEY)
        opened: list[CosmosCatalog] = []

        def again() -> CosmosCatalog:
            opened.append(open_cosmos_catalog(cosmos.endpoint, database, key=KEY))
            return opened[-1]

        yield again
        for catalog in opened:
            catalog.close()
        assert cosmos.service.scans(database) == [], "a query looked at what has no index"
