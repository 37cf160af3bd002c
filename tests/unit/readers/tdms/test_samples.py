"""Tests of reading rows of channels by number."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.readers.tdms import samples as module
from avdataops.readers.tdms.index import Index, Object
from avdataops.readers.tdms.samples import STAMPS, Piece, Runs, Samples
from avdataops.readers.tdms.segments import read_index
from avdataops.testing import tdms_bytes as b
from avdataops.testing.reader_suite import CountingFile
from avdataops.testing.tdms_bytes import Daqmx, Obj, Plain, segment

A, C = "/'g'/'a'", "/'g'/'c'"


def _opened(data: bytes) -> tuple[CountingFile, Index, Samples]:
    file = CountingFile(BytesFile("f.tdms", data))
    index = read_index(file)
    file.bytes_read = 0
    return file, index, Samples(file)


def _number(index: Index, name: str) -> int:
    return [one.parts for one in index.objects].index(("g", name))


def _read(data: bytes, name: str, start: int, stop: int) -> list[float]:
    _, index, samples = _opened(data)
    number = _number(index, name)
    runs = Runs(index, index.objects[number])
    (values,) = samples.numbers(number, list(runs.pieces(start, stop))).values()
    found: list[float] = values.tolist()
    return found


SIZES = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=6)


def _many(sizes: list[tuple[int, int]]) -> tuple[bytes, list[int]]:
    """Return segments of so many values and chunks, with another channel between."""
    data, at = b"", 0
    values: list[int] = []
    for count, chunks in sizes:
        raw = b""
        for _ in range(chunks):
            raw += b"\xee" + bytes(range(at, at + count))
            values.extend(range(at, at + count))
            at += count
        data += segment([Obj(C, Plain(b.U8, 1)), Obj(A, Plain(b.U8, count))], raw)
    return data, values


@given(SIZES, st.data())
def test_any_rows_are_read_across_chunks_and_segments(
    sizes: list[tuple[int, int]], data: st.DataObject
) -> None:
    raw, values = _many(sizes)
    start = data.draw(st.integers(0, len(values) - 1))
    stop = data.draw(st.integers(start + 1, len(values)))
    assert _read(raw, "a", start, stop) == values[start:stop]


@given(SIZES)
def test_pieces_cover_rows_once_and_stay_inside_segments(sizes: list[tuple[int, int]]) -> None:
    raw, values = _many(sizes)
    _, index, _ = _opened(raw)
    runs = Runs(index, index.objects[_number(index, "a")])
    assert runs.rows == len(values)
    pieces = list(runs.pieces(0, runs.rows))
    assert [piece.rows for piece in pieces] == [count * chunks for count, chunks in sizes]
    assert [piece.at for piece in pieces] == list(index.starts)
    assert list(runs.pieces(3, 3)) == []


def test_a_channel_without_values_has_no_rows() -> None:
    runs = Runs(Index(), Object(("g", "a")))
    assert runs.rows == 0
    assert list(runs.layouts()) == []
    assert Object(("g", "a")).spans == array("q")


def test_channels_of_one_chunk_share_one_read() -> None:
    objects = [Obj(f"/'g'/'{n}'", Plain(b.F64, 100)) for n in range(20)]
    file, index, samples = _opened(segment(objects, bytes(16_000)))
    runs = Runs(index, index.objects[0])
    for number in range(20):
        samples.numbers(number, list(runs.pieces(0, 100)))
    assert file.bytes_read == 16_000


def test_a_direct_read_takes_its_own_bytes_only() -> None:
    objects = [Obj(f"/'g'/'{n}'", Plain(b.F64, 100)) for n in range(20)]
    file, index, samples = _opened(segment(objects, bytes(16_000) * 3))
    samples.is_direct = True
    runs = Runs(index, index.objects[3])
    assert len(samples.numbers(3, list(runs.pieces(50, 250)))[None]) == 200
    assert file.bytes_read == 1_600


def test_large_chunks_are_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 100)
    monkeypatch.setattr(module, "_AHEAD_BYTES", 0)
    values = np.arange(1000, dtype="<i2")
    file, index, samples = _opened(segment([Obj(A, Plain(b.I16, 1000))], values.tobytes()))
    runs = Runs(index, index.objects[0])
    found = samples.numbers(0, list(runs.pieces(990, 1000)))[None]
    assert found.tolist() == list(range(990, 1000))
    assert file.bytes_read == 20


def test_old_blocks_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 0)
    monkeypatch.setattr(module, "_AHEAD_BYTES", 0)
    monkeypatch.setattr(module, "_KEPT_BYTES", 100)
    file, index, samples = _opened(segment([Obj(A, Plain(b.U8, 1000))], bytes(1000)))
    runs = Runs(index, index.objects[0])
    for start in range(0, 1000, 50):
        samples.numbers(0, list(runs.pieces(start, start + 50)))
    assert file.bytes_read == 1000
    samples.numbers(0, list(runs.pieces(950, 1000)))
    assert file.bytes_read == 1000
    samples.numbers(0, list(runs.pieces(0, 50)))
    assert file.bytes_read == 1050


def test_one_value_is_one_small_read() -> None:
    data = segment([Obj(C, Plain(b.U8, 9)), Obj(A, Plain(b.STAMP, 3))], bytes(9 + 32) + b.stamp(5))
    file, index, samples = _opened(data)
    number = _number(index, "a")
    (piece,) = Runs(index, index.objects[number]).pieces(2, 3)
    (found,) = samples.first(number, piece)
    assert (int(found["seconds"]), int(found["fractions"])) == (
        b.EPOCH_S,
        -(-5 * 2**64 // 10**9),
    )
    assert file.bytes_read == 16


@pytest.mark.parametrize("toc", [b.ALL, b.ALL | b.BIG_ENDIAN])
def test_moments_are_the_same_in_both_byte_orders(toc: int) -> None:
    order = ">" if toc & b.BIG_ENDIAN else "<"
    data = segment([Obj(A, Plain(b.STAMP, 1))], b.stamp((-3, 7), order), toc=toc)
    _, index, samples = _opened(data)
    found = samples.numbers(0, list(Runs(index, index.objects[0]).pieces(0, 1)))[None]
    assert found.dtype == STAMPS
    assert found.tolist() == [(-3, 7)]


def test_values_come_in_the_byte_order_of_this_machine() -> None:
    data = segment([Obj(A, Plain(b.I32, 2))], b.numbers(b.I32, [1, -2], ">"), toc=b.ALL | 64)
    _, index, samples = _opened(data)
    found = samples.numbers(0, list(Runs(index, index.objects[0]).pieces(0, 2)))[None]
    assert found.dtype.isnative
    assert found.tolist() == [1, -2]


def test_any_byte_but_zero_is_true() -> None:
    data = segment([Obj(A, Plain(b.BOOLEAN, 4))], bytes([0, 1, 2, 255]))
    assert _read(data, "a", 0, 4) == [False, True, True, True]


@pytest.mark.parametrize("bit", range(16))
def test_a_digital_line_is_its_bit(bit: int) -> None:
    index = Daqmx(2, [(0, 0, bit, 0)], [2], b.U8, is_digital=True)
    word = (1 << bit).to_bytes(2, "little")
    inverse = (0xFFFF ^ (1 << bit)).to_bytes(2, "little")
    data = segment([Obj(A, index)], word + inverse, toc=b.ALL | b.DAQMX)
    assert _read(data, "a", 0, 2) == [1, 0]


def test_strings_are_counted_before_they_are_read() -> None:
    texts = ["a" * n for n in (5, 0, 7)]
    raw = b.strings(texts)
    file, index, samples = _opened(segment([Obj(A, Plain(b.STRING, 3, len(raw)))], raw * 2))
    runs = Runs(index, index.objects[0])
    pieces = list(runs.pieces(1, 5))
    assert samples.text_bytes(0, pieces) == 0 + 7 + 5 + 0
    assert file.bytes_read <= 6 * 4
    array_of, lost = samples.texts(0, pieces)
    assert array_of.to_pylist() == ["", "a" * 7, "a" * 5, ""]
    assert lost == 0


def test_a_file_that_ended_among_strings_is_told_as_such() -> None:
    raw = b.strings(["a", "b", "c"])
    data = segment([Obj(A, Plain(b.STRING, 3, len(raw)))], raw)
    _, index, _ = _opened(data)
    pieces = list(Runs(index, index.objects[0]).pieces(0, 3))
    for end in (len(data) - 1, len(data) - 4, len(data) - 10, 4):
        with pytest.raises(UnreadableFile, match="ended inside"):
            Samples(BytesFile("f.tdms", data[:end])).texts(0, pieces)


@pytest.mark.parametrize("left", [0, 1, 8])
def test_a_file_that_ended_is_told_as_such(left: int) -> None:
    data = segment([Obj(A, Plain(b.U8, 9))], bytes(9))
    _, index, _ = _opened(data)
    (piece,) = Runs(index, index.objects[0]).pieces(0, 9)
    shorter = Samples(BytesFile("f.tdms", data[: len(data) - 9 + left]))
    with pytest.raises(UnreadableFile, match="the file ended"):
        shorter.numbers(0, [piece])
    with pytest.raises(UnreadableFile, match="the file ended"):
        shorter.first(0, Piece(piece.layout, piece.at, 0, 8, 1))
