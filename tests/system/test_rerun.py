"""The real Rerun, in an environment of its own, takes what is exported; nothing leaves the machine.

Slow, because it fetches half a gigabyte the first time.
"""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from avdataops.clips.rrd import without_analytics
from avdataops.testing.command_line import Desk
from benchmarks.extract.environments import NoEnvironmentError, python_for
from sample_data import write_drive

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
_LIMIT_S = 600


@pytest.fixture(scope="module")
def rerun() -> Path:
    """Return the folder of Rerun's command."""
    try:
        return python_for(("rerun-sdk>=0.31,<1",)).parent
    except NoEnvironmentError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def desk(rerun: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A finished drive at a desk that has Rerun."""
    drive = write_drive(tmp_path_factory.mktemp("drive"), seed=7, duration_s=24.0)
    made = Desk(
        tmp_path_factory.mktemp("lake"), {"PATH": f"{os.environ['PATH']}{os.pathsep}{rerun}"}
    )
    given = ("--vehicle", drive.vehicle, "--dbc", drive.dbc, "--format", "json")
    uploaded = made.here("upload", drive.drive, *given)
    assert made.here("run", uploaded.json["measurement"]).status == 0
    return made


@pytest.fixture(scope="module")
def scene(desk: Desk) -> str:
    found = desk.here("scenes", "find", "--type", "drive_off", "--format", "json").json
    return str(found[0]["id"])


def call(rerun: Path, *arguments: str) -> str:
    with without_analytics() as environment:
        done = subprocess.run(
            [rerun / "rerun", *arguments],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
            env=dict(environment),
        )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_rerun_finds_nothing_wrong_with_a_clip(
    desk: Desk, rerun: Path, scene: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mcap"
    assert desk.here("scenes", "export", scene, "--after", "1s", "-o", path).status == 0
    told = call(rerun, "mcap", "check", "--full", str(path))
    statuses = [line.split()[0] for line in told.splitlines() if "/" in line and "  " in line]
    assert statuses.count("ok") >= 10
    assert not {"error", "warning", "warn"} & set(statuses)
    assert "foxglove.LocationFix" in call(rerun, "mcap", "info", str(path))


def test_a_clip_for_rerun_is_whole_and_holds_pictures_points_and_places(
    desk: Desk, rerun: Path, scene: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.rrd"
    done = desk.here("scenes", "export", scene, "--to", "rrd", "--after", "1s", "-o", path)
    assert done.status == 0, done.err
    assert "without error" in call(rerun, "rrd", "verify", str(path))
    told = call(rerun, "rrd", "print", str(path))
    for entity, column in (
        ("/camera/front/image/compressed", "EncodedImage:blob"),
        ("/lidar/top/points", "Points3D:positions"),
        ("/avdataops/location", "GeoPoints:positions"),
        ("/avdataops/log", "TextLog:text"),
        ("/CAN1.VehicleDynamics", "avdataops.CAN1_VehicleDynamics:message"),
    ):
        assert any(entity in line and column in line for line in told.splitlines()), entity


def test_rerun_is_told_to_send_nothing(rerun: Path) -> None:
    with without_analytics() as environment:
        done = subprocess.run(
            [rerun / "rerun", "analytics", "config"],
            capture_output=True,
            text=True,
            check=True,
            env=dict(environment),
        )
        assert json.loads(done.stdout)["analytics_enabled"] is False
        folder = Path(environment["XDG_CONFIG_HOME"])
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["analytics.json"]


@pytest.fixture
def viewer(desk: Desk, scene: str, tmp_path: Path) -> Iterator[Any]:
    with desk.start(
        "scenes", "open", scene, "--web", "--port", "0", err=tmp_path / "err"
    ) as process:
        yield process, tmp_path / "err"
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def test_a_scene_opens_in_the_viewer_on_this_machine_alone(viewer: Any) -> None:
    process, err = viewer
    address = ""
    for _ in range(600):
        text = err.read_text(encoding="utf-8", errors="replace") if err.exists() else ""
        if "Hosting a web-viewer at " in text:
            address = text.split("Hosting a web-viewer at ")[1].split()[0]
            break
        assert process.poll() is None, text
        time.sleep(0.1)
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - loopback
        assert answer.status == 200
    assert "Listening for gRPC connections on 127.0.0.1:" in text
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=30)  # noqa: S310 - loopback
