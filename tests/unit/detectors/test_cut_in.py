"""Cut-ins: both sides, every gate from both sides, id switches, drop-out, gaps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.detectors.cut_in import Params, find
from avdataops.ports.detecting import Drive, Found
from avdataops.testing.drives import (
    LANE_M,
    OBJECT_HZ,
    Columns,
    Other,
    at,
    change_lane,
    clock,
    cruise,
    cutting_in,
    drive,
    other,
    ramp,
    seconds,
    without_column,
    without_rows,
)

T_S = clock(20.0, OBJECT_HZ)
LINES = ("lane_left_c0_m", "lane_right_c0_m")


def meeting(*others: Other, columns: Columns | None = None) -> Drive:
    return drive(columns or cruise(20.0), others)


def only(given_drive: Drive, params: Params | None = None) -> Found:
    (scene,) = find(given_drive, params or Params()).found
    return scene


def number(scene: Found, name: str) -> float:
    value = scene.evidence[name]
    assert isinstance(value, float)
    return value


def drifting(y_m: Any, **facts: Any) -> Other:
    """A car 20 m ahead at the ego's speed, at these lateral places."""
    return other("a", T_S, np.full(T_S.size, 20.0), np.asarray(y_m), 15.0, **facts)


@pytest.mark.parametrize(("side", "name"), [(-1, "right"), (1, "left")])
def test_from_both_sides(side: int, name: str) -> None:
    detection = find(meeting(cutting_in(side=side)), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert scene.actor == "a"
    assert scene.evidence["side"] == name
    assert scene.evidence["corridor"] == "lane lines"
    # 0.375 m of a raised cosine over 4 s and 3.5 m are reached after 0.85 s.
    assert seconds(scene.start_ns) == pytest.approx(6.85, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx(9.8, abs=0.3)
    assert scene.confidence > 0.9
    assert not scene.truncated


def test_evidence_holds_what_the_motion_was() -> None:
    scene = only(meeting(cutting_in(gap_m=15.0, closing_mps=3.0)))
    intrusion_s = seconds(scene.start_ns) + number(scene, "intrusion_after_s")
    gap = 15.0 - 3.0 * (intrusion_s - 8.0)
    assert number(scene, "gap_at_intrusion_m") == pytest.approx(gap, abs=0.1)
    assert number(scene, "v_rel_mps") == pytest.approx(3.0, abs=0.01)
    assert number(scene, "ttc_at_intrusion_s") == pytest.approx(gap / 3.0, abs=0.05)
    assert number(scene, "min_ttc_s") < number(scene, "ttc_at_intrusion_s")
    assert number(scene, "ego_speed_mps") == 15.0
    # Near edge 0.3 m over the line: y = 3.5 / 2 + 0.9 - 0.3 from the middle, at 1.28 m/s there.
    assert number(scene, "lat_speed_mps") == pytest.approx(1.2, abs=0.2)
    assert scene.evidence["size_known"] is True
    assert scene.evidence["track_ids"] == 1.0


@pytest.mark.parametrize(
    ("gap", "closing", "severity"),
    [
        (30.0, 0.0, "mild"),
        (14.0, 0.0, "relevant"),
        (20.0, 6.0, "relevant"),
        (14.0, 6.5, "critical"),
    ],
)
def test_severity_follows_gap_and_closing_speed(gap: float, closing: float, severity: str) -> None:
    scene = only(meeting(cutting_in(gap_m=gap, closing_mps=closing, lateral_s=2.5)))
    assert scene.evidence["severity"] == severity


def test_a_gap_that_no_braking_can_keep_is_unavoidable() -> None:
    # Closing at 9 m/s: below 9 / 12 + 0.35 = 1.1 s.  The ego brakes hard once it has happened.
    closing = np.where(T_S < 7.3, 9.0, 0.0)
    x_m = 3.7 + 2.25 + 3.0 + np.cumsum(closing[::-1])[::-1] / OBJECT_HZ
    car = other("a", T_S, x_m, -LANE_M * (1 - ramp(T_S, 6.0, 2.5)), 15.0)
    scene = only(meeting(car))
    assert number(scene, "ttc_at_intrusion_s") < 1.1
    assert scene.evidence["severity"] == "unavoidable"


@pytest.mark.parametrize("y_end", [-2.9, -2.4])
def test_a_car_that_only_comes_close_is_none(y_end: float) -> None:
    y = -LANE_M + (LANE_M + y_end) * ramp(T_S, 6.0, 3.0)
    assert find(meeting(drifting(y)), Params()).found == ()


def test_a_car_that_leans_over_the_line_and_goes_back_is_none() -> None:
    y = -LANE_M + 1.6 * (ramp(T_S, 6.0, 2.0) - ramp(T_S, 9.0, 2.0))
    assert find(meeting(drifting(y)), Params()).found == ()


def test_a_car_always_in_the_lane_is_none() -> None:
    assert find(meeting(drifting(0.4 * np.sin(T_S))), Params()).found == ()


def test_a_car_that_creeps_over_is_too_slow() -> None:
    y = -LANE_M + LANE_M * np.clip((T_S - 1.0) / 18.5, 0.0, 1.0)
    assert find(meeting(drifting(y)), Params()).found == ()


def test_a_car_seen_too_late_in_its_own_lane_is_none() -> None:
    late = cutting_in()
    keep = T_S >= 6.6
    assert find(meeting(_only_at(late, keep)), Params()).found == ()


@pytest.mark.parametrize(("gap", "found"), [(55.0, 1), (70.0, 0)])
def test_far_ahead_is_none(gap: float, found: int) -> None:
    given_drive = meeting(cutting_in(gap_m=gap, closing_mps=0.0))
    assert len(find(given_drive, Params()).found) == found


def test_behind_the_ego_is_none() -> None:
    assert find(meeting(cutting_in(gap_m=-30.0, closing_mps=0.0)), Params()).found == ()


@pytest.mark.parametrize(("speed", "found"), [(4.5, 0), (6.0, 1)])
def test_a_slow_ego_is_in_a_queue(speed: float, found: int) -> None:
    car = cutting_in(gap_m=12.0, closing_mps=0.5)
    car = replace(car, vx_mps=car.vx_mps - 15.0 + speed)
    given_drive = meeting(car, columns=cruise(20.0, speed))
    assert len(find(given_drive, Params()).found) == found


def test_a_crossing_vehicle_is_none() -> None:
    t_s = clock(20.0, OBJECT_HZ)
    crosser = other("x", t_s, np.full(t_s.size, 25.0), -30.0 + 2.6 * t_s, 0.0)
    assert find(meeting(crosser), Params(inside_s=0.5)).found == ()


def test_behind_another_lead_is_none() -> None:
    lead = other("lead", T_S, np.full(T_S.size, 14.0), np.zeros(T_S.size), 15.0)
    far = cutting_in("far", gap_m=30.0, closing_mps=0.0)
    assert find(meeting(lead, far), Params()).found == ()
    beyond = other("beyond", T_S, np.full(T_S.size, 70.0), np.zeros(T_S.size), 15.0)
    assert only(meeting(far, beyond)).actor == "far"


def test_pedestrians_and_cyclists_do_not_cut_in() -> None:
    for kind in ("pedestrian", "bicycle"):
        assert find(meeting(replace(cutting_in(), object_class=kind)), Params()).found == ()


def test_an_unknown_class_is_less_sure() -> None:
    scene = only(meeting(replace(cutting_in(), object_class=None)))
    assert scene.confidence == pytest.approx(0.7)
    assert scene.evidence["object_class"] is None


def test_an_unknown_size_is_assumed_and_said() -> None:
    scene = only(meeting(replace(cutting_in(), width_m=np.nan, length_m=np.nan)))
    assert scene.evidence["size_known"] is False
    assert scene.confidence == pytest.approx(0.8)


def test_the_ego_changing_lanes_is_no_cut_in_of_the_others() -> None:
    columns = change_lane(cruise(20.0), 6.0, 4.0, -1)
    standing_beside = drifting(-LANE_M + LANE_M * ramp(T_S, 6.0, 4.0))
    assert find(meeting(standing_beside, columns=columns), Params()).found == ()


def test_without_lane_lines_the_predicted_path_decides_and_confidence_is_capped() -> None:
    scene = only(without_column(meeting(cutting_in()), *LINES))
    assert scene.evidence["corridor"] == "predicted path"
    assert scene.evidence["ego_lat_speed_mps"] is None
    assert scene.confidence == pytest.approx(0.6)


def test_in_a_bend_a_car_that_keeps_its_lane_is_none() -> None:
    columns = {**cruise(20.0), "yaw_rate_radps": np.full(cruise(20.0)["lat_deg"].size, 0.12)}
    radius = 15.0 / 0.12
    # One lane to the right of the circle that the ego drives, drawing nearer from 45 to 15 m.
    x = np.linspace(45.0, 15.0, T_S.size)
    y = radius - np.sqrt((radius + LANE_M) ** 2 - x**2)
    keeping = other("k", T_S, x, y, 15.0)
    for given_drive in (
        meeting(keeping, columns=columns),
        without_column(meeting(keeping, columns=columns), *LINES),
    ):
        assert find(given_drive, Params()).found == ()


def _only_at(one: Other, keep: np.ndarray, track_id: str | None = None) -> Other:
    parts = {name: getattr(one, name)[keep] for name in ("t_s", "x_m", "y_m", "vx_mps", "vy_mps")}
    return replace(one, track_id=track_id or one.track_id, **parts)


@pytest.mark.parametrize("switch_s", [5.0, 6.5, 7.2, 7.6, 8.5])
def test_an_id_switch_neither_loses_nor_doubles_it(switch_s: float) -> None:
    whole = cutting_in()
    parts = (_only_at(whole, switch_s > T_S), _only_at(whole, switch_s <= T_S, "b"))
    scene = only(meeting(*parts))
    assert scene.actor in ("a", "b")
    assert scene.start_ns == only(meeting(whole)).start_ns


def test_drop_out_of_a_twentieth_does_no_harm() -> None:
    rng = np.random.default_rng(11)
    for _ in range(5):
        keep = rng.random(T_S.size) > 0.05
        scene = only(meeting(_only_at(cutting_in(), keep)))
        assert seconds(scene.start_ns) == pytest.approx(6.85, abs=0.3)


def test_noise_of_the_tracker_does_no_harm_and_adds_nothing() -> None:
    rng = np.random.default_rng(12)
    for _ in range(5):
        car, beside = cutting_in(), drifting(np.full(T_S.size, LANE_M))
        noisy = replace(car, y_m=car.y_m + rng.normal(0.0, 0.12, T_S.size))
        calm = replace(beside, track_id="n", y_m=beside.y_m + rng.normal(0.0, 0.25, T_S.size))
        assert only(meeting(noisy, calm)).actor == "a"


def test_wandering_in_and_out_is_told_once() -> None:
    y = -LANE_M + LANE_M * (ramp(T_S, 4.0, 2.0) - ramp(T_S, 7.2, 1.5) + ramp(T_S, 9.8, 1.5))
    assert len(find(meeting(drifting(y)), Params()).found) == 1
    assert len(find(meeting(drifting(y)), Params(merge_s=0.5)).found) == 2


def test_two_cars_are_two_cut_ins() -> None:
    first = cutting_in("a", start_s=3.0, gap_m=30.0, closing_mps=0.0)
    second = cutting_in("b", start_s=11.0, gap_m=12.0, closing_mps=0.0, side=1)
    assert [scene.actor for scene in find(meeting(first, second), Params()).found] == ["a", "b"]


def test_a_gap_during_the_intrusion_is_unknown_not_false() -> None:
    detection = find(without_rows(meeting(cutting_in()), 8.0, 9.5), Params())
    assert detection.found == ()
    reasons = {one.reason for one in detection.unknown}
    assert reasons == {"cut-in cut by a gap", "gap in ego speed", "gap in object list"}
    assert seconds(detection.unknown[0].start_ns) == pytest.approx(7.5, abs=0.15)


def test_a_cut_in_that_the_end_of_data_shortens_is_marked() -> None:
    scene = only(without_rows(meeting(cutting_in(lateral_s=6.0)), 10.6, 12.0))
    assert scene.truncated
    assert seconds(scene.stop_ns) == pytest.approx(10.5)


def test_each_missing_input_is_unknown_with_its_reason() -> None:
    whole = meeting(cutting_in())
    cases = [
        (replace(whole, objects=None), "no object list"),
        (without_column(whole, "ego_speed_mps"), "no ego speed"),
        (without_column(whole, "yaw_rate_radps"), "no yaw rate"),
    ]
    for given_drive, reason in cases:
        detection = find(given_drive, Params())
        assert detection.found == ()
        assert [one.reason for one in detection.unknown] == [reason]


def test_an_empty_road_is_known_to_have_no_cut_in() -> None:
    assert find(meeting(), Params()) == find(meeting(drifting(np.full(T_S.size, 9.0))), Params())
    assert find(meeting(), Params()).unknown == ()


def test_an_empty_list_of_an_unknown_stream_proves_nothing() -> None:
    silent = replace(meeting(), classes={})
    assert [one.reason for one in find(silent, Params()).unknown] == ["no object list"]


def test_a_silent_object_list_is_unknown_where_its_stream_has_a_gap() -> None:
    silent = replace(meeting(), gaps={"/objects": ((at(5.0), at(8.0)),)})
    (unknown,) = find(silent, Params()).unknown
    assert (seconds(unknown.start_ns), seconds(unknown.stop_ns)) == (5.0, 8.0)


@settings(max_examples=20, deadline=None)
@given(start_s=st.floats(1.0, 15.0), length_s=st.floats(0.6, 4.0), side=st.sampled_from([-1, 1]))
def test_a_gap_never_adds_a_cut_in(start_s: float, length_s: float, side: int) -> None:
    calm = drifting(np.full(T_S.size, -side * LANE_M))
    whole = meeting(cutting_in("c", side=side), replace(calm, track_id="n"))
    for scene in find(without_rows(whole, start_s, start_s + length_s), Params()).found:
        assert scene.actor == "c"
        assert abs(seconds(scene.start_ns) - 6.85) < 1.0


def _truck(**facts: Any) -> Other:
    """A truck of 2.5 m in a lane of 3.5 m: half a metre to the line when in its middle."""
    return replace(cutting_in(), object_class="truck", length_m=10.0, width_m=2.5, **facts)


def test_a_truck_whose_side_swings_towards_the_line_before_is_one() -> None:
    swing = 0.35 * np.sin(2 * np.pi * T_S / 1.7) * (T_S < 6.0)
    truck = _truck()
    (scene,) = find(meeting(replace(truck, y_m=truck.y_m + swing)), Params()).found
    assert scene.actor == "a"


@pytest.mark.parametrize("seed", range(4))
def test_a_long_vehicle_with_a_noisy_size_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = meeting(_truck())
    assert made.objects is not None
    columns = dict(made.objects.columns)
    count = columns["x_m"].size
    columns["yaw_rad"] = rng.normal(0.0, 0.04, count)
    columns["length_m"] = columns["length_m"] + rng.normal(0.0, 0.2, count)
    columns["width_m"] = columns["width_m"] + rng.normal(0.0, 0.15, count)
    noisy = replace(made, objects=replace(made.objects, columns=columns))
    assert len(find(noisy, Params()).found) == 1


@pytest.mark.parametrize("hidden_s", [0.65, 0.85])
def test_a_vehicle_unseen_while_it_comes_in_is_found(hidden_s: float) -> None:
    car = cutting_in()
    keep = (car.t_s < 7.55) | (car.t_s > 7.55 + hidden_s)
    scene = only(meeting(_only_at(car, keep)))
    assert seconds(scene.start_ns) == pytest.approx(7.0, abs=0.7)


def test_data_that_begins_just_before_the_intrusion_leaves_it_unknown() -> None:
    detection = find(without_rows(meeting(cutting_in()), 2.0, 6.9), Params())
    assert detection.found == ()
    reasons = {one.reason for one in detection.unknown}
    assert "cut-in cut by a gap" in reasons
