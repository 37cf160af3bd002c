"""Every kind of MDF conversion against numbers worked out by hand, and against asammdf."""

import io
import itertools
import math
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from asammdf import MDF
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing import mdf4_by_hand as h
from avdataops.testing.reader_suite import tables_of

LINEAR, RATIONAL, ALGEBRAIC, INTERPOLATED, NEAREST, RANGES, TEXTS, RANGE_TEXTS = range(1, 9)
TEXT_TO_VALUE, TEXT_TO_TEXT = 9, 10
KEYS = (0.0, 10.0, 10.0, 20.0, 30.0, -20.0)
"""Pairs of key and value: 0 gives 10, 10 gives 20, 30 gives -20."""


def _file(conversion: h.Conversion, raw: list[Any], code: str = "B", **facts: Any) -> bytes:
    kinds = {"B": h.LITTLE_UINT, "b": h.LITTLE_INT, "h": h.LITTLE_INT, "d": h.LITTLE_REAL}
    size = struct.calcsize(code)
    channel = h.Channel(
        data_type=facts.pop("data_type", kinds.get(code)),
        bits=8 * size,
        conversion=conversion,
        **facts,
    )
    packed = [struct.pack("<d", n) + struct.pack(f"<{code}", one) for n, one in enumerate(raw)]
    group = h.Group(channels=[h.SECONDS, channel], data_bytes=8 + size, cycles=len(raw))
    return h.mdf4([h.DataGroup(groups=[group], records=b"".join(packed))])


def _read(data: bytes) -> dict[str, list[Any]]:
    with open_recording(BytesFile("a.mf4", data)) as reader:
        table: pa.Table = tables_of(reader.batches())["g"].drop_columns("t_ns")
        assert reader.problems() == ()
    columns: dict[str, list[Any]] = table.to_pydict()
    return columns


@pytest.mark.parametrize(
    ("conversion", "raw", "expected"),
    [
        (h.Conversion(0), [0, 7, 255], [0, 7, 255]),
        (h.Conversion(LINEAR, (-10.0, 0.5)), [0, 20, 255], [-10, 0, 117.5]),
        (h.Conversion(LINEAR, (3.0, 0.0)), [0, 255], [3, 3]),
        (h.Conversion(RATIONAL, (0, 1, 3, 0, 0, 2)), [0, 1, 5], [1.5, 2, 4]),
        (h.Conversion(RATIONAL, (1, 2, 3, 0, 1, 1)), [0, 1, 4], [3, 3, 5.4]),
        (h.Conversion(RATIONAL, (0, 0, 1, 0, 1, 0)), [1, 4], [1, 0.25]),
        (h.Conversion(ALGEBRAIC, (), ("(X+1)*X/2",)), [0, 4, 100], [0, 10, 5050]),
        (h.Conversion(INTERPOLATED, KEYS), [0, 5, 10, 20, 30, 200], [10, 15, 20, 0, -20, -20]),
        (h.Conversion(NEAREST, KEYS), [0, 4, 6, 14, 27, 200], [10, 10, 20, 20, -20, -20]),
        (
            h.Conversion(RANGES, (0, 4, 1.5, 5, 9, 2.5, -1.0)),
            [0, 4, 5, 9, 10, 255],
            [1.5, 1.5, 2.5, 2.5, -1, -1],
        ),
    ],
)
def test_numbers_become_what_the_standard_says(
    conversion: h.Conversion, raw: list[int], expected: list[float]
) -> None:
    assert _read(_file(conversion, raw))["x"] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("conversion", "expected"),
    [
        (h.Conversion(TEXTS, (1, 200), ("one", "many", "other")), ["other", "one", "many"]),
        (h.Conversion(TEXTS, (1, 200), ("one", "many", None)), [None, "one", "many"]),
        (
            h.Conversion(RANGE_TEXTS, (0, 0, 1, 99), ("none", "few", "lots")),
            ["none", "few", "lots"],
        ),
        (h.Conversion(RANGE_TEXTS, (1, 1, 150, 250), ("ä", "ß", None)), [None, "ä", "ß"]),
    ],
)
def test_texts_stand_beside_the_numbers(
    conversion: h.Conversion, expected: list[str | None]
) -> None:
    columns = _read(_file(conversion, [0, 1, 200]))
    assert columns == {"x": expected, "x_raw": [0, 1, 200]}


def test_negative_numbers_have_texts() -> None:
    conversion = h.Conversion(TEXTS, (-1, -128), ("error", "off", "fine"))
    assert _read(_file(conversion, [-1, -128, 5], "b"))["x"] == ["error", "off", "fine"]


def test_a_text_becomes_the_number_it_stands_for() -> None:
    conversion = h.Conversion(TEXT_TO_VALUE, (1.0, 2.0, 9.0), ("ab", "cd"))
    data = _file(conversion, [b"ab", b"cd", b"xx"], "2s", data_type=h.TEXT_UTF8)
    assert _read(data) == {"x": [1, 2, 9], "x_raw": ["ab", "cd", "xx"]}


@pytest.mark.parametrize(("other", "rest"), [(None, "xx"), ("??", "??")])
def test_a_text_becomes_another_text_beside_itself(other: str | None, rest: str) -> None:
    conversion = h.Conversion(TEXT_TO_TEXT, (), ("ab", "AB", "cd", "CD", other))
    data = _file(conversion, [b"ab", b"cd", b"xx"], "2s", data_type=h.TEXT_UTF8)
    assert _read(data) == {"x": ["AB", "CD", rest], "x_raw": ["ab", "cd", "xx"]}


def test_a_table_may_lead_to_other_conversions() -> None:
    half = h.Conversion(LINEAR, (0.0, 0.5))
    conversion = h.Conversion(TEXTS, (250, 255), ("error", "off", half))
    assert _read(_file(conversion, [3, 250, 255]))["x"] == ["1.5", "error", "off"]
    numbers = h.Conversion(RANGE_TEXTS, (0, 99, 100, 200), (half, h.Conversion(0), half))
    assert _read(_file(numbers, [3, 150, 255]))["x"] == [1.5, 150, 127.5]


def test_a_division_by_zero_is_no_number_and_no_error() -> None:
    values = _read(_file(h.Conversion(RATIONAL, (0, 1, 0, 0, 1, 0)), [0, 1]))["x"]
    assert math.isnan(values[0])
    assert values[1] == 1


def test_not_a_number_stays_so_through_conversions() -> None:
    for conversion in (h.Conversion(0), h.Conversion(LINEAR, (1.0, 2.0))):
        values = _read(_file(conversion, [math.nan, math.inf, -1.0], "d"))["x"]
        assert math.isnan(values[0])
        assert values[1] == math.inf


def test_the_unit_stands_in_the_metadata_whatever_the_conversion() -> None:
    data = _file(h.Conversion(LINEAR, (0.0, 0.1)), [1], unit="km/h")
    with open_recording(BytesFile("a.mf4", data)) as reader:
        field = next(iter(reader.batches())).rows.schema.field("x")
    assert field.metadata == {b"source": b"x", b"unit": b"km/h"}


numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
tables = st.lists(numbers, min_size=2, max_size=5, unique=True).map(sorted)


@st.composite
def conversions(draw: st.DrawFn) -> h.Conversion:
    """Draw a conversion from number to number that asammdf works out soundly too."""
    kind = draw(st.sampled_from([0, LINEAR, RATIONAL, INTERPOLATED, NEAREST]))
    if kind in (INTERPOLATED, NEAREST):
        keys = draw(tables)
        pairs = [(key, draw(numbers)) for key in keys]
        return h.Conversion(kind, tuple(one for pair in pairs for one in pair))
    count = {0: 0, LINEAR: 2, RATIONAL: 6}[kind]
    parameters = st.floats(0.25, 1e3)  # Without zeros, which asammdf divides by.
    return h.Conversion(kind, tuple(draw(parameters) for _ in range(count)))


@settings(max_examples=60, deadline=None)
@given(conversions(), st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1, max_size=9))
def test_conversions_give_what_asammdf_gives(conversion: h.Conversion, raw: list[int]) -> None:
    data = _file(conversion, raw, "h")
    with MDF(io.BytesIO(data)) as mdf:
        theirs = mdf.get("x").samples
    np.testing.assert_allclose(np.array(_read(data)["x"], np.float64), theirs, rtol=1e-12)


@st.composite
def pieces(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Draw ranges of whole numbers that do not overlap but may touch."""
    edges = sorted(draw(st.lists(st.integers(-200, 200), min_size=2, max_size=10, unique=True)))
    return [(a, b - draw(st.integers(0, 1))) for a, b in itertools.pairwise(edges)][::2]


@settings(max_examples=60, deadline=None)
@given(pieces(), st.lists(st.integers(-210, 210), min_size=1, max_size=30))
def test_ranges_of_whole_numbers_hold_both_ends(
    ranges: list[tuple[int, int]], raw: list[int]
) -> None:
    places = [next((n for n, (a, b) in enumerate(ranges) if a <= x <= b), -1) for x in raw]
    rows = [(a, b, float(n)) for n, (a, b) in enumerate(ranges)]
    values = h.Conversion(RANGES, (*itertools.chain(*rows), -1.0))
    assert _read(_file(values, raw, "h"))["x"] == places
    names = [f"range {n}" for n in range(len(ranges))]
    texts = h.Conversion(RANGE_TEXTS, tuple(itertools.chain(*ranges)), (*names, "range -1"))
    assert _read(_file(texts, raw, "h"))["x"] == [f"range {place}" for place in places]


def test_ranges_of_real_numbers_do_not_hold_their_upper_end() -> None:
    conversion = h.Conversion(RANGES, (0.0, 1.0, 10.0, 1.0, 2.0, 20.0, -1.0))
    got = _read(_file(conversion, [-0.5, 0.0, 0.999, 1.0, 1.5, 2.0, math.nan], "d"))["x"]
    assert got == [-1, 10, 10, 20, 20, -1, -1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 0, 0, 0, 0, 0), [math.nan, math.inf]),
        ((0, 1, 0, 0, 0, 0), [math.nan, math.inf]),
        ((0, 0, 0, 0, 0, 0), [math.nan, math.nan]),
        ((0, 0, -1, 0, 0, 0), [-math.inf, -math.inf]),
        ((2, 0, 0, 0, 1, 0), [math.nan, 6]),
    ],
)
def test_a_rational_conversion_of_zeros_gives_no_numbers(
    values: tuple[float, ...], expected: list[float]
) -> None:
    got = _read(_file(h.Conversion(RATIONAL, values), [0, 3]))["x"]
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("kind", [INTERPOLATED, NEAREST])
def test_a_table_without_entries_leaves_the_raw_values_and_says_so(kind: int) -> None:
    data = _file(h.Conversion(kind), [1, 2])
    with open_recording(BytesFile("a.mf4", data)) as reader:
        assert tables_of(reader.batches())["g"]["x"].to_pylist() == [1, 2]
        assert [one.code for one in reader.problems()] == ["bad_conversion"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 64), st.integers(0, 7), st.booleans(), st.binary(min_size=20, max_size=20))
def test_integers_of_any_size_and_place_are_cut_out_of_the_record(
    bits: int, bit: int, signed: bool, content: bytes
) -> None:
    if bit + bits > 64:
        bit = 0
    if signed and bits < 64:
        bits = min(bits, 53)  # The library turns the sign in 64-bit floats.
    kind = h.LITTLE_INT if signed else h.LITTLE_UINT
    channel = h.Channel(data_type=kind, byte=9, bit=bit, bits=bits)
    group = h.Group(channels=[h.SECONDS, channel], data_bytes=18, cycles=2)
    records = b"".join(bytes(8) + content[at : at + 10] for at in (0, 10))
    data = h.mdf4([h.DataGroup(groups=[group], records=records)])
    expected = []
    for at in (1, 11):
        value = (int.from_bytes(content[at : at + 9], "little") >> bit) % (1 << bits)
        is_negative = signed and value >> (bits - 1)
        expected.append(value - (1 << bits) if is_negative else value)
    assert _read(data)["x"] == expected
