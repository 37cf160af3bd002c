"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

from tests.doubles.azurite import azurite
from tests.doubles.containers import worker_image
from tests.doubles.cosmos.fixtures import cosmos, cosmos_server

__all__ = ["azurite", "cosmos", "cosmos_server", "worker_image"]


def _real_data_folder() -> Path:
    named = os.environ.get("AVDATAOPS_TEST_DATA")
    return Path(named) if named else Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real recordings; tests that need it are skipped where it is absent."""
    folder = _real_data_folder()
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}; set AVDATAOPS_TEST_DATA to their folder")
    return folder
