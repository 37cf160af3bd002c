"""Tests of the stream that keeps edits to itself."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.ports.files import BytesFile
from avdataops.readers.mdf4.overlay import Overlay

CONTENT = bytes(range(256)) * 400


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(CONTENT)), st.one_of(st.binary(max_size=50), st.integers(0, 70_000))
        ),
        max_size=12,
    )
)
def test_reads_see_the_file_with_all_edits(steps: list[tuple[int, bytes | int]]) -> None:
    stream = Overlay(BytesFile("a", CONTENT))
    model = bytearray(CONTENT)
    for at, step in steps:
        stream.seek(at)
        if isinstance(step, bytes):
            room = step[: len(CONTENT) - at]
            assert stream.write(room) == len(room)
            model[at : at + len(room)] = room
        else:
            assert stream.read(step) == bytes(model[at : at + step])
        assert stream.tell() <= len(CONTENT)
    stream.seek(0)
    assert stream.read() == bytes(model)


def test_the_file_itself_never_changes() -> None:
    file = BytesFile("a", CONTENT)
    stream = Overlay(file)
    stream.write(b"other")
    assert file.data is CONTENT
    assert Overlay(file).read(5) == CONTENT[:5]


def test_seeking_works_from_all_places() -> None:
    stream = Overlay(BytesFile("a", CONTENT))
    assert stream.seek(-3, io.SEEK_END) == len(CONTENT) - 3
    assert stream.read() == CONTENT[-3:]
    assert stream.seek(10) == 10
    assert stream.seek(-4, io.SEEK_CUR) == 6
    assert stream.read(2) == CONTENT[6:8]
    with pytest.raises(OSError, match="before the start"):
        stream.seek(-1)


def test_reading_beyond_the_end_is_empty() -> None:
    stream = Overlay(BytesFile("a", CONTENT))
    stream.seek(len(CONTENT) + 10)
    assert stream.read(5) == b""


def test_it_says_what_it_can() -> None:
    stream = Overlay(BytesFile("a", CONTENT))
    assert stream.readable()
    assert stream.writable()
    assert stream.seekable()
