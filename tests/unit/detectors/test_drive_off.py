"""Driving off: how long it stood, how soon it drives, and what a gap hides."""

import numpy as np
import pytest

from avdataops.detectors.drive_off import Params, find
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import clock, cruise, drive, seconds, unknown_within

T_S = clock(30.0)


def with_speed(speed: Floats) -> Drive:
    return drive({**cruise(30.0, 0.0), "ego_speed_mps": speed})


def away(at_s: float, accel_mps2: float) -> Floats:
    return np.clip((T_S - at_s) * accel_mps2, 0.0, 10.0)


def test_it_begins_on_leaving_and_ends_when_driving() -> None:
    (scene,) = find(with_speed(away(10.0, 1.0)), Params()).found
    assert seconds(scene.start_ns) == pytest.approx(10.52, abs=0.03)
    assert seconds(scene.stop_ns) == pytest.approx(12.0, abs=0.03)
    assert scene.evidence["reached_after_s"] == pytest.approx(1.48, abs=0.03)
    assert scene.evidence["mean_ax_mps2"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("accel", "count"), [(0.28, 0), (0.35, 1)])
def test_creeping_away_is_none(accel: float, count: int) -> None:
    assert len(find(with_speed(away(10.0, accel)), Params()).found) == count


def test_a_stop_of_a_second_is_no_standstill() -> None:
    speed = np.maximum(np.maximum(0.0, 3.0 - T_S), away(4.2, 1.0))
    assert find(with_speed(speed), Params()).found == ()


def test_rolling_up_in_a_queue_is_none() -> None:
    hop = np.where((T_S > 10.0) & (T_S < 12.0), 1.2, 0.0) + away(20.0, 1.5)
    (scene,) = find(with_speed(hop), Params()).found
    assert seconds(scene.start_ns) > 19.9


def test_data_that_ends_too_early_leaves_it_open() -> None:
    detection = find(with_speed(away(28.6, 1.0)), Params())
    assert detection.found == ()
    (lost,) = detection.unknown
    assert lost.reason == "drive-off cut by a gap"
    assert seconds(lost.start_ns) == pytest.approx(29.12, abs=0.03)


def test_a_gap_while_setting_off_leaves_it_open() -> None:
    detection = find(
        unknown_within(with_speed(away(10.0, 1.0)), "ego_speed_mps", 11.0, 13.0), Params()
    )
    assert detection.found == ()
    assert {one.reason for one in detection.unknown} == {
        "drive-off cut by a gap",
        "gap in ego speed",
    }


def test_a_gap_while_standing_tells_no_departure() -> None:
    given = unknown_within(with_speed(away(10.0, 1.0)), "ego_speed_mps", 9.0, 12.5)
    detection = find(given, Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["gap in ego speed"]


def test_standing_to_the_end_is_none() -> None:
    detection = find(with_speed(np.zeros(T_S.size)), Params())
    assert (detection.found, detection.unknown) == ((), ())


def test_backwards_counts_as_driving() -> None:
    assert len(find(with_speed(-away(10.0, 1.0)), Params()).found) == 1
