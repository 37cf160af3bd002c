"""Tests of the trigger and of the algebra on intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Floats, Pairs, Times
from avdataops.signals.intervals import (
    Runs,
    complement,
    drop_short,
    hysteresis,
    intersect,
    known_intervals,
    merge_close,
    onset_rows,
    subtract,
    total_ns,
    true_runs,
    union,
)

NAN = float("nan")


def pairs(*rows: tuple[int, int]) -> Pairs:
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def every_10(count: int) -> Times:
    return np.arange(count, dtype=np.int64) * 10


def falling(x: list[float], t: Times | None = None) -> Runs:
    times = every_10(len(x)) if t is None else t
    return hysteresis(times, np.array(x), on=-3.0, off=-1.5, max_gap_ns=25)


def rows(runs: Runs) -> list[tuple[int, int, bool, bool]]:
    return list(
        zip(
            runs.start.tolist(),
            runs.stop.tolist(),
            runs.truncated_start.tolist(),
            runs.truncated_stop.tolist(),
            strict=True,
        )
    )


def test_a_falling_trigger_goes_on_at_on_and_off_above_off() -> None:
    found = falling([0, -2, -3, -2, -1.5, -1.4, -2, 0])
    assert rows(found) == [(2, 5, False, False)]
    assert found.times(every_10(8)).tolist() == [[20, 50]]


def test_a_rising_trigger_goes_on_at_on_and_off_below_off() -> None:
    x = np.array([0, 2, 3, 2, 1.5, 1.4, 2, 0])
    found = hysteresis(every_10(8), x, on=3.0, off=1.5, max_gap_ns=25)
    assert rows(found) == [(2, 5, False, False)]


def test_between_the_levels_nothing_switches() -> None:
    assert rows(falling([0, -2.9, -1.6, -2.9, 0])) == []
    assert rows(falling([0, -4, -1.6, -2.9, 0])) == [(1, 4, False, False)]


def test_runs_at_the_ends_of_the_data_are_marked_as_truncated() -> None:
    found = falling([-4, -4, 0, -4])
    assert rows(found) == [(0, 2, True, False), (3, 4, False, True)]
    assert found.times(every_10(4)).tolist() == [[0, 20], [30, 30]]


def test_a_run_is_split_at_a_gap_and_both_parts_are_marked() -> None:
    t = np.array([0, 10, 20, 50, 60, 70], dtype=np.int64)
    found = falling([0, -4, -4, -4, -4, 0], t)
    assert rows(found) == [(1, 3, False, True), (3, 5, True, False)]
    assert found.times(t).tolist() == [[10, 20], [50, 70]]


def test_nothing_is_carried_across_a_gap_by_the_band_between_the_levels() -> None:
    t = np.array([0, 10, 50, 60], dtype=np.int64)
    assert rows(falling([0, -4, -2, -2], t)) == [(1, 2, False, True)]


def test_an_unknown_sample_ends_a_run_and_is_in_none() -> None:
    assert rows(falling([0, -4, NAN, -4, -2, 0])) == [(1, 2, False, True), (3, 5, True, False)]
    assert rows(falling([0, -4, NAN, -2, 0])) == [(1, 2, False, True)]
    assert rows(falling([NAN, NAN])) == []


@pytest.mark.parametrize("step", [0, -10])
def test_a_time_that_repeats_or_steps_back_splits_like_a_gap(step: int) -> None:
    t = np.array([0, 10, 10 + step, 20 + step], dtype=np.int64)
    assert rows(falling([0, -4, -4, 0], t)) == [(1, 2, False, True), (2, 3, True, False)]


def test_of_no_samples_there_are_no_runs() -> None:
    found = falling([])
    assert rows(found) == []
    assert found.times(every_10(0)).shape == (0, 2)


@pytest.mark.parametrize(("on", "off"), [(1.0, 1.0), (NAN, 1.0), (1.0, NAN)])
def test_levels_that_tell_no_direction_are_refused(on: float, off: float) -> None:
    with pytest.raises(InputError, match="do not tell a direction"):
        hysteresis(every_10(2), np.zeros(2), on=on, off=off, max_gap_ns=25)


signals = st.lists(
    st.tuples(st.sampled_from([5, 10, 40]), st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, NAN])),
    max_size=40,
)


def arrays(samples: list[tuple[int, float]]) -> tuple[Times, Floats]:
    t = np.cumsum(np.array([step for step, _ in samples], dtype=np.int64))
    return t, np.array([value for _, value in samples], dtype=np.float64)


@given(signals)
def test_the_trigger_is_that_of_the_plain_loop(samples: list[tuple[int, float]]) -> None:
    t, x = arrays(samples)
    expected, state = [], False
    for i, value in enumerate(x):
        new_segment = i == 0 or t[i] - t[i - 1] > 25 or np.isnan(x[i - 1]) or np.isnan(value)
        state = value >= 3 or (state and not new_segment and value >= 1.5)
        expected.append((state, new_segment))
    found = hysteresis(t, x, on=3.0, off=1.5, max_gap_ns=25)
    inside = np.zeros(len(samples), dtype=np.bool_)
    for start, stop in zip(found.start, found.stop, strict=True):
        assert not inside[start:stop].any()
        inside[start:stop] = True
        assert not any(new for _, new in expected[start + 1 : stop])
    assert inside.tolist() == [on for on, _ in expected]


@given(signals)
def test_a_falling_trigger_is_a_rising_one_upside_down(samples: list[tuple[int, float]]) -> None:
    t, x = arrays(samples)
    up = hysteresis(t, x, on=3.0, off=1.5, max_gap_ns=25)
    down = hysteresis(t, -x, on=-3.0, off=-1.5, max_gap_ns=25)
    assert rows(up) == rows(down)


def test_an_onset_is_where_the_signal_left_the_lower_level() -> None:
    x = [0, -0.6, 0, -0.5, -0.6, -2, -3, -4, 0]
    runs = falling(x)
    found = onset_rows(every_10(9), np.array(x), runs, level=-0.5, max_gap_ns=25)
    assert (runs.start.tolist(), found.tolist()) == ([6], [4])


def test_an_onset_goes_back_to_the_start_of_the_segment_at_most() -> None:
    x = [-2.0, -2, -4, NAN, -2, -3, 0]
    runs = falling(x)
    assert runs.start.tolist() == [2, 5]
    found = onset_rows(every_10(7), np.array(x), runs, level=-0.5, max_gap_ns=25)
    assert found.tolist() == [0, 4]


def test_an_onset_of_a_rise_goes_back_while_above() -> None:
    x = np.array([0.0, 0.5, 0.6, 2, 3, 0])
    runs = hysteresis(every_10(6), x, on=2.5, off=1.0, max_gap_ns=25)
    assert onset_rows(every_10(6), x, runs, level=0.5, max_gap_ns=25).tolist() == [2]
    none = hysteresis(every_10(6), x, on=99, off=1.0, max_gap_ns=25)
    assert onset_rows(every_10(6), x, none, level=0.5, max_gap_ns=25).tolist() == []


def test_runs_of_true() -> None:
    mask = np.array([True, False, True, True, False, True])
    assert true_runs(mask).tolist() == [[0, 1], [2, 4], [5, 6]]
    assert true_runs(np.zeros(3, dtype=np.bool_)).shape == (0, 2)
    assert true_runs(np.zeros(0, dtype=np.bool_)).shape == (0, 2)


def test_close_intervals_are_merged_in_any_order() -> None:
    given_pairs = pairs((50, 60), (0, 10), (15, 20), (8, 12), (5, 5))
    assert merge_close(given_pairs, 0).tolist() == [[0, 12], [15, 20], [50, 60]]
    assert merge_close(given_pairs, 3).tolist() == [[0, 20], [50, 60]]
    assert merge_close(pairs((0, 100), (10, 20), (101, 102)), 0).tolist() == [[0, 100], [101, 102]]


def test_touching_intervals_are_one() -> None:
    assert merge_close(pairs((0, 10), (10, 20)), 0).tolist() == [[0, 20]]


def test_short_intervals_are_dropped_and_one_of_the_least_length_stays() -> None:
    assert drop_short(pairs((0, 9), (20, 30), (40, 51)), 10).tolist() == [[20, 30], [40, 51]]


def test_an_intersection_is_half_open() -> None:
    assert intersect(pairs((0, 10), (20, 30)), pairs((10, 22), (25, 40))).tolist() == [
        [20, 22],
        [25, 30],
    ]


def test_the_complement_fills_what_is_asked_and_no_more() -> None:
    assert complement(pairs((10, 20), (30, 40)), 0, 50).tolist() == [[0, 10], [20, 30], [40, 50]]
    assert complement(pairs((10, 20), (30, 40)), 15, 35).tolist() == [[20, 30]]
    assert complement(pairs(), 0, 5).tolist() == [[0, 5]]
    assert complement(pairs((0, 99)), 5, 5).tolist() == []
    assert complement(pairs((0, 10), (50, 60)), 20, 30).tolist() == [[20, 30]]


def test_empty_sets_stay_empty() -> None:
    none = pairs()
    assert merge_close(none, 5).shape == (0, 2)
    assert intersect(none, pairs((0, 5))).shape == (0, 2)
    assert subtract(none, pairs((0, 5))).shape == (0, 2)
    assert drop_short(none, 5).shape == (0, 2)
    assert total_ns(none) == 0


def test_something_that_is_no_set_of_intervals_is_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        merge_close(np.zeros(4, dtype=np.int64), 0)


sets = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=8,
).map(lambda found: pairs(*found))


def instants(found: Pairs) -> set[int]:
    return {instant for start, stop in found.tolist() for instant in range(start, stop)}


@given(sets, sets)
def test_the_algebra_is_that_of_sets_of_instants(a: Pairs, b: Pairs) -> None:
    assert instants(union(a, b)) == instants(a) | instants(b)
    assert instants(intersect(a, b)) == instants(a) & instants(b)
    assert instants(subtract(a, b)) == instants(a) - instants(b)
    assert instants(complement(a, 5, 70)) == set(range(5, 70)) - instants(a)
    assert total_ns(a) == len(instants(a))


@given(sets, sets)
def test_results_are_sorted_apart_and_not_empty(a: Pairs, b: Pairs) -> None:
    for found in (union(a, b), intersect(a, b), subtract(a, b), complement(a, 0, 80)):
        assert np.all(found[:, 1] > found[:, 0])
        assert np.all(found[1:, 0] > found[:-1, 1])


def test_a_signal_is_known_between_valid_samples_close_to_each_other() -> None:
    t = np.array([0, 10, 20, 30, 60, 70, 100], dtype=np.int64)
    valid = np.array([True, True, False, True, True, True, True])
    assert known_intervals(t, valid, 20).tolist() == [[0, 10], [60, 70]]
    assert known_intervals(t, valid, 30).tolist() == [[0, 10], [30, 100]]


def test_what_is_known_does_not_depend_on_the_order_of_samples() -> None:
    t = np.array([20, 0, 10, 10], dtype=np.int64)
    assert known_intervals(t, np.array([True, True, False, True]), 10).tolist() == [[0, 20]]
    assert known_intervals(t, np.array([True, True, True, False]), 10).tolist() == []
    assert known_intervals(t[:1], np.array([True]), 10).tolist() == []
    assert known_intervals(t[:0], np.zeros(0, dtype=np.bool_), 10).tolist() == []


def test_false_is_only_what_is_known_and_not_true() -> None:
    t = every_10(10)
    x = np.array([0, 0, 5, 5, 0, NAN, NAN, 0, 0, 0])
    known = known_intervals(t, ~np.isnan(x), 10)
    true = hysteresis(t, x, on=3, off=1, max_gap_ns=10).times(t)
    assert true.tolist() == [[20, 40]]
    assert subtract(known, true).tolist() == [[0, 20], [70, 90]]
    assert complement(known, 0, 100).tolist() == [[40, 70], [90, 100]]


@given(signals)
def test_true_false_and_unknown_divide_all_time_between_them(
    samples: list[tuple[int, float]],
) -> None:
    t, x = arrays(samples)
    known = known_intervals(t, ~np.isnan(x), 25)
    true = merge_close(hysteresis(t, x, on=3, off=1.5, max_gap_ns=25).times(t), 0)
    false, unknown = subtract(known, true), complement(known, 0, 2000)
    assert instants(true) <= instants(known)
    assert len(instants(intersect(true, false))) == 0
    assert total_ns(true) + total_ns(false) + total_ns(unknown) == 2000


@given(sets, st.integers(0, 10))
def test_merging_keeps_all_that_was_there_and_adds_only_short_pauses(a: Pairs, gap: int) -> None:
    merged = merge_close(a, gap)
    assert instants(merged) >= instants(a)
    added = subtract(merged, a)
    assert np.all(added[:, 1] - added[:, 0] <= gap)
    assert np.all(merged[1:, 0] - merged[:-1, 1] > gap)


@given(signals)
def test_onsets_are_never_after_the_start_and_lie_beyond_the_level(
    samples: list[tuple[int, float]],
) -> None:
    t, x = arrays(samples)
    runs = hysteresis(t, x, on=3, off=1.5, max_gap_ns=25)
    found = onset_rows(t, x, runs, level=0.5, max_gap_ns=25)
    for onset, start in zip(found.tolist(), runs.start.tolist(), strict=True):
        assert onset <= start
        assert np.all(x[onset : start + 1] > 0.5)
        assert np.all(np.diff(t[onset : start + 1]) <= 25)
        can_go_on = onset > 0 and t[onset] - t[onset - 1] <= 25
        assert not (can_go_on and x[onset - 1] > 0.5)
