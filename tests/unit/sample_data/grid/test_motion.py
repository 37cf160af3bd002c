"""Pulses: their area, their smoothness, and speeds that never fall below standing still."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.grid.motion import Pulse, change, integrate, shift, speed_from, value

STEP_S = 0.01
T_S = np.arange(0.0, 40.0, STEP_S)


@given(st.floats(1.0, 10.0), st.floats(1.0, 8.0), st.floats(-6.0, 6.0), st.floats(0.1, 1.0))
def test_the_area_of_a_pulse_is_its_integral(
    start: float, duration: float, amount: float, edge_share: float
) -> None:
    pulse = Pulse(start, duration, amount, edge_share * duration / 2)
    total = integrate(value((pulse,), T_S), STEP_S)[-1]
    assert total == pytest.approx(pulse.area, abs=1e-3)


def test_a_pulse_is_nothing_outside_and_whole_in_the_middle() -> None:
    x = value((Pulse(10.0, 6.0, -3.0, 1.0),), np.array([0.0, 10.0, 10.5, 11.0, 13.0, 15.5, 16.0]))
    assert x == pytest.approx([0.0, 0.0, -1.5, -3.0, -3.0, -1.5, 0.0])


def test_pulses_add_up() -> None:
    two = (Pulse(5.0, 4.0, 1.0, 1.0), Pulse(7.0, 4.0, 2.0, 1.0))
    assert value(two, np.array([8.0])) == pytest.approx([3.0])
    assert value((), T_S).any() == np.False_


def test_a_shift_moves_by_what_it_says_without_a_jump_of_speed() -> None:
    rate = value((shift(10.0, 5.0, -3.5),), T_S)
    assert integrate(rate, STEP_S)[-1] == pytest.approx(-3.5, abs=1e-3)
    assert np.abs(np.diff(rate)).max() < 0.02
    assert rate.max() == pytest.approx(0.0)
    assert rate.min() == pytest.approx(-1.4, abs=1e-3)


@pytest.mark.parametrize(("accel", "by"), [(-4.0, -8.0), (2.0, 6.0), (-8.0, -1.0)])
def test_a_change_changes_speed_by_what_it_says(accel: float, by: float) -> None:
    pulse = change(5.0, accel, by)
    assert pulse.area == pytest.approx(by)
    assert np.abs(value((pulse,), T_S)).max() == pytest.approx(abs(accel), rel=0.01)


def test_a_brake_holds_a_standing_vehicle_and_forgets_the_rest() -> None:
    accel = value((Pulse(1.0, 6.0, -4.0, 1.0), Pulse(20.0, 4.0, 2.0, 1.0)), T_S)
    speed = speed_from(10.0, accel, STEP_S, least_mps=0.0)
    assert speed.min() == 0.0
    assert speed[round(15.0 / STEP_S)] == pytest.approx(0.0, abs=1e-9)
    assert speed[-1] == pytest.approx(6.0, abs=1e-2)


def test_without_braking_to_zero_speed_is_the_plain_integral() -> None:
    accel = value((Pulse(1.0, 3.0, -2.0, 1.0),), T_S)
    expected = 10.0 + integrate(accel, STEP_S)
    assert speed_from(10.0, accel, STEP_S, least_mps=0.0) == pytest.approx(expected)
