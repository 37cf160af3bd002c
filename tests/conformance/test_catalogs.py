"""Every catalog passes the shipped suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.testing.catalog_store import OpenCatalog
from avdataops.testing.catalog_suite import CatalogSuite


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
