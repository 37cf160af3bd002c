"""Sources of the real commute that know nothing of each other agree, and its scenes are drawn."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from avdataops.lake import Lake
from benchmarks.commute.agreement import agreement, clock_agreement, rate_agreement
from benchmarks.commute.command import peak_lines
from benchmarks.commute.drive import Sources, scenes_by_type, sources
from benchmarks.commute.pictures import write_pictures


@pytest.fixture(scope="module")
def read(lake: Lake) -> Sources:
    return sources(lake)


def test_satellite_speed_is_the_wheels_speed_a_little_later(read: Sources) -> None:
    found = agreement(read.wheel_speed_mps, read.gnss_speed_mps, 1.1)
    assert found.samples > 2500
    assert 0.2 < found.lag_s < 0.6
    assert found.rms < 0.3
    assert found.correlation > 0.999
    # Speedometers show no less than the truth.
    assert 0.98 < found.slope <= 1.0


def test_satellite_heading_turns_as_the_yaw_rate_says(read: Sources) -> None:
    found = rate_agreement(read.yaw_rate_radps, read.heading_rad, 0.5)
    assert found.samples > 2400
    assert found.correlation > 0.9
    assert found.rms < 0.03
    assert found.slope == pytest.approx(1.0, abs=0.07)


def test_the_inertial_unit_feels_what_the_wheels_do(read: Sources) -> None:
    found = agreement(read.wheel_accel_mps2, read.inertial_accel_mps2, 0.1)
    assert found.correlation > 0.8
    assert found.rms < 0.4


def test_the_recorder_is_seconds_off_and_its_model_is_not(read: Sources) -> None:
    found = clock_agreement(read.utc_ns, read.recorded_ns, read.clock)
    assert found.ahead_first_s > 5.0
    assert found.drift_ppm == pytest.approx(found.model_drift_ppm, abs=10.0)
    assert found.before_p50_ms > 5000.0
    assert found.after_p95_ms < 100.0


def test_the_inertial_unit_feels_every_scene_of_acceleration(lake: Lake, read: Sources) -> None:
    lines = peak_lines(read, scenes_by_type(lake))
    assert [line.split("`")[1] for line in lines] == ["hard_brake", "hard_accel", "high_jerk"]
    for line in lines:
        for pair in line.rpartition(": ")[2].rstrip(".").split(", "):
            ours, theirs = map(float, pair.split(" and "))
            assert theirs == pytest.approx(ours, rel=0.25)


def test_every_type_found_has_a_picture(lake: Lake, read: Sources, tmp_path: Path) -> None:
    scenes = scenes_by_type(lake)
    written = write_pictures(tmp_path / "pictures", lake, read, scenes)
    assert [path.stem for path in written] == list(scenes)
    for path in written:
        root = ET.parse(path).getroot()  # noqa: S314 - written by this test
        assert sum(1 for _ in root.iter("{http://www.w3.org/2000/svg}path")) >= 3
