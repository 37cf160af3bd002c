"""Tests of order, segments and the work on known samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.arrays import (
    Floats,
    Times,
    by_segment,
    check_positive,
    check_same_length,
    in_order,
    on_known,
    segments,
)


def times(*values: int) -> Times:
    return np.array(values, dtype=np.int64)


def test_samples_in_order_stay_as_they_are() -> None:
    assert in_order(times(1, 2, 5)).tolist() == [0, 1, 2]


def test_no_samples_have_an_empty_order() -> None:
    assert in_order(times()).tolist() == []
    assert in_order(times(7)).tolist() == [0]


def test_of_samples_at_one_time_the_last_given_stays() -> None:
    assert in_order(times(5, 1, 5, 3, 1)).tolist() == [4, 3, 2]


@given(st.lists(st.integers(-(2**60), 2**60), max_size=40))
def test_the_order_is_strictly_increasing_and_loses_no_time(values: list[int]) -> None:
    t = np.array(values, dtype=np.int64)
    ordered = t[in_order(t)]
    assert ordered.tolist() == sorted(set(values))


def test_segments_are_cut_only_at_gaps_longer_than_the_limit() -> None:
    t = times(0, 10, 20, 31, 41, 100)
    assert segments(t, 10).tolist() == [[0, 3], [3, 5], [5, 6]]
    assert segments(t, 11).tolist() == [[0, 5], [5, 6]]


def test_no_samples_make_no_segment_and_one_makes_one() -> None:
    assert segments(times(), 10).shape == (0, 2)
    assert segments(times(3), 10).tolist() == [[0, 1]]


@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=60), st.integers(1, 2_000))
def test_segments_cover_every_sample_once(values: set[int], max_gap_ns: int) -> None:
    t = np.array(sorted(values), dtype=np.int64)
    found = segments(t, max_gap_ns)
    assert found[0, 0] == 0
    assert found[-1, 1] == t.size
    assert np.array_equal(found[1:, 0], found[:-1, 1])
    for start, stop in found:
        assert np.all(np.diff(t[start:stop]) <= max_gap_ns)
    assert np.all(t[found[1:, 0]] - t[found[1:, 0] - 1] > max_gap_ns)


def test_work_gets_known_samples_in_order_and_results_go_back_to_their_rows() -> None:
    seen: list[tuple[list[int], list[float]]] = []

    def double(t: Times, x: Floats) -> Floats:
        seen.append((t.tolist(), x.tolist()))
        return x * 2

    t = times(30, 10, 20, 10)
    x = np.array([3.0, 9.0, np.nan, 1.0])
    result = on_known(t, x, double)
    assert seen == [([10, 30], [1.0, 3.0])]
    assert np.array_equal(result, [6.0, 2.0, np.nan, 2.0], equal_nan=True)


def test_infinite_values_are_unknown_to_work() -> None:
    result = on_known(times(1, 2, 3), np.array([1.0, np.inf, -np.inf]), lambda _t, x: x)
    assert np.array_equal(result, [1.0, np.nan, np.nan], equal_nan=True)


def test_work_by_segment_ends_at_gaps_of_known_samples_only() -> None:
    sizes: list[int] = []

    def count(_t: Times, x: Floats) -> Floats:
        sizes.append(x.size)
        return np.full(x.size, float(x.size))

    t = times(0, 10, 20, 30, 40, 50, 100)
    x = np.array([1.0, np.nan, 1.0, np.nan, np.nan, 1.0, 1.0])
    result = by_segment(t, x, 20, count)
    assert sizes == [2, 1, 1]
    assert np.array_equal(result, [2, np.nan, 2, np.nan, np.nan, 1, 1], equal_nan=True)


def test_work_by_segment_on_nothing_known_gives_nothing_known() -> None:
    empty = by_segment(times(), np.empty(0), 10, lambda _t, x: x)
    assert empty.shape == (0,)
    unknown = by_segment(times(1, 2), np.full(2, np.nan), 10, lambda _t, x: x)
    assert np.isnan(unknown).all()


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="2 values do not match 3 times"):
        check_same_length(times(1, 2, 3), np.zeros(2))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_setting_that_is_not_above_zero_is_refused_by_name(value: float) -> None:
    with pytest.raises(InputError, match="rate_hz must be a number above zero"):
        check_positive("rate_hz", value)
