"""The head of ASC logs."""

from datetime import UTC, datetime

import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.readers.canlog.asc_header import AscHeader, parse_date, read_header


def ns(*fields: int) -> int:
    """Return ns of year, month, day, hour, minute, second."""
    year, month, day, hour, minute, second = fields
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 10**9


def header(text: str, encoding: str = "utf-8") -> AscHeader:
    return read_header(BytesFile("a.asc", text.encode(encoding)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri Feb 14 08:51:20 am 2020", ns(2020, 2, 14, 8, 51, 20)),
        ("Fri Feb 14 08:51:20 pm 2020", ns(2020, 2, 14, 20, 51, 20)),
        ("Fri Feb 14 12:00:00 AM 2020", ns(2020, 2, 14, 0, 0, 0)),
        ("Fri Feb 14 12:00:00 PM 2020", ns(2020, 2, 14, 12, 0, 0)),
        ("Fri Feb 14 17:00:00 pm 2020", ns(2020, 2, 14, 17, 0, 0)),
        ("Fri Feb 14 08:51:20.123 am 2020", ns(2020, 2, 14, 8, 51, 20) + 123_000_000),
        ("Sam Sep 30 15:06:13.191 2017", ns(2017, 9, 30, 15, 6, 13) + 191_000_000),
        ("Sam Sep 30 15:06:13,5 2017", ns(2017, 9, 30, 15, 6, 13) + 500_000_000),
        ("Mit Mai 3 10:15:30 2023", ns(2023, 5, 3, 10, 15, 30)),
        ("Die Mär 3 10:15:30 2020", ns(2020, 3, 3, 10, 15, 30)),
        ("Die Mrz 3 10:15:30 2020", ns(2020, 3, 3, 10, 15, 30)),
        ("Don Dez 31 23:59:59.999999999 2020", ns(2020, 12, 31, 23, 59, 59) + 999_999_999),
        ("Don Okt 1 00:00:00 2020", ns(2020, 10, 1, 0, 0, 0)),
        ("Mar Ene 1 00:00:00 2020 Jan", ns(2020, 1, 1, 0, 0, 0)),
        ("14 February 2020 08:51:20", ns(2020, 2, 14, 8, 51, 20)),
        ("begin triggerblock Fri Jul 4 08:51:20 am 2025", ns(2025, 7, 4, 8, 51, 20)),
    ],
)
def test_dates_in_the_words_of_loggers(text: str, expected: int) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Fri Feb 14 2020",
        "Fri Feb 08:51:20 2020",
        "Fri 14 08:51:20 2020",
        "Fri Feb 14 08:51:20",
        "Fri Feb 30 08:51:20 2020",
        "Fri Feb 14 25:51:20 2020",
        "Fri Feb 14 08:61:20 2020",
        "Fri Feb 14 08:51:20 1969",
        "Fri Feb 14 08:51:20 2150",
        "Fri Xyz 14 08:51:20 2020",
    ],
)
def test_other_texts_are_no_date(text: str) -> None:
    assert parse_date(text) is None


def test_base_and_kind_of_times_are_read() -> None:
    date = "date Fri Feb 14 08:51:20 am 2020\n"
    start_ns = ns(2020, 2, 14, 8, 51, 20)
    assert header(date) == AscHeader(start_ns=start_ns, base=16, is_relative=False)
    text = date + "base dec  timestamps relative\n"
    assert header(text) == AscHeader(start_ns=start_ns, base=10, is_relative=True)
    text = date + "// a comment\nBASE HEX  TIMESTAMPS ABSOLUTE\r\n"
    assert header(text) == AscHeader(start_ns=start_ns, base=16, is_relative=False)


def test_an_older_code_page_is_read() -> None:
    found = header("date Die Mär 3 10:15:30 2020\n", "cp1252")
    assert found.start_ns == ns(2020, 3, 3, 10, 15, 30)


def test_a_mark_of_utf_8_is_no_part_of_the_date() -> None:
    found = header("\ufeffdate Die Mär 3 10:15:30 2020\n")
    assert found.start_ns == ns(2020, 3, 3, 10, 15, 30)


def test_the_start_of_measurement_has_the_date_of_its_trigger_block() -> None:
    text = (
        "date Fri Feb 14 08:51:20 2020\nbase hex\nBegin Triggerblock Fri Feb 14 09:00:00 2020\n"
        "   0.000000 Start of measurement\n"
    )
    assert header(text).start_ns == ns(2020, 2, 14, 9, 0, 0)


@pytest.mark.parametrize("event", ["   5.0 1 123 Rx d 0", "", "   5.0 Log Trigger Event"])
def test_a_later_trigger_block_does_not_move_the_start(event: str) -> None:
    text = (
        "date Fri Feb 14 08:51:20 2020\nbase hex\nBegin Triggerblock Fri Feb 14 09:00:00 2020\n"
        f"{event}\n"
    )
    assert header(text).start_ns == ns(2020, 2, 14, 8, 51, 20)


def test_a_trigger_block_without_a_date_leaves_that_of_the_file() -> None:
    text = "date Fri Feb 14 08:51:20 2020\nBegin Triggerblock\n 0.0 Start of measurement\n"
    assert header(text).start_ns == ns(2020, 2, 14, 8, 51, 20)


def test_an_unreadable_date_is_unknown() -> None:
    assert header("date 08:51:20 someday\n").start_ns is None


def test_a_head_without_a_whole_line_is_unreadable() -> None:
    with pytest.raises(UnreadableFile, match=r"a\.asc breaks off in its first line"):
        header("date Fri Feb 14 08:51:20 2020")
