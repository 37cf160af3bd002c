"""Hard braking: every gate from both sides, and what a gap does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.detectors.hard_brake import HARD_BRAKE, Params, find
from avdataops.ports.detecting import Detection, Drive, Found
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    bump,
    clock,
    cruise,
    drive,
    follow_acceleration,
    seconds,
    unknown_within,
    without_column,
    without_rows,
)

T_S = clock(30.0)


def braking(accel: Floats, speed_mps: float = 20.0) -> Drive:
    return drive(follow_acceleration(cruise(30.0, speed_mps), accel))


def pulse(level_mps2: float, start_s: float = 10.0, duration_s: float = 3.0) -> Floats:
    return level_mps2 * bump(T_S, start_s, duration_s)


def only(detection: Detection) -> Found:
    (scene,) = detection.found
    return scene


def number(scene: Found, name: str) -> float:
    value = scene.evidence[name]
    assert isinstance(value, float)
    return value


def test_a_brake_is_found_with_its_peaks() -> None:
    detection = find(braking(pulse(-4.0)), Params())
    scene = only(detection)
    assert detection.unknown == ()
    assert seconds(scene.start_ns) == pytest.approx(10.1, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx(12.75, abs=0.15)
    assert number(scene, "min_ax_mps2") == pytest.approx(-4.0, abs=0.2)
    assert number(scene, "dv_mps") == pytest.approx(-10.0, abs=0.3)
    assert number(scene, "v_start_mps") == pytest.approx(20.0, abs=0.05)
    assert number(scene, "min_jerk_mps3") == pytest.approx(-7.5, abs=2.0)
    assert scene.evidence["source"] == "accel_x_mps2"
    assert not scene.truncated
    assert scene.actor is None


@pytest.mark.parametrize(
    ("level", "severity"), [(-3.4, "moderate"), (-4.4, "high"), (-5.6, "emergency")]
)
def test_severity_follows_the_peak(level: float, severity: str) -> None:
    assert only(find(braking(pulse(level)), Params())).evidence["severity"] == severity


def test_braking_just_below_the_trigger_is_none() -> None:
    assert find(braking(pulse(-2.7)), Params()).found == ()


def test_a_jolt_shorter_than_the_least_time_is_none() -> None:
    jolt = np.where((T_S >= 10.0) & (T_S < 10.1), -9.0, 0.0)
    assert find(braking(jolt), Params()).found == ()


def test_the_end_of_a_slow_stop_is_none() -> None:
    assert find(braking(pulse(-4.0, duration_s=1.2), speed_mps=2.6), Params()).found == ()
    assert len(find(braking(pulse(-4.0, duration_s=1.2), speed_mps=3.2), Params()).found) == 1


def test_easing_above_the_off_level_does_not_split_a_brake_but_a_long_pause_does() -> None:
    eased = pulse(-4.0, 10.0, 5.0) + pulse(2.0, 12.0, 1.2)
    assert len(find(braking(eased), Params()).found) == 1
    twice = pulse(-4.0, 8.0) + pulse(-4.0, 15.0)
    first, second = find(braking(twice, 25.0), Params()).found
    assert first.stop_ns < second.start_ns


def test_a_short_release_is_merged() -> None:
    released = pulse(-4.0, 10.0, 2.0) + pulse(-4.0, 12.3, 2.0)
    assert len(find(braking(released), Params()).found) == 1
    assert len(find(braking(released), Params(merge_s=0.1)).found) == 2


def test_without_an_accelerometer_the_speed_tells() -> None:
    given_drive = without_column(braking(pulse(-4.0)), "accel_x_mps2")
    scene = only(find(given_drive, Params()))
    assert scene.evidence["source"] == "ego_speed_mps"
    assert number(scene, "min_ax_mps2") == pytest.approx(-4.0, abs=0.3)
    assert seconds(scene.start_ns) == pytest.approx(10.1, abs=0.2)


def test_where_the_accelerometer_fails_midway_both_sources_are_named() -> None:
    given_drive = unknown_within(braking(pulse(-4.0)), "accel_x_mps2", 11.0, 20.0)
    assert only(find(given_drive, Params())).evidence["source"] == "accel_x_mps2 and ego_speed_mps"


def test_an_accelerometer_that_the_speed_contradicts_is_not_believed_much() -> None:
    columns = cruise(30.0, 20.0)
    columns["accel_x_mps2"] = pulse(-4.0)
    lying = only(find(drive(columns), Params()))
    honest = only(find(braking(pulse(-4.0)), Params()))
    assert lying.confidence < 0.2
    assert honest.confidence > 0.8


def test_confidence_grows_with_the_margin() -> None:
    weak, strong = (only(find(braking(pulse(level)), Params())) for level in (-3.2, -5.0))
    assert weak.confidence < strong.confidence


def test_without_speed_nothing_is_known_whatever_the_accelerometer_says() -> None:
    detection = find(without_column(braking(pulse(-4.0)), "ego_speed_mps"), Params())
    assert detection.found == ()
    (unknown,) = detection.unknown
    assert (seconds(unknown.start_ns), unknown.reason) == (0.0, "no ego speed")
    assert seconds(unknown.stop_ns) == pytest.approx(30.0)


def test_a_gap_splits_and_marks() -> None:
    detection = find(without_rows(braking(pulse(-4.0, 10.0, 5.0), 30.0), 12.0, 13.0), Params())
    first, second = detection.found
    assert first.truncated
    assert second.truncated
    assert seconds(first.stop_ns) == pytest.approx(11.98)
    assert seconds(second.start_ns) == pytest.approx(13.0)
    (gap,) = detection.unknown
    assert gap.reason == "gap in ego speed"
    assert (gap.start_ns, gap.stop_ns) == (first.stop_ns, second.start_ns)


def test_a_short_gap_is_bridged() -> None:
    detection = find(without_rows(braking(pulse(-4.0, 10.0, 5.0), 30.0), 12.0, 12.4), Params())
    assert not only(detection).truncated
    assert detection.unknown == ()


def test_braking_cut_before_it_could_be_told_is_unknown() -> None:
    detection = find(without_rows(braking(pulse(-4.0)), 10.55, 14.0), Params(min_s=1.0))
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == [
        "braking cut by a gap",
        "gap in ego speed",
    ]


def test_a_brake_at_the_end_of_the_drive_is_truncated() -> None:
    assert only(find(braking(pulse(-4.0, 28.0, 4.0)), Params())).truncated


def test_noise_adds_nothing_and_loses_nothing() -> None:
    rng = np.random.default_rng(3)
    quiet = cruise(30.0, 20.0)
    quiet["accel_x_mps2"] = rng.normal(0.0, 1.0, T_S.size)
    assert find(drive(quiet), Params()).found == ()
    noisy = follow_acceleration(cruise(30.0, 20.0), pulse(-4.0))
    noisy["accel_x_mps2"] = noisy["accel_x_mps2"] + rng.normal(0.0, 0.5, T_S.size)
    assert seconds(only(find(drive(noisy), Params())).start_ns) == pytest.approx(10.1, abs=0.2)


@settings(max_examples=25, deadline=None)
@given(start_s=st.floats(1.0, 28.0), length_s=st.floats(0.05, 4.0))
def test_a_gap_never_adds_a_brake_where_there_was_none(start_s: float, length_s: float) -> None:
    whole = braking(pulse(-4.0, 6.0) + pulse(-2.6, 16.0), 25.0)
    before = find(whole, Params()).found
    for scene in find(without_rows(whole, start_s, start_s + length_s), Params()).found:
        assert any(
            scene.start_ns < known.stop_ns and known.start_ns < scene.stop_ns for known in before
        )


def test_the_row_of_the_table_is_complete() -> None:
    assert (HARD_BRAKE.name, HARD_BRAKE.types, HARD_BRAKE.find) == (
        "hard_brake",
        ("hard_brake",),
        find,
    )


def test_many_seconds_of_light_braking_before_are_no_part_of_it() -> None:
    light = -0.9 * bump(T_S, 8.0, 7.0)
    scene = only(find(braking(light + pulse(-4.0, 13.0), 25.0), Params()))
    assert seconds(scene.start_ns) == pytest.approx(11.2, abs=0.4)
    whole = only(find(braking(light + pulse(-4.0, 13.0), 25.0), Params(onset_within_s=20.0)))
    assert seconds(whole.start_ns) == pytest.approx(8.3, abs=0.4)
    assert scene.stop_ns == whole.stop_ns
