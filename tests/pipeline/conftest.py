"""Drives that the end-to-end tests share, each made once."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from avdataops.testing.command_line import Desk
from sample_data import SampleDrive, write_drive


@dataclass(frozen=True, slots=True)
class Processed:
    """A drive that went all the way, and what the commands said."""

    desk: Desk
    drive: SampleDrive
    measurement: str
    uploaded: Any
    ran: Any


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleDrive:
    """Three minutes in which everything happens."""
    return write_drive(tmp_path_factory.mktemp("sample"), seed=7, duration_s=180.0)


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> SampleDrive:
    """24 seconds in all four formats."""
    return write_drive(tmp_path_factory.mktemp("short"), seed=7, duration_s=24.0)


@pytest.fixture(scope="session")
def tiny(short: SampleDrive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two recordings of ``short`` that are read fastest."""
    folder = tmp_path_factory.mktemp("tiny") / "drive"
    folder.mkdir()
    for path in (short.body, short.localization):
        shutil.copy2(path, folder)
    return folder


@pytest.fixture(scope="session")
def process() -> Callable[[Desk, SampleDrive], Processed]:
    """Upload a drive with its DBC and run the whole pipeline on it."""
    return _process


@pytest.fixture(scope="session")
def finished(sample: SampleDrive, tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """``sample`` uploaded and run, with weather and map."""
    settings = {"AVDATAOPS_WEATHER": str(sample.weather), "AVDATAOPS_MAP": str(sample.osm)}
    return _process(Desk(tmp_path_factory.mktemp("finished"), settings), sample)


@pytest.fixture(scope="session")
def finished_short(short: SampleDrive, tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """``short`` uploaded and run without weather or map."""
    return _process(Desk(tmp_path_factory.mktemp("finished_short")), short)


def _process(desk: Desk, drive: SampleDrive) -> Processed:
    upload = ("upload", drive.drive, "--vehicle", drive.vehicle, "--dbc", drive.dbc)
    uploaded = desk.here(*upload, "--format", "json")
    assert uploaded.status == 0, uploaded.err
    measurement = uploaded.json["measurement"]
    ran = desk.here("run", measurement, "--format", "json")
    assert ran.status == 0, ran.err
    return Processed(desk, drive, measurement, uploaded.json, ran.json)
