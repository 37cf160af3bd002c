"""A database in the double, and ways to the catalog in it."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from avdataops.adapters.cosmos_catalog import CosmosCatalog, create_containers, open_cosmos_catalog
from tests.doubles.cosmos.server import KEY, CosmosDouble


@pytest.fixture
def database(cosmos: CosmosDouble) -> str:
    name = f"unit-{uuid.uuid4().hex}"
    create_containers(cosmos.endpoint, name, KEY)
    return name


@pytest.fixture
def open_catalog(cosmos: CosmosDouble, database: str) -> Iterator[Callable[[], CosmosCatalog]]:
    opened: list[CosmosCatalog] = []

    def again() -> CosmosCatalog:
        opened.append(open_cosmos_catalog(cosmos.endpoint, database, key=KEY))
        return opened[-1]

    yield again
    for catalog in opened:
        catalog.close()


@pytest.fixture
def catalog(open_catalog: Callable[[], CosmosCatalog]) -> CosmosCatalog:
    return open_catalog()
