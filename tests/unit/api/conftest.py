"""Fixtures of the API's tests."""

import asyncio
from collections.abc import Iterator

import pyarrow as pa
import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.artifact import Artifact
from tests.unit.api.door_kit import Client, Links, app_over, filled_catalog


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """Return one event loop for all clients."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def catalog() -> Iterator[SqliteCatalog]:
    """Return a filled catalog; nobody may write to it."""
    with filled_catalog() as filled:
        yield filled


def no_tables(artifact: Artifact) -> pa.Table:
    """Refuse: no table of the filled catalog was ever stored."""
    raise AssertionError(artifact.id)


@pytest.fixture(scope="session")
def api(catalog: SqliteCatalog, loop: asyncio.Runner) -> Client:
    """Return a client of the API over the filled catalog; its storage has links."""
    return Client(app_over(catalog, links=Links(), read=no_tables), loop)


@pytest.fixture(scope="session")
def local(catalog: SqliteCatalog, loop: asyncio.Runner) -> Client:
    """Return a client of the API over the filled catalog and local folders."""
    return Client(app_over(catalog), loop)
