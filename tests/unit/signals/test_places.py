"""Nearest known places and the choice of observations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import NS_PER_S
from avdataops.signals.places import Observations, Reach, nearest_known, pick_observation

MIN_NS = 60 * NS_PER_S
REACH = Reach(max_age_ns=90 * MIN_NS, future_ns=10 * MIN_NS, max_distance_m=50_000.0)
NAN = float("nan")


def seen(*rows: tuple[int, float, float]) -> Observations:
    """Observations as (minute, latitude, longitude)."""
    return Observations(
        np.array([minute * MIN_NS for minute, _, _ in rows], dtype=np.int64),
        np.array([lat for _, lat, _ in rows], dtype=np.float64),
        np.array([lon for _, _, lon in rows], dtype=np.float64),
    )


def picked_rows(observations: Observations, minutes: list[int], lat: float = 50.0) -> list[int]:
    t = np.array(minutes, dtype=np.int64) * MIN_NS
    found = pick_observation(observations, t, np.full(t.size, lat), np.full(t.size, 8.0), REACH)
    return [int(row) for row in found.row]


def test_a_known_row_is_its_own_nearest() -> None:
    t = np.array([0, 10, 20], dtype=np.int64)
    assert nearest_known(t, np.array([True, True, True]), 0).tolist() == [0, 1, 2]


def test_the_nearest_known_row_is_taken_by_time_and_not_by_row() -> None:
    t = np.array([0, 10, 11, 12, 100], dtype=np.int64)
    known = np.array([True, False, False, False, True])
    assert nearest_known(t, known, 1000).tolist() == [0, 0, 0, 0, 4]
    late = np.array([0, 60, 90, 100], dtype=np.int64)
    assert nearest_known(late, np.array([True, False, False, True]), 1000).tolist() == [0, 3, 3, 3]


def test_of_two_known_rows_as_near_the_earlier_counts() -> None:
    t = np.array([0, 5, 10], dtype=np.int64)
    assert nearest_known(t, np.array([True, False, True]), 5).tolist() == [0, 0, 2]


def test_a_known_row_too_far_away_does_not_count() -> None:
    t = np.array([0, 5, 6], dtype=np.int64)
    assert nearest_known(t, np.array([True, False, False]), 5).tolist() == [0, 0, -1]


def test_rows_before_the_first_known_one_take_the_first() -> None:
    t = np.array([0, 5, 9], dtype=np.int64)
    assert nearest_known(t, np.array([False, False, True]), 5).tolist() == [-1, 2, 2]


def test_nothing_known_gives_nothing() -> None:
    t = np.array([0, 5], dtype=np.int64)
    assert nearest_known(t, np.array([False, False]), 100).tolist() == [-1, -1]
    assert nearest_known(t[:0], np.empty(0, dtype=np.bool_), 100).tolist() == []


@given(
    st.lists(
        st.tuples(st.integers(0, 1000), st.booleans()), max_size=30, unique_by=lambda row: row[0]
    ),
    st.integers(0, 1000),
)
def test_no_other_known_row_is_nearer_than_the_one_found(
    rows: list[tuple[int, bool]], max_age: int
) -> None:
    t = np.array([time for time, _ in sorted(rows)], dtype=np.int64)
    known = np.array([is_known for _, is_known in sorted(rows)], dtype=np.bool_)
    for row, at in enumerate(nearest_known(t, known, max_age)):
        away = np.abs(t[known] - t[row])
        if away.size == 0 or away.min() > max_age:
            assert at == -1
        else:
            assert known[at]
            assert abs(t[at] - t[row]) == away.min()


def test_the_latest_observation_before_the_tick_counts() -> None:
    assert picked_rows(seen((0, 50, 8), (30, 50, 8)), [29, 30, 31]) == [0, 1, 1]


def test_the_order_of_observations_does_not_matter() -> None:
    assert picked_rows(seen((30, 50, 8), (0, 50, 8)), [29, 30, 31]) == [1, 0, 0]


def test_an_observation_is_taken_up_to_the_largest_age_and_no_longer() -> None:
    assert picked_rows(seen((0, 50, 8)), [90, 91]) == [0, -1]


def test_one_ahead_counts_only_within_tolerance_and_if_none_is_behind() -> None:
    assert picked_rows(seen((100, 50, 8)), [89, 90, 100]) == [-1, 0, 0]
    assert picked_rows(seen((11, 50, 8), (100, 50, 8)), [99, 101, 102]) == [0, 1, 1]


def test_of_several_ahead_the_first_counts() -> None:
    assert picked_rows(seen((9, 50, 8), (5, 50, 8)), [0]) == [1]


def test_the_nearest_station_wins_even_with_an_older_observation() -> None:
    near, far = (0, 50.1, 8.0), (60, 50.3, 8.0)
    assert picked_rows(seen(far, near), [60]) == [1]


def test_a_farther_station_stands_in_where_the_nearest_has_nothing_in_time() -> None:
    near, far = (0, 50.1, 8.0), (60, 50.3, 8.0)
    assert picked_rows(seen(far, near), [60, 90, 91]) == [1, 1, 0]


def test_a_station_out_of_reach_is_not_asked() -> None:
    # One degree of latitude is 111.2 km on the mean sphere.
    assert picked_rows(seen((0, 50.45, 8.0)), [0], lat=50.0) == [-1]
    assert picked_rows(seen((0, 50.44, 8.0)), [0], lat=50.0) == [0]


def test_of_observations_at_the_same_time_and_place_the_last_given_counts() -> None:
    assert picked_rows(seen((0, 50, 8), (0, 50, 8)), [0]) == [1]


def test_age_and_distance_are_told() -> None:
    t = np.array([10 * MIN_NS, -5 * MIN_NS, 200 * MIN_NS], dtype=np.int64)
    found = pick_observation(seen((0, 51, 8)), t, np.full(3, 51.1), np.full(3, 8.0), REACH)
    assert found.row.tolist() == [0, 0, -1]
    assert found.age_s[:2].tolist() == [600.0, -300.0]
    assert np.isnan(found.age_s[2])
    assert found.distance_m[:2] == pytest.approx([11_119.5, 11_119.5], abs=1)
    assert np.isnan(found.distance_m[2])


def test_a_tick_without_a_place_gets_nothing() -> None:
    found = pick_observation(
        seen((0, 50, 8)), np.zeros(2, np.int64), np.array([NAN, 50]), np.array([8, NAN]), REACH
    )
    assert found.row.tolist() == [-1, -1]


def test_no_observations_and_no_ticks_are_fine() -> None:
    assert picked_rows(seen(), [0, 1]) == [-1, -1]
    assert picked_rows(seen((0, 50, 8)), []) == []
