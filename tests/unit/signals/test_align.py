"""Tests of values of one stream at the times of another."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from avdataops.model.errors import InputError
from avdataops.signals.align import (
    angle_at,
    first_tick_from,
    hold_at,
    hold_index_at,
    linear_at,
    nearest_at,
    rate_fraction,
    regular_grid,
    slerp_at,
    tick_times,
)
from avdataops.signals.arrays import Floats, Times

T0 = 1_790_000_000_000_000_000
SECOND = 1_000_000_000


def times(*values: int) -> Times:
    return np.array(values, dtype=np.int64)


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def same(found: Floats, expected: list[float]) -> bool:
    return np.array_equal(found, expected, equal_nan=True)


some_times = st.lists(st.integers(0, 500), max_size=30)


def test_linear_is_exact_at_samples_and_straight_between() -> None:
    found = linear_at(times(0, 10, 20), floats(1, 2, 4), times(0, 5, 10, 15, 20), 10)
    assert found.tolist() == [1.0, 1.5, 2.0, 3.0, 4.0]


def test_linear_is_unknown_outside_the_samples() -> None:
    assert same(linear_at(times(10, 20), floats(1, 2), times(9, 21), 100), [np.nan, np.nan])


def test_linear_is_unknown_inside_a_gap_but_not_at_its_edges() -> None:
    found = linear_at(times(0, 10, 31, 40), floats(0, 1, 2, 3), times(10, 11, 20, 30, 31), 20)
    assert same(found, [1.0, np.nan, np.nan, np.nan, 2.0])
    assert not np.isnan(linear_at(times(10, 31), floats(1, 2), times(20), 21)).any()


def test_an_unknown_sample_makes_its_two_sides_unknown_but_not_its_neighbours() -> None:
    found = linear_at(times(0, 10, 20), floats(1, np.nan, 3), times(0, 5, 10, 15, 20), 100)
    assert same(found, [1.0, np.nan, np.nan, np.nan, 3.0])


def test_an_infinite_sample_does_not_warn_and_does_not_spread_past_its_sides() -> None:
    found = linear_at(times(0, 10, 20), floats(np.inf, np.inf, 3), times(5, 20), 100)
    assert same(found, [np.nan, 3.0])


def test_of_samples_at_one_time_the_last_counts() -> None:
    assert linear_at(times(0, 10, 10), floats(0, 5, 7), times(10, 5), 10).tolist() == [7.0, 3.5]


def test_no_samples_give_unknown_and_no_ticks_give_nothing() -> None:
    assert same(linear_at(times(), floats(), times(1, 2), 5), [np.nan, np.nan])
    assert linear_at(times(1), floats(1), times(), 5).shape == (0,)
    assert linear_at(times(1), floats(3), times(1), 5).tolist() == [3.0]


def test_nanoseconds_count_at_epoch_times() -> None:
    found = linear_at(times(T0, T0 + 4), floats(0, 4), times(T0 + 1, T0 + 3), 10)
    assert found.tolist() == [1.0, 3.0]


@given(st.sets(st.integers(0, 500), max_size=30), some_times, st.integers(0, 2**31))
def test_linear_does_not_depend_on_the_order_of_samples(
    values: set[int], ticks: list[int], seed: int
) -> None:
    t = np.array(sorted(values), dtype=np.int64)
    x = np.sin(t.astype(np.float64))
    shuffle = np.random.default_rng(seed).permutation(t.size)
    wanted = np.array(ticks, dtype=np.int64)
    one = linear_at(t, x, wanted, 40)
    other = linear_at(t[shuffle], x[shuffle], wanted, 40)
    assert np.array_equal(one, other, equal_nan=True)


@given(st.sets(st.integers(0, 500), min_size=1, max_size=30), some_times)
def test_linear_of_a_constant_is_constant_or_unknown(values: set[int], ticks: list[int]) -> None:
    t = np.array(sorted(values), dtype=np.int64)
    found = linear_at(t, np.full(t.size, 4.25), np.array(ticks, dtype=np.int64), 50)
    assert np.all(np.isnan(found) | (found == 4.25))


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="do not match"):
        linear_at(times(1, 2), floats(1), times(1), 5)


def test_an_angle_turns_the_short_way_round_and_stays_in_range() -> None:
    degrees = np.radians
    found = angle_at(times(0, 10), degrees(floats(170, -170)), times(0, 4, 5, 6, 10), 10)
    assert np.degrees(found).tolist() == pytest.approx([170, 178, 180, -178, -170])
    assert found[2] == pytest.approx(math.pi)


def test_an_angle_that_was_counted_on_comes_back_into_range() -> None:
    found = angle_at(times(0, 10), floats(20 * math.pi + 0.5, 20 * math.pi + 0.7), times(0, 5), 10)
    assert found.tolist() == pytest.approx([0.5, 0.6])


def test_an_unknown_angle_does_not_spread() -> None:
    t, angle = times(0, 10, 20, 30, 40), floats(0.1, np.nan, np.inf, 0.3, 0.5)
    found = angle_at(t, angle, times(0, 5, 15, 25, 30, 35), 10)
    assert np.isnan(found).tolist() == [False, True, True, True, False, False]
    assert found[5] == pytest.approx(0.4)


def test_hold_keeps_the_last_value_and_tells_its_age() -> None:
    held = hold_at(times(10, 20), floats(1, 2), times(9, 10, 19, 20, 25, 26), 5)
    assert same(held.x, [np.nan, 1, np.nan, 2, 2, np.nan])
    assert same(held.age_ns, [np.nan, 0, np.nan, 0, 5, np.nan])


def test_hold_does_not_bring_an_older_value_back_for_an_unknown_one() -> None:
    held = hold_at(times(10, 20), floats(1, np.nan), times(21), 100)
    assert same(held.x, [np.nan])
    assert held.age_ns.tolist() == [1.0]


def test_hold_of_no_samples_is_unknown() -> None:
    held = hold_at(times(), floats(), times(1, 2), 100)
    assert np.isnan(held.x).all()
    assert np.isnan(held.age_ns).all()
    assert hold_index_at(times(), times(1), 5).row.tolist() == [-1]


@given(some_times, some_times, st.integers(0, 300))
def test_hold_never_uses_the_future_nor_anything_too_old(
    values: list[int], ticks: list[int], max_age_ns: int
) -> None:
    t, wanted = np.array(values, dtype=np.int64), np.array(ticks, dtype=np.int64)
    held = hold_at(t, t.astype(np.float64), wanted, max_age_ns)
    for tick, value, age in zip(ticks, held.x, held.age_ns, strict=True):
        young = [v for v in values if tick - max_age_ns <= v <= tick]
        if young:
            assert value == max(young)
            assert age == tick - max(young)
        else:
            assert np.isnan(value)


@given(some_times, some_times, st.integers(0, 500))
def test_what_comes_later_never_changes_what_is_held(
    values: list[int], ticks: list[int], now: int
) -> None:
    t, wanted = np.array(values, dtype=np.int64), np.array(ticks, dtype=np.int64)
    x = np.arange(t.size, dtype=np.float64)
    before = wanted[wanted <= now]
    so_far = t <= now
    whole, part = hold_at(t, x, before, 1000), hold_at(t[so_far], x[so_far], before, 1000)
    assert np.array_equal(whole.x, part.x, equal_nan=True)


def test_nearest_takes_the_nearest_within_tolerance() -> None:
    found = nearest_at(times(0, 100, 200), times(10, 95, 140, 260), 50)
    assert found.row.tolist() == [0, 1, -1, -1]
    assert same(found.dt_ns, [-10, 5, np.nan, np.nan])


def test_of_two_samples_as_near_the_earlier_is_taken() -> None:
    assert nearest_at(times(0, 100), times(50), 50).row.tolist() == [0]


def test_a_sample_goes_to_the_nearest_tick_and_to_the_earlier_of_two_as_near() -> None:
    assert nearest_at(times(100), times(90, 105, 111), 50).row.tolist() == [-1, 0, -1]
    assert nearest_at(times(100), times(90, 110), 50).row.tolist() == [0, -1]


def test_a_tick_that_lost_its_sample_takes_the_free_one_on_its_other_side() -> None:
    found = nearest_at(times(-51, 49), times(0, -4), 60)
    assert found.row.tolist() == [1, 0]
    alone = nearest_at(times(-51, 49), times(0, 48), 60)
    assert alone.row.tolist() == [0, 1]


def test_rows_are_those_of_the_samples_as_given() -> None:
    found = nearest_at(times(200, 100, 0, 100), times(101, 201), 10)
    assert found.row.tolist() == [3, 0]


def test_nearest_of_no_samples_or_no_ticks() -> None:
    none = nearest_at(times(), times(1, 2), 10)
    assert none.row.tolist() == [-1, -1]
    assert np.isnan(none.dt_ns).all()
    assert nearest_at(times(1, 2), times(), 10).row.shape == (0,)


@settings(max_examples=200)
@given(some_times, some_times, st.integers(0, 80))
def test_no_sample_is_used_twice_and_none_beyond_tolerance(
    values: list[int], ticks: list[int], tolerance: int
) -> None:
    t, wanted = np.array(values, dtype=np.int64), np.array(ticks, dtype=np.int64)
    found = nearest_at(t, wanted, tolerance)
    used = found.row[found.row >= 0]
    assert np.unique(used).size == used.size
    assert np.unique(t[used]).size == used.size
    taken = found.row >= 0
    assert np.array_equal(found.dt_ns[taken], (t[used] - wanted[taken]).astype(np.float64))
    assert np.all(np.abs(found.dt_ns[taken]) <= tolerance)
    assert np.isnan(found.dt_ns[~taken]).all()


@given(
    st.sets(st.integers(0, 500), max_size=20),
    st.sets(st.integers(0, 500), max_size=20),
    st.integers(0, 2**31),
)
def test_nearest_does_not_depend_on_the_order_of_samples_or_ticks(
    values: set[int], ticks: set[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    t, wanted = np.array(sorted(values), dtype=int), np.array(sorted(ticks), dtype=int)
    of_samples, of_ticks = rng.permutation(t.size), rng.permutation(wanted.size)
    one = nearest_at(t, wanted, 30)
    other = nearest_at(t[of_samples], wanted[of_ticks], 30)
    assert np.array_equal(one.dt_ns[of_ticks], other.dt_ns, equal_nan=True)


@given(st.sets(st.integers(0, 500), max_size=20), st.sets(st.integers(0, 500), max_size=20))
def test_the_nearest_pair_of_all_is_always_matched(values: set[int], ticks: set[int]) -> None:
    t, wanted = np.array(sorted(values), dtype=int), np.array(sorted(ticks), dtype=int)
    found = nearest_at(t, wanted, 1000)
    if t.size and wanted.size:
        smallest = np.min(np.abs(t[:, None] - wanted[None, :]))
        assert np.nanmin(np.abs(found.dt_ns)) == smallest


def quaternions(*degrees_about_z: float) -> Floats:
    half = np.radians(np.array(degrees_about_z)) / 2
    nothing = np.zeros_like(half)
    return np.column_stack((nothing, nothing, np.sin(half), np.cos(half)))


def test_slerp_turns_evenly() -> None:
    found = slerp_at(times(0, 10), quaternions(0, 90), times(0, 2, 5, 10), 10)
    turned = Rotation.from_quat(found).as_euler("zyx", degrees=True)[:, 0]
    assert turned.tolist() == pytest.approx([0, 18, 45, 90])


def test_slerp_takes_the_shorter_arc_whatever_the_signs() -> None:
    q = quaternions(10, 30)
    plain = slerp_at(times(0, 10), q, times(5), 10)
    flipped = slerp_at(times(0, 10), q * [[1], [-1]], times(5), 10)
    assert np.abs(np.sum(plain * flipped)) == pytest.approx(1.0)


def test_slerp_agrees_with_another_implementation_on_random_turns() -> None:
    rng = np.random.default_rng(5)
    q = rng.normal(size=(20, 4))
    t = np.arange(20, dtype=np.int64) * 100
    ticks = np.sort(rng.integers(0, 1900, 200))
    found = slerp_at(t, q * rng.uniform(0.5, 2, (20, 1)), ticks, 100)
    expected = Slerp(t.astype(float), Rotation.from_quat(q))(ticks.astype(float)).as_quat()
    assert np.abs(np.sum(found * expected, axis=1)) == pytest.approx(1.0, abs=1e-12)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-12)


def test_slerp_of_nearly_equal_turns_is_smooth() -> None:
    found = slerp_at(times(0, 10), quaternions(0, 1e-4), times(5), 10)
    assert Rotation.from_quat(found).as_euler("zyx", degrees=True)[0, 0] == pytest.approx(5e-5)


def test_slerp_is_unknown_in_gaps_and_beside_rows_that_are_no_turn() -> None:
    q = np.vstack((quaternions(0, 10, 20), [[0, 0, 0, 0]], [[np.nan, 0, 0, 1]]))
    t = times(0, 10, 100, 110, 120)
    found = slerp_at(t, q, times(5, 50, 100, 105, 110, 115), 20)
    assert np.isnan(found[:, 0]).tolist() == [False, True, False, True, True, True]
    assert slerp_at(times(), np.empty((0, 4)), times(1), 5).shape == (1, 4)


def test_quaternions_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        slerp_at(times(1, 2), np.zeros((2, 3)), times(1), 5)


def test_a_grid_holds_the_multiples_of_its_period_from_start_until_before_stop() -> None:
    assert regular_grid(1, SECOND, 10).tolist() == [i * SECOND // 10 for i in range(1, 10)]
    assert regular_grid(0, SECOND // 10, 10).tolist() == [0]
    assert regular_grid(-SECOND // 10, 1, 10).tolist() == [-SECOND // 10, 0]


def test_a_grid_of_no_time_is_empty() -> None:
    assert regular_grid(5, 5, 10).size == 0
    assert regular_grid(6, 5, 10).size == 0


def test_a_rate_that_does_not_divide_a_second_adds_up_no_error_since_the_epoch() -> None:
    ticks = regular_grid(T0, T0 + SECOND, 30)
    assert ticks.size == 30
    assert ticks[0] == T0
    assert set(np.diff(ticks).tolist()) == {33_333_333, 33_333_334}
    assert regular_grid(T0 + SECOND, T0 + 2 * SECOND, 30)[0] == T0 + SECOND


@pytest.mark.parametrize("rate_hz", [29.97, 1 / 3, 0.1, 12.5, 119.88, 1000.25, 7.0, 20_000.0])
def test_ticks_are_the_nearest_nanosecond_to_their_exact_time(rate_hz: float) -> None:
    rate = rate_fraction(rate_hz)
    assert float(rate) == pytest.approx(rate_hz, rel=1e-12)
    first = first_tick_from(rate, T0)
    numbers = np.arange(first, first + 1000, dtype=np.int64)
    for number, tick in zip(numbers.tolist(), tick_times(rate, numbers).tolist(), strict=True):
        assert abs(tick - number * SECOND / rate) <= 0.5


@given(st.integers(-(10**18), 10**18), st.floats(0.01, 5_000))
def test_the_first_tick_from_a_time_is_not_before_it_and_the_one_before_is(
    t_ns: int, rate_hz: float
) -> None:
    rate = rate_fraction(rate_hz)
    first = first_tick_from(rate, t_ns)
    before, at = tick_times(rate, np.array([first - 1, first])).tolist()
    assert before < t_ns <= at


@given(st.floats(0.5, 300), st.integers(0, SECOND), st.integers(0, SECOND))
def test_grids_of_one_rate_share_their_ticks(rate_hz: float, start: int, later: int) -> None:
    whole = regular_grid(T0 + start, T0 + 3 * SECOND, rate_hz)
    part = regular_grid(T0 + start + later, T0 + 3 * SECOND, rate_hz)
    assert np.array_equal(whole[whole >= T0 + start + later], part)


@pytest.mark.parametrize("rate_hz", [0.0, -5.0, float("nan"), float("inf"), 1e-9, 1e12])
def test_a_rate_that_makes_no_grid_is_refused(rate_hz: float) -> None:
    with pytest.raises(InputError, match="rate_hz"):
        regular_grid(0, SECOND, rate_hz)
