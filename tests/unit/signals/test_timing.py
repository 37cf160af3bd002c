"""Tests of timing, gaps and coverage, whole and in batches."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Times
from avdataops.signals.timing import (
    Gaps,
    Timing,
    TimingAccumulator,
    coverage_by_window,
    find_gaps,
    measure_timing,
    median_period_ns,
)

T0 = 1_790_000_000_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000


def times(*values: int) -> Times:
    return np.array(values, dtype=np.int64)


def at_rate(rate_hz: int, count: int) -> Times:
    return T0 + np.arange(count, dtype=np.int64) * (SECOND // rate_hz)


def gap_pairs(gaps: Gaps) -> list[tuple[int, int]]:
    return list(zip(gaps.start_ns.tolist(), gaps.stop_ns.tolist(), strict=True))


def test_an_even_stream_has_its_exact_rate_and_no_jitter() -> None:
    assert measure_timing(at_rate(100, 1001)) == Timing(
        rows=1001,
        first_ns=T0,
        last_ns=T0 + 10 * SECOND,
        median_period_ns=10 * MS,
        rate_hz=100.0,
        jitter_ms=0.0,
        backwards=0,
        duplicates=0,
        coverage=1.0,
    )


def test_of_no_rows_nothing_is_known() -> None:
    assert measure_timing(times()) == Timing(0, None, None, None, None, None, 0, 0, None)
    assert median_period_ns(times()) is None
    assert find_gaps(times()).median_period_ns is None
    assert gap_pairs(find_gaps(times())) == []


def test_one_row_has_a_time_but_no_rate() -> None:
    assert measure_timing(times(5)) == Timing(1, 5, 5, None, None, None, 0, 0, None)
    assert gap_pairs(find_gaps(times(5))) == []


def test_rows_at_one_time_are_duplicates_and_make_no_period() -> None:
    timing = measure_timing(times(T0, T0, T0))
    assert (timing.duplicates, timing.median_period_ns, timing.coverage) == (2, None, None)


def test_backward_steps_are_counted_and_first_and_last_are_extremes() -> None:
    t = times(T0 + 100 * MS, T0 + 200 * MS, T0, T0 + 300 * MS, T0 + 400 * MS)
    timing = measure_timing(t)
    assert timing.backwards == 1
    assert (timing.first_ns, timing.last_ns) == (T0, T0 + 400 * MS)
    assert timing.median_period_ns == 100 * MS


def test_lost_rows_lower_the_coverage_and_duplicates_do_not_raise_it() -> None:
    kept = np.delete(at_rate(10, 101), np.arange(50, 60))
    timing = measure_timing(kept)
    assert timing.coverage == pytest.approx(91 / 101)
    doubled = measure_timing(np.repeat(kept, 2))
    assert doubled.coverage == pytest.approx(91 / 101)
    assert doubled.duplicates == 91


def test_coverage_is_never_above_one() -> None:
    t = np.concatenate((at_rate(10, 50), at_rate(10, 50) + 37 * MS))
    assert measure_timing(t).coverage == 1.0


def test_jitter_is_the_spread_between_the_5th_and_the_95th_percentile() -> None:
    steps = np.tile([90, 95, 100, 100, 100, 100, 100, 100, 105, 110], 40) * MS
    timing = measure_timing(T0 + np.cumsum(steps))
    assert timing.median_period_ns == 100 * MS
    assert timing.jitter_ms == pytest.approx(20.0)


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=200))
def test_the_median_is_within_a_thousandth_of_the_sorted_one(steps: list[int]) -> None:
    t = np.cumsum(np.array([0, *steps], dtype=np.int64))
    exact = sorted(steps)[(len(steps) - 1) // 2]
    found = median_period_ns(t)
    assert found is not None
    assert abs(found - exact) <= exact / 1000 + 1


def test_a_gap_is_longer_than_three_periods_and_than_a_fifth_of_a_second() -> None:
    fast = np.delete(at_rate(100, 300), np.arange(100, 115))
    assert gap_pairs(find_gaps(fast)) == []
    assert gap_pairs(find_gaps(fast, min_gap_ns=100 * MS)) == [
        (T0 + 990 * MS, T0 + 1_150 * MS),
    ]
    slow = np.delete(at_rate(2, 40), [10, 11, 20, 21, 22])
    assert gap_pairs(find_gaps(slow)) == [(T0 + 9_500 * MS, T0 + 11_500 * MS)]


def test_a_silence_of_exactly_the_limit_is_no_gap() -> None:
    t = np.delete(at_rate(10, 100), [50, 51])
    assert gap_pairs(find_gaps(t)) == []
    assert gap_pairs(find_gaps(t, max_periods=2.9)) == [(T0 + 4_900 * MS, T0 + 5_200 * MS)]


def test_late_rows_do_not_make_gaps() -> None:
    t = at_rate(10, 100)
    swapped = np.concatenate((t[:40], t[50:], t[40:50]))
    assert gap_pairs(find_gaps(swapped)) == []


def test_a_stray_stamp_far_ahead_is_one_gap_at_the_end() -> None:
    t = at_rate(10, 100)
    t[50] = T0 + 3600 * SECOND
    found = find_gaps(t)
    assert gap_pairs(found) == [(T0 + 9_900 * MS, T0 + 3600 * SECOND)]
    assert found.median_period_ns == 100 * MS


@st.composite
def recorded(draw: st.DrawFn) -> Times:
    steps = draw(
        st.lists(
            st.one_of(
                st.just(100 * MS),
                st.integers(-300 * MS, 400 * MS),
                st.integers(SECOND, 5 * SECOND),
            ),
            max_size=60,
        )
    )
    return T0 + np.cumsum(np.array(steps, dtype=np.int64))


@given(recorded(), st.lists(st.integers(0, 60), max_size=6))
def test_batches_cut_anywhere_give_the_result_of_the_whole(t: Times, cuts: list[int]) -> None:
    in_batches = TimingAccumulator()
    for part in np.split(t, sorted(cuts)):
        in_batches.add(part)
    assert in_batches.timing() == measure_timing(t)
    assert gap_pairs(in_batches.gaps()) == gap_pairs(find_gaps(t))


@given(recorded())
def test_gaps_are_those_of_the_sorted_times(t: Times) -> None:
    found = find_gaps(t)
    limit = max(3 * (found.median_period_ns or 0), 200 * MS)
    ordered = np.unique(t).tolist()
    expected = [(a, b) for a, b in pairwise(ordered) if b - a > limit]
    assert gap_pairs(found) == expected


def test_memory_does_not_grow_with_rows() -> None:
    rng = np.random.default_rng(3)
    accumulator = TimingAccumulator()
    start = T0
    for _ in range(30):
        steps = rng.integers(9 * MS, 11 * MS, 10_000)
        batch = start + np.cumsum(steps)
        start = int(batch[-1])
        accumulator.add(batch)
    assert accumulator.timing().rows == 300_000
    assert accumulator._steps._bins.size < 400
    assert accumulator._starts.size == 1


def test_steps_of_months_are_binned_without_overflow() -> None:
    half_a_year = 15_000_000 * SECOND
    assert median_period_ns(times(0, half_a_year, 2 * half_a_year)) == pytest.approx(
        half_a_year, rel=1e-3
    )


def test_a_gap_limit_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="min_gap_ns"):
        find_gaps(times(1, 2), min_gap_ns=0)


def test_coverage_by_window_shows_where_rows_are_missing() -> None:
    t = np.delete(at_rate(10, 301), np.arange(120, 130))
    starts, share = coverage_by_window(t, period_ns=100 * MS, window_ns=10 * SECOND)
    assert starts.tolist() == [T0, T0 + 10 * SECOND, T0 + 20 * SECOND]
    assert share.tolist() == pytest.approx([1.0, 0.9, 1.0])


def test_coverage_by_window_ignores_order_and_duplicates_and_the_last_rest() -> None:
    t = np.concatenate((at_rate(10, 150)[::-1], at_rate(10, 20)))
    starts, share = coverage_by_window(t, period_ns=100 * MS, window_ns=10 * SECOND)
    assert starts.tolist() == [T0]
    assert share.tolist() == [1.0]
    nothing, none = coverage_by_window(times(), period_ns=1, window_ns=1)
    assert (nothing.size, none.size) == (0, 0)


@given(recorded(), st.integers(0, 2**31))
def test_gaps_and_extremes_do_not_depend_on_the_order_of_rows(t: Times, seed: int) -> None:
    mixed = np.random.default_rng(seed).permutation(t)
    in_order, in_disorder = TimingAccumulator(), TimingAccumulator()
    in_order.add(t)
    in_disorder.add(mixed)
    # Without a period the limit is 0.2 s for both, whatever the steps between the rows.
    assert gap_pairs(in_order.gaps(max_periods=0)) == gap_pairs(in_disorder.gaps(max_periods=0))
    one, other = in_order.timing(), in_disorder.timing()
    assert (one.rows, one.first_ns, one.last_ns) == (other.rows, other.first_ns, other.last_ns)


def test_asking_in_between_changes_nothing() -> None:
    t = at_rate(100, 500)
    accumulator = TimingAccumulator()
    accumulator.add(t[:200])
    assert accumulator.timing() == measure_timing(t[:200])
    accumulator.gaps()
    accumulator.add(t[200:])
    assert accumulator.timing() == measure_timing(t)
