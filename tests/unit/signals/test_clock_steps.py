"""Steps in the least delay, against exact truth, and counters that run over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.clock_steps import find_steps, unwrap_counter

MS = 1_000_000
S = 1_000_000_000
T0 = 1_700_000_000 * S


def _receive(count: int, period_ns: int = 100 * MS) -> np.ndarray:
    return T0 + np.arange(count, dtype=np.int64) * period_ns


def _queue(count: int, mean_ms: float = 5.0, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).exponential(mean_ms, count) * MS).astype(np.int64)


@pytest.mark.parametrize("row", [300, 777, 1500])
@pytest.mark.parametrize("step_ms", [-5000, -50, -25, 25, 50, 5000])
def test_a_step_is_found_at_the_message_that_first_shows_it(row: int, step_ms: int) -> None:
    delay = _queue(1800, mean_ms=1.0)
    delay[row:] += step_ms * MS
    assert find_steps(_receive(1800), delay).tolist() == [row]


def test_several_steps_are_found_in_order() -> None:
    delay = _queue(3000, mean_ms=1.0)
    delay[500:] += 60 * MS
    delay[1200:] -= 40 * MS
    delay[2000:] += 90 * MS
    assert find_steps(_receive(3000), delay).tolist() == [500, 1200, 2000]


def test_a_step_up_amid_queueing_lies_within_one_second() -> None:
    for seed in range(20):
        delay = _queue(3000, mean_ms=5.0, seed=seed)
        delay[1000:] += 50 * MS
        (found,) = find_steps(_receive(3000), delay)
        assert abs(found - 1000) <= 10


def test_changes_below_the_limit_and_drift_are_no_steps() -> None:
    delay = _queue(6000)
    delay[2000:] += 15 * MS
    drift = (np.arange(6000) * 100 * MS * 190e-6).astype(np.int64)
    assert find_steps(_receive(6000), delay + drift).size == 0
    assert find_steps(_receive(6000), delay - drift).size == 0


def test_a_queue_that_stalls_for_three_seconds_is_no_step() -> None:
    delay = _queue(2000)
    delay[700:730] += 400 * MS
    assert find_steps(_receive(2000), delay).size == 0


def test_drift_across_a_long_silence_is_no_step() -> None:
    receive = _receive(1000)
    receive[500:] += 1000 * S
    delay = _queue(1000) + ((receive - T0) * 100e-6).astype(np.int64)
    assert find_steps(receive, delay).size == 0


def test_a_step_across_a_silence_is_the_first_message_after_it() -> None:
    receive = _receive(1000)
    receive[500:] += 60 * S
    delay = _queue(1000, mean_ms=1.0)
    delay[500:] += 200 * MS
    assert find_steps(receive, delay).tolist() == [500]


def test_one_stamp_from_the_future_is_cut_out() -> None:
    delay = _queue(1000)
    delay[400] -= 3600 * S
    assert find_steps(_receive(1000), delay).tolist() == [400, 401]


def test_a_change_in_the_last_seconds_is_not_told_from_a_stall() -> None:
    delay = _queue(1000)
    delay[990:] += 500 * MS
    assert find_steps(_receive(1000), delay).size == 0


@pytest.mark.parametrize("count", [0, 1, 19, 39])
def test_short_records_have_no_steps(count: int) -> None:
    delay = np.zeros(count, dtype=np.int64)
    delay[count // 2 :] = S
    assert find_steps(_receive(count), delay).size == 0


def test_lengths_must_match() -> None:
    with pytest.raises(InputError, match="3 receive times, but 2 delays"):
        find_steps(_receive(3), np.zeros(2, dtype=np.int64))


def test_a_counter_of_32_bits_goes_on_where_it_starts_again() -> None:
    true_us = np.arange(0, 3 * 2**32, 2**29, dtype=np.int64) + 7
    unwrapped = unwrap_counter(true_us % 2**32, bits=32, tick_ns=1000)
    np.testing.assert_array_equal(unwrapped, true_us * 1000)


@given(
    st.integers(2, 40),
    st.integers(0, 2**50),
    st.lists(st.floats(-0.49, 0.49), min_size=1, max_size=30),
)
def test_steps_of_less_than_half_a_turn_come_out_exactly(
    bits: int, start: int, turns: list[float]
) -> None:
    steps = np.array([int(turn * 2**bits) for turn in turns], dtype=np.int64)
    true = start + np.cumsum(steps)
    found = unwrap_counter(true % 2**bits, bits=bits)
    np.testing.assert_array_equal(np.diff(found), np.diff(true))


def test_reordered_counts_near_the_end_step_back_not_round() -> None:
    counts = np.array([2**32 - 2, 1, 2**32 - 1, 2], dtype=np.int64)
    assert np.diff(unwrap_counter(counts)).tolist() == [3, -2, 3]


def test_no_counts_give_no_times() -> None:
    assert unwrap_counter(np.empty(0, dtype=np.int64)).size == 0


@pytest.mark.parametrize(("bits", "tick_ns"), [(1, 1), (64, 1), (32, 0)])
def test_impossible_counters_are_refused(bits: int, tick_ns: int) -> None:
    with pytest.raises(InputError):
        unwrap_counter(np.zeros(2, dtype=np.int64), bits=bits, tick_ns=tick_ns)
