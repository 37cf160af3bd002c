"""Tests of offset and drift between two loggers that recorded one drive."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.clocks import ClockModel, Refusal, apply
from avdataops.signals.logger_clocks import (
    SPEED_GATES,
    YAW_RATE_GATES,
    LoggerOffset,
    logger_clock,
    logger_offset,
)

T0 = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000

Motion = Callable[[Floats], Floats]


def city_yaw_rate(seed: int, duration_s: float) -> Motion:
    """Yaw rate in rad/s: a bend every ten seconds, and the small movements of a driver."""
    rng = np.random.default_rng(seed)
    count = int(duration_s / 10) + 2
    middle = rng.uniform(-15, duration_s + 15, count)
    width = rng.uniform(1.2, 3, count)
    height = rng.uniform(0.1, 0.35, count) * rng.choice([-1, 1], count)
    phase = rng.uniform(0, 2 * np.pi, 4)

    def yaw_rate(t_s: Floats) -> Floats:
        bends = height * np.exp(-(((t_s[:, None] - middle) / width) ** 2))
        small = 0.008 * np.sin(
            2 * np.pi * np.array([0.05, 0.11, 0.23, 0.41]) * t_s[:, None] + phase
        )
        return np.asarray(np.sum(bends, axis=1) + np.sum(small, axis=1), dtype=np.float64)

    return yaw_rate


def city_speed(seed: int) -> Motion:
    """Speed in m/s around 10, with stop and go over tens of seconds."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, 5)
    frequency_hz = np.array([0.011, 0.027, 0.043, 0.071, 0.13])

    def speed(t_s: Floats) -> Floats:
        waves = np.array([3.0, 2.5, 2.0, 1.0, 0.5]) * np.sin(
            2 * np.pi * frequency_hz * t_s[:, None] + phase
        )
        return np.asarray(10 + np.sum(waves, axis=1), dtype=np.float64)

    return speed


def recorded(
    motion: Motion, rate_hz: float, duration_s: float, noise: float, seed: int
) -> tuple[Times, Floats]:
    """True times and noisy values of one logger."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(rng.uniform(0, 1 / rate_hz), duration_s, 1 / rate_hz)
    values = motion(t_s) + rng.normal(0, noise, t_s.size)
    return T0 + np.rint(t_s * SECOND).astype(np.int64), values


def on_other_clock(t: Times, offset_ns: int, skew_ppm: float = 0.0) -> Times:
    """What logger b writes at true times ``t``: ``offset_ns`` is to be added to come back."""
    drift = np.rint((t - T0) * (skew_ppm * 1e-6)).astype(np.int64)
    return np.asarray(t - offset_ns - drift, dtype=np.int64)


def good(found: LoggerOffset | Refusal) -> LoggerOffset:
    assert isinstance(found, LoggerOffset), found
    return found


def refused(found: LoggerOffset | ClockModel | Refusal) -> str:
    assert isinstance(found, Refusal), found
    assert found.message
    return found.reason


@pytest.mark.parametrize("seed", range(10))
def test_two_minutes_at_100_hz_give_the_offset_to_two_milliseconds(seed: int) -> None:
    motion = city_yaw_rate(seed, 120)
    t_a, x_a = recorded(motion, 100, 120, 0.002, seed + 100)
    t_b, x_b = recorded(motion, 100, 120, 0.005, seed + 200)
    offset_ns = int(np.random.default_rng(seed).integers(-2 * SECOND, 2 * SECOND))
    found = good(logger_offset(t_a, x_a, on_other_clock(t_b, offset_ns), x_b))
    assert abs(found.offset_ns - offset_ns) <= 2 * MS
    assert found.sigma_ms <= YAW_RATE_GATES.max_sigma_ms
    assert found.correlation > 0.95
    assert found.scale == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_ten_minutes_at_10_hz_give_it_to_ten_milliseconds(seed: int) -> None:
    motion = city_yaw_rate(seed, 600)
    t_a, x_a = recorded(motion, 10, 600, 0.005, seed + 100)
    t_b, x_b = recorded(motion, 10, 600, 0.01, seed + 200)
    found = good(logger_offset(t_a, x_a, on_other_clock(t_b, -1_234_567_890), x_b))
    assert abs(found.offset_ns + 1_234_567_890) <= 10 * MS


def test_the_error_is_mostly_within_the_sigma_that_is_told() -> None:
    within = 0
    for seed in range(12):
        motion = city_yaw_rate(seed, 90)
        t_a, x_a = recorded(motion, 50, 90, 0.004, seed + 100)
        t_b, x_b = recorded(motion, 20, 90, 0.004, seed + 200)
        found = good(logger_offset(t_a, x_a, on_other_clock(t_b, 500 * MS), x_b))
        within += abs(found.offset_ns - 500 * MS) <= found.sigma_ms * MS
    assert within >= 11


def test_swapping_the_loggers_changes_the_sign() -> None:
    motion = city_yaw_rate(1, 120)
    a, b = recorded(motion, 100, 120, 0.002, 1), recorded(motion, 50, 120, 0.002, 2)
    t_b = on_other_clock(b[0], 2_345 * MS)
    forth = good(logger_offset(*a, t_b, b[1]))
    back = good(logger_offset(t_b, b[1], *a))
    assert forth.offset_ns == pytest.approx(-back.offset_ns, abs=MS)


def test_another_unit_and_a_bias_show_in_the_scale_and_not_in_the_offset() -> None:
    motion = city_yaw_rate(2, 120)
    t_a, x_a = recorded(motion, 100, 120, 0.002, 1)
    t_b, x_b = recorded(motion, 100, 120, 0.002, 2)
    found = good(logger_offset(t_a, x_a, on_other_clock(t_b, 80 * MS), np.degrees(x_b) + 3))
    assert abs(found.offset_ns - 80 * MS) <= 2 * MS
    assert found.scale == pytest.approx(np.radians(1), rel=0.02)


def test_gaps_and_unknown_values_are_left_out() -> None:
    motion = city_yaw_rate(3, 180)
    t_a, x_a = recorded(motion, 100, 180, 0.002, 1)
    t_b, x_b = recorded(motion, 100, 180, 0.002, 2)
    x_a[3000:4000] = np.nan
    kept = np.ones(t_b.size, dtype=np.bool_)
    kept[9000:11_000] = False
    found = good(logger_offset(t_a, x_a, on_other_clock(t_b, SECOND)[kept], x_b[kept]))
    assert abs(found.offset_ns - SECOND) <= 2 * MS


def test_the_order_of_rows_does_not_matter() -> None:
    motion = city_yaw_rate(4, 120)
    t_a, x_a = recorded(motion, 20, 120, 0.002, 1)
    t_b, x_b = recorded(motion, 20, 120, 0.002, 2)
    swapped = np.arange(t_b.size)
    swapped[100:102] = 101, 100
    plain = good(logger_offset(t_a, x_a, t_b, x_b))
    mixed = good(logger_offset(t_a, x_a, t_b[swapped], x_b[swapped]))
    assert mixed.offset_ns == plain.offset_ns


def test_speed_serves_as_well() -> None:
    motion = city_speed(1)
    t_a, x_a = recorded(motion, 50, 300, 0.05, 1)
    t_b, x_b = recorded(motion, 10, 300, 0.1, 2)
    t_b = on_other_clock(t_b, -4 * SECOND)
    found = good(logger_offset(t_a, x_a, t_b, x_b, gates=SPEED_GATES))
    assert abs(found.offset_ns + 4 * SECOND) <= 20 * MS


def test_gnss_speed_once_a_second_serves_too() -> None:
    motion = city_speed(2)
    t_a, x_a = recorded(motion, 50, 600, 0.03, 1)
    t_b, x_b = recorded(motion, 1, 600, 0.05, 2)
    t_b = on_other_clock(t_b, 1_500 * MS)
    found = good(logger_offset(t_a, x_a, t_b, x_b, gates=SPEED_GATES))
    assert abs(found.offset_ns - 1_500 * MS) <= 30 * MS


def test_a_straight_drive_is_refused() -> None:
    rng = np.random.default_rng(5)
    t = T0 + np.arange(12_000, dtype=np.int64) * (10 * MS)
    x_a, x_b = rng.normal(0, 0.002, t.size), rng.normal(0, 0.005, t.size)
    assert refused(logger_offset(t, x_a, t, x_b)) == "no_excitation"
    assert refused(logger_clock(t, x_a, t, x_b)) == "no_excitation"


def test_even_speed_is_refused_by_the_gates_for_speed() -> None:
    t = T0 + np.arange(6000, dtype=np.int64) * (20 * MS)
    x = 30 + 0.5 * np.sin(np.arange(6000) / 300)
    assert refused(logger_offset(t, x, t, x, gates=SPEED_GATES)) == "no_excitation"


def test_a_noise_that_is_loud_enough_but_not_alike_is_refused() -> None:
    t_a, x_a = recorded(city_yaw_rate(6, 120), 100, 120, 0.002, 1)
    t_b, x_b = recorded(city_yaw_rate(7, 120), 100, 120, 0.002, 2)
    assert refused(logger_offset(t_a, x_a, t_b, x_b)) == "low_correlation"


def test_a_drive_in_circles_that_repeats_itself_is_refused() -> None:
    def slalom(t_s: Floats) -> Floats:
        return np.asarray(0.2 * np.sin(2 * np.pi * 0.25 * t_s), dtype=np.float64)

    t_a, x_a = recorded(slalom, 100, 120, 0.002, 1)
    t_b, x_b = recorded(slalom, 100, 120, 0.002, 2)
    assert refused(logger_offset(t_a, x_a, t_b, x_b)) == "ambiguous"


def test_an_offset_beyond_the_search_is_refused_and_found_with_a_wider_one() -> None:
    motion = city_yaw_rate(8, 180)
    t_a, x_a = recorded(motion, 50, 180, 0.002, 1)
    t_b, x_b = recorded(motion, 50, 180, 0.002, 2)
    t_b = on_other_clock(t_b, 14 * SECOND)
    assert refused(logger_offset(t_a, x_a, t_b, x_b)) in {"low_correlation", "edge_of_search"}
    wide = good(logger_offset(t_a, x_a, t_b, x_b, max_lag_s=20))
    assert abs(wide.offset_ns - 14 * SECOND) <= 2 * MS


def test_a_search_that_ends_beside_the_best_lag_is_refused() -> None:
    motion = city_yaw_rate(8, 180)
    t_a, x_a = recorded(motion, 50, 180, 0.002, 1)
    t_b, x_b = recorded(motion, 50, 180, 0.002, 2)
    t_b = on_other_clock(t_b, 2_200 * MS)
    assert refused(logger_offset(t_a, x_a, t_b, x_b, max_lag_s=2.0)) == "edge_of_search"


def test_signals_that_do_not_overlap_or_are_too_short_are_refused() -> None:
    motion = city_yaw_rate(9, 120)
    t, x = recorded(motion, 50, 120, 0.002, 1)
    assert refused(logger_offset(t, x, t + 500 * SECOND, x)) == "no_overlap"
    assert refused(logger_offset(t[:500], x[:500], t, x)) == "no_overlap"
    assert refused(logger_offset(t[:0], x[:0], t, x)) == "no_overlap"
    assert refused(logger_clock(t, x, t[:1], x[:1])) == "no_overlap"
    assert refused(logger_offset(t, np.full(t.size, np.nan), t, x)) == "no_overlap"


@pytest.mark.parametrize("seed", range(8))
def test_drift_over_three_minutes_is_recovered_to_five_milliseconds_everywhere(seed: int) -> None:
    motion = city_yaw_rate(seed, 180)
    t_a, x_a = recorded(motion, 100, 180, 0.002, seed + 100)
    t_true, x_b = recorded(motion, 100, 180, 0.005, seed + 200)
    t_b = on_other_clock(t_true, 3_700 * MS, 40.0)
    found = logger_clock(t_a, x_a, t_b, x_b)
    assert isinstance(found, ClockModel), found
    assert found.points == 3
    assert np.max(np.abs(apply(found, t_b) - t_true)) <= 5 * MS


def test_drift_over_half_an_hour_is_recovered_to_a_ppm() -> None:
    motion = city_yaw_rate(11, 1800)
    t_a, x_a = recorded(motion, 50, 1800, 0.002, 1)
    t_true, x_b = recorded(motion, 20, 1800, 0.005, 2)
    t_b = on_other_clock(t_true, -2_500 * MS, -80.0)
    found = logger_clock(t_a, x_a, t_b, x_b)
    assert isinstance(found, ClockModel), found
    assert found.points == 6
    assert found.skew_ppm == pytest.approx(-80.0, abs=1.0)
    assert np.max(np.abs(apply(found, t_b) - t_true)) <= 3 * MS
    assert found.sigma_ms is not None
    assert found.sigma_ms <= 5
    assert found.residual_p50_ms <= found.residual_p95_ms <= 5


def test_windows_without_motion_are_left_out_of_a_long_drive() -> None:
    motion = city_yaw_rate(12, 900)

    def with_a_pause(t_s: Floats) -> Floats:
        return np.where((t_s > 300) & (t_s < 600), 0.0, motion(t_s))

    t_a, x_a = recorded(with_a_pause, 50, 900, 0.002, 1)
    t_true, x_b = recorded(with_a_pause, 50, 900, 0.002, 2)
    t_b = on_other_clock(t_true, 900 * MS, 30.0)
    found = logger_clock(t_a, x_a, t_b, x_b)
    assert isinstance(found, ClockModel), found
    assert found.points == 2
    assert np.max(np.abs(apply(found, t_b) - t_true)) <= 3 * MS


def test_a_short_drive_has_one_offset_and_a_sigma_that_covers_drift() -> None:
    motion = city_yaw_rate(13, 80)
    t_a, x_a = recorded(motion, 100, 80, 0.002, 1)
    t_true, x_b = recorded(motion, 100, 80, 0.002, 2)
    t_b = on_other_clock(t_true, 700 * MS, 40.0)
    found = logger_clock(t_a, x_a, t_b, x_b)
    assert isinstance(found, ClockModel), found
    assert (found.points, found.skew_ppm) == (1, 0.0)
    assert found.sigma_ms is not None
    assert found.sigma_ms >= 2.0
    assert np.max(np.abs(apply(found, t_b) - t_true)) <= found.sigma_ms * 2 * MS


def test_a_clock_that_stepped_in_the_middle_is_refused() -> None:
    motion = city_yaw_rate(14, 900)
    t_a, x_a = recorded(motion, 50, 900, 0.002, 1)
    t_b, x_b = recorded(motion, 50, 900, 0.002, 2)
    stepped = t_b + np.where(t_b > T0 + 450 * SECOND, 400 * MS, 0)
    assert refused(logger_clock(t_a, x_a, stepped, x_b)) in {
        "not_a_line",
        "no_convergence",
        "skew_too_large",
    }


def test_an_offset_that_is_not_known_well_enough_is_refused() -> None:
    motion = city_yaw_rate(15, 40)
    t_a, x_a = recorded(motion, 10, 40, 0.03, 1)
    t_b, x_b = recorded(motion, 10, 40, 0.03, 2)
    assert refused(logger_offset(t_a, x_a, t_b, x_b)) in {"sigma_too_large", "low_correlation"}
    strict = replace(YAW_RATE_GATES, max_sigma_ms=0.001)
    t_a, x_a = recorded(motion, 100, 40, 0.001, 3)
    assert (
        refused(
            logger_offset(t_a, x_a, t_a, x_a + 1e-4 * np.sin(np.arange(t_a.size)), gates=strict)
        )
        == "sigma_too_large"
    )


def test_a_yaw_rate_of_the_wrong_sign_is_refused_and_not_matched_elsewhere() -> None:
    motion = city_yaw_rate(16, 120)
    t_a, x_a = recorded(motion, 50, 120, 0.002, 1)
    t_b, x_b = recorded(motion, 50, 120, 0.002, 2)
    assert refused(logger_offset(t_a, x_a, t_b, -x_b)) == "low_correlation"


@pytest.mark.parametrize("shift_ns", [123_456_789, -3_600 * SECOND, -T0])
def test_moving_both_clocks_together_changes_nothing_but_the_times(shift_ns: int) -> None:
    motion = city_yaw_rate(17, 200)
    t_a, x_a = recorded(motion, 50, 200, 0.002, 1)
    t_b, x_b = recorded(motion, 50, 200, 0.002, 2)
    t_b = on_other_clock(t_b, 600 * MS, 20.0)
    here = logger_clock(t_a, x_a, t_b, x_b)
    there = logger_clock(t_a + shift_ns, x_a, t_b + shift_ns, x_b)
    assert isinstance(here, ClockModel), here
    assert isinstance(there, ClockModel), there
    moved = apply(there, t_b + shift_ns) - shift_ns
    assert np.max(np.abs(moved - apply(here, t_b))) <= MS // 5


def test_a_drift_backwards_is_the_inverse_of_the_drift_forwards() -> None:
    motion = city_yaw_rate(18, 400)
    t_a, x_a = recorded(motion, 50, 400, 0.001, 1)
    t_true, x_b = recorded(motion, 50, 400, 0.001, 2)
    t_b = on_other_clock(t_true, SECOND, 90.0)
    forth, back = logger_clock(t_a, x_a, t_b, x_b), logger_clock(t_b, x_b, t_a, x_a)
    assert isinstance(forth, ClockModel), forth
    assert isinstance(back, ClockModel), back
    assert np.max(np.abs(apply(back, apply(forth, t_b)) - t_b)) <= 2 * MS
    assert forth.skew_ppm == pytest.approx(90.0, abs=3)
    assert back.skew_ppm == pytest.approx(-90.0, abs=3)


def _comma(real_data: Path, name: str) -> tuple[Times, Floats]:
    folder = real_data / "can" / "comma2k19_seg40" / "processed_log" / name
    t, x = np.load(folder / "t"), np.load(folder / "value")
    return np.rint(t * 1e9).astype(np.int64), np.asarray(x.reshape(len(t), -1), dtype=np.float64)


@pytest.mark.parametrize("offset_s", [-4.2, 0.0, 1.7])
def test_two_halves_of_comma2k19_are_aligned_by_speed(real_data: Path, offset_s: float) -> None:
    t_can, wheels = _comma(real_data, "CAN/speed")
    t_gnss, fix = _comma(real_data, "GNSS/live_gnss_ublox")
    moved = t_gnss + round(offset_s * SECOND)
    found = logger_offset(t_can, wheels[:, 0], moved, fix[:, 2], gates=SPEED_GATES)
    assert isinstance(found, LoggerOffset)
    # A fix tells of a moment 165 ms before it arrives, which no comparison takes for a clock.
    assert -found.offset_ns / MS - offset_s * 1e3 == pytest.approx(165, abs=10)
    assert found.correlation > 0.999
    assert found.scale == pytest.approx(1.0, abs=0.02)
    assert found.sigma_ms < 20


def test_the_straight_drive_of_comma2k19_is_refused_by_yaw_rate(real_data: Path) -> None:
    t_can, wheels = _comma(real_data, "CAN/speed")
    t_wheel, angle = _comma(real_data, "CAN/steering_angle")
    t_gyro, rate = _comma(real_data, "IMU/gyro")
    speed = np.interp(t_wheel, t_can, wheels[:, 0])
    turning = speed * np.tan(np.radians(angle[:, 0]) / 14.3) / 2.66
    found = logger_offset(t_wheel, turning, t_gyro, -rate[:, 2])
    assert isinstance(found, Refusal)
    assert found.reason == "no_excitation"
