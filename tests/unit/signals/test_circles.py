"""Angles that wrap and quaternions that flip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.circles import one_hemisphere, unwrapped, wrapped_like, wraps


def test_a_jump_of_more_than_half_a_turn_is_a_wrap() -> None:
    assert wraps(np.array([350.0, 5.0]), 360.0)
    assert wraps(np.array([350.0, np.nan, 5.0]), 360.0)
    assert not wraps(np.array([10.0, 180.0]), 360.0)
    assert not wraps(np.array([np.nan]), 360.0)
    assert not wraps(np.empty(0), 360.0)


def test_unwrapping_goes_the_short_way_and_skips_the_unknown() -> None:
    x = np.array([340.0, 350.0, np.nan, 5.0, 15.0])
    assert np.array_equal(unwrapped(x, 360.0), [340, 350, np.nan, 365, 375], equal_nan=True)


def test_unwrapping_leaves_its_input_alone() -> None:
    x = np.array([350.0, 5.0])
    unwrapped(x, 360.0)
    assert x.tolist() == [350.0, 5.0]


def test_compass_angles_stay_from_zero_to_a_turn_and_signed_ones_signed() -> None:
    turned = np.array([-10.0, 0.0, 370.0])
    assert wrapped_like(turned, np.array([0.0, 359.0]), 360.0).tolist() == [350.0, 0.0, 10.0]
    signed = wrapped_like(np.array([-190.0, 180.0, 190.0]), np.array([-5.0, 5.0]), 360.0)
    assert signed.tolist() == [170.0, 180.0, -170.0]


def test_the_range_of_nothing_is_signed() -> None:
    assert wrapped_like(np.array([190.0]), np.array([np.nan]), 360.0).tolist() == [-170.0]


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30))
def test_wrapping_keeps_the_direction(angles: list[float]) -> None:
    x = np.array(angles)
    for original in (np.array([0.0, 1.0]), np.array([-1.0])):
        wrapped = wrapped_like(x, original, 2 * np.pi)
        assert np.allclose(np.cos(wrapped), np.cos(x), atol=1e-9)
        assert np.allclose(np.sin(wrapped), np.sin(x), atol=1e-9)


def test_quaternions_of_one_orientation_get_one_sign() -> None:
    q = np.array([0.0, 0.6, 0.0, 0.8])
    given_rows = np.array([q, -q, -q, q])
    assert np.array_equal(one_hemisphere(given_rows), [q, q, q, q])


def test_an_unknown_quaternion_is_skipped() -> None:
    q = np.array([0.0, 0.0, 0.0, 1.0])
    rows = np.array([q, np.full(4, np.nan), -q])
    result = one_hemisphere(rows)
    assert np.isnan(result[1]).all()
    assert np.array_equal(result[2], q)


@pytest.mark.parametrize("rows", [0, 1])
def test_nothing_to_compare_stays_as_it_is(rows: int) -> None:
    q = np.ones((rows, 4))
    assert np.array_equal(one_hemisphere(q), q)
