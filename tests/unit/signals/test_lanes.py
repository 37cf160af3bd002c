"""The ego in its lane: one line or two, crossings, and the way across lanes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.arrays import Floats
from avdataops.signals.lanes import (
    Crossing,
    LaneLines,
    find_crossings,
    lane_lines,
    lane_position,
    unwrap_lanes,
)

MS = 1_000_000
T = np.arange(200, dtype=np.int64) * 20 * MS
LAG_NS, GAP_NS = 150 * MS, 500 * MS


def lines(left: float, right: float) -> LaneLines:
    return LaneLines(np.array([left]), np.array([right]), np.zeros(1))


def wrapped(across: Floats) -> Floats:
    return np.asarray(across - 3.5 * np.round(across / 3.5))


def crossings(offset: Floats, t: Any = T) -> list[tuple[int, int]]:
    made = find_crossings(t, offset, jump_m=1.75, lag_ns=LAG_NS, max_gap_ns=GAP_NS)
    return [(one.row, one.direction) for one in made]


def test_in_the_middle_the_offset_is_zero_and_left_is_positive() -> None:
    assert lane_position(lines(1.75, -1.75), default_width_m=3.0).offset_m == 0.0
    assert lane_position(lines(1.0, -2.5), default_width_m=3.0).offset_m == 0.75
    assert lane_position(lines(1.0, -2.5), default_width_m=3.0).width_m == 3.5


@pytest.mark.parametrize(("left", "right"), [(1.0, np.nan), (np.nan, -2.0)])
def test_with_one_line_the_typical_width_decides(left: float, right: float) -> None:
    position = lane_position(lines(left, right), default_width_m=3.0)
    assert position.offset_m == 0.5
    assert position.width_m == 3.0
    assert not position.both[0]


def test_the_typical_width_is_that_of_the_lane_where_both_lines_are_seen() -> None:
    seen = LaneLines(np.array([1.6, 1.6, 1.0]), np.array([-1.6, -1.6, np.nan]), np.zeros(3))
    position = lane_position(seen, default_width_m=3.5)
    assert position.typical_width_m == 3.2
    assert position.offset_m[2] == pytest.approx(0.6)


def test_without_lines_the_offset_is_unknown() -> None:
    position = lane_position(lines(np.nan, np.nan), default_width_m=3.5)
    assert np.isnan(position.offset_m[0])
    assert np.isnan(position.width_m[0])


def test_lines_of_quality_zero_are_unknown_and_slopes_are_averaged() -> None:
    columns = {
        "lane_left_c0_m": np.array([1.7, 1.7, 1.7]),
        "lane_right_c0_m": np.array([-1.8, -1.8, -1.8]),
        "lane_left_quality": np.array([0.0, 1.0, np.nan]),
        "lane_left_c1_rad": np.array([0.02, 0.02, 0.02]),
        "lane_right_c1_rad": np.array([0.04, 0.04, np.nan]),
    }
    seen = lane_lines(columns, 3)
    np.testing.assert_array_equal(seen.left_m, [np.nan, 1.7, 1.7])
    np.testing.assert_array_equal(seen.right_m, [-1.8] * 3)
    np.testing.assert_allclose(seen.slope_rad, [0.04, 0.03, 0.02])


def test_no_columns_are_no_lines() -> None:
    seen = lane_lines({}, 2)
    assert np.isnan(seen.left_m).all()
    assert np.isnan(seen.slope_rad).all()


@pytest.mark.parametrize("direction", [1, -1])
def test_a_crossing_is_seen_where_the_lines_jump(direction: int) -> None:
    across = direction * np.linspace(0.0, 3.5, 200)
    assert crossings(wrapped(across)) == [(100, direction)]


@pytest.mark.parametrize("smear", [2, 4, 6])
def test_a_jump_smeared_by_resampling_is_one_crossing(smear: int) -> None:
    offset = np.interp(np.arange(200), [0, 100, 100 + smear, 199], [1.0, 1.7, -1.7, -1.0])
    ((row, direction),) = crossings(offset)
    assert direction == 1
    assert abs(row - (100 + smear // 2)) <= 1


def test_moving_within_the_lane_is_no_crossing() -> None:
    assert crossings(1.6 * np.sin(np.arange(200) / 20)) == []


def test_a_jump_in_a_short_gap_is_seen_and_in_a_long_one_not() -> None:
    offset = wrapped(np.linspace(0.0, 3.5, 200))
    for missing, wanted in ((20, 1), (40, 0)):
        keep = (np.arange(200) < 90) | (np.arange(200) >= 90 + missing)
        assert len(crossings(offset[keep], T[keep])) == wanted


def test_no_samples_have_no_crossings() -> None:
    assert crossings(np.empty(0), np.empty(0, dtype=np.int64)) == []


@given(st.floats(-9.0, 9.0), st.integers(0, 2**32 - 1))
def test_unwrapping_gives_back_the_way_across(end_m: float, seed: int) -> None:
    start_m = np.random.default_rng(seed).uniform(-1.2, 1.2)
    across = np.linspace(start_m, end_m, 200)
    offset = wrapped(across)
    made = find_crossings(T, offset, jump_m=1.75, lag_ns=LAG_NS, max_gap_ns=GAP_NS)
    clear = all(
        np.abs(one.row - np.array([0, 199])).min() > 10 for one in made
    )  # At the very ends of data a jump is not told from an edge.
    if clear and abs(wrapped(across[-1:])[0]) < 1.2:
        whole = unwrap_lanes(T, offset, made, width_m=3.5, lag_ns=LAG_NS)
        np.testing.assert_allclose(whole, across, atol=1e-6)


def test_unwrapping_smooths_only_the_jump() -> None:
    across = np.linspace(0.0, 3.5, 200)
    noisy = wrapped(across) + np.random.default_rng(1).normal(0.0, 0.01, 200)
    whole = unwrap_lanes(T, noisy, (Crossing(100, 1),), width_m=3.5, lag_ns=LAG_NS)
    far = np.abs(np.arange(200) - 100) > 8
    np.testing.assert_allclose((whole - across)[far], (noisy - wrapped(across))[far], atol=1e-9)
    assert np.abs(whole - across).max() < 0.06


def test_data_that_is_nothing_but_a_jump_stays_as_it_is() -> None:
    few = np.array([1.7, -1.7])
    whole = unwrap_lanes(T[:2], few, (Crossing(1, 1),), width_m=3.5, lag_ns=LAG_NS)
    np.testing.assert_allclose(whole, [1.7, 1.8])
