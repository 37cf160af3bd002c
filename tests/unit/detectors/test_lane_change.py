"""Lane changes by lane lines: directions, near misses, lost lines, noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.detectors.lane_change import Params, find
from avdataops.ports.detecting import Detection, Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    LANE_M,
    Columns,
    change_lane,
    clock,
    context_rows,
    cruise,
    drive,
    move_across,
    ramp,
    seconds,
    unknown_within,
    without_column,
    without_rows,
)

T_S = clock(40.0)
LINES = ("lane_left_c0_m", "lane_right_c0_m")


def changing(direction: int = 1, start_s: float = 10.0, duration_s: float = 5.0) -> Columns:
    return change_lane(cruise(40.0), start_s, duration_s, direction)


def moving(across_m: Floats) -> Columns:
    return move_across(cruise(40.0), across_m)


@pytest.mark.parametrize(("direction", "name"), [(1, "left"), (-1, "right")])
def test_both_directions_are_told_apart(direction: int, name: str) -> None:
    detection = find(drive(changing(direction)), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert scene.type == f"lane_change_{name}"
    assert seconds(scene.start_ns) == pytest.approx(10.1, abs=0.2)
    assert seconds(scene.stop_ns) == pytest.approx(14.9, abs=0.2)
    assert scene.evidence["lateral_shift_m"] == pytest.approx(LANE_M, abs=0.05)
    assert scene.evidence["lane_width_m"] == LANE_M
    assert scene.evidence["crossing_after_s"] == pytest.approx(2.4, abs=0.1)
    assert scene.evidence["turn_indicator"] == "off"
    assert not scene.truncated
    assert scene.confidence > 0.9


@pytest.mark.parametrize("across", [0.6, 1.2, 1.7])
def test_weaving_in_the_lane_is_none(across: float) -> None:
    there = across * (ramp(T_S, 10.0, 3.0) - ramp(T_S, 16.0, 3.0))
    assert find(drive(moving(there)), Params()).found == ()


@pytest.mark.parametrize(("side", "name"), [(1.0, "left"), (-1.0, "right")])
def test_over_the_line_and_back_at_once_is_an_excursion(side: float, name: str) -> None:
    there = side * 2.3 * (ramp(T_S, 10.0, 2.0) - ramp(T_S, 12.0, 2.0))
    (scene,) = find(drive(moving(there)), Params()).found
    assert scene.type == "lane_excursion"
    assert seconds(scene.start_ns) == pytest.approx(10.0, abs=0.3)
    assert seconds(scene.stop_ns) == pytest.approx(14.0, abs=0.3)
    assert scene.evidence["side"] == name
    assert scene.evidence["lateral_shift_m"] == pytest.approx(2.3, abs=0.15)
    assert scene.evidence["away_s"] == pytest.approx(1.3, abs=0.3)


def test_back_after_more_than_3_s_is_no_excursion() -> None:
    there = LANE_M * (ramp(T_S, 10.0, 3.0) - ramp(T_S, 14.0, 3.0))
    kinds = [one.type for one in find(drive(moving(there)), Params()).found]
    assert kinds == ["lane_change_left", "lane_change_right"]
    (scene,) = find(drive(moving(there)), Params(return_s=5.0)).found
    assert scene.type == "lane_excursion"


def test_a_change_that_is_taken_back_later_is_two() -> None:
    there = LANE_M * (ramp(T_S, 8.0, 5.0) - ramp(T_S, 16.0, 5.0))
    names = [one.type for one in find(drive(moving(there)), Params()).found]
    assert names == ["lane_change_left", "lane_change_right"]


def test_two_lanes_in_one_go_are_two_changes_that_do_not_overlap() -> None:
    first, second = find(drive(moving(2 * LANE_M * ramp(T_S, 10.0, 9.0))), Params()).found
    assert first.type == second.type == "lane_change_left"
    assert first.stop_ns <= second.start_ns


@pytest.mark.parametrize(("duration", "found"), [(1.2, 0), (2.5, 1), (10.0, 1), (18.0, 0)])
def test_the_duration_decides(duration: float, found: int) -> None:
    columns = changing(1, 8.0, duration)
    columns["yaw_rate_radps"] = np.zeros(T_S.size)
    assert len(find(drive(columns), Params(cutoff_hz=2.0)).found) == found


def test_lines_that_jump_without_motion_are_none() -> None:
    columns = cruise(40.0)
    wrong = (T_S >= 12.0) & (T_S < 20.0)
    for line in LINES:
        columns[line] = columns[line] + np.where(wrong, LANE_M, 0.0)
    assert find(drive(columns), Params()).found == ()


def test_a_turn_through_junction_lines_is_none() -> None:
    columns = changing()
    columns["yaw_rate_radps"] = columns["yaw_rate_radps"] + np.where(
        (T_S > 10.0) & (T_S < 15.0), 0.1, 0.0
    )
    assert find(drive(columns), Params()).found == ()


def test_a_gentle_curve_does_no_harm() -> None:
    columns = changing()
    columns["yaw_rate_radps"] = columns["yaw_rate_radps"] + 0.03
    assert len(find(drive(columns), Params()).found) == 1


@pytest.mark.parametrize("gone", LINES)
def test_one_line_is_enough_but_less_sure(gone: str) -> None:
    for direction in (1, -1):
        (scene,) = find(without_column(drive(changing(direction)), gone), Params()).found
        assert scene.confidence == pytest.approx(0.7)


def test_a_line_of_quality_zero_does_not_count() -> None:
    columns = changing()
    columns["lane_left_quality"] = np.zeros(T_S.size)
    columns["lane_left_c0_m"] = np.zeros(T_S.size)
    (scene,) = find(drive(columns), Params()).found
    assert scene.confidence == pytest.approx(0.7)
    columns["lane_right_quality"] = np.zeros(T_S.size)
    detection = find(drive(columns), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no lane lines"]


def test_without_yaw_rate_it_is_less_sure_and_says_so() -> None:
    (scene,) = find(without_column(drive(changing()), "yaw_rate_radps"), Params()).found
    assert scene.confidence == pytest.approx(0.8)
    assert scene.evidence["heading_change_deg"] is None


def test_without_lines_all_is_unknown() -> None:
    detection = find(without_column(drive(changing()), *LINES), Params())
    assert detection.found == ()
    (unknown,) = detection.unknown
    assert unknown.reason == "no lane lines"
    assert seconds(unknown.start_ns) == 0.0
    assert seconds(unknown.stop_ns) == pytest.approx(40.0)


def test_lines_lost_for_a_moment_over_the_line_do_no_harm() -> None:
    given_drive = drive(changing())
    for line in LINES:
        given_drive = unknown_within(given_drive, line, 12.3, 12.7)
    (scene,) = find(given_drive, Params()).found
    assert not scene.truncated


def test_a_crossing_inside_a_long_gap_is_unknown() -> None:
    detection = find(without_rows(drive(changing()), 11.5, 13.5), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["gap in lane lines"]


def test_a_change_cut_after_the_crossing_is_marked_or_unknown() -> None:
    late = find(without_rows(drive(changing()), 14.0, 16.0), Params())
    (scene,) = late.found
    assert scene.truncated
    assert seconds(scene.stop_ns) == pytest.approx(13.98)
    early = find(without_rows(drive(changing(duration_s=2.6)), 11.4, 13.0), Params(min_s=2.0))
    assert early.found == ()
    assert [one.reason for one in early.unknown] == [
        "lane change cut by a gap",
        "gap in lane lines",
    ]


@pytest.mark.parametrize("line_hz", [10, 20])
def test_lines_of_a_slower_camera_with_noise_are_enough(line_hz: int) -> None:
    rng = np.random.default_rng(5)
    columns = changing()
    slow = clock(40.0, line_hz)
    for line in LINES:
        seen = np.interp(slow, T_S, columns[line]) + rng.normal(0.0, 0.03, slow.size)
        columns[line] = np.interp(T_S, slow, seen)
    (scene,) = find(drive(columns), Params()).found
    assert scene.type == "lane_change_left"
    assert seconds(scene.start_ns) == pytest.approx(10.1, abs=0.5)


def test_noise_alone_is_none() -> None:
    rng = np.random.default_rng(6)
    columns = cruise(40.0)
    for line in LINES:
        columns[line] = columns[line] + rng.normal(0.0, 0.1, T_S.size)
    assert find(drive(columns), Params()).found == ()


@settings(max_examples=25, deadline=None)
@given(start_s=st.floats(6.0, 18.0), length_s=st.floats(0.6, 4.0))
def test_a_gap_never_adds_a_change_where_there_was_none(start_s: float, length_s: float) -> None:
    whole = drive(moving(LANE_M * ramp(T_S, 8.0, 5.0) + 1.2 * ramp(T_S, 15.0, 2.0)))
    before = find(whole, Params()).found
    assert len(before) == 1
    for scene in find(without_rows(whole, start_s, start_s + length_s), Params()).found:
        assert scene.start_ns < before[0].stop_ns
        assert scene.type == "lane_change_left"


def on_map(across_m: Floats, *, road_rad: float = 0.0, speed_mps: float = 15.0) -> Columns:
    """Ego columns of a road without lines, headed along it but for the motion across."""
    columns = cruise(40.0, speed_mps)
    for name in LINES:
        columns[name] = np.full(T_S.size, np.nan)
    off = np.arcsin(np.gradient(across_m) * 50 / speed_mps)
    columns["heading_rad"] = np.angle(np.exp(1j * (road_rad + off)))
    return columns


def mapped(columns: Columns, road_rad: float = 0.0) -> Drive:
    return drive(columns, context=context_rows(40.0, road_heading_rad=road_rad))


@pytest.mark.parametrize(("side", "name"), [(1.0, "left"), (-1.0, "right")])
def test_without_lines_the_mapped_road_tells_a_change(side: float, name: str) -> None:
    detection = find(mapped(on_map(side * LANE_M * ramp(T_S, 10.0, 5.0))), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert scene.type == f"lane_change_{name}"
    assert seconds(scene.start_ns) == pytest.approx(10.2, abs=0.3)
    assert seconds(scene.stop_ns) == pytest.approx(14.8, abs=0.3)
    assert scene.evidence["lateral_shift_m"] == pytest.approx(LANE_M, abs=0.15)
    assert scene.evidence["source"] == "map"
    assert scene.confidence <= 0.6


@pytest.mark.parametrize(
    "across",
    [2.2 * ramp(T_S, 10.0, 4.0), 5.0 * ramp(T_S, 10.0, 5.0), LANE_M * ramp(T_S, 5.0, 30.0)],
    ids=["too little", "too far", "too slow"],
)
def test_other_moves_across_the_mapped_road_are_none(across: Floats) -> None:
    detection = find(mapped(on_map(across)), Params())
    assert detection == Detection()


def test_a_turn_off_the_mapped_road_is_none() -> None:
    columns = on_map(np.zeros(T_S.size))
    columns["heading_rad"] = np.radians(20.0) * ramp(T_S, 10.0, 1.0)
    assert find(mapped(columns), Params()).found == ()


def test_a_corner_that_the_map_cuts_is_none() -> None:
    """Ego and road turn by 60 degrees, the ego in a rounder line: it swings out and back."""
    columns = on_map(LANE_M * ramp(T_S, 10.0, 5.0))
    corner = np.radians(60.0) * ramp(T_S, 10.0, 5.0)
    columns["heading_rad"] = columns["heading_rad"] + corner
    road = np.interp(np.arange(41), T_S, corner)
    given = drive(columns, context=context_rows(40.0, road_heading_rad=road))
    assert find(given, Params()).found == ()


def test_lines_are_asked_before_the_map() -> None:
    columns = changing()
    seen = {**columns, "heading_rad": on_map(LANE_M * ramp(T_S, 10.0, 5.0))["heading_rad"]}
    (scene,) = find(mapped(seen), Params()).found
    assert "source" not in scene.evidence
    assert scene.confidence > 0.9


def test_without_lines_and_heading_the_map_alone_knows_nothing() -> None:
    columns = on_map(np.zeros(T_S.size))
    del columns["heading_rad"]
    assert [one.reason for one in find(mapped(columns), Params()).unknown] == ["no lane lines"]
