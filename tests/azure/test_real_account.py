"""The catalog suite on a real account of Cosmos DB, which the environment names.

``AVDATAOPS_TEST_COSMOS_ENDPOINT`` is the account (consistency Strong), and
``AVDATAOPS_TEST_COSMOS_DATABASE`` a database with the containers of ``schemas/cosmos.json`` whose
name starts with ``avdataops-test``: it is emptied before every test.  Sign in with ``az login``;
the identity needs the role Cosmos DB Built-in Data Contributor on that database.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from azure.cosmos import CosmosClient
from azure.identity import DefaultAzureCredential

from avdataops.adapters.cosmos_catalog import CosmosCatalog, open_cosmos_catalog
from avdataops.adapters.cosmos_catalog.layout import containers
from avdataops.testing.catalog_store import OpenCatalog
from avdataops.testing.catalog_suite import CatalogSuite

ENDPOINT = os.environ.get("AVDATAOPS_TEST_COSMOS_ENDPOINT", "")
DATABASE = os.environ.get("AVDATAOPS_TEST_COSMOS_DATABASE", "avdataops-test")
ALLOWED = "avdataops-test"


if not ENDPOINT:
    pytest.skip(
        "no account of Cosmos DB: AVDATAOPS_TEST_COSMOS_ENDPOINT is not set",
        allow_module_level=True,
    )


@pytest.mark.slow
class TestRealCosmos(CatalogSuite):
    @pytest.fixture(scope="class")
    def database(self) -> Iterator[Any]:
        if not DATABASE.startswith(ALLOWED):
            pytest.fail(f"{DATABASE!r} would be emptied, and does not start with {ALLOWED!r}")
        client = CosmosClient(ENDPOINT, DefaultAzureCredential())
        yield client.get_database_client(DATABASE)
        client.close()

    @pytest.fixture
    def open_catalog(self, database: Any) -> Iterator[OpenCatalog]:
        for described in containers():
            _empty(database.get_container_client(described["name"]), described["partitionKey"])
        opened: list[CosmosCatalog] = []

        def again() -> CosmosCatalog:
            opened.append(open_cosmos_catalog(ENDPOINT, DATABASE))
            return opened[-1]

        yield again
        for catalog in opened:
            catalog.close()


def _empty(container: Any, key_path: str) -> None:
    key = key_path.strip("/")
    found = container.query_items("SELECT * FROM c", enable_cross_partition_query=True)
    for item in list(found):
        container.delete_item(item["id"], partition_key=item[key])
