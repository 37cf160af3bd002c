"""U-turns: the angle, the path, the time, several moves, and roundabouts."""

import numpy as np
import pytest

from avdataops.detectors.u_turn import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import (
    bump,
    clock,
    context_rows,
    cruise,
    drive,
    seconds,
    without_rows,
)
from avdataops.testing.drives_motion import DURATION_S, turned_round

T_S = clock(DURATION_S)


@pytest.mark.parametrize(
    ("angle", "count"), [(140.0, 0), (165.0, 1), (-165.0, 1), (-140.0, 0), (270.0, 1)]
)
def test_the_angle_decides_on_both_sides(angle: float, count: int) -> None:
    found = find(drive(turned_round(angle)), Params()).found
    assert len(found) == count
    for scene in found:
        assert scene.evidence["direction"] == ("left" if angle > 0 else "right")
        assert scene.evidence["heading_change_deg"] == pytest.approx(abs(angle), abs=1.5)


def test_it_begins_and_ends_where_it_turns() -> None:
    (scene,) = find(drive(turned_round(180.0)), Params()).found
    assert seconds(scene.start_ns) == pytest.approx(20.15, abs=0.2)
    assert seconds(scene.stop_ns) == pytest.approx(29.85, abs=0.2)
    assert scene.evidence["path_m"] == pytest.approx(48.5, abs=2.0)
    assert not scene.truncated


@pytest.mark.parametrize(("speed", "count"), [(8.0, 1), (11.0, 0)])
def test_a_wide_loop_is_a_bend_of_the_road(speed: float, count: int) -> None:
    # Of 180 degrees in 10 s, 150 take 8 s: 64 m and 88 m of path.
    assert len(find(drive(turned_round(180.0, speed_mps=speed)), Params()).found) == count


def test_a_loop_that_takes_too_long_is_none() -> None:
    slow = turned_round(180.0, duration_s=52.0, speed_mps=1.0, start_s=4.0)
    assert find(drive(slow), Params(off_degps=0.5)).found == ()


def three_moves() -> Drive:
    """Return a turn in three moves: forwards, backwards, forwards, always to the left."""
    columns = cruise(DURATION_S, 0.0)
    forth = 2.0 * (bump(T_S, 10.0, 6.0) + bump(T_S, 24.0, 6.0))
    columns["ego_speed_mps"] = forth - 1.5 * bump(T_S, 17.0, 6.0)
    rate = float(np.radians(60.0)) / 5.5
    columns["yaw_rate_radps"] = rate * (
        bump(T_S, 10.0, 6.0) + bump(T_S, 17.0, 6.0) + bump(T_S, 24.0, 6.0)
    )
    return drive(columns)


def test_three_moves_are_one_u_turn() -> None:
    (scene,) = find(three_moves(), Params()).found
    assert scene.evidence["heading_change_deg"] == pytest.approx(180.0, abs=5.0)
    assert seconds(scene.stop_ns) == pytest.approx(29.7, abs=0.4)


def test_two_u_turns_are_two() -> None:
    columns = turned_round(180.0, start_s=5.0)
    columns["yaw_rate_radps"] = (
        columns["yaw_rate_radps"] - turned_round(180.0, start_s=35.0)["yaw_rate_radps"]
    )
    found = find(drive(columns), Params()).found
    assert [one.evidence["direction"] for one in found] == ["left", "right"]


def test_on_a_roundabout_it_is_none() -> None:
    ring = context_rows(DURATION_S, roundabout=np.where(np.arange(61) < 40, 1.0, 0.0))
    assert find(drive(turned_round(), context=ring), Params()).found == ()


def test_a_map_makes_it_surer() -> None:
    street = context_rows(DURATION_S, roundabout=0.0)
    (mapped,) = find(drive(turned_round(), context=street), Params()).found
    (bare,) = find(drive(turned_round()), Params()).found
    assert bare.confidence <= 0.7 < mapped.confidence
    assert (bare.evidence["map_known"], mapped.evidence["map_known"]) == (False, True)


def test_nothing_is_summed_across_a_gap() -> None:
    assert find(without_rows(drive(turned_round()), 24.0, 26.0), Params()).found == ()


def test_a_drifting_sensor_at_rest_turns_nothing() -> None:
    assert (
        find(drive({**turned_round(), "ego_speed_mps": np.zeros(T_S.size)}), Params()).found == ()
    )
