"""A drive whose weather comes from a service on the net, played back on this machine."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avdataops.testing.command_line import Desk
from tests.doubles.played import Answer, Played, playing

if TYPE_CHECKING:
    from sample_data import SampleDrive

NAMES = ("precipitation", "rain", "snowfall", "cloud_cover", "wind_speed_10m")


@pytest.fixture
def server() -> Iterator[Played]:
    with playing() as played:
        yield played


def day_of(drive: "SampleDrive") -> bytes:
    """Return what the archive says of the day of the drive: rain at 8.5 degrees."""
    start = datetime.fromtimestamp(drive.start_ns // 10**9, UTC)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [f"{midnight + timedelta(hours=n):%Y-%m-%dT%H:%M}" for n in range(24)]
    document: dict[str, Any] = {
        "latitude": 56.2,
        "longitude": 10.2,
        "utc_offset_seconds": 0,
        "hourly_units": {"temperature_2m": "°C", "precipitation": "mm", "wind_speed_10m": "m/s"},
        "hourly": {
            "time": hours,
            "temperature_2m": [8.5] * 24,
            "weather_code": [61] * 24,
            **dict.fromkeys(NAMES, [1.5] * 24),
        },
    }
    return json.dumps(document).encode()


@pytest.fixture(scope="session")
def placed(short: "SampleDrive", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one recording of ``short`` that knows where it is."""
    folder = tmp_path_factory.mktemp("placed") / "drive"
    folder.mkdir()
    shutil.copy2(short.sensors, folder)
    return folder


def settings(server: Played) -> dict[str, str]:
    return {
        "AVDATAOPS_WEATHER_SERVICE": "open-meteo",
        "AVDATAOPS_WEATHER_URL": server.url,
        "AVDATAOPS_WEATHER_KEY": "k3y-of-the-fleet",
    }


def test_the_service_is_asked_once_before_enriching_and_stands_in_lineage(
    server: Played, short: "SampleDrive", placed: Path, tmp_path: Path
) -> None:
    server.answers = [Answer(body=day_of(short))]
    desk = Desk(tmp_path, settings(server))
    uploaded = desk.here("upload", placed, "--vehicle", "V", "--format", "json")
    measurement = uploaded.json["measurement"]
    ran = desk.here("run", measurement, "--format", "json")
    assert ran.status == 0, ran.err
    (path,) = server.paths
    asked = parse_qs(urlsplit(path).query)
    assert [len(asked[name][0].partition(".")[2]) for name in ("latitude", "longitude")] == [1, 1]
    assert "k3y-of-the-fleet" not in ran.text + ran.err

    scenes = desk.here("scenes", "find", "--limit", "0", "--format", "json").json
    (scene,) = [one for one in scenes if one["type"] == "rain"]
    assert scene["evidence"]["max_precipitation_mmph"] == 1.5
    assert scene["evidence"]["sources"] == "provider"
    found = desk.here("lineage", "show", scene["id"], "--up", "--format", "json").json
    (document,) = [
        node for node in found["nodes"] if str(node.get("name", "")).startswith("open-meteo ")
    ]
    assert len(document["sha256"]) == 64

    # The cable is cut: what was fetched stays.
    server.answers = [Answer(status=503)]
    again = desk.here("run", measurement, "--format", "json")
    assert again.json["nothing_to_do"]
    assert len(server.paths) == 1


def test_without_an_answer_the_weather_is_unknown_and_the_run_goes_on(
    server: Played, placed: Path, tmp_path: Path
) -> None:
    server.answers = [Answer(status=400)]
    desk = Desk(tmp_path, settings(server))
    uploaded = desk.here("upload", placed, "--vehicle", "V", "--format", "json")
    ran = desk.here("run", uploaded.json["measurement"], "--to", "enrich", "--format", "json")
    assert ran.json["runs"][-1]["step"] == "enrich"
    assert "weather is unknown" in ran.err
    assert len(server.paths) == 1
