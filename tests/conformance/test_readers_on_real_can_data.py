"""Real CAN logs read as their twins, python-can, and the drive's publishers read them."""

from pathlib import Path
from typing import Any

import can
import cantools
import numpy as np
import pyarrow as pa
import pytest

from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader, Sidecars
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of

DRIVE = "derived/comma2k19_seg40_raw_can.candump.log"
PUBLISHED = "can/comma2k19_seg40/processed_log/CAN"
DBC = "dbc/_toyota_2017.dbc"
KMH_PER_MPS = 3.6
HALF_A_MICROSECOND = 500
"""What the candump file rounds off the published times."""
FRAME_COLUMNS = ["t_ns", "id", "extended", "dlc", "data"]


def _open(path: Path, *dbc: Path) -> Reader:
    texts = {one.name: one.read_bytes() for one in dbc}
    return open_recording(BytesFile(path.name, path.read_bytes()), Sidecars(dbc=texts))


@pytest.fixture(scope="module")
def drive(real_data: Path) -> dict[str, pa.Table]:
    """All streams of a minute in a Toyota."""
    with _open(real_data / DRIVE, real_data / DBC) as reader:
        return tables_of(reader.batches())


@pytest.fixture(scope="module")
def published(real_data: Path) -> dict[str, np.ndarray]:
    """What the drive's publishers decoded: times in s and values by signal."""
    found = {}
    for name in ("steering_angle", "wheel_speed", "speed"):
        found[name] = np.load(real_data / PUBLISHED / name / "value")
        found[f"{name}_t"] = np.load(real_data / PUBLISHED / name / "t")
    return found


@pytest.fixture(scope="module")
def asc(real_data: Path) -> dict[str, pa.Table]:
    """164 frames as Vector ASC."""
    with _open(real_data / "can/css_multiple_CAN.asc") as reader:
        assert {one.code for one in reader.problems()} == {"no_time_zone", "no_dbc"}
        return tables_of(reader.batches())


@pytest.fixture(scope="module")
def candump(real_data: Path) -> dict[str, pa.Table]:
    """The same 164 frames as candump."""
    with _open(real_data / "can/css_multiple_CAN.log") as reader:
        assert {one.code for one in reader.problems()} == {"no_dbc"}
        return tables_of(reader.batches())


class TestTwins:
    """Frame by frame; python-can finds 163 in the ASC."""

    def test_both_hold_82_frames_on_each_of_two_channels(
        self, asc: dict[str, pa.Table], candump: dict[str, pa.Table]
    ) -> None:
        assert {name: len(table) for name, table in asc.items()} == {"CAN1": 82, "CAN2": 82}
        assert {name: len(table) for name, table in candump.items()} == {"can0": 82, "can1": 82}

    @pytest.mark.parametrize(("name", "twin"), [("CAN1", "can0"), ("CAN2", "can1")])
    def test_frame_by_frame_they_are_equal(
        self, asc: dict[str, pa.Table], candump: dict[str, pa.Table], name: str, twin: str
    ) -> None:
        for column in FRAME_COLUMNS:
            assert asc[name][column].to_pylist() == candump[twin][column].to_pylist(), column
        assert set(asc[name]["bus_channel"].to_pylist()) == {int(name[-1])}
        assert set(candump[twin]["bus_channel"].to_pylist()) == {int(twin[-1])}

    def test_all_codes_of_can_fd_are_there(self, asc: dict[str, pa.Table]) -> None:
        lengths = {len(data) for data in asc["CAN1"]["data"].to_pylist()}
        assert lengths == {*range(9), 12, 16, 20, 24, 32, 48, 64}
        assert set(asc["CAN1"]["dlc"].to_pylist()) == set(range(16))

    def test_python_can_reads_the_candump_the_same(
        self, real_data: Path, candump: dict[str, pa.Table]
    ) -> None:
        with can.CanutilsLogReader(str(real_data / "can/css_multiple_CAN.log")) as log:
            messages = list(log)
        for name, table in candump.items():
            expected = [one for one in messages if one.channel == name]
            assert table["id"].to_pylist() == [one.arbitration_id for one in expected]
            assert table["extended"].to_pylist() == [one.is_extended_id for one in expected]
            assert table["data"].to_pylist() == [bytes(one.data) for one in expected]
            seconds = [one.timestamp for one in expected]
            assert (table["t_ns"].to_numpy() / 1e9).tolist() == pytest.approx(seconds, abs=1e-6)


class TestDrive:
    def test_every_frame_of_every_interface_comes_out(
        self, real_data: Path, drive: dict[str, pa.Table]
    ) -> None:
        lines = (real_data / DRIVE).read_bytes().splitlines()
        words = [line.split() for line in lines]
        assert len(lines) == 135_468
        for name in ("can0", "can1", "can128", "can129"):
            frames = [word[2].split(b"#") for word in words if word[1].decode() == name]
            assert drive[name]["id"].to_pylist() == [int(number, 16) for number, _ in frames]
            data = [bytes.fromhex(text.decode()) for _, text in frames]
            assert drive[name]["data"].to_pylist() == data

    def test_steering_angles_are_those_that_were_published(
        self, drive: dict[str, pa.Table], published: dict[str, np.ndarray]
    ) -> None:
        found = drive["can0.STEER_ANGLE_SENSOR"]
        angle = found["steer_angle"].to_numpy() + found["steer_fraction"].to_numpy()
        assert len(angle) == 4974
        np.testing.assert_array_equal(angle, published["steering_angle"])
        times_ns = published["steering_angle_t"] * 1e9
        assert np.abs(found["t_ns"].to_numpy() - times_ns).max() <= HALF_A_MICROSECOND

    def test_wheel_speeds_are_those_that_were_published(
        self, drive: dict[str, pa.Table], published: dict[str, np.ndarray]
    ) -> None:
        found = drive["can0.WHEEL_SPEEDS"]
        names = [f"wheel_speed_{wheel}" for wheel in ("fl", "fr", "rl", "rr")]
        kmh = np.column_stack([found[name].to_numpy() for name in names])
        np.testing.assert_allclose(kmh / KMH_PER_MPS, published["wheel_speed"], rtol=0, atol=1e-14)
        mean = kmh.mean(axis=1) / KMH_PER_MPS
        np.testing.assert_allclose(mean, published["speed"].ravel(), rtol=0, atol=1e-14)

    def test_messages_decode_as_cantools_decodes_them(
        self, real_data: Path, drive: dict[str, pa.Table]
    ) -> None:
        database: Any = cantools.database.load_file(str(real_data / DBC), strict=False)
        message = database.get_message_by_name("SPEED")
        frames = drive["can0"].to_pylist()
        expected = [
            message.decode(row["data"], decode_choices=False, allow_truncated=True)
            for row in frames
            if row["id"] == message.frame_id
        ]
        table = drive["can0.SPEED"]
        assert len(table) == 2487
        for signal in ("SPEED", "ENCODER"):
            values = [row[signal] for row in expected]
            assert table[signal.lower()].to_pylist() == pytest.approx(values)

    def test_times_without_a_date_are_told(self, real_data: Path) -> None:
        with _open(real_data / DRIVE) as reader:
            told = {one.code: one.message for one in reader.problems()}
        assert "before 2000" in told["clock_not_set"]
