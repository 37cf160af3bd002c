"""Tests of the one-way clock model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.clocks import ClockModel, Refusal, apply, chained, inverse, one_way_clock

T0 = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000


def model(offset_ns: int, skew_ppm: float) -> ClockModel:
    return ClockModel(T0, offset_ns, skew_ppm, 0.0, 0.0, None, 1)


def true_reference(t: Times, offset_ns: int, skew_ppm: float) -> Times:
    drift = np.rint((t - T0) * (skew_ppm * 1e-6)).astype(np.int64)
    return np.asarray(t + offset_ns + drift, dtype=np.int64)


def queueing(kind: str, count: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    if kind == "exponential":
        return rng.exponential(5 * MS, count)
    if kind == "usb":
        return rng.gamma(2.0, MS, count)
    return rng.exponential(5 * MS, count) + 100 * MS * (rng.random(count) < 0.05)


def worst_error_ms(found: ClockModel | Refusal, t: Times, expected: Times) -> float:
    assert isinstance(found, ClockModel), found
    return float(np.max(np.abs(apply(found, t) - expected))) / MS


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("kind", "limit_ms"), [("exponential", 0.2), ("usb", 0.35), ("bursts", 0.2)]
)
@pytest.mark.parametrize("skew_ppm", [100.0, -100.0])
def test_offset_and_skew_are_found_under_queueing(
    kind: str, limit_ms: float, skew_ppm: float, seed: int
) -> None:
    t = T0 + np.arange(3000, dtype=np.int64) * (SECOND // 10)
    expected = true_reference(t, 5 * SECOND, skew_ppm)
    received = expected + queueing(kind, 3000, seed).astype(np.int64)
    found = one_way_clock(t, received)
    assert worst_error_ms(found, t, expected) <= limit_ms
    assert isinstance(found, ClockModel)
    assert found.skew_ppm == pytest.approx(skew_ppm, abs=2.0)


def test_ten_minutes_give_the_skew_to_a_tenth_of_a_ppm() -> None:
    t = T0 + np.arange(6000, dtype=np.int64) * (SECOND // 10)
    received = true_reference(t, 0, 37.0) + queueing("exponential", 6000, 3).astype(np.int64)
    found = one_way_clock(t, received)
    assert isinstance(found, ClockModel)
    assert found.skew_ppm == pytest.approx(37.0, abs=0.1)


def test_a_clock_that_counts_from_power_on_is_no_problem() -> None:
    t = np.arange(1000, dtype=np.int64) * (SECOND // 10) + 77
    expected = T0 + t + np.rint(t * 50e-6).astype(np.int64)
    found = one_way_clock(t, expected + queueing("exponential", 1000, 4).astype(np.int64))
    assert worst_error_ms(found, t, expected) < 0.2


def test_without_any_delay_the_line_is_exact() -> None:
    t = T0 + np.arange(100, dtype=np.int64) * SECOND
    found = one_way_clock(t, t + 123_456_789)
    assert isinstance(found, ClockModel)
    assert np.array_equal(apply(found, t), t + 123_456_789)
    assert (found.residual_p50_ms, found.residual_p95_ms) == (0.0, 0.0)
    assert (found.points, found.sigma_ms, found.skew_ppm) == (100, None, 0.0)


def test_residuals_are_the_delays_above_the_line() -> None:
    rng = np.random.default_rng(6)
    t = T0 + np.arange(5000, dtype=np.int64) * (SECOND // 10)
    found = one_way_clock(t, t + rng.exponential(5 * MS, 5000).astype(np.int64))
    assert isinstance(found, ClockModel)
    assert found.residual_p50_ms == pytest.approx(5 * np.log(2), rel=0.1)
    assert found.residual_p95_ms == pytest.approx(5 * np.log(20), rel=0.1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 500)), min_size=2, max_size=60))
def test_the_line_is_below_all_delays_and_the_best_of_all_such_lines(
    rows: list[tuple[int, int]],
) -> None:
    t = np.cumsum(np.array([step for step, _ in rows], dtype=np.int64)) * MS
    delay = np.array([late for _, late in rows], dtype=np.int64)
    found = one_way_clock(t, t + delay, min_samples=2, max_skew_ppm=1e6)
    assert isinstance(found, ClockModel)
    late = (t + delay) - apply(found, t)
    assert np.min(late) >= -2
    x = (t - np.mean(t)).astype(np.float64)
    best = -np.inf
    for i in range(t.size):
        for j in range(i + 1, t.size):
            slope = (delay[j] - delay[i]) / (x[j] - x[i])
            line = delay[i] + slope * (x - x[i])
            if np.all(line <= delay + 1e-6):
                best = max(best, float(np.mean(line)))
    assert float(np.mean(delay - late)) == pytest.approx(best, abs=2)


def test_a_few_rows_out_of_order_are_left_out() -> None:
    t = T0 + np.arange(1000, dtype=np.int64) * (SECOND // 10)
    received = t + 5 * MS + queueing("exponential", 1000, 7).astype(np.int64)
    t_wrong = t.copy()
    t_wrong[[100, 500]] = t[[90, 490]]
    t_wrong[700] = t_wrong[699]
    found = one_way_clock(t_wrong, received)
    assert isinstance(found, ClockModel)
    assert found.points == 997
    assert worst_error_ms(found, t, t + 5 * MS) < 0.2


def test_a_clock_that_was_reset_is_refused() -> None:
    t = T0 + np.append(np.arange(500), np.arange(300)).astype(np.int64) * (SECOND // 10)
    received = T0 + np.arange(800, dtype=np.int64) * (SECOND // 10)
    found = one_way_clock(t, received)
    assert isinstance(found, Refusal)
    assert found.reason == "clock_ran_backwards"
    assert "300 of 800" in found.message


@pytest.mark.parametrize("count", [0, 1, 49])
def test_too_few_samples_are_refused(count: int) -> None:
    t = T0 + np.arange(count, dtype=np.int64) * SECOND
    found = one_way_clock(t, t)
    assert isinstance(found, Refusal)
    assert (found.reason, str(count) in found.message) == ("too_few_samples", True)


def test_a_skew_that_no_quartz_has_is_refused() -> None:
    t = T0 + np.arange(100, dtype=np.int64) * SECOND
    found = one_way_clock(t, true_reference(t, 0, 250.0))
    assert isinstance(found, Refusal)
    assert found.reason == "skew_too_large"
    assert isinstance(one_way_clock(t, true_reference(t, 0, 190.0)), ClockModel)


def test_times_without_partners_are_wrong_input() -> None:
    with pytest.raises(InputError, match="3 sensor times, but 2 receive times"):
        one_way_clock(np.arange(3, dtype=np.int64), np.arange(2, dtype=np.int64))


def test_a_million_rows_take_a_moment() -> None:
    t = T0 + np.arange(1_000_000, dtype=np.int64) * MS
    expected = true_reference(t, 0, 20.0)
    found = one_way_clock(t, expected + queueing("bursts", t.size, 8).astype(np.int64))
    assert worst_error_ms(found, t, expected) < 0.001


def test_a_model_is_applied_to_the_nanosecond() -> None:
    t = T0 + np.array([-SECOND, 0, SECOND, 3600 * SECOND], dtype=np.int64)
    found = apply(model(7, 10.0), t)
    assert (found - t).tolist() == [7 - 10_000, 7, 7 + 10_000, 7 + 36_000_000]
    assert found.dtype == np.int64


@given(st.lists(st.integers(0, 10**15), min_size=2, max_size=30), st.floats(-200, 200))
def test_a_model_keeps_the_order_of_times(values: list[int], skew_ppm: float) -> None:
    t = T0 + np.sort(np.array(values, dtype=np.int64))
    assert np.all(np.diff(apply(model(-5, skew_ppm), t)) >= 0)


@pytest.mark.parametrize("shift_ns", [-T0, 10**9, -(10**15)])
def test_a_shift_of_the_sensor_clock_moves_the_offset_only(shift_ns: int) -> None:
    t = T0 + np.arange(600, dtype=np.int64) * (SECOND // 10)
    received = true_reference(t, 0, 15.0) + queueing("usb", 600, 9).astype(np.int64)
    here, there = one_way_clock(t, received), one_way_clock(t + shift_ns, received)
    assert isinstance(here, ClockModel)
    assert isinstance(there, ClockModel)
    assert there.offset_ns == here.offset_ns - shift_ns
    assert there.skew_ppm == here.skew_ppm
    assert np.array_equal(apply(there, t + shift_ns), apply(here, t))
    assert there.residual_p95_ms == here.residual_p95_ms


def test_the_fixed_part_of_the_delay_stays_in_the_offset() -> None:
    t = T0 + np.arange(600, dtype=np.int64) * (SECOND // 10)
    late = queueing("exponential", 600, 10).astype(np.int64)
    plain, slower = one_way_clock(t, t + late), one_way_clock(t, t + late + 3 * MS)
    assert isinstance(plain, ClockModel)
    assert isinstance(slower, ClockModel)
    assert slower.offset_ns - plain.offset_ns == 3 * MS


def _straight(offset_ms: float, skew_ppm: float, sigma_ms: float | None = None) -> ClockModel:
    return ClockModel(
        t0_ns=T0,
        offset_ns=round(offset_ms * MS),
        skew_ppm=skew_ppm,
        residual_p50_ms=0.0,
        residual_p95_ms=0.0,
        sigma_ms=sigma_ms,
        points=3,
    )


@pytest.mark.parametrize("skew_ppm", [-180.0, 0.0, 71.0])
def test_the_way_back_undoes_the_way_there(skew_ppm: float) -> None:
    t = T0 + np.linspace(-3600, 7200, 50).astype(np.int64) * SECOND
    model = _straight(-5600.0, skew_ppm, 2.0)
    assert np.abs(apply(inverse(model), apply(model, t)) - t).max() <= 1
    assert inverse(model).sigma_ms == 2.0


def test_two_models_in_a_row_are_one() -> None:
    t = T0 + np.linspace(-3600, 7200, 50).astype(np.int64) * SECOND
    first, then = _straight(2500.0, 60.0), _straight(-5600.0, -71.0)
    both = chained(first, then)
    assert np.abs(apply(both, t) - apply(then, apply(first, t))).max() <= 2
    assert chained(None, then) is then


@pytest.mark.parametrize(
    ("one", "two", "both"), [(3.0, 4.0, 5.0), (None, 4.0, None), (3.0, None, None)]
)
def test_uncertainties_add_as_independent_ones(
    one: float | None, two: float | None, both: float | None
) -> None:
    assert chained(_straight(1.0, 0.0, one), _straight(1.0, 0.0, two)).sigma_ms == both
