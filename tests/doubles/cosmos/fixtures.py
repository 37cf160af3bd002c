"""Session fixture: one double for all tests."""

from collections.abc import Iterator

import pytest

from tests.doubles.cosmos.server import CosmosDouble


@pytest.fixture(scope="session")
def cosmos_server() -> Iterator[CosmosDouble]:
    """Give one running double; each test makes its own database in it."""
    with CosmosDouble() as double:
        yield double


@pytest.fixture
def cosmos(cosmos_server: CosmosDouble) -> Iterator[CosmosDouble]:
    """Give the double without faults; they and the clock are put back afterwards."""
    cosmos_server.faults.clear()
    yield cosmos_server
    cosmos_server.faults.clear()
    cosmos_server.service.clock_offset_s = 0.0
