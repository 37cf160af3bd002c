"""Tests of ego motion and of relations to other road users."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.arrays import Floats
from avdataops.signals.kinematics import (
    acceleration_from_speed,
    box_reach,
    curvature,
    gap_ahead,
    lateral_edges,
    near_edge_outside,
    path_offset,
    required_deceleration,
    time_headway,
    time_to_collision,
)

T0 = 1_790_000_000_000_000_000
MS = 1_000_000
INF, NAN = float("inf"), float("nan")


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def same(found: Floats, expected: list[float]) -> bool:
    return np.allclose(found, expected, equal_nan=True)


def test_even_braking_shows_its_deceleration() -> None:
    t = T0 + np.arange(500, dtype=np.int64) * (20 * MS)
    speed = 20 - 3 * np.arange(500, dtype=np.float64) * 0.02
    found = acceleration_from_speed(t, speed, max_gap_ns=500 * MS)
    assert found == pytest.approx(-3.0, abs=1e-6)


def test_the_onset_of_braking_is_not_shifted() -> None:
    t = T0 + np.arange(1000, dtype=np.int64) * (10 * MS)
    t_s = np.arange(1000) * 0.01
    speed = 20 - 4 * np.clip(t_s - 5, 0, 2)
    found = acceleration_from_speed(t, speed, max_gap_ns=500 * MS)
    assert np.mean(t_s[found < -2]) == pytest.approx(6.0, abs=0.01)
    assert found[500] == pytest.approx(-2.0, abs=0.1)
    assert found[:400] == pytest.approx(0.0, abs=0.01)


def test_noise_of_the_speed_makes_no_braking() -> None:
    rng = np.random.default_rng(1)
    t = T0 + np.arange(6000, dtype=np.int64) * (20 * MS)
    found = acceleration_from_speed(t, 20 + rng.normal(0, 0.1, 6000), max_gap_ns=500 * MS)
    assert np.max(np.abs(found)[100:-100]) < 0.6


def test_acceleration_is_unknown_where_speed_is() -> None:
    t = T0 + np.arange(400, dtype=np.int64) * (20 * MS)
    speed = np.full(400, 20.0)
    speed[200:300] = NAN
    found = acceleration_from_speed(t, speed, max_gap_ns=500 * MS)
    assert np.isnan(found).tolist() == np.isnan(speed).tolist()


def test_curvature_is_yaw_rate_per_speed_and_unknown_when_slow() -> None:
    found = curvature(floats(0.1, -0.1, 0.1, NAN, 0.1), floats(10, 10, 0.9, 10, NAN))
    assert same(found, [0.01, -0.01, NAN, NAN, NAN])


def test_on_a_straight_path_the_offset_is_y() -> None:
    assert path_offset(floats(50.0), floats(-1.7), floats(0.0)).tolist() == pytest.approx([-1.7])


@given(
    st.floats(-0.05, 0.05).filter(lambda k: abs(k) > 1e-4),
    st.floats(-8, 8),
    st.floats(-0.9, 0.9),
)
def test_points_beside_the_circle_have_their_distance_from_it(
    bend: float, offset_m: float, angle: float
) -> None:
    radius = 1 / bend
    x = (radius - offset_m) * math.sin(angle)
    y = radius - (radius - offset_m) * math.cos(angle)
    found = path_offset(floats(x), floats(y), floats(bend))
    assert found[0] == pytest.approx(offset_m, abs=1e-6)


def test_nearly_straight_paths_lose_no_digits() -> None:
    found = path_offset(floats(100.0), floats(1.5), floats(1e-12))
    assert found[0] == pytest.approx(1.5, abs=1e-7)


def test_a_turned_box_reaches_further_aside() -> None:
    yaw = np.radians(floats(0, 90, 45, 180))
    along, across = box_reach(np.full(4, 4.0), np.full(4, 2.0), yaw)
    assert along.tolist() == pytest.approx([2, 1, 3 / math.sqrt(2), 2])
    assert across.tolist() == pytest.approx([1, 2, 3 / math.sqrt(2), 1])


def test_the_gap_is_from_bumper_to_bumper() -> None:
    assert gap_ahead(floats(30, 5), floats(2.5, 2.5), 3.5).tolist() == [24.0, -1.0]


def test_edges_and_the_nearer_one_against_a_corridor() -> None:
    right, left = lateral_edges(floats(3.5, -3.5), floats(1.0, 1.0))
    assert (right.tolist(), left.tolist()) == ([2.5, -4.5], [4.5, -2.5])
    outside = near_edge_outside(floats(3.5, -3.5, 2.0), floats(1, 1, 1), floats(1.75, 1.75, 1.75))
    assert outside.tolist() == pytest.approx([0.75, 0.75, -0.75])


def test_time_to_collision_is_gap_per_closing_speed() -> None:
    found = time_to_collision(floats(20, 20, 20, 0, -1), floats(10, 0.5, -3, 5, 5))
    assert same(found, [2.0, INF, INF, 0.0, 0.0])


def test_never_and_unknown_are_told_apart() -> None:
    gap, speed = floats(NAN, 20, NAN, 20), floats(10, NAN, -3, -3)
    assert same(time_to_collision(gap, speed), [NAN, NAN, NAN, INF])
    assert same(time_headway(gap, speed), [NAN, NAN, NAN, INF])
    assert same(required_deceleration(gap, speed), [NAN, NAN, NAN, 0.0])


def test_time_headway_is_gap_per_own_speed() -> None:
    assert same(time_headway(floats(20, 20, -1), floats(10, 0.5, 10)), [2.0, INF, 0.0])


def test_the_braking_that_just_avoids_contact() -> None:
    found = required_deceleration(floats(10, 10, 0, 0), floats(10, -1, 1, -1))
    assert same(found, [5.0, 0.0, INF, 0.0])


@given(st.floats(0.1, 200), st.floats(0.6, 60))
def test_braking_as_required_stops_at_the_bumper(gap_m: float, closing_mps: float) -> None:
    braking = required_deceleration(floats(gap_m), floats(closing_mps))[0]
    assert closing_mps**2 / (2 * braking) == pytest.approx(gap_m)
    assert time_to_collision(floats(gap_m), floats(closing_mps))[0] == pytest.approx(
        gap_m / closing_mps
    )
