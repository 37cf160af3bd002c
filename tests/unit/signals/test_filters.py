"""Tests of the zero-phase low-pass and the derivative."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.filters import derivative, extend_past_ends, low_pass

T0 = 1_790_000_000_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000
GAP = 200 * MS


def at_rate(rate_hz: int, count: int) -> Times:
    return T0 + np.arange(count, dtype=np.int64) * (SECOND // rate_hz)


def seconds(t: Times) -> Floats:
    return np.asarray((t - T0) / SECOND, dtype=np.float64)


def sine(t: Times, frequency_hz: float) -> Floats:
    return np.asarray(np.sin(2 * np.pi * frequency_hz * seconds(t)), dtype=np.float64)


@pytest.mark.parametrize(
    ("frequency_hz", "gain"), [(0.1, 1.0), (0.5, 1 / (1 + 0.5**4)), (1.0, 0.5), (3.0, 1 / 82)]
)
def test_the_gain_is_that_of_a_butterworth_run_twice(frequency_hz: float, gain: float) -> None:
    t = at_rate(100, 6001)
    inside = slice(1000, -1000)
    found = low_pass(t, sine(t, frequency_hz), 1.0, GAP)[inside]
    assert found == pytest.approx(gain * sine(t, frequency_hz)[inside], abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-1e5, 1e5),
    st.floats(-1e3, 1e3),
    st.lists(st.integers(5 * MS, 50 * MS), min_size=60, max_size=200),
)
def test_straight_lines_pass_up_to_their_ends(level: float, slope: float, steps: list[int]) -> None:
    t = T0 + np.cumsum(np.array(steps, dtype=np.int64))
    x = level + slope * seconds(t)
    found = low_pass(t, x, 2.0, GAP)
    assert np.allclose(found, x, rtol=1e-7, atol=1e-6)


def test_segments_do_not_see_each_other() -> None:
    t = np.concatenate((at_rate(50, 200), at_rate(50, 200) + 10 * SECOND))
    x = np.repeat([1.0, 50.0], 200)
    assert low_pass(t, x, 1.0, GAP) == pytest.approx(x, abs=1e-9)
    one = low_pass(t[:200], sine(t[:200], 3.0), 1.0, GAP)
    both = low_pass(t, np.append(sine(t[:200], 3.0), np.full(200, 8.0)), 1.0, GAP)
    assert np.array_equal(both[:200], one)


def test_unknown_samples_stay_unknown_and_spoil_nobody_else() -> None:
    t = at_rate(50, 400)
    x = 2 * seconds(t)
    x[[100, 250]] = np.nan, np.inf
    found = low_pass(t, x, 1.0, GAP)
    assert np.flatnonzero(np.isnan(found)).tolist() == [100, 250]
    known = np.isfinite(x)
    assert found[known] == pytest.approx(x[known], abs=1e-6)


def test_a_long_unknown_stretch_splits_like_a_gap() -> None:
    t = at_rate(50, 400)
    x = np.repeat([1.0, 50.0], 200)
    x[190:210] = np.nan
    found = low_pass(t, x, 1.0, GAP)
    assert found[:190] == pytest.approx(1.0, abs=1e-9)
    assert found[210:] == pytest.approx(50.0, abs=1e-9)


def test_a_segment_shorter_than_half_a_period_of_the_cutoff_is_unknown() -> None:
    t = at_rate(100, 50)
    assert np.isnan(low_pass(t, np.ones(50), 1.0, GAP)).all()
    assert np.isfinite(low_pass(at_rate(100, 51), np.ones(51), 1.0, GAP)).all()
    assert np.isnan(low_pass(t[:1], np.ones(1), 1.0, GAP)).all()
    assert low_pass(t[:0], np.empty(0), 1.0, GAP).shape == (0,)


def test_a_signal_too_slow_to_hold_anything_above_the_cutoff_stays() -> None:
    t = T0 + np.arange(20, dtype=np.int64) * SECOND
    x = np.random.default_rng(1).normal(size=20)
    assert np.array_equal(low_pass(t, x, 1.0, 2 * SECOND), x)


def test_order_of_rows_does_not_matter_and_the_last_of_equal_times_counts() -> None:
    rng = np.random.default_rng(2)
    t, x = at_rate(50, 300), rng.normal(size=300)
    order = rng.permutation(300)
    plain = low_pass(t, x, 1.0, GAP)
    assert np.array_equal(low_pass(t[order], x[order], 1.0, GAP), plain[order])
    doubled = low_pass(np.append(t[7], t), np.append(1e9, x), 1.0, GAP)
    assert np.array_equal(doubled, np.append(plain[7], plain))


def test_jitter_of_the_times_does_not_shift_the_signal() -> None:
    rng = np.random.default_rng(3)
    t = at_rate(100, 3000) + rng.integers(-3 * MS, 3 * MS, 3000)
    found = low_pass(t, sine(t, 0.2), 2.0, GAP)
    assert np.max(np.abs(found - sine(t, 0.2))[300:-300]) < 2e-3


def test_vibration_at_the_ends_does_not_shift_the_level_there() -> None:
    t = at_rate(100, 1000)
    found = low_pass(t, 5 + np.cos(2 * np.pi * 20 * seconds(t)), 1.0, GAP)
    assert np.max(np.abs(found - 5)) < 0.15


@pytest.mark.parametrize("cutoff_hz", [0.0, -1.0, float("nan")])
def test_a_cutoff_that_is_no_frequency_is_refused(cutoff_hz: float) -> None:
    with pytest.raises(InputError, match="cutoff_hz"):
        low_pass(at_rate(10, 5), np.ones(5), cutoff_hz, GAP)


def test_the_derivative_of_a_parabola_is_exact_inside_for_uneven_steps() -> None:
    t = T0 + np.array([0, 10, 25, 30, 70, 71], dtype=np.int64) * MS
    x = seconds(t) ** 2
    found = derivative(t, x, GAP)
    assert found[1:-1] == pytest.approx(2 * seconds(t)[1:-1])
    assert found[0] == pytest.approx(0.010)
    assert found[-1] == pytest.approx(0.141)


def test_the_derivative_never_looks_across_a_gap() -> None:
    t = T0 + np.array([0, 100, 200, 900, 1000], dtype=np.int64) * MS
    x = np.array([0.0, 1.0, 2.0, 50.0, 49.0])
    assert derivative(t, x, GAP).tolist() == pytest.approx([10, 10, 10, -10, -10])


def test_a_sample_without_neighbours_has_no_derivative() -> None:
    t = T0 + np.array([0, 900, 1800], dtype=np.int64) * MS
    assert np.isnan(derivative(t, np.ones(3), GAP)).all()
    assert np.isnan(derivative(t[:1], np.ones(1), GAP)).all()
    assert derivative(t[:0], np.empty(0), GAP).shape == (0,)
    assert np.isnan(derivative(t, np.full(3, np.nan), SECOND)).all()


def test_the_derivative_leaves_unknown_samples_out() -> None:
    t = at_rate(20, 5)
    found = derivative(t, np.array([0.0, 1.0, np.nan, 3.0, 4.0]), GAP)
    assert np.array_equal(found, [20, 20, np.nan, 20, 20], equal_nan=True)


def test_the_derivative_goes_by_time_and_not_by_row() -> None:
    t = at_rate(10, 4)[[2, 0, 3, 1, 0]]
    x = np.array([4.0, 77.0, 9.0, 1.0, 0.0])
    assert derivative(t, x, GAP).tolist() == pytest.approx([40, 10, 50, 20, 10])


def test_a_line_and_what_is_left_add_up_to_the_values_inside() -> None:
    x = np.random.default_rng(5).normal(size=30)
    left, line = extend_past_ends(x, 100, 45, 8)
    assert left.size == line.size == 175
    assert (left + line)[100:130] == pytest.approx(x)


def test_what_is_left_is_mirrored_with_opposite_sign() -> None:
    x = np.random.default_rng(6).normal(size=10)
    left, _ = extend_past_ends(x, 8, 8, 3)
    assert left[:8] == pytest.approx(-left[9:17][::-1])
    assert left[18:] == pytest.approx(-left[9:17][::-1])


def test_one_value_is_prolonged_as_it_is() -> None:
    left, line = extend_past_ends(np.array([3.0]), 2, 2, 5)
    assert (left.tolist(), line.tolist()) == ([0.0] * 5, [3.0] * 5)
