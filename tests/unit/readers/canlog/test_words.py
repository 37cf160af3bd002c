"""Words of lines, and the numbers that they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.readers.canlog.words import (
    Words,
    equals,
    first_mark,
    hex_bytes,
    integers,
    nanoseconds,
    split_words,
)


def words_of(*texts: str) -> Words:
    """Return the first word of each text; an empty one is a line without words."""
    return split_words("".join(f"{text}\n" for text in texts).encode()).word(0)


def spelled(words: Words) -> list[bytes]:
    return [words.bytes_of(number) for number in range(len(words))]


def test_words_are_parted_by_any_blank() -> None:
    lines = split_words(b"  a bb\tccc \r\n\n\x00 d\n")
    assert lines.count.tolist() == [3, 0, 1]
    assert spelled(lines.word(0)) == [b"a", b"", b"d"]
    assert spelled(lines.word(2)) == [b"ccc", b"", b""]


def test_a_text_that_begins_with_a_word_has_it() -> None:
    assert spelled(split_words(b"one two\n").word(0)) == [b"one"]


def test_no_text_has_no_lines() -> None:
    lines = split_words(b"")
    assert len(lines) == 0
    assert spelled(lines.word(0)) == []


def test_each_line_may_be_asked_for_another_word() -> None:
    lines = split_words(b"a b c\nd e f\ng\n")
    assert spelled(lines.word(np.array([2, 0, 1]))) == [b"c", b"d", b""]
    assert spelled(lines.word(1, np.array([1, 2]))) == [b"e", b""]
    assert spelled(lines.word(-1)) == [b"", b"", b""]


@given(
    st.lists(
        st.lists(st.text("abc019.#", min_size=1, max_size=9), max_size=4), min_size=1, max_size=8
    )
)
def test_splitting_agrees_with_the_language(texts: list[list[str]]) -> None:
    lines = split_words("".join(" ".join(line) + "\n" for line in texts).encode())
    assert lines.count.tolist() == [len(line) for line in texts]
    for number in range(4):
        expected = [(line[number] if number < len(line) else "").encode() for line in texts]
        assert spelled(lines.word(number)) == expected


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("0", 10, 0),
        ("007", 10, 7),
        ("1234567890", 10, 1_234_567_890),
        ("7fF", 16, 0x7FF),
        ("FFFFFFFF", 16, 0xFFFFFFFF),
        ("12a", 10, None),
        ("-1", 10, None),
        ("+1", 10, None),
        ("1_0", 10, None),
        ("0x1", 16, None),
        ("12345678901", 10, None),
        ("", 10, None),
        ("\u0663", 10, None),
    ],
)
def test_integers(text: str, base: int, expected: int | None) -> None:
    value, good = integers(words_of(text), base, 10)
    assert good.tolist() == [expected is not None]
    if expected is not None:
        assert value.tolist() == [expected]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_integers_of_many_lengths_at_once(numbers: list[int]) -> None:
    value, good = integers(words_of(*map(str, numbers)), 10, 10)
    assert good.all()
    assert value.tolist() == numbers
    value, good = integers(words_of(*(f"{number:X}" for number in numbers)), 16, 8)
    assert value[good].tolist() == numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0", 0),
        ("1.5", 1_500_000_000),
        ("348.161550", 348_161_550_000),
        ("1581670628.161550123", 1_581_670_628_161_550_123),
        ("9000000000.999999999", 9_000_000_000_999_999_999),
        ("0.000000001", 1),
        ("9000000001.0", None),
        ("1.1234567891", None),
        ("1.", None),
        (".5", None),
        ("1", None),
        ("1,5", None),
        ("1.5.2", None),
        ("1e3.0", None),
        ("-1.0", None),
    ],
)
def test_seconds_become_ns_without_rounding(text: str, expected: int | None) -> None:
    value, good = nanoseconds(words_of("3.25", text))
    assert good.tolist() == [True, expected is not None]
    assert value.tolist() == [3_250_000_000, expected or 0]


@given(st.integers(0, 9_000_000_000 * 10**9), st.integers(0, 9))
def test_seconds_round_trip(t_ns: int, lost: int) -> None:
    t_ns -= t_ns % 10**lost
    digits = f"{t_ns % 10**9:09d}"[: max(9 - lost, 1)]
    value, good = nanoseconds(words_of(f"{t_ns // 10**9}.{digits}"))
    assert good.all()
    assert value.tolist() == [t_ns - t_ns % 10 ** (9 - len(digits))]


def test_equal_words_may_differ_in_case_only() -> None:
    found = equals(words_of("Rx", "RX", "rx", "R", "Rxx", "", "Tx", "2x"), "Rx")
    assert found.tolist() == [True, True, True, False, False, False, False, False]


def test_digits_have_no_case() -> None:
    # The bit that makes letters lower case turns the byte 0x10 into a zero.
    assert equals(words_of("0", "\x10x"), "0").tolist() == [True, False]


def test_the_first_mark_or_the_end() -> None:
    words = words_of("12#34#5", "abc", "#")
    place = first_mark(words, "#")
    assert (place - words.start).tolist() == [2, 3, 0]


@pytest.mark.parametrize("text", ["", "00", "DEADbeef", "0102030405060708"])
def test_hex_bytes_are_those_of_the_language(text: str) -> None:
    words = words_of("x" + text)
    words = words.between(words.start + 1, words.stop)
    data, good = hex_bytes(words, 8)
    assert good.tolist() == [True]
    assert data.tobytes() == bytes.fromhex(text).ljust(8, b"\0")


@pytest.mark.parametrize("text", ["0", "0g", "123", "01 ", "\xff0", "010203040506070809"])
def test_what_is_no_pair_of_digits_or_too_long_is_not_good(text: str) -> None:
    words = split_words(b"x" + text.strip().encode("latin-1") + b"-\n").word(0)
    _, good = hex_bytes(words.between(words.start + 1, words.stop - (text != "01 ")), 8)
    assert good.tolist() == [False]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=10))
def test_hex_bytes_of_many_lengths_at_once(payloads: list[bytes]) -> None:
    words = words_of(*(f"#{payload.hex()}" for payload in payloads))
    data, good = hex_bytes(words.between(words.start + 1, words.stop), 8)
    assert good.all()
    assert [row.tobytes() for row in data] == [payload.ljust(8, b"\0") for payload in payloads]


def test_a_stretch_that_ends_before_it_starts_is_empty() -> None:
    words = words_of("abc")
    assert spelled(words.between(words.stop, words.start)) == [b""]
    assert words.take(np.array([True])).length.tolist() == [3]
    assert bytes(words.at(1)) == b"b"
