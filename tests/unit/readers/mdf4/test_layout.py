"""Values stand where their place says, for every width, byte order and shape."""

import struct
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.mdf4 import layout
from avdataops.readers.mdf4.structure import Place
from avdataops.readers.mdf4.variable import Window, cut_out, values_at


def _records(rows: int, size: int, seed: int = 1) -> layout.Records:
    return np.random.default_rng(seed).integers(0, 256, (rows, size), np.uint8)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 64), st.integers(0, 7), st.integers(0, 3), st.sampled_from([0, 1, 2, 3]))
def test_integers_are_those_of_python(bits: int, bit: int, byte: int, kind: int) -> None:
    records = _records(5, 16)
    place = Place(data_type=kind, byte=byte, bit=bit, bits=bits)
    size = (bit + bits + 7) // 8
    order: Literal["big", "little"] = "big" if kind in (1, 3) else "little"
    wanted = []
    for row in records:
        whole = int.from_bytes(row[byte : byte + size].tobytes(), order)
        value = (whole >> bit) % (1 << bits)
        wanted.append(value - (1 << bits) if kind >= 2 and value >> (bits - 1) else value)
    got = layout.samples(place, records)
    assert np.asarray(got).tolist() == wanted
    assert layout.last_byte(place) == byte + size


@pytest.mark.parametrize(("bits", "code"), [(16, "e"), (32, "f"), (64, "d")])
@pytest.mark.parametrize(("kind", "order"), [(4, "<"), (5, ">")])
def test_reals_are_those_of_struct(bits: int, code: str, kind: int, order: str) -> None:
    records = np.frombuffer(struct.pack(f"{order}x{code}x{code}", 1.5, -0.25), np.uint8)
    rows = records.reshape(2, -1)
    got = layout.samples(Place(data_type=kind, byte=1, bit=0, bits=bits), rows)
    assert np.asarray(got).tolist() == [1.5, -0.25]


@pytest.mark.parametrize(
    ("kind", "bits"), [(0, 65), (4, 8), (4, 24), (5, 80), (15, 32), (15, 256), (17, 8), (99, 8)]
)
def test_widths_that_no_type_has_are_refused(kind: int, bits: int) -> None:
    with pytest.raises(SchemaMismatch, match=f"no value of type {kind} has {bits} bits"):
        layout.dtype_of(Place(data_type=kind, byte=0, bit=0, bits=bits))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3), st.sampled_from([8, 16, 12]))
def test_arrays_are_their_elements_one_by_one(shape: list[int], bits: int) -> None:
    step, strides = 2, list[int]()
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    records = _records(3, step + 4)
    place = Place(data_type=0, byte=1, bit=0, bits=bits, shape=tuple(shape), strides=tuple(strides))
    got = np.asarray(layout.samples(place, records))
    assert got.shape == (3, *shape)
    for index in np.ndindex(*shape):
        at = 1 + sum(n * one for n, one in zip(index, strides, strict=True))
        single = layout.samples(Place(data_type=0, byte=at, bit=0, bits=bits), records)
        assert got[(slice(None), *index)].tolist() == np.asarray(single).tolist()


def test_no_records_have_no_values() -> None:
    empty = np.zeros((0, 8), np.uint8)
    for kind, bits in ((0, 8), (0, 5), (4, 64), (7, 32), (10, 32)):
        assert len(layout.samples(Place(data_type=kind, byte=0, bit=0, bits=bits), empty)) == 0


@pytest.mark.parametrize("bit", [0, 7, 8, 15])
def test_marks_stand_behind_the_data(bit: int) -> None:
    records = np.zeros((3, 6), np.uint8)
    records[1, 4 + bit // 8] = 1 << bit % 8
    place = Place(data_type=0, byte=0, bit=0, bits=8, invalid_bit=bit)
    found = layout.invalid(place, records, 4)
    assert found is not None
    assert found.tolist() == [False, True, False]
    beyond = Place(data_type=0, byte=0, bit=0, bits=8, invalid_bit=99)
    assert layout.invalid(beyond, records, 4) is None


values = st.lists(st.binary(max_size=600), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(values, st.data())
def test_values_of_any_length_are_found_by_their_offset(
    stored: list[bytes], data: st.DataObject
) -> None:
    content, offsets = b"", list[int]()
    for value in stored:
        offsets.append(len(content))
        content += struct.pack("<I", len(value)) + value
    order = data.draw(st.lists(st.integers(0, len(stored) - 1), max_size=20))
    asked = np.array([offsets[number] for number in order], np.int64)
    found = values_at(lambda at, size: content[at : at + size], len(content), asked)
    assert found.to_pylist() == [stored[number] for number in order]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-5, 2**62), max_size=12), st.binary(max_size=64))
def test_offsets_into_nowhere_give_nulls_and_nothing_else(
    offsets: list[int], content: bytes
) -> None:
    asked = np.array(offsets, np.int64)
    found = values_at(lambda at, size: content[at : at + size], len(content), asked)
    found.validate(full=True)
    for at, value in zip(offsets, found.to_pylist(), strict=True):
        size = int.from_bytes(content[at : at + 4], "little") if 0 <= at <= len(content) else -1
        is_whole = 0 <= at <= len(content) - 4 and at + 4 + size <= len(content)
        assert value == (content[at + 4 : at + 4 + size] if is_whole else None)


def test_a_window_forgets_what_is_too_far_back() -> None:
    window = Window(kept_bytes=30)
    data = b"".join(struct.pack("<I", 8) + bytes([n]) * 8 for n in range(10))
    starts = np.arange(10, dtype=np.int64) * 12
    offsets = window.add(data, starts)
    assert offsets.tolist() == starts.tolist()
    assert window.stop == len(data)
    assert window.values(offsets).to_pylist() == [bytes([n]) * 8 for n in range(10)]
    window.forget()
    held = window.values(offsets).to_pylist()
    assert held[:7] == [None] * 7
    assert held[8:] == [bytes([8]) * 8, bytes([9]) * 8]
    assert window.add(data, starts[:1]).tolist() == [len(data)]


def test_long_values_are_cut_out_like_short_ones() -> None:
    data = bytes(range(256)) * 20
    starts = np.array([0, 300, 5], np.int64)
    for lengths in ([3, 0, 7], [1000, 2000, 900]):
        good = np.array([True, True, False])
        some = np.where(good, lengths, 0)
        found = cut_out(data, starts, some, good)
        wanted = [data[a : a + n] for a, n in zip(starts[:2].tolist(), lengths[:2], strict=True)]
        assert found.to_pylist() == [*wanted, None]
