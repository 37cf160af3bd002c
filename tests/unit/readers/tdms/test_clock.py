"""Tests of the times of samples."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from avdataops.readers.tdms.clock import (
    FileClock,
    Ticks,
    file_clock,
    other_clock,
    stamps_ns,
    waveform_clock,
)
from avdataops.readers.tdms.kinds import EPOCH_S, Stamp, Value
from avdataops.readers.tdms.samples import STAMPS

START_NS = 1_700_000_000_000_000_000
START = Stamp(1_700_000_000 + EPOCH_S, 0)
HALF = Fraction(1, 2)
INCREMENTS = st.one_of(
    st.floats(1e-9, 2.0),
    st.sampled_from([1e-3, 0.1, 1 / 3, 1 / 44_100, 2e-9, 0.5, 2.0, 1e-7]),
)


def _stamp_times(pairs: list[tuple[int, int]]) -> tuple[list[int], list[bool]]:
    stamps = np.array(pairs, STAMPS)
    times, known = stamps_ns(stamps)
    return times.tolist(), known.tolist()


@settings(deadline=None)
@given(
    increment=INCREMENTS,
    fraction=st.integers(0, 2**64 - 1),
    start=st.integers(0, 2**31),
    rows=st.integers(1, 300),
)
@example(increment=1e-9, fraction=2**63, start=0, rows=300)
@example(increment=0.5e-9 + 1e-25, fraction=0, start=2**31, rows=300)
def test_times_are_the_exact_sums_rounded_once(
    increment: float, fraction: int, start: int, rows: int
) -> None:
    step = Fraction(increment) * 10**9
    ticks = Ticks(Stamp(EPOCH_S, fraction).unix_ns, step)
    exact = [
        math.floor(Fraction(fraction * 10**9, 2**64) + row * step + HALF)
        for row in range(start, start + rows)
    ]
    assert ticks.times(start, rows).tolist() == exact
    assert [ticks.at(row) for row in range(start, start + rows)] == exact


@pytest.mark.parametrize("first", [Fraction(0), HALF, Fraction(1, 4), Fraction(-1, 2)])
@pytest.mark.parametrize("step", [Fraction(1), HALF, Fraction(1, 3), Fraction(10**9, 7)])
def test_sums_that_lie_on_a_half_are_rounded_up(first: Fraction, step: Fraction) -> None:
    exact = [math.floor(first + row * step + HALF) for row in range(1000)]
    assert Ticks(first, step).times(0, 1000).tolist() == exact


def test_no_error_adds_up_over_a_billion_samples() -> None:
    ticks = Ticks(Fraction(START_NS), Fraction(0.001) * 10**9)
    wanted = START_NS + round(Fraction(0.001) * 10**9 * 10**9)
    assert ticks.times(10**9, 1).tolist() == [wanted]
    assert ticks.times(10**9 - 5, 10).tolist()[5] == wanted


def test_windows_of_any_size_give_the_same_times() -> None:
    ticks = Ticks(Fraction(START_NS), Fraction(1 / 44_100) * 10**9)
    whole = ticks.times(0, 100_000)
    parts = [ticks.times(start, 777) for start in range(0, 99_456, 777)]
    np.testing.assert_array_equal(np.concatenate(parts), whole[: 777 * len(parts)])


@pytest.mark.parametrize(
    ("first", "step", "rows", "fits"),
    [
        (0, 1, 10, True),
        (2**62 - 10, 1, 10, True),
        (2**62 - 9, 1, 10, False),
        (-(2**62), 1, 1, True),
        (-(2**62) - 1, 1, 1, False),
        (0, 10**300, 1, True),
        (0, 10**300, 2, False),
        (0, 10**300, 0, True),
    ],
)
def test_times_that_need_more_than_64_bits_do_not_fit(
    first: int, step: int, rows: int, *, fits: bool
) -> None:
    ticks = Ticks(Fraction(first), Fraction(step))
    assert ticks.fits(rows) is fits
    if fits and rows:
        assert ticks.times(0, rows)[0] == first


@given(st.lists(st.tuples(st.integers(-(2**33), 2**34), st.integers(0, 2**64 - 1)), max_size=20))
def test_moments_are_rounded_to_the_nearest_nanosecond(pairs: list[tuple[int, int]]) -> None:
    times, known = _stamp_times(pairs)
    exact = [math.floor(Stamp(*pair).unix_ns + HALF) for pair in pairs]
    for time, is_known, wanted in zip(times, known, exact, strict=True):
        if is_known:
            assert time == wanted
    assert all(
        is_known or not -(2**63) + 2 * 10**9 < wanted < 2**63 - 2 * 10**9
        for is_known, wanted in zip(known, exact, strict=True)
    )


@pytest.mark.parametrize("seconds", [2**63 - 1, -(2**63), 2**40, -(2**40)])
def test_moments_outside_of_64_bits_are_unknown(seconds: int) -> None:
    _, known = _stamp_times([(EPOCH_S, 0), (seconds, 0), (EPOCH_S + 1, 2**63)])
    assert known == [True, False, True]


def test_the_last_fraction_of_a_second_is_the_next_second() -> None:
    assert _stamp_times([(EPOCH_S + 5, 2**64 - 1)]) == ([6 * 10**9], [True])


def test_a_waveform_starts_at_its_own_start_plus_offset() -> None:
    properties: dict[str, Value] = {
        "wf_start_time": START,
        "wf_start_offset": 0.25,
        "wf_increment": 0.5,
    }
    clock = waveform_clock(properties, FileClock(Stamp(1, 0), "datetime"))
    assert clock is not None
    assert clock.note is None
    assert clock.kind == "waveform"
    assert clock.ticks.times(0, 3).tolist() == [START_NS + ms * 10**6 for ms in (250, 750, 1250)]


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"wf_start_time": START},
        {"wf_increment": 0.0},
        {"wf_increment": -0.1},
        {"wf_increment": math.nan},
        {"wf_increment": math.inf},
        {"wf_increment": "0.1"},
        {"wf_increment": True},
        {"wf_increment": START},
        {"wf_increment": 2.0, "wf_xunit_string": "Hz"},
    ],
)
def test_what_has_no_increment_in_seconds_is_no_waveform(properties: dict[str, Value]) -> None:
    assert waveform_clock(properties, FileClock()) is None


def test_an_offset_that_is_no_number_does_not_count() -> None:
    properties: dict[str, Value] = {"wf_start_time": START, "wf_increment": 1.0}
    plain = waveform_clock(properties, FileClock())
    assert waveform_clock({**properties, "wf_start_offset": math.nan}, FileClock()) == plain


def test_a_start_that_nobody_set_is_taken_from_the_file_and_said() -> None:
    properties: dict[str, Value] = {"wf_start_time": Stamp(0, 0), "wf_increment": 1.0}
    given_start = file_clock({"DateTime": START})
    clock = waveform_clock(properties, given_start)
    assert clock is not None
    assert clock.ticks.at(0) == START_NS
    assert clock.note == "its start is 'DateTime' of the file"
    assert not clock.is_guess


def test_a_waveform_without_any_start_is_no_time() -> None:
    clock = waveform_clock({"wf_increment": 0.5}, FileClock())
    assert clock is not None
    assert clock.is_guess
    assert clock.ticks.times(0, 2).tolist() == [0, 500_000_000]
    assert "not known" in str(clock.note)


def test_start_and_rate_of_the_file_make_a_waveform_and_are_named() -> None:
    facts: dict[str, Value] = {"GPSTimeStamp": START, "SamplingFrequency[Hz]": 500.0}
    clock = other_clock({}, file_clock({}, facts))
    assert clock.kind == "waveform"
    assert not clock.is_guess
    assert clock.ticks.times(0, 2).tolist() == [START_NS, START_NS + 2_000_000]
    assert clock.note == "its times follow 'GPSTimeStamp' and 'SamplingFrequency[Hz]' of the file"


def test_a_start_without_rate_only_says_where_the_numbers_begin() -> None:
    clock = other_clock({}, file_clock({"datetime": START}))
    assert clock.kind == "index"
    assert clock.is_guess
    assert clock.ticks.times(0, 2).tolist() == [START_NS, START_NS + 1]
    own = other_clock({"wf_start_time": START}, FileClock())
    assert own.ticks == clock.ticks
    assert "'wf_start_time'" in str(own.note)


def test_without_anything_samples_are_numbered_and_that_is_said() -> None:
    clock = other_clock({}, FileClock())
    assert clock.ticks.times(7, 2).tolist() == [7, 8]
    assert clock.note == "its samples have no times; t_ns is their number, counted from 0"


def test_the_group_is_asked_before_the_file_and_better_names_before_others() -> None:
    other = Stamp(EPOCH_S + 1, 0)
    found = file_clock({"CPUTimeStamp": other, "Start Time": START}, {"datetime": other})
    assert (found.start, found.start_name) == (START, "Start Time")
    assert file_clock({"rate": 5}, {"Sample Rate": 5}).rate_hz == 5.0


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, "500", True])
def test_a_rate_that_is_none_does_not_count(value: Value) -> None:
    assert file_clock({"SamplingFrequency[Hz]": value}).rate_hz is None


@pytest.mark.parametrize("value", [Stamp(0, 0), "2024-01-01", 17, True])
def test_a_start_that_is_no_moment_does_not_count(value: Value) -> None:
    assert file_clock({"datetime": value}).start is None
