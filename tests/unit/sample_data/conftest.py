"""One drive in memory and one short drive on disk, made once for all tests of the generator."""

import pytest

from sample_data import SampleDrive, write_drive
from sample_data.world import World, build_world


@pytest.fixture(scope="session")
def world() -> World:
    """The default drive of 180 s, in memory."""
    return build_world(7, 180.0)


@pytest.fixture(scope="session")
def short_world() -> World:
    """The world of ``written``."""
    return build_world(3, 36.0)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> SampleDrive:
    """A drive of 36 s on disk: start, right turn, camera gap and rain."""
    return write_drive(tmp_path_factory.mktemp("sample") / "drive_36", seed=3, duration_s=36.0)
