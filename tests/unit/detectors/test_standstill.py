"""Standing still: the two levels, the least time, and cut ends."""

import numpy as np
import pytest

from avdataops.detectors.standstill import Params, find
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    clock,
    cruise,
    drive,
    seconds,
    unknown_within,
    without_column,
    without_rows,
)

T_S = clock(30.0)


def at_speed(speed_mps: Floats) -> Drive:
    return drive({**cruise(30.0), "ego_speed_mps": speed_mps})


def stop(start_s: float, stop_s: float, level_mps: float = 0.0) -> Floats:
    return np.where((start_s <= T_S) & (stop_s > T_S), level_mps, 8.0)


def test_a_stop_is_found_from_the_first_still_tick_to_the_first_moving_one() -> None:
    (scene,) = find(at_speed(stop(10.0, 15.0)), Params()).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 15.0)
    assert scene.evidence["duration_s"] == 5.0
    assert scene.evidence["max_speed_mps"] == 0.0
    assert not scene.truncated


@pytest.mark.parametrize(("length_s", "found"), [(1.9, 0), (2.0, 1)])
def test_the_least_time_decides(length_s: float, found: int) -> None:
    assert len(find(at_speed(stop(10.0, 10.0 + length_s)), Params()).found) == found


@pytest.mark.parametrize(("level", "found"), [(0.1, 1), (0.12, 0)])
def test_creeping_is_not_standing(level: float, found: int) -> None:
    assert len(find(at_speed(stop(10.0, 15.0, level)), Params()).found) == found


def test_rolling_below_half_a_metre_per_second_does_not_end_it() -> None:
    speed = stop(10.0, 12.5)
    speed[(T_S >= 12.5) & (T_S < 14.0)] = 0.5
    (scene,) = find(at_speed(speed), Params()).found
    assert seconds(scene.stop_ns) == 14.0
    assert scene.evidence["max_speed_mps"] == 0.5


def test_a_short_creep_between_two_stops_is_merged() -> None:
    speed = np.minimum(stop(10.0, 12.5), stop(13.0, 16.0))
    speed[(T_S >= 12.5) & (T_S < 13.0)] = 0.8
    assert len(find(at_speed(speed), Params()).found) == 1
    assert len(find(at_speed(speed), Params(merge_s=0.2)).found) == 2


def test_reversing_is_not_standing() -> None:
    assert find(at_speed(np.full(T_S.size, -1.0)), Params()).found == ()


def test_a_whole_drive_of_standing_is_one_truncated_scene() -> None:
    (scene,) = find(at_speed(np.zeros(T_S.size)), Params()).found
    assert scene.truncated
    assert scene.evidence["duration_s"] == 30.0


def test_a_stop_too_short_when_the_drive_ends_is_unknown() -> None:
    detection = find(at_speed(stop(29.0, 31.0)), Params())
    assert detection.found == ()
    (unknown,) = detection.unknown
    assert (seconds(unknown.start_ns), unknown.reason) == (29.0, "stop cut by a gap")


def test_a_gap_splits_a_stop_and_short_gaps_do_not() -> None:
    given = at_speed(stop(5.0, 20.0))
    first, second = find(without_rows(given, 10.0, 11.0), Params()).found
    assert first.truncated
    assert second.truncated
    assert len(find(without_rows(given, 10.0, 10.4), Params()).found) == 1


def test_unknown_speed_is_no_standstill() -> None:
    detection = find(unknown_within(at_speed(stop(40.0, 50.0)), "ego_speed_mps", 5, 9), Params())
    assert detection.found == ()
    (unknown,) = detection.unknown
    assert unknown.reason == "gap in ego speed"
    assert seconds(unknown.start_ns) == pytest.approx(4.98)
    assert seconds(unknown.stop_ns) == pytest.approx(9.0)


def test_a_drive_without_speed_is_unknown_throughout() -> None:
    detection = find(without_column(at_speed(stop(5.0, 20.0)), "ego_speed_mps"), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no ego speed"]


def test_a_noisy_wheel_speed_is_less_sure() -> None:
    rng = np.random.default_rng(1)
    still = stop(10.0, 16.0)
    shaky = still + np.where(still == 0, np.abs(rng.normal(0.0, 0.12, T_S.size)), 0.0)
    (sure,) = find(at_speed(still), Params()).found
    (unsure,) = find(at_speed(shaky), Params()).found
    assert unsure.confidence < sure.confidence


def test_a_wheel_measured_in_pulses_does_not_stand() -> None:
    # 0 and 1.1 m/s in turn, three times a second: the car creeps at 0.4 m/s.
    pulses = np.where((T_S * 3) % 1.0 < 0.36, 1.1, 0.0)
    assert find(at_speed(pulses), Params()).found == ()
    assert len(find(at_speed(pulses), Params(max_mean_mps=0.5)).found) == 1
