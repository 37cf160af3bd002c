"""Times survive to the nanosecond, whatever way they are written."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_S, TimeRange, format_time, parse_time

TIMES = st.integers(-(2**63), 2**63 - 1)
DAY_NS = 86_400 * NS_PER_S


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2026-11-20T17:03:04.5Z", 1_795_194_184_500_000_000),
        ("2026-11-20 17:03:04", 1_795_194_184_000_000_000),
        ("2026-11-20t17:03:04z", 1_795_194_184_000_000_000),
        ("2026-11-20T19:03:04+02:00", 1_795_194_184_000_000_000),
        ("2026-11-20T11:33:04-05:30", 1_795_194_184_000_000_000),
        ("  1795194184123456789 ", 1_795_194_184_123_456_789),
        ("-5", -5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_stamps_and_numbers_are_read_exactly(text: str, expected: int) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+0", 0),
        ("+12.5s", 12_500_000_000),
        ("+12.5", 12_500_000_000),
        ("+0.000000001s", 1),
        ("+3600s", 3600 * NS_PER_S),
    ],
)
def test_relative_times_count_from_the_origin(text: str, expected: int) -> None:
    assert parse_time(text, 100) == 100 + expected


def test_a_relative_time_needs_an_origin() -> None:
    with pytest.raises(InputError, match="counts from the start") as caught:
        parse_time("+12.5s")
    assert "--measurement" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "12.5s", "2026-11-20", "2026-13-20T17:03:04Z", "2026-11-20T25:03:04Z",
        "2026-11-20T17:03:60Z", "2026-11-20T17:03:04.1234567890Z", "2026-11-20T17:03:04+25:00",
        "2026-11-20T17:03:04 CET", "+-5", "+1e3", "1e18", "0x10", "+" + "9" * 400, "\u0663",
        "9223372036854775808", "-9223372036854775809", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2262-04-11T23:47:16.854775808Z",
    ],
)  # fmt: skip
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_time(text, 0)
    assert len(caught.value.message) < 200


def test_a_relative_time_beyond_the_end_of_time_is_refused() -> None:
    with pytest.raises(InputError, match="64 bits"):
        parse_time("+1s", 2**63 - 1)


@given(TIMES)
@example(0)
@example(-1)
@example(999_999_999)
@example(2**63 - 1)
@example(-(2**63))
def test_what_was_written_is_read_back(t_ns: int) -> None:
    assert parse_time(format_time(t_ns)) == t_ns
    assert parse_time(str(t_ns)) == t_ns


@given(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)))  # noqa: DTZ001 - made aware below
def test_microseconds_agree_with_the_standard_library(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    expected = (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1_000
    assert parse_time(moment.isoformat()) == expected


@pytest.mark.parametrize(
    ("t_ns", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (500_000_000, "1970-01-01T00:00:00.500Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_only_as_many_digits_as_needed_are_written(t_ns: int, expected: str) -> None:
    assert format_time(t_ns) == expected


def test_ranges_are_half_open() -> None:
    first, second = TimeRange(0, 10), TimeRange(10, 20)
    assert not first.overlaps(second)
    assert first.overlaps(TimeRange(9, 10))
    assert first.union(second) == TimeRange(0, 20)
    assert TimeRange(0, NS_PER_S).duration_s == 1.0
    assert TimeRange(5, 5).duration_s == 0.0


def test_a_range_cannot_end_before_it_begins() -> None:
    with pytest.raises(InputError, match="before it starts"):
        TimeRange(1, 0)


@given(*[st.integers(0, 12)] * 4)
def test_overlap_means_a_common_instant(a: int, b: int, c: int, d: int) -> None:
    first, second = TimeRange(min(a, b), max(a, b)), TimeRange(min(c, d), max(c, d))
    assert first.overlaps(second) == second.overlaps(first)
    common = set(range(first.start_ns, first.stop_ns)) & set(range(second.start_ns, second.stop_ns))
    if first.duration_s and second.duration_s:
        assert first.overlaps(second) == bool(common)
