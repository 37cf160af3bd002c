"""A client and one container in the double."""

import uuid
from collections.abc import Iterator

import pytest
from azure.cosmos import ContainerProxy, CosmosClient, DatabaseProxy, PartitionKey

from tests.doubles.cosmos.server import KEY, CosmosDouble

POLICY = {
    "indexingMode": "consistent",
    "includedPaths": [{"path": "/key/?"}, {"path": "/n/?"}, {"path": "/deep/*"}],
    "excludedPaths": [{"path": "/*"}],
    "compositeIndexes": [[{"path": "/key", "order": "ascending"}, {"path": "/n"}]],
    "spatialIndexes": [{"path": "/place/*", "types": ["Point"]}],
}


@pytest.fixture
def database(cosmos: CosmosDouble) -> Iterator[DatabaseProxy]:
    client = CosmosClient(cosmos.endpoint, KEY, enable_endpoint_discovery=False)
    yield client.create_database(f"double-{uuid.uuid4().hex}")
    client.close()


@pytest.fixture
def container(database: DatabaseProxy) -> ContainerProxy:
    return database.create_container(
        "things", PartitionKey(path="/key"), indexing_policy=POLICY, default_ttl=-1
    )
