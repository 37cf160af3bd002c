from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asammdf import MDF

from sample_data import SampleDrive
from sample_data.can_database import FRAMES
from sample_data.chassis import fix_history, frames_on_bus, write_chassis
from sample_data.world import World


@pytest.fixture(scope="module")
def mdf(written: SampleDrive) -> Any:
    return MDF(written.chassis)


@pytest.fixture(scope="module")
def decoded(written: SampleDrive, mdf: Any) -> Any:
    return mdf.extract_bus_logging({"CAN": [(written.dbc, 0)]})


def seconds(world: World, mdf: Any, stamps: np.ndarray) -> np.ndarray:
    """Turn times of the file into true seconds of the drive with the clock of the world."""
    shown = mdf.header.start_time.timestamp() - world.start_ns / 1e9 + stamps
    return np.asarray((shown - world.clock.offset_s) / (1.0 + world.clock.skew))


def test_the_file_is_mdf_4_11_with_three_groups(mdf: Any) -> None:
    assert mdf.version == "4.11"
    names = [group.channel_group.acq_name for group in mdf.groups]
    assert names == [
        "CAN",
        "BrakeSystem",
        "Ambient",
    ]


def test_every_frame_is_logged_at_its_rate(mdf: Any, short_world: World) -> None:
    identifiers = mdf.get("CAN_DataFrame.ID", group=0).samples
    for frame in FRAMES:
        assert (identifiers == frame.identifier).sum() == pytest.approx(36 * frame.rate_hz, abs=2)
    times, rows = frames_on_bus(short_world)
    assert identifiers.size == rows.size
    assert (np.diff(times) >= 0.0).all()


def test_frames_are_raw_bytes_with_their_length(mdf: Any) -> None:
    frames = mdf.get("CAN_DataFrame", group=0).samples
    body = frames[frames["CAN_DataFrame.ID"] == 0x120]
    assert set(body["CAN_DataFrame.DataLength"].tolist()) == {4}
    assert body["CAN_DataFrame.DataBytes"].shape == (body.size, 8)
    assert set(frames["CAN_DataFrame.BusChannel"].tolist()) == {1}


def test_decoded_signals_are_the_motion_on_the_logger_s_clock(
    decoded: Any, mdf: Any, short_world: World
) -> None:
    signal = decoded.get("YawRate")
    t_s = seconds(short_world, mdf, signal.timestamps)
    expected = np.degrees(short_world.ego(t_s).yaw_rate_rps)
    assert np.abs(signal.samples - expected).max() < 0.5
    assert signal.unit == "deg/s"


def test_the_file_s_clock_is_off_as_the_truth_says(
    decoded: Any, mdf: Any, short_world: World
) -> None:
    """Frames come every 20 ms of true time; the logger shows 20 ms * (1 + skew)."""
    shown = decoded.get("VehicleSpeed").timestamps
    rate = np.polyfit(np.arange(shown.size), shown, 1)[0]
    assert rate / 0.02 - 1.0 == pytest.approx(short_world.clock.skew, abs=4e-6)
    first_s = mdf.header.start_time.timestamp() + shown[0] - short_world.start_ns / 1e9
    assert first_s == pytest.approx(short_world.clock.offset_s + 0.004, abs=0.01)


def test_value_tables_and_multiplexed_signals_decode(decoded: Any) -> None:
    gear = decoded.get("Gear").samples
    assert gear[0] == b"P"
    assert gear[-1] == b"D"
    assert set(decoded.get("WiperStatus").samples.tolist()) == {b"Off", b"Slow"}
    voltage, torque = decoded.get("BatteryVoltage"), decoded.get("EngineTorque")
    assert voltage.samples.mean() == pytest.approx(14.1, abs=0.05)
    assert len(voltage) == pytest.approx(360, abs=1)
    assert not np.isin(voltage.timestamps, torque.timestamps).any()


def test_the_brake_pressure_has_a_linear_conversion(mdf: Any) -> None:
    raw = mdf.get("BrakePressure", raw=True)
    physical = mdf.get("BrakePressure")
    assert raw.samples.dtype == np.uint16
    np.testing.assert_allclose(physical.samples, raw.samples * 0.05)
    assert physical.unit == "bar"
    assert len(physical) == pytest.approx(3600, abs=1)


def test_the_ambient_group_has_units_and_sees_the_rain(mdf: Any, short_world: World) -> None:
    rain = mdf.get("RainIntensity")
    assert rain.unit == "mm/h"
    t_s = seconds(short_world, mdf, rain.timestamps)
    assert not rain.samples[t_s < short_world.rain_from_s].any()
    assert rain.samples[t_s > short_world.rain_from_s + 7.0].mean() == pytest.approx(2.4, abs=0.2)
    assert mdf.get("AmbientLight").unit == "lx"
    assert mdf.get("Temperature").unit == "degC"


def test_two_writings_of_a_world_are_the_same_bytes(tmp_path: Path, short_world: World) -> None:
    one, two = tmp_path / "one.mf4", tmp_path / "two.mf4"
    write_chassis(short_world, one)
    write_chassis(short_world, two)
    assert one.read_bytes() == two.read_bytes()


def test_the_history_carries_the_given_time(tmp_path: Path, written: SampleDrive) -> None:
    copy = tmp_path / "copy.mf4"
    copy.write_bytes(written.chassis.read_bytes())
    fix_history(copy, 1_700_000_000_000_000_000)
    opened: Any
    with MDF(copy) as opened:
        assert {block.abs_time for block in opened.file_history} == {1_700_000_000_000_000_000}
