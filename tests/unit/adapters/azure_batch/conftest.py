"""A Batch account on this machine for every test of the dispatcher."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.batch.kit import Cloud, cloud


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Cloud]:
    """One account with a pool of one node with eight slots."""
    with cloud(tmp_path) as made:
        yield made
