"""Distances and times by trapezoids over what is known, and exact intervals of rates."""

import numpy as np
import pytest
from scipy import integrate

from avdataops.model.time import NS_PER_S
from avdataops.signals.exposure import Driven, odometer, rate_bounds
from avdataops.signals.held_over import NEVER
from avdataops.testing.facts import T0_NS

S = NS_PER_S


def spans(*pairs: tuple[float, float]) -> np.ndarray:
    rows = [(T0_NS + round(a * S), T0_NS + round(b * S)) for a, b in pairs]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def times(*seconds: float) -> np.ndarray:
    return np.array([T0_NS + round(one * S) for one in seconds], dtype=np.int64)


def test_the_way_is_the_area_under_the_speed() -> None:
    t = np.linspace(0, 20, 201)
    speed = 5 + 3 * np.sin(t)
    way = odometer(times(*t), speed, S)
    driven = way.within(spans((0, 20)))
    assert driven.distance_m == pytest.approx(integrate.trapezoid(speed, t))
    assert driven.duration_s == pytest.approx(20)


def test_parts_add_up_and_what_is_outside_counts_nothing() -> None:
    way = odometer(times(0, 1, 2, 3), np.array([2.0, 4.0, 4.0, 0.0]), S)
    whole = way.within(spans((-5, 50)))
    assert (whole.distance_m, whole.duration_s) == pytest.approx((9.0, 3.0))
    parts = way.within(spans((0, 1.25))) + way.within(spans((1.25, 1.5), (1.5, 3)))
    assert parts.distance_m == pytest.approx(9.0)
    assert way.within(spans((0, 1))).distance_m == pytest.approx(3.0)
    assert way.within(NEVER) == Driven()


def test_nothing_is_driven_over_gaps_or_at_unknown_speed() -> None:
    speed = np.array([10.0, 10.0, np.nan, 10.0, 10.0, 10.0])
    way = odometer(times(0, 1, 2, 3, 4, 9), speed, 2 * S)
    driven = way.within(spans((0, 9)))
    assert (driven.distance_m, driven.duration_s) == pytest.approx((20.0, 2.0))


def test_backwards_is_driven_too() -> None:
    way = odometer(times(0, 1), np.array([-2.0, -2.0]), S)
    assert way.within(spans((0, 1))).distance_m == pytest.approx(2.0)


def test_without_samples_nothing_is_driven() -> None:
    empty = odometer(times(), np.empty(0), S)
    assert empty.within(spans((0, 1))) == Driven()


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39), (100, 81.36, 121.63)],
)
def test_intervals_are_those_of_the_tables(events: int, low: float, high: float) -> None:
    """Exact Poisson limits as printed by Ulm 1990 and others."""
    assert rate_bounds(events, 1.0) == pytest.approx((low, high), rel=2e-3)
    assert rate_bounds(events, 2.0)[1] == pytest.approx(high / 2, rel=2e-3)


def test_without_exposure_any_rate_is_possible() -> None:
    assert rate_bounds(3, 0.0) == (0.0, float("inf"))
