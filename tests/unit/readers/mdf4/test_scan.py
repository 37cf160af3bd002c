"""Records that share a stream are found, however they lie and wherever the stream is parted."""

import itertools
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.readers.mdf4.scan import VARIABLE, Kinds, rows_at, scan

SIZES = {1: 3, 2: 9, 5: 0, 7: VARIABLE}


def _written(keys: Sequence[int], width: int) -> tuple[bytes, dict[int, list[bytes]]]:
    """Return a stream of records, and the content of each kind."""
    stream, found = b"", dict[int, list[bytes]]()
    for number, key in enumerate(keys):
        size = SIZES[key]
        body = bytes((number + n) % 256 for n in range(size if size >= 0 else number % 11))
        if size == VARIABLE:
            body = struct.pack("<I", len(body)) + body
        stream += key.to_bytes(width, "little") + body
        found.setdefault(key, []).append(body)
    return stream, found


def _read(stream: bytes, width: int, cuts: Sequence[int]) -> dict[int, list[bytes]]:
    """Return the content of each kind, with the stream given in parts."""
    found: dict[int, list[bytes]] = {}
    edges = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    carry = b""
    for start, stop in itertools.pairwise(edges):
        data = carry + stream[start:stop]
        one = scan(Kinds(width, SIZES), data)
        assert one.error is None
        for key, starts in one.starts.items():
            for at in starts.tolist():
                size = SIZES[key]
                if size == VARIABLE:
                    size = 4 + int.from_bytes(data[at : at + 4], "little")
                found.setdefault(key, []).append(data[at : at + size])
        carry = data[one.stop :]
    assert carry == b""
    return found


runs = st.lists(st.tuples(st.sampled_from([1, 2, 5, 7]), st.integers(1, 90)), max_size=12)


@settings(max_examples=150, deadline=None)
@given(runs, st.sampled_from([1, 2, 4, 8]), st.lists(st.integers(0, 2000), max_size=4))
def test_every_record_is_found_once_and_in_its_order(
    parts: list[tuple[int, int]], width: int, cuts: list[int]
) -> None:
    keys = [key for key, count in parts for _ in range(count)]
    stream, written = _written(keys, width)
    assert _read(stream, width, cuts) == written


def test_long_runs_are_found_as_fast_as_one() -> None:
    count = 2_000_000
    stream = (b"\1" + bytes(3)) * count
    found = scan(Kinds(1, SIZES), stream)
    assert len(found.starts[1]) == count
    assert found.stop == len(stream)
    assert not found.is_full


def test_many_small_records_in_turns_come_in_several_calls() -> None:
    stream = (b"\5" + b"\1abc") * 200_000
    first = scan(Kinds(1, SIZES), stream)
    assert first.is_full
    second = scan(Kinds(1, SIZES), stream[first.stop :])
    counts = [len(one.starts[key]) for one in (first, second) for key in (1, 5)]
    assert sum(counts) == 400_000


@pytest.mark.parametrize("at", [0, 4, 8])
def test_an_unknown_id_ends_the_stream_with_a_reason(at: int) -> None:
    stream = (b"\1abc" * 2)[:at] + b"\x09" + b"\1abc" * 2
    found = scan(Kinds(1, SIZES), stream)
    assert found.error == "no group has the record id 9"
    assert found.stop == at
    assert sum(len(starts) for starts in found.starts.values()) == at // 4


def test_a_value_that_claims_too_much_ends_the_stream_with_a_reason() -> None:
    found = scan(Kinds(1, SIZES), b"\7" + struct.pack("<I", 2**31) + b"abc")
    assert found.error == f"a value claims {2**31} bytes"
    assert found.stop == 0


@pytest.mark.parametrize("size", [0, 1, 5, 12])
def test_what_is_no_whole_record_waits(size: int) -> None:
    stream = b"\2" + bytes(9)
    whole = scan(Kinds(1, SIZES), stream + stream[:size] if size < 10 else stream)
    assert whole.stop == 10
    assert whole.error is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 90), max_size=20), st.integers(0, 8))
def test_rows_are_what_stands_at_their_starts(starts: list[int], size: int) -> None:
    data = bytes(range(100))
    rows = rows_at(data, np.array(starts, np.int64), size)
    assert rows.shape == (len(starts), size)
    assert [row.tobytes() for row in rows] == [data[at : at + size] for at in starts]


def test_rows_at_equal_steps_are_their_own_copy() -> None:
    rows = rows_at(bytes(range(100)), np.arange(0, 90, 10), 3)
    assert rows.flags.c_contiguous
    assert rows[:, 0].tolist() == list(range(0, 90, 10))
