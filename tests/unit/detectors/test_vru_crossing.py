"""Crossing pedestrians and cyclists: both sides, near misses, standing and moving ego."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.detectors.vru_crossing import Params, find
from avdataops.ports.detecting import Drive, Found
from avdataops.testing.drives import (
    OBJECT_HZ,
    WALK_MPS,
    Other,
    clock,
    cruise,
    drive,
    other,
    seconds,
    walking,
    without_column,
    without_rows,
)

T_S = clock(20.0, OBJECT_HZ)
LINES = ("lane_left_c0_m", "lane_right_c0_m")


def standing(*others: Other) -> Drive:
    return drive(cruise(20.0, 0.0), others)


def approaching(walker: Other, speed_mps: float) -> Drive:
    return drive(cruise(20.0, speed_mps), (walker,))


def only(given_drive: Drive) -> Found:
    (scene,) = find(given_drive, Params()).found
    return scene


def number(scene: Found, name: str) -> float:
    value = scene.evidence[name]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(("from_m", "side"), [(-7.0, "right"), (7.0, "left")])
def test_from_both_sides(from_m: float, side: str) -> None:
    detection = find(standing(walking(from_m=from_m)), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert scene.actor == "p"
    assert scene.evidence["from_side"] == side
    assert scene.evidence["passed_through"] is True
    # At 1.4 m/s it is within 5 m of the way from 1.43 s after the first step to 8.57 s.
    assert seconds(scene.start_ns) == pytest.approx(6.43, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx(13.57, abs=0.15)
    assert number(scene, "entered_after_s") == pytest.approx((5.0 - 1.75) / 1.4, abs=0.15)
    assert number(scene, "distance_at_entry_m") == pytest.approx(11.3, abs=0.01)
    assert number(scene, "lat_speed_mps") == pytest.approx(1.4, abs=0.05)
    assert scene.evidence["pet_s"] is None
    assert scene.evidence["severity"] == "normal"
    assert not scene.truncated


@pytest.mark.parametrize(("kind", "found"), [("bicycle", 1), ("car", 0), (None, 0)])
def test_only_the_vulnerable_count(kind: str | None, found: int) -> None:
    given_drive = standing(replace(walking(), object_class=kind))
    assert len(find(given_drive, Params()).found) == found


def test_walking_along_the_kerb_is_none() -> None:
    along = other("p", T_S, 5.0 + 1.4 * T_S, np.full(T_S.size, -3.0), 0.0)
    assert find(standing(replace(along, object_class="pedestrian")), Params()).found == ()


def test_waiting_at_the_kerb_is_none() -> None:
    waiting = walking()
    y = np.maximum(waiting.y_m, -7.0)
    y = np.minimum(y, -2.2)
    given_drive = standing(replace(waiting, y_m=y, vy_mps=np.gradient(y, T_S)))
    assert find(given_drive, Params()).found == ()


def test_stepping_in_and_back_is_a_crossing_that_did_not_pass() -> None:
    y = -5.0 + 4.5 * np.sin(np.pi * np.clip((T_S - 5.0) / 8.0, 0.0, 1.0))
    walker = replace(walking(), y_m=y, vy_mps=np.gradient(y, T_S))
    scene = only(standing(walker))
    assert scene.evidence["passed_through"] is False


def test_standing_in_the_way_is_none() -> None:
    there = other("p", T_S, np.full(T_S.size, 12.0), np.full(T_S.size, 0.5), 0.0)
    assert find(standing(replace(there, object_class="pedestrian")), Params()).found == ()


@pytest.mark.parametrize("x", [-4.0, 2.0])
def test_behind_the_bumper_is_none(x: float) -> None:
    assert find(standing(walking(x_m=x)), Params()).found == ()


@pytest.mark.parametrize(("x", "found"), [(18.0, 1), (20.0, 0)])
def test_for_a_standing_ego_the_reach_is_fifteen_metres(x: float, found: int) -> None:
    assert len(find(standing(walking(x_m=x)), Params()).found) == found


def test_a_fast_ego_reaches_further() -> None:
    far = walking(x_m=40.0)
    assert find(standing(far), Params()).found == ()
    moving = approaching(replace(far, vx_mps=np.zeros(T_S.size)), 10.0)
    assert len(find(moving, Params()).found) == 1


@pytest.mark.parametrize(("x_at_exit", "severity"), [(8.0, "critical"), (14.0, "normal")])
def test_time_left_when_it_has_gone_tells_the_severity(x_at_exit: float, severity: str) -> None:
    leaves_s = 5.0 + (7.0 + 1.75) / 1.4
    walker = walking(x_m=x_at_exit + 3.7 + 5.0 * (leaves_s - T_S), ego_mps=5.0)
    scene = only(approaching(walker, 5.0))
    assert scene.evidence["severity"] == severity
    assert number(scene, "pet_s") == pytest.approx(x_at_exit / 5.0, abs=0.15)
    assert number(scene, "ego_speed_at_entry_mps") == 5.0


def test_a_track_born_inside_is_none() -> None:
    walker = walking()
    keep = np.abs(walker.y_m) < 1.5
    parts = {
        name: getattr(walker, name)[keep] for name in ("t_s", "x_m", "y_m", "vx_mps", "vy_mps")
    }
    assert find(standing(replace(walker, **parts)), Params()).found == ()


def test_a_short_hesitation_is_one_crossing() -> None:
    along = np.where(T_S < 10.0, T_S, np.maximum(T_S - 0.8, 10.0)) - 5.0
    y = -7.0 + np.clip(along * 1.4, 0.0, 14.0)
    walker = replace(walking(), y_m=y, vy_mps=np.gradient(y, T_S))
    assert len(find(standing(walker), Params()).found) == 1


def test_without_speeds_in_the_list_positions_tell() -> None:
    silent = np.full(T_S.size, np.nan)
    scene = only(standing(replace(walking(), vx_mps=silent, vy_mps=silent)))
    assert number(scene, "lat_speed_mps") == pytest.approx(1.4, abs=0.1)


def test_an_ego_that_turns_does_not_make_the_standing_cross() -> None:
    columns = cruise(20.0, 5.0)
    t_s = clock(20.0)
    columns["yaw_rate_radps"] = np.where((t_s > 5.0) & (t_s < 9.0), 0.4, 0.0)
    heading = np.interp(T_S, t_s, np.cumsum(columns["yaw_rate_radps"]) / 50)
    x = 14.0 * np.cos(heading) + 4.0 * np.sin(heading)
    y = 4.0 * np.cos(heading) - 14.0 * np.sin(heading)
    still = np.zeros(T_S.size)
    person = Other(
        track_id="p", t_s=T_S, x_m=x, y_m=y, vx_mps=still, vy_mps=still, object_class="pedestrian"
    )
    for given_drive in (
        drive(columns, (person,)),
        without_column(drive(columns, (person,)), *LINES),
    ):
        assert find(given_drive, Params()).found == ()


def test_without_lane_lines_it_is_less_sure() -> None:
    scene = only(without_column(standing(walking()), *LINES))
    assert scene.evidence["corridor"] == "predicted path"
    assert scene.confidence == pytest.approx(0.8)


def test_noise_and_drop_out_do_no_harm() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        walker = walking()
        keep = rng.random(T_S.size) > 0.05
        noisy = replace(walker, y_m=walker.y_m + rng.normal(0.0, 0.1, T_S.size))
        parts = {
            name: getattr(noisy, name)[keep] for name in ("t_s", "x_m", "y_m", "vx_mps", "vy_mps")
        }
        scene = only(standing(replace(noisy, **parts)))
        assert seconds(scene.start_ns) == pytest.approx(6.43, abs=0.3)


def test_an_id_switch_neither_loses_nor_doubles_it() -> None:
    walker = walking()
    names = ("t_s", "x_m", "y_m", "vx_mps", "vy_mps")
    for switch_s in (6.0, 8.0, 9.2, 11.0):
        first = {name: getattr(walker, name)[switch_s > T_S] for name in names}
        second = {name: getattr(walker, name)[switch_s <= T_S] for name in names}
        parts = (replace(walker, **first), replace(walker, track_id="q", **second))
        assert only(standing(*parts)).actor in ("p", "q")


def test_a_gap_cuts_and_is_unknown() -> None:
    detection = find(without_rows(standing(walking()), 10.0, 12.0), Params())
    scene = detection.found[0]
    assert scene.truncated
    assert seconds(scene.stop_ns) == pytest.approx(9.9)
    assert {one.reason for one in detection.unknown} == {"gap in ego speed", "gap in object list"}
    assert seconds(detection.unknown[-1].stop_ns) == 12.0


def test_without_an_object_list_all_is_unknown() -> None:
    detection = find(drive(cruise(20.0, 0.0)), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no object list"]


@settings(max_examples=20, deadline=None)
@given(start_s=st.floats(1.0, 17.0), length_s=st.floats(0.6, 4.0))
def test_a_gap_never_adds_a_crossing(start_s: float, length_s: float) -> None:
    kerb = replace(walking("k", start_s=99.0, from_m=3.0), object_class="pedestrian")
    whole = standing(walking(), kerb)
    for scene in find(without_rows(whole, start_s, start_s + length_s), Params()).found:
        assert scene.actor == "p"
        assert 6.0 < seconds(scene.start_ns) < seconds(scene.stop_ns) < 14.0


def _pausing(y_m: float, pause_s: float) -> Other:
    """Somebody who walks from 7 m right to ``y_m``, waits, and goes back."""
    t_s = clock(40.0, OBJECT_HZ)
    there_s = (7.0 + y_m) / WALK_MPS
    away = np.clip(t_s - 5.0, 0.0, there_s)
    back = np.clip(t_s - 5.0 - there_s - pause_s, 0.0, there_s)
    size = {"object_class": "pedestrian", "length_m": 0.6, "width_m": 0.6}
    return other("p", t_s, t_s * 0 + 15.0, -7.0 + WALK_MPS * (away - back), 0.0, **size)


@pytest.mark.parametrize("pause_s", [0.5, 2.0, 8.0])
def test_who_waits_in_the_lane_has_not_finished_crossing(pause_s: float) -> None:
    made = drive(cruise(40.0, 0.0), (_pausing(-0.5, pause_s),))
    (scene,) = find(made, Params()).found
    expected = 2 * (5.0 - 0.5) / WALK_MPS + pause_s
    assert (scene.stop_ns - scene.start_ns) / 1e9 == pytest.approx(expected, abs=0.5)


def test_who_waits_beside_the_lane_never_entered_it() -> None:
    assert find(drive(cruise(40.0, 0.0), (_pausing(-2.6, 3.0),)), Params()).found == ()
