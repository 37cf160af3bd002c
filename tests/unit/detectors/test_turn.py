"""Turns: both directions, the angle, the junction, and what is no turn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.detectors.turn import Params, find
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    bump,
    clock,
    context_rows,
    cruise,
    drive,
    seconds,
    unknown_within,
    without_column,
    without_rows,
)

T_S = clock(30.0)


def turning(
    rate_radps: Floats, speed_mps: float = 6.0, junction_m: Floats | float | None = None
) -> Drive:
    context = None
    if junction_m is not None:
        context = context_rows(30.0, junction_distance_m=junction_m)
    columns = {**cruise(30.0, speed_mps), "yaw_rate_radps": rate_radps}
    return drive(columns, context=context)


def bend(angle_deg: float, start_s: float = 10.0, duration_s: float = 4.0) -> Floats:
    rate = float(np.radians(angle_deg)) / (duration_s - 0.5)
    return rate * bump(T_S, start_s, duration_s)


@pytest.mark.parametrize(("angle", "name"), [(90.0, "turn_left"), (-90.0, "turn_right")])
def test_both_directions_are_told_apart(angle: float, name: str) -> None:
    detection = find(turning(bend(angle)), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert scene.type == name
    assert scene.evidence["heading_change_deg"] == pytest.approx(angle, abs=1.0)
    assert seconds(scene.start_ns) == pytest.approx(10.15, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx(13.9, abs=0.15)
    assert not scene.truncated


@pytest.mark.parametrize(("angle", "found"), [(40.0, 0), (50.0, 1), (-40.0, 0), (-50.0, 1)])
def test_the_angle_decides(angle: float, found: int) -> None:
    assert len(find(turning(bend(angle)), Params()).found) == found


@pytest.mark.parametrize(
    ("angle", "speed", "severity"),
    [(90.0, 6.0, "sharp"), (90.0, 14.0, "normal"), (60.0, 6.0, "normal")],
)
def test_sharp_is_a_large_angle_within_a_small_radius(
    angle: float, speed: float, severity: str
) -> None:
    (scene,) = find(turning(bend(angle), speed), Params()).found
    assert scene.evidence["severity"] == severity
    radius = speed * 3.5 / np.radians(angle)
    assert scene.evidence["radius_m"] == pytest.approx(radius, rel=0.12)


def test_a_slow_bend_never_reaches_the_rate() -> None:
    assert find(turning(bend(80.0, 4.0, 22.0)), Params()).found == ()


def test_a_quick_swerve_is_too_short() -> None:
    assert find(turning(bend(50.0, 10.0, 1.3)), Params()).found == ()


def test_a_drifting_sensor_at_standstill_turns_nothing() -> None:
    assert find(turning(bend(90.0), speed_mps=0.9), Params()).found == ()


@pytest.mark.parametrize(("distance", "found"), [(24.0, 1), (26.0, 0)])
def test_a_bend_far_from_any_junction_is_no_turn(distance: float, found: int) -> None:
    detection = find(turning(bend(90.0), junction_m=distance), Params())
    assert len(detection.found) == found
    assert detection.unknown == ()


def test_only_the_distance_during_the_turn_counts() -> None:
    distance = np.where(np.arange(31) < 8, 3.0, 200.0)
    assert find(turning(bend(90.0), junction_m=distance), Params()).found == ()


def test_without_a_map_it_is_found_but_less_sure() -> None:
    (mapped,) = find(turning(bend(90.0), junction_m=5.0), Params()).found
    for given_drive in (turning(bend(90.0)), turning(bend(90.0), junction_m=np.nan)):
        (bare,) = find(given_drive, Params()).found
        assert bare.confidence == 0.8 < mapped.confidence
        assert bare.evidence["junction_distance_m"] is None


def test_without_a_map_a_wide_bend_is_hardly_believed() -> None:
    (tight,) = find(turning(bend(90.0), speed_mps=6.0), Params()).found
    (wide,) = find(turning(bend(90.0), speed_mps=30.0), Params()).found
    assert wide.confidence == pytest.approx(tight.confidence * 25.0 / 66.8, rel=0.1)
    (mapped,) = find(turning(bend(90.0), speed_mps=30.0, junction_m=5.0), Params()).found
    assert mapped.confidence > 0.9


def test_hesitating_in_the_turn_does_not_split_it() -> None:
    rate = bend(100.0)
    rate[(T_S > 11.8) & (T_S < 12.1)] = 0.0
    assert len(find(turning(rate), Params()).found) == 1


def test_left_after_right_are_two() -> None:
    names = [one.type for one in find(turning(bend(-90.0, 8.0) + bend(90.0, 14.0)), Params()).found]
    assert names == ["turn_right", "turn_left"]


def test_a_turn_cut_by_a_gap_after_enough_is_found_and_marked() -> None:
    (scene,) = find(without_rows(turning(bend(90.0)), 13.0, 14.5), Params()).found
    assert scene.truncated


def test_a_turn_cut_too_early_is_unknown_and_a_mere_wiggle_is_not() -> None:
    detection = find(without_rows(turning(bend(90.0)), 11.5, 14.5), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["turn cut by a gap", "gap in ego speed"]
    early = find(without_rows(turning(bend(90.0)), 10.6, 14.5), Params())
    assert [one.reason for one in early.unknown] == ["gap in ego speed"]


def test_each_missing_input_has_its_own_reason() -> None:
    whole = turning(bend(90.0))
    for column, reason in (("ego_speed_mps", "no ego speed"), ("yaw_rate_radps", "no yaw rate")):
        detection = find(without_column(whole, column), Params())
        assert detection.found == ()
        assert [one.reason for one in detection.unknown] == [reason]
    (unknown,) = find(unknown_within(whole, "yaw_rate_radps", 20.0, 22.0), Params()).unknown
    assert unknown.reason == "gap in yaw rate"


def test_vibration_is_no_turn() -> None:
    rate = 0.3 * np.sin(2 * np.pi * 12.0 * T_S)
    assert find(turning(rate), Params()).found == ()


@settings(max_examples=25, deadline=None)
@given(start_s=st.floats(5.0, 15.0), length_s=st.floats(0.6, 4.0))
def test_a_gap_never_adds_a_turn_where_there_was_none(start_s: float, length_s: float) -> None:
    whole = turning(bend(90.0, 8.0) + bend(-38.0, 14.0))
    before = find(whole, Params()).found
    for scene in find(without_rows(whole, start_s, start_s + length_s), Params()).found:
        assert any(
            scene.type == known.type
            and scene.start_ns < known.stop_ns
            and known.start_ns < scene.stop_ns
            for known in before
        )
