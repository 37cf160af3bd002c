"""Steady boxes of tracks, stays beside a lane, and what holds long enough."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.boxes import first_lasting, stay_beside, steady_reach_y
from avdataops.signals.corridor import CorridorParams
from avdataops.signals.road_users import Sightings, Sizes, road_users
from avdataops.testing.drives import clock, cruise, drive, other

T_S = clock(20.0, 10)
NS = np.arange(50, dtype=np.int64) * (NS_PER_S // 10)


def truck() -> Sightings:
    """A truck beside the ego for 20 s."""
    y = np.full(T_S.size, 3.5)
    one = other("t", T_S, y * 0 + 30.0, y, 15.0, length_m=10.0, width_m=2.5)
    users = road_users(drive(cruise(20.0), (one,)), CorridorParams(), Sizes(4.5, 1.8))
    return users.seen.rows(users.tracks[0])


def noisy(seen: Sightings) -> Sightings:
    rng = np.random.default_rng(1)
    count = seen.t.size
    return replace(
        seen,
        heading_rad=rng.normal(0.0, 0.04, count),
        length_m=seen.length_m + rng.normal(0.0, 0.2, count),
        width_m=seen.width_m + rng.normal(0.0, 0.1, count),
    )


def test_a_straight_box_reaches_half_its_width() -> None:
    assert steady_reach_y(truck(), 1.0, NS_PER_S) == pytest.approx(1.25, abs=1e-3)


def test_noise_neither_moves_nor_widens_the_box_much() -> None:
    reach = steady_reach_y(noisy(truck()), 1.0, NS_PER_S)
    assert reach.std() < 0.05
    assert reach.mean() == pytest.approx(1.25, abs=0.09)


def test_a_box_that_turns_reaches_further() -> None:
    turned = replace(truck(), heading_rad=np.full(T_S.size, 0.2))
    expected = (10.0 * np.sin(0.2) + 2.5 * np.cos(0.2)) / 2
    assert steady_reach_y(turned, 1.0, NS_PER_S) == pytest.approx(expected, abs=1e-3)


def test_an_unknown_heading_is_straight() -> None:
    unknown = replace(truck(), heading_rad=np.full(T_S.size, np.nan))
    assert steady_reach_y(unknown, 1.0, NS_PER_S) == pytest.approx(1.25)


def test_no_rows_have_no_reach() -> None:
    assert steady_reach_y(truck().rows(np.empty(0, dtype=np.int64)), 1.0, NS_PER_S).size == 0


def stay(*outside_m: float) -> tuple[int, int] | None:
    values: Floats = np.array(outside_m)
    t: Times = NS[: values.size]
    return stay_beside(t, values, 0.3)


def test_a_stay_goes_from_clear_to_the_last_clear_row() -> None:
    assert stay(0.1, 0.4, 0.5, 0.4, 0.2, 0.1) == (1, 3)


def test_a_swing_towards_the_line_does_not_end_it() -> None:
    assert stay(0.4, 0.1, 0.05, 0.4, 0.2) == (0, 3)


def test_touching_the_line_ends_it_and_the_latest_stay_counts() -> None:
    assert stay(0.4, 0.4, -0.1, 0.2, 0.5, 0.1) == (4, 4)


@pytest.mark.parametrize("outside", [(), (0.2,), (0.2, 0.1, -0.3)])
def test_without_a_clear_row_there_is_no_stay(outside: tuple[float, ...]) -> None:
    assert stay(*outside) is None


def lasting(*spans: tuple[int, int], start: int = 0, hold: float = 1.0) -> int | None:
    mask = np.zeros(NS.size, dtype=np.bool_)
    for first, stop in spans:
        mask[first:stop] = True
    hold_ns = round(hold * NS_PER_S)
    return first_lasting(NS, mask, start, hold_ns=hold_ns, within_ns=3 * NS_PER_S)


def test_what_holds_for_a_second_is_found_at_its_first_row() -> None:
    assert lasting((5, 10), (12, 23)) == 12


def test_exactly_a_second_is_enough_and_less_is_not() -> None:
    assert lasting((5, 16)) == 5
    assert lasting((5, 15)) is None


def test_too_late_is_not_soon_enough() -> None:
    assert lasting((20, 40)) == 20
    assert lasting((21, 40)) is None
    assert lasting((21, 40), start=5) == 21


def test_what_was_true_before_the_start_counts_from_there() -> None:
    assert lasting((0, 40), start=7) == 7
    assert lasting() is None
