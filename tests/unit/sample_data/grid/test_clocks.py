"""Clock cases: delays that are never early, the same for a seed, steps and offsets as told."""

import numpy as np
import pytest

from sample_data.grid.clocks import DELAYS, NS_PER_S, one_way, two_loggers


@pytest.mark.parametrize("delay", DELAYS)
def test_no_message_comes_before_it_was_sent(delay: str) -> None:
    case = one_way(1, delay, rate_hz=10.0, duration_s=300.0)
    late_s = (case.t_receive - case.t_true) / NS_PER_S
    assert late_s.min() >= 0.0
    assert 0.0005 < np.median(late_s) < 0.01
    assert case.t_sensor.size == 3000
    assert case.steps_at == ()


def test_the_sensors_clock_is_an_offset_and_a_drift() -> None:
    case = one_way(3, "gamma", rate_hz=10.0, duration_s=300.0)
    t_s = (case.t_true - case.t_true[0]) / NS_PER_S
    off_s = (case.t_sensor - case.t_true) / NS_PER_S
    slope, level = np.polyfit(t_s, off_s, 1)
    assert abs(slope) <= 100e-6
    assert abs(level) <= 0.5
    assert np.abs(off_s - level - slope * t_s).max() < 1e-6


def test_a_step_is_half_way_and_as_high_as_asked() -> None:
    plain = one_way(3, "gamma", rate_hz=10.0, duration_s=100.0)
    case = one_way(3, "gamma", rate_hz=10.0, duration_s=100.0, step_ms=50.0)
    stepped = (case.t_sensor - plain.t_sensor) / 1e6
    assert stepped[: stepped.size // 2].max() == 0.0
    assert stepped[stepped.size // 2 :] == pytest.approx(50.0)
    (at,) = case.steps_at
    assert case.t_true[stepped > 0][0] >= at > case.t_true[stepped == 0][-1]


def test_bursts_stall_one_message_in_twenty() -> None:
    case = one_way(1, "bursts", rate_hz=10.0, duration_s=300.0)
    late = case.t_receive - case.t_true > 90_000_000
    assert late.mean() == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("straight", [False, True])
def test_two_loggers_saw_one_motion(straight: bool) -> None:
    case = two_loggers(2, rate_hz=100.0, duration_s=120.0, straight=straight)
    assert abs(case.offset_ns) <= 2 * NS_PER_S
    on_a = np.interp(case.t_a, case.t_b + case.offset_ns, case.yaw_b)
    inner = slice(500, -500)
    left = case.yaw_a[inner] - on_a[inner]
    assert left.std() < 0.008
    assert (case.yaw_a.std() > 0.03) != straight


def test_the_same_seed_gives_the_same_case() -> None:
    first = two_loggers(2, rate_hz=10.0, duration_s=60.0, straight=False)
    again = two_loggers(2, rate_hz=10.0, duration_s=60.0, straight=False)
    other = two_loggers(3, rate_hz=10.0, duration_s=60.0, straight=False)
    assert np.array_equal(first.yaw_a, again.yaw_a)
    assert first.offset_ns == again.offset_ns != other.offset_ns
