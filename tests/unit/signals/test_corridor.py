"""The ego's way ahead, by lane lines and by the arc it drives."""

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats
from avdataops.signals.corridor import Corridor, CorridorParams, Ego, corridor_at, ego_at
from avdataops.testing.drives import Columns, at, change_lane, clock, cruise

GAP_NS = NS_PER_S // 2
T = at(0) + (clock(10.0) * NS_PER_S).round().astype(np.int64)
LINES = ("lane_left_c0_m", "lane_right_c0_m")


def ego(columns: Columns, *moments_s: float) -> Ego:
    return ego_at(T, columns, np.array([at(moment) for moment in moments_s]), GAP_NS)


def bare(**columns: Floats) -> Columns:
    kept = {name: column for name, column in cruise(10.0).items() if name not in LINES}
    return {**kept, **columns}


def way(one: Ego, x: float, y: float) -> Corridor:
    return corridor_at(one, np.array([x]), np.array([y]), CorridorParams())


def test_on_a_straight_lane_the_offset_is_that_from_its_middle() -> None:
    columns = cruise(10.0)
    columns["lane_left_c0_m"] = columns["lane_left_c0_m"] - 0.5
    columns["lane_right_c0_m"] = columns["lane_right_c0_m"] - 0.5
    made = way(ego(columns, 5.0), 30.0, 1.0)
    assert made.offset_m == pytest.approx([1.5])
    assert made.half_width_m == pytest.approx([1.75])
    assert made.by_lines.all()


def test_a_lane_that_points_aside_is_followed() -> None:
    columns = cruise(10.0)
    slope = np.full(T.size, 0.05)
    columns |= {"lane_left_c1_rad": slope, "lane_right_c1_rad": slope}
    made = way(ego(columns, 5.0), 40.0, 40.0 * np.tan(0.05))
    assert made.offset_m == pytest.approx([0.0])
    assert made.direction_rad == pytest.approx([0.05])


def test_without_lines_the_arc_is_followed() -> None:
    rate = np.full(T.size, 0.15)
    one = ego(bare(yaw_rate_radps=rate), 5.0)
    assert one.curvature_per_m == pytest.approx([0.01])
    made = way(one, 30.0, 100.0 - np.sqrt(100.0**2 - 30.0**2))
    assert made.offset_m == pytest.approx([0.0], abs=1e-6)
    assert made.direction_rad == pytest.approx([np.arctan(0.3)])
    assert not made.by_lines.any()
    assert made.half_width_m == pytest.approx([1.75])


def test_the_arc_is_never_narrower_than_the_ego_with_clearance() -> None:
    narrow = CorridorParams(lane_width_m=2.0, ego_width_m=2.5)
    made = corridor_at(ego(bare(), 5.0), np.array([9.0]), np.array([0.0]), narrow)
    assert made.half_width_m == pytest.approx([1.55])


def test_below_walking_speed_the_way_is_straight() -> None:
    columns = bare(ego_speed_mps=np.full(T.size, 0.5), yaw_rate_radps=np.full(T.size, 0.3))
    assert way(ego(columns, 5.0), 10.0, 2.0).offset_m == pytest.approx([2.0])


def test_motion_lies_between_samples_and_is_not_led_across_gaps() -> None:
    speed = np.linspace(10.0, 20.0, T.size)
    speed[(at(4.0) < T) & (at(6.0) > T)] = np.nan
    speed[(at(7.0) < T) & (at(7.3) > T)] = np.nan
    one = ego(bare(ego_speed_mps=speed), 1.01, 5.0, 7.15, 11.0)
    np.testing.assert_allclose(one.speed_mps, [11.01, np.nan, 17.15, np.nan])
    assert np.isnan(one.yaw_rate_radps[3])


def test_lines_are_held_over_their_jump() -> None:
    columns = change_lane(cruise(10.0), 3.0, 4.0, 1)
    one = ego(columns, *np.arange(4.9, 5.1, 0.003).tolist())
    assert np.all(np.abs(one.middle_m) > 1.5)


def test_speed_across_the_lane_comes_with_its_sign_and_only_with_lines() -> None:
    columns = change_lane(cruise(10.0), 3.0, 4.0, 1)
    one = ego(columns, 5.0, 9.0)
    assert one.lateral_mps == pytest.approx([np.pi / 2 * 3.5 / 4.0, 0.0], abs=0.01)
    assert np.isnan(ego(bare(), 5.0).lateral_mps).all()


def test_no_moments_are_no_answers() -> None:
    assert ego(cruise(10.0)).speed_mps.size == 0


def test_many_rows_at_one_time_have_one_ego() -> None:
    columns = bare(ego_speed_mps=np.linspace(10.0, 20.0, T.size))
    one = ego(columns, 5.0, 2.0, 5.0)
    assert one.speed_mps == pytest.approx([15.0, 12.0, 15.0])
