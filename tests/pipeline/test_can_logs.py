"""A drive that is nothing but a CAN log, from upload to ego speed."""

from pathlib import Path

import numpy as np
import pytest

import avdataops as av
from avdataops.testing.can_logs import Sent, blf_bytes
from avdataops.testing.command_line import Desk

DRIVE = "derived/comma2k19_seg40_raw_can.candump.log"
PUBLISHED_SPEED = "can/comma2k19_seg40/processed_log/CAN/speed"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("can_logs"))


@pytest.fixture(scope="module")
def measurement(real_data: Path, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A candump log with its DBC and a player's log beside it, uploaded and run."""
    folder = tmp_path_factory.mktemp("upload") / "drive"
    folder.mkdir()
    (folder / "drive.log").write_bytes((real_data / DRIVE).read_bytes())
    (folder / "toyota.dbc").write_bytes((real_data / "dbc/_toyota_2017.dbc").read_bytes())
    (folder / "logger.log").write_text("2018-08-02 16:14:48 INFO started\n", encoding="utf-8")
    uploaded = desk.here("upload", folder, "--vehicle", "rav4", "--format", "json")
    assert uploaded.status == 0, uploaded.err
    assert [one["name"] for one in uploaded.json["recordings"]] == ["drive.log"]
    name = str(uploaded.json["measurement"])
    ran = desk.here("run", name, "--to", "sync", "--format", "json")
    assert ran.status == 0, ran.err
    return name


def test_every_frame_is_accounted_for(desk: Desk, measurement: str) -> None:
    shown = desk.here("measurements", "show", measurement, "--format", "json").json
    rows = {one["name"]: one["rows"] for one in shown["streams"] if one["type"] == "can/frames"}
    assert rows == {"can0": 53_800, "can1": 45_000, "can128": 12_434, "can129": 24_234}
    assert sum(rows.values()) == 135_468


def test_ego_speed_is_that_of_the_wheels(real_data: Path, desk: Desk, measurement: str) -> None:
    with av.connect(desk.workspace) as lake:
        ego = lake.table(measurement, "ego")
    t_s, speed = ego.column("t_ns").to_numpy() / 1e9, ego.column("ego_speed_mps").to_numpy()
    published = real_data / PUBLISHED_SPEED
    wheels = np.interp(t_s, np.load(published / "t"), np.load(published / "value").ravel())
    known = ~np.isnan(speed)
    assert known.mean() > 0.99
    # What the car shows is 2.0 to 2.3 % above its wheels, as speedometers are.
    ratio = speed[known] / wheels[known]
    assert np.percentile(ratio, [1, 99]) == pytest.approx([1.02, 1.023], abs=0.01)


def test_a_log_that_breaks_off_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    frames = [Sent(t_ns=n * 10**7, id=0x100, data=bytes([n % 256])) for n in range(1000)]
    data = blf_bytes(frames, 1000)
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "cut.blf").write_bytes(data[: len(data) // 2])
    desk = Desk(tmp_path / "workspace")
    uploaded = desk.here("upload", folder, "--vehicle", "v1", "--format", "json")
    name = uploaded.json["measurement"]
    ran = desk.here("run", name, "--to", "extract", "--format", "json")
    assert ran.status == 3, ran.err
    with av.connect(desk.workspace) as lake:
        rows = lake.stream(name, "CAN1")
    count = len(rows.column("t_ns"))
    assert 300 < count < 700
    assert rows.column("data").to_pylist() == [frame.data for frame in frames[:count]]
    caveats = str(ran.json["runs"])
    assert f"read {count} of 1000 objects" in caveats
