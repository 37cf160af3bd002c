"""Whole lines in bounded pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.ports.files import BytesFile
from avdataops.readers.canlog.lines import MAX_LINE_BYTES, Chunk, whole_lines
from avdataops.readers.canlog.log import Faults


def read(data: bytes, size: int = 1 << 20) -> tuple[list[Chunk], Faults]:
    faults = Faults("a.log")
    return list(whole_lines(BytesFile("a.log", data), faults, size)), faults


def test_ended_lines_come_as_they_are() -> None:
    chunks, faults = read(b"one\ntwo\r\n\n")
    assert chunks == [Chunk(b"one\ntwo\r\n\n", 1)]
    assert faults.problems() == ()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_any_size_of_piece_gives_the_same_lines(size: int) -> None:
    data = b"first\n\nthird is longer\nfourth\n"
    chunks, _ = read(data, size)
    assert b"".join(chunk.text for chunk in chunks) == data
    before = 0
    for chunk in chunks:
        assert chunk.first == before + 1
        before += chunk.text.count(b"\n")


def test_a_line_without_an_end_is_told_and_not_given() -> None:
    chunks, faults = read(b"one\ntwo\nthr")
    assert chunks == [Chunk(b"one\ntwo\n", 1)]
    (problem,) = faults.problems()
    assert (problem.code, problem.lost_rows) == ("truncated", 1)
    assert problem.message == "a.log breaks off in line 3: the line has no end at byte 11"


def test_blanks_at_the_end_are_no_line() -> None:
    _, faults = read(b"one\n \t ")
    assert faults.problems() == ()


def test_nothing_gives_nothing() -> None:
    assert read(b"")[0] == []


def test_an_overlong_line_is_one_bad_line_and_bounded() -> None:
    data = b"(1.0) can0 123#\n(2.0) can0 " + b"1" * (3 * MAX_LINE_BYTES) + b"\nlast\n"
    chunks, faults = read(data, 1000)
    text = b"".join(chunk.text for chunk in chunks)
    lines = text.splitlines()
    assert lines[0] == b"(1.0) can0 123#"
    assert lines[1].startswith(b"?")
    assert len(lines[1]) <= MAX_LINE_BYTES + 1000
    assert lines[2] == b"last"
    assert chunks[-1].first + chunks[-1].text.count(b"\n") == 4
    assert faults.problems() == ()


@given(st.binary(max_size=60), st.integers(1, 20))
def test_everything_up_to_the_last_end_comes(data: bytes, size: int) -> None:
    chunks, faults = read(data, size)
    cut = data.rfind(b"\n") + 1
    assert b"".join(chunk.text for chunk in chunks) == data[:cut]
    assert bool(faults.problems()) == bool(data[cut:].strip())
