"""Episodes: joining, onsets, and what gaps do to them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.episodes import Episode, Trigger, episodes

MS = 1_000_000
GAP_NS = 500 * MS


def every(count: int, period_ms: int = 100) -> Times:
    return np.arange(count, dtype=np.int64) * period_ms * MS


def found(x: Sequence[float], t: Times | None = None, **facts: float) -> list[tuple[int, int, int]]:
    """Return (onset, trigger, last) of each episode above 2, until below 1."""
    trigger = Trigger(
        on=2.0,
        off=1.0,
        max_gap_ns=GAP_NS,
        merge_ns=int(facts.get("merge_ns", 0)),
        onset=facts.get("onset"),
    )
    times = every(len(x)) if t is None else t
    return [(e.onset, e.trigger, e.last) for e in episodes(times, np.array(x), trigger)]


def test_a_run_between_the_levels_is_one_episode() -> None:
    assert found([0, 0, 3, 1.5, 3, 0, 0]) == [(2, 2, 4)]


def test_times_are_those_of_onset_and_of_the_first_sample_after() -> None:
    trigger = Trigger(on=2.0, off=1.0, max_gap_ns=GAP_NS)
    (one,) = episodes(every(6), np.array([0, 0, 3, 3, 0, 0.0]), trigger)
    assert (one.start_ns, one.stop_ns) == (200 * MS, 400 * MS)
    assert one.duration_s == pytest.approx(0.2)
    assert one.rows == slice(2, 4)
    assert not one.truncated


def test_short_pauses_are_joined_and_long_ones_are_not() -> None:
    x = [0, 3, 0, 3, 0, 0, 0, 3, 0]
    assert found(x) == [(1, 1, 1), (3, 3, 3), (7, 7, 7)]
    assert found(x, merge_ns=100 * MS) == [(1, 1, 3), (7, 7, 7)]
    assert found(x, merge_ns=300 * MS) == [(1, 1, 7)]


def test_the_onset_goes_back_to_its_level() -> None:
    assert found([0, 0.6, 0.8, 1.5, 3, 0], onset=0.5) == [(1, 4, 4)]


def test_the_onset_never_goes_back_into_the_episode_before() -> None:
    assert found([0, 3, 0.8, 0.8, 0.8, 3, 0], onset=0.5) == [(1, 1, 1), (2, 5, 5)]
    assert found([0, 0.6, 3, 0.8, 0.6, 3, 0], onset=0.5) == [(1, 2, 2), (3, 5, 5)]


def test_a_gap_is_never_joined_and_marks_both_sides() -> None:
    t = np.concatenate((every(4), every(4) + 1000 * MS))
    x = np.array([0, 3, 3, 3, 3, 3, 3, 0.0])
    trigger = Trigger(on=2.0, off=1.0, max_gap_ns=GAP_NS, merge_ns=10_000 * MS)
    first, second = episodes(t, x, trigger)
    assert (first.stop_ns, second.start_ns) == (300 * MS, 1000 * MS)
    assert first.truncated
    assert second.truncated


def test_an_onset_that_reaches_the_start_of_data_is_cut() -> None:
    t, x = every(4), np.array([0.8, 3, 3, 0])
    plain = Trigger(on=2.0, off=1.0, max_gap_ns=GAP_NS)
    (whole,) = episodes(t, x, plain)
    assert not whole.truncated
    (cut,) = episodes(t, x, Trigger(on=2.0, off=1.0, max_gap_ns=GAP_NS, onset=0.5))
    assert cut.truncated


def test_an_episode_of_no_time_is_left_out() -> None:
    assert found([0, 0, 3]) == []
    assert found([3], every(1)) == []
    assert found([], every(0)) == []


def test_falling_triggers_work_the_same() -> None:
    trigger = Trigger(on=-2.0, off=-1.0, max_gap_ns=GAP_NS, onset=-0.5)
    (one,) = episodes(every(6), np.array([0, -0.7, -3, -1.5, 0, 0]), trigger)
    assert (one.onset, one.trigger, one.last) == (1, 2, 3)


@given(
    arrays.arrays(np.float64, st.integers(0, 60), elements=st.floats(-3, 3)),
    st.integers(0, 500),
)
def test_episodes_are_in_order_apart_and_within_the_data(x: Floats, merge_ms: int) -> None:
    t = every(x.size)
    trigger = Trigger(on=1.0, off=0.0, max_gap_ns=GAP_NS, merge_ns=merge_ms * MS, onset=-0.5)
    made = episodes(t, x, trigger)
    for one in made:
        assert t[0] <= one.start_ns < one.stop_ns <= t[-1]
        assert one.onset <= one.trigger <= one.last
        assert x[one.trigger] >= 1.0
    for one, other in pairwise(made):
        assert isinstance(one, Episode)
        assert one.stop_ns <= other.start_ns


def test_the_onset_goes_no_further_back_than_it_may() -> None:
    x = [0.0, *[0.7] * 10, 1.5, 3.0, 3.0, 0.0, 0.0]
    assert found(x, onset=0.5) == [(1, 12, 13)]
    near = Trigger(on=2.0, off=1.0, max_gap_ns=GAP_NS, onset=0.5, onset_within_ns=300 * MS)
    (one,) = episodes(every(len(x)), np.array(x), near)
    assert (one.onset, one.trigger, one.last) == (8, 12, 13)


@pytest.mark.parametrize("within_ms", [0, 100, 700, 5000])
def test_a_bound_that_nothing_reaches_changes_nothing(within_ms: int) -> None:
    x = np.array([0.0, 0.0, 1.5, 3.0, 3.0, 0.0, 0.0])
    plain = Trigger(on=2.0, off=1.0, max_gap_ns=GAP_NS, onset=1.0)
    bounded = replace(plain, onset_within_ns=within_ms * MS)
    assert episodes(every(x.size), x, bounded) == episodes(every(x.size), x, plain)
