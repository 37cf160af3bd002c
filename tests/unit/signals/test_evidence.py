"""Figures kept with scenes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.evidence import (
    confidence,
    highest,
    integral,
    lowest,
    margin,
    mean_slope,
    middle,
    number,
    share_received,
)

S = 1_000_000_000
T = np.arange(5, dtype=np.int64) * S


def test_numbers_have_six_digits_and_unknown_is_none() -> None:
    assert number(math.pi) == 3.14159
    assert number(1234567.0) == 1234570.0
    assert number(math.nan) is None
    assert number(math.inf) is None
    numpy_scalars = np.array([2.0], dtype=np.float64)
    assert type(number(numpy_scalars[0])) is float


def test_extremes_leave_out_the_unknown() -> None:
    x = np.array([np.nan, 3.0, -1.0, np.inf])
    assert (lowest(x), highest(x), middle(x)) == (-1.0, 3.0, 1.0)
    assert (lowest(x[:1]), highest(x[:1]), middle(np.empty(0))) == (None, None, None)


def test_the_margin_is_a_half_at_the_threshold_whatever_its_sign() -> None:
    assert margin(-3.0, -3.0) == margin(45.0, 45.0) == 0.5
    assert margin(-3.75, -3.0) == pytest.approx(0.841, abs=0.001)
    assert margin(0.7, 1.0) == pytest.approx(0.119, abs=0.001)


@given(st.floats(0.5, 3.0), st.floats(0.01, 1.0))
def test_the_margin_grows(ratio: float, more: float) -> None:
    assert 0.0 < margin(ratio, 1.0) < margin(ratio + more, 1.0) < 1.0


def test_the_share_received_counts_from_first_to_last() -> None:
    assert share_received(5, T, S) == 1.0
    assert share_received(4, T, S) == 0.8
    assert share_received(9, T, S) == 1.0
    assert share_received(0, T[:0], S) == 0.0
    assert share_received(5, T, 0) == 0.0


def test_confidence_is_the_weakest_part_within_its_range() -> None:
    assert confidence(0.9, 0.4, 1.0) == 0.4
    assert confidence(1.7) == 1.0
    assert confidence(-0.2, 0.5) == 0.0
    assert confidence(math.nan, 0.5) == 0.0


def test_slope_and_integral_are_per_second() -> None:
    x = np.array([0.0, 5.0, 9.0, 2.0, 8.0])
    assert mean_slope(T, x) == 2.0
    assert math.isnan(mean_slope(T[:1], x[:1]))
    assert math.isnan(mean_slope(T[:0], x[:0]))
    assert integral(T, x) == 20.0
    assert integral(T[:0], x[:0]) == 0.0
    assert math.isnan(integral(T, np.append(x[:4], np.nan)))
