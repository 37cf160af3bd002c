"""Tests of decimation, change-only enumerations and the choice of frames."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.resample import _stages, decimate, keep_changes, pick_frames

T0 = 1_790_000_000_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000
GAP = 200 * MS


def seconds(t: Times) -> Floats:
    return np.asarray((t - T0) / SECOND, dtype=np.float64)


def at_rate(rate_hz: float, count: int, start_ns: int = T0) -> Times:
    steps = np.rint(np.arange(count) * (SECOND / rate_hz)).astype(np.int64)
    return np.asarray(start_ns + steps, dtype=np.int64)


def times(*values: int) -> Times:
    return np.array(values, dtype=np.int64)


def test_a_vibration_that_would_alias_is_gone_and_the_slow_motion_stays() -> None:
    t = at_rate(1000, 20_001)
    slow = np.sin(2 * np.pi * 0.3 * seconds(t))
    thin = decimate(t, slow + 0.5 * np.sin(2 * np.pi * 93 * seconds(t)), 10, max_gap_ns=GAP)
    expected = np.sin(2 * np.pi * 0.3 * seconds(thin.t_ns))
    error = thin.x - expected
    inside = slice(15, -15)
    assert np.sqrt(np.mean(error[inside] ** 2)) < 2e-4
    assert np.max(np.abs(error)) < 0.03
    naive = slow[::100] + 0.5 * np.sin(2 * np.pi * 93 * seconds(t)[::100])
    assert np.sqrt(np.mean((naive - slow[::100]) ** 2)) > 0.3


def test_the_vibration_is_still_seen_in_the_extremes() -> None:
    t = at_rate(1000, 20_001)
    thin = decimate(t, 0.5 * np.sin(2 * np.pi * 93 * seconds(t)), 10, max_gap_ns=GAP)
    assert np.all(thin.x_max > 0.45)
    assert np.all(thin.x_min < -0.45)


@pytest.mark.parametrize(("frequency_hz", "gain"), [(1.0, 1.0), (2.9, 1.0), (5.1, 0.0), (9.0, 0.0)])
def test_the_pass_and_the_stop_band_are_those_that_are_promised(
    frequency_hz: float, gain: float
) -> None:
    t = at_rate(200, 12_001)
    thin = decimate(t, np.sin(2 * np.pi * frequency_hz * seconds(t)), 10, max_gap_ns=GAP)
    expected = gain * np.sin(2 * np.pi * frequency_hz * seconds(thin.t_ns))
    assert np.max(np.abs(thin.x - expected)[20:-20]) < 3e-4


def test_there_is_no_phase_shift() -> None:
    t = at_rate(100, 6001)
    x = np.sin(2 * np.pi * 0.5 * seconds(t))
    thin = decimate(t, x, 10, max_gap_ns=GAP)
    assert np.max(np.abs(thin.x - np.sin(2 * np.pi * 0.5 * seconds(thin.t_ns)))[20:-20]) < 2e-4


def test_times_are_multiples_of_the_period_inside_the_data() -> None:
    t = at_rate(100, 500, T0 + 123_456_789)
    thin = decimate(t, np.ones(500), 10, max_gap_ns=GAP)
    assert thin.t_ns[0] == T0 + 200 * MS
    assert set(np.diff(thin.t_ns).tolist()) == {100 * MS}
    assert t[-1] - 100 * MS < thin.t_ns[-1] <= t[-1]


@pytest.mark.parametrize(("source_hz", "rate_hz"), [(1000, 30), (100, 29.97), (11, 10), (50, 33.3)])
def test_rates_that_do_not_divide_each_other_keep_a_sine(source_hz: float, rate_hz: float) -> None:
    t = at_rate(source_hz, int(60 * source_hz))
    thin = decimate(t, np.sin(2 * np.pi * 0.2 * seconds(t)), rate_hz, max_gap_ns=GAP)
    assert np.max(np.abs(thin.x - np.sin(2 * np.pi * 0.2 * seconds(thin.t_ns)))) < 0.01
    assert thin.t_ns.size == pytest.approx(60 * rate_hz, abs=2)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-1e6, 1e6),
    st.lists(st.integers(1 * MS, 9 * MS), min_size=1, max_size=300),
    st.floats(1, 60),
)
def test_a_constant_stays_constant(level: float, steps: list[int], rate_hz: float) -> None:
    t = T0 + np.cumsum(np.array(steps, dtype=np.int64))
    thin = decimate(t, np.full(t.size, level), rate_hz, max_gap_ns=GAP)
    assert np.allclose(thin.x, level, rtol=1e-9, atol=1e-9)
    assert np.all(np.isin(thin.x_min, thin.x) | (thin.x_min == level))
    assert thin.t_ns.size <= seconds(t[-1:])[0] * rate_hz * 1.02 + 1 or thin.t_ns is t


def test_a_ramp_stays_a_ramp_up_to_its_ends() -> None:
    t = at_rate(100, 301)
    thin = decimate(t, 3 + 2 * seconds(t), 10, max_gap_ns=GAP)
    assert thin.x == pytest.approx(3 + 2 * seconds(thin.t_ns), abs=1e-6)


def test_nothing_is_filtered_across_a_gap_and_nothing_is_made_up_inside() -> None:
    t = np.concatenate((at_rate(100, 300), at_rate(100, 300, T0 + 5 * SECOND)))
    x = np.repeat([1.0, 9.0], 300)
    thin = decimate(t, x, 10, max_gap_ns=GAP)
    first = thin.t_ns <= t[299]
    assert thin.x[first] == pytest.approx(1.0, abs=1e-12)
    assert thin.x[~first] == pytest.approx(9.0, abs=1e-12)
    assert np.min(thin.t_ns[~first]) >= T0 + 5 * SECOND
    assert thin.t_ns[first].size == 30
    assert thin.t_ns[~first].size == 30


def test_without_the_gap_limit_the_same_data_would_be_bridged() -> None:
    t = np.concatenate((at_rate(100, 300), at_rate(100, 300, T0 + 5 * SECOND)))
    thin = decimate(t, np.repeat([1.0, 9.0], 300), 10, max_gap_ns=3 * SECOND)
    assert np.any((thin.t_ns > t[299]) & (thin.t_ns < T0 + 5 * SECOND))


def test_one_unknown_sample_leaves_its_row_known() -> None:
    t = at_rate(100, 1001)
    x = seconds(t).copy()
    x[505] = np.nan
    thin = decimate(t, x, 10, max_gap_ns=GAP)
    assert thin.x == pytest.approx(seconds(thin.t_ns), abs=1e-6)


def test_rows_whose_every_sample_is_unknown_are_unknown_and_no_others() -> None:
    t = at_rate(100, 1001)
    x = seconds(t).copy()
    x[485:516] = np.nan
    thin = decimate(t, x, 10, max_gap_ns=5 * SECOND)
    assert np.flatnonzero(np.isnan(thin.x)).tolist() == [49, 50, 51]
    assert np.flatnonzero(np.isnan(thin.x_max)).tolist() == [49, 50, 51]


def test_a_long_unknown_stretch_is_unknown_and_its_edges_are_not_filtered_together() -> None:
    t = at_rate(100, 1001)
    x = np.where(seconds(t) < 5, 1.0, 9.0)
    x[450:560] = np.nan
    x[700] = np.inf
    thin = decimate(t, x, 10, max_gap_ns=GAP)
    assert thin.t_ns.size == 101
    assert np.flatnonzero(np.isnan(thin.x)).tolist() == list(range(45, 56))
    assert thin.x[:45] == pytest.approx(1.0, abs=1e-12)
    assert thin.x[56:] == pytest.approx(9.0, abs=1e-12)
    assert np.nanmax(thin.x_max) == 9.0


def test_a_peak_of_one_sample_is_kept_in_exactly_one_row() -> None:
    t = at_rate(1000, 5000, T0 + 30 * MS)
    for peak in (0, 19, 20, 2503, 4999):
        x = np.zeros(5000)
        x[peak] = 7.0
        thin = decimate(t, x, 10, max_gap_ns=GAP)
        rows = np.flatnonzero(thin.x_max == 7.0)
        assert rows.size == 1
        assert abs(int(thin.t_ns[rows[0]] - t[peak])) <= 100 * MS


def test_jitter_is_taken_out_before_filtering() -> None:
    rng = np.random.default_rng(1)
    t = at_rate(200, 6000) + rng.integers(-2 * MS, 2 * MS, 6000)
    thin = decimate(t, np.sin(2 * np.pi * 0.5 * seconds(t)), 10, max_gap_ns=GAP)
    assert np.max(np.abs(thin.x - np.sin(2 * np.pi * 0.5 * seconds(thin.t_ns)))[15:-15]) < 1e-3


def test_a_source_that_is_slow_enough_passes_untouched() -> None:
    t = times(T0 + 300 * MS, T0, T0 + 100 * MS, T0 + 200 * MS, T0 + 200 * MS)
    x = np.array([1.0, np.nan, 2.0, 3.0, 4.0])
    thin = decimate(t, x, 10, max_gap_ns=GAP)
    assert np.array_equal(thin.t_ns, t)
    assert all(np.array_equal(column, x, equal_nan=True) for column in thin[1:])


def test_a_source_measured_a_little_above_the_rate_passes_too() -> None:
    t = at_rate(10.05, 100)
    assert decimate(t, np.ones(100), 10, max_gap_ns=GAP).t_ns.size == 100


def test_nothing_and_one_sample_pass() -> None:
    assert decimate(times(), np.empty(0), 10, max_gap_ns=GAP).t_ns.size == 0
    assert decimate(times(T0), np.ones(1), 10, max_gap_ns=GAP).t_ns.tolist() == [T0]


def test_order_and_duplicates_do_not_matter_except_that_the_last_counts() -> None:
    rng = np.random.default_rng(2)
    t = at_rate(100, 800)
    x = rng.normal(size=800)
    order = rng.permutation(800)
    sorted_thin = decimate(t, x, 10, max_gap_ns=GAP)
    mixed = decimate(
        np.concatenate((t[:50], t[order])),
        np.append(np.full(50, 99.0), x[order]),
        10,
        max_gap_ns=GAP,
    )
    for one, other in zip(sorted_thin, mixed, strict=True):
        assert np.array_equal(one, other)


def test_a_segment_between_two_ticks_gives_no_row_and_hurts_no_other() -> None:
    t = np.concatenate((at_rate(100, 300), at_rate(100, 3, T0 + 4_010 * MS)))
    thin = decimate(t, np.ones(303), 10, max_gap_ns=GAP)
    assert np.max(thin.t_ns) < T0 + 3 * SECOND


def test_a_segment_of_all_unknown_values_gives_unknown_rows() -> None:
    thin = decimate(at_rate(100, 101), np.full(101, np.nan), 10, max_gap_ns=GAP)
    assert thin.t_ns.size == 11
    assert np.isnan(np.stack(thin[1:])).all()


def test_a_wrong_rate_and_wrong_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="rate_hz"):
        decimate(times(1), np.ones(1), 0, max_gap_ns=GAP)
    with pytest.raises(InputError, match="do not match"):
        decimate(times(1), np.ones(2), 10, max_gap_ns=GAP)


@pytest.mark.parametrize(
    ("ratio", "stages"),
    [(2.0, [2]), (100.02, [10, 10]), (1.1, [2]), (13.0, [13]), (17.0, [9, 2]), (26.0, [13, 2])],
)
def test_stages_are_at_most_13_and_reach_the_ratio(ratio: float, stages: list[int]) -> None:
    assert _stages(ratio) == stages


def test_changes_keep_first_each_change_and_the_last_before_silence() -> None:
    t = times(0, 1, 2, 3, 4, 100, 101, 102)
    x = np.array([5, 5, 6, 6, 6, 6, 6, 6])
    assert keep_changes(t, x, max_gap_ns=10).tolist() == [0, 2, 4, 5, 7]


def test_unknown_after_unknown_is_no_change_but_from_or_to_unknown_is() -> None:
    x = np.array([np.nan, np.nan, 1.0, np.nan, np.nan, np.nan])
    assert keep_changes(np.arange(6), x, max_gap_ns=10).tolist() == [0, 2, 3, 5]


def test_texts_are_enumerations_too() -> None:
    x = np.array(["P", "P", "D", "D", "R"])
    assert keep_changes(np.arange(5), x, max_gap_ns=10).tolist() == [0, 2, 4]


def test_changes_are_found_in_order_of_time() -> None:
    t, x = times(3, 1, 2, 0, 2), np.array([1, 0, 9, 0, 0])
    assert keep_changes(t, x, max_gap_ns=10).tolist() == [3, 0]
    assert keep_changes(times(), np.empty(0), max_gap_ns=10).tolist() == []


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), min_size=1, max_size=40),
)
def test_holding_the_changes_gives_back_every_sample(rows: list[tuple[int, int]]) -> None:
    t = np.cumsum(np.array([step for step, _ in rows], dtype=np.int64))
    x = np.array([value for _, value in rows])
    kept = keep_changes(t, x, max_gap_ns=10)
    held = kept[np.searchsorted(t[kept], t, side="right") - 1]
    assert np.array_equal(x[held], x)


def test_frames_are_the_nearest_to_each_tick_and_the_first_is_kept() -> None:
    t = times(*(T0 + ms * MS for ms in (0, 90, 190, 260, 340, 480, 520, 600, 740)))
    assert pick_frames(t, 2).tolist() == [0, 5]
    assert pick_frames(t, 4).tolist() == [0, 3, 5, 8]


def test_of_two_frames_as_near_the_earlier_is_taken() -> None:
    t = times(T0, T0 + 80 * MS, T0 + 90 * MS, T0 + 110 * MS, T0 + 120 * MS, T0 + 200 * MS)
    assert pick_frames(t, 10).tolist() == [0, 2, 5]


def test_a_slow_camera_keeps_all_its_frames_even_with_jitter() -> None:
    rng = np.random.default_rng(4)
    t = at_rate(10, 200) + rng.integers(-20 * MS, 20 * MS, 200)
    assert pick_frames(t, 10).size == 200
    assert pick_frames(times(), 2).tolist() == []
    assert pick_frames(times(T0), 2).tolist() == [0]


@given(
    st.lists(st.integers(0, 300 * MS), min_size=1, max_size=80),
    st.floats(0.5, 20),
    st.integers(0, 2**31),
)
def test_frames_are_used_once_and_never_more_than_one_per_tick(
    steps: list[int], rate_hz: float, seed: int
) -> None:
    t = T0 + np.cumsum(np.array(steps, dtype=np.int64))
    t = np.random.default_rng(seed).permutation(t)
    kept = pick_frames(t, rate_hz)
    assert np.all(np.diff(t[kept]) > 0)
    assert t[kept[0]] == np.min(t)
    if kept.size < np.unique(t).size:
        tick = np.ceil((t[kept] - np.min(t)) * rate_hz / SECOND - 0.5)
        assert np.unique(tick).size == kept.size


def test_picking_at_no_rate_is_refused() -> None:
    with pytest.raises(InputError, match="rate_hz"):
        pick_frames(times(1, 2), 0)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), min_size=1, max_size=40),
    st.integers(0, 2**31),
)
def test_changes_do_not_depend_on_the_order_of_rows(rows: list[tuple[int, int]], seed: int) -> None:
    t = np.cumsum(np.array([step for step, _ in rows], dtype=np.int64))
    x = np.array([value for _, value in rows])
    order = np.random.default_rng(seed).permutation(t.size)
    mixed = keep_changes(t[order], x[order], max_gap_ns=10)
    assert np.array_equal(order[mixed], keep_changes(t, x, max_gap_ns=10))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([4 * MS, 6 * MS, 500 * MS]), min_size=2, max_size=400),
    st.integers(0, 2**31),
)
def test_rows_lie_inside_segments_and_extremes_hold_every_sample(
    steps: list[int], seed: int
) -> None:
    t = T0 + np.cumsum(np.array(steps, dtype=np.int64))
    x = np.random.default_rng(seed).normal(size=t.size)
    thin = decimate(t, x, 20, max_gap_ns=GAP)
    place = np.searchsorted(t, thin.t_ns, side="right") - 1
    on_sample = t[place] == thin.t_ns
    following = t[np.minimum(place + 1, t.size - 1)]
    assert np.all(on_sample | (following - t[place] <= GAP))
    assert np.all(np.diff(thin.t_ns) > 0)
    assert np.isfinite(thin.x).all()
    assert set(np.concatenate((thin.x_min, thin.x_max))) <= set(x) | set(thin.x)
    assert np.all(thin.x_min <= thin.x_max)


def test_an_hour_at_1_khz_takes_a_moment() -> None:
    t = at_rate(1000, 3_600_000)
    thin = decimate(t, np.ones(t.size), 10, max_gap_ns=GAP)
    assert thin.t_ns.size == 36_000
    assert thin.x == pytest.approx(1.0)


@pytest.mark.parametrize("step_ns", [1, 10, 199])
def test_samples_that_are_numbered_rather_than_timed_pass_as_they_are(step_ns: int) -> None:
    t = np.arange(2000, dtype=np.int64) * step_ns
    x = np.sin(np.arange(2000.0))
    made = decimate(t, x, 50.0, max_gap_ns=200_000_000)
    assert np.array_equal(made.t_ns, t)
    assert np.array_equal(made.x, x)


def test_a_heartbeat_fills_long_runs_with_the_latest_sample_that_is_in_time() -> None:
    t = np.array([0, 4, 8, 12, 16, 40, 44], dtype=np.int64)
    x = np.zeros(7)
    assert keep_changes(t, x, max_gap_ns=30, heartbeat_ns=10).tolist() == [0, 2, 4, 5, 6]
    assert keep_changes(t, x, max_gap_ns=30, heartbeat_ns=8).tolist() == [0, 2, 4, 5, 6]
    assert keep_changes(t, x, max_gap_ns=30, heartbeat_ns=1).tolist() == list(range(7))


@given(
    steps=st.lists(st.integers(1, 20), max_size=80),
    heartbeat_ns=st.integers(1, 60),
    seed=st.integers(0, 99),
)
def test_with_a_heartbeat_no_sample_is_older_than_it_unless_there_is_none(
    steps: list[int], heartbeat_ns: int, seed: int
) -> None:
    t = np.cumsum(np.array([0, *steps], dtype=np.int64))
    x = np.random.default_rng(seed).integers(0, 2, t.size)
    kept = keep_changes(t, x, max_gap_ns=15, heartbeat_ns=heartbeat_ns)
    held = kept[np.searchsorted(kept, np.arange(t.size), side="right") - 1]
    assert np.array_equal(x[held], x)
    for before, after in pairwise(kept):
        assert after == before + 1 or t[after] - t[before] <= heartbeat_ns
