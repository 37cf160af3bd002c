"""Tests of decoding against rosbags' own writers, and of what must be refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag.decode import Rows, check_message, decode
from avdataops.readers.rosbag.definitions import parse_definition
from avdataops.readers.rosbag.layout import Table, layout_of

RULE = "=" * 80
NAME = "made/msg/A"
TEXT = (
    "uint8 a\nfloat64 b\nstring c\nint16 d\nint64[] e\nbool f\nuint32[3] g\nB[] h\n"
    f"float32 i\nB[2] j\nbool[] k\nstring[2] m\nB n\nbuiltin_interfaces/Time[] o\n"
    f"{RULE}\nMSG: made/B\nint8 x\nfloat64 y\n"
    f"{RULE}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n"
)
STORE: Any = get_typestore(Stores.EMPTY)
STORE.register(get_types_from_msg(TEXT, NAME))
A, B = STORE.types[NAME], STORE.types["made/msg/B"]
TIME = STORE.types["builtin_interfaces/msg/Time"]
TABLE = layout_of(NAME, parse_definition(NAME, TEXT, "ros2msg"))


def _table(text: str) -> Table:
    return layout_of(NAME, parse_definition(NAME, text, "ros2msg"))


def _columns(rows: Rows) -> dict[str, list[Any]]:
    names = [leaf.column for leaf in rows.table.leaves]
    return {name: column.to_pylist() for name, column in zip(names, rows.columns, strict=True)}


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)
doubles = st.floats(allow_nan=False)


@st.composite
def messages(draw: st.DrawFn) -> Any:
    pair = st.builds(B, x=st.integers(-128, 127), y=doubles)
    return A(
        a=draw(st.integers(0, 255)),
        b=draw(doubles),
        c=draw(texts),
        d=draw(st.integers(-32768, 32767)),
        e=np.array(draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3)), np.int64),
        f=draw(st.booleans()),
        g=np.array(draw(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3)), np.uint32),
        h=draw(st.lists(pair, max_size=3)),
        i=draw(st.floats(width=32, allow_nan=False)),
        j=draw(st.lists(pair, min_size=2, max_size=2)),
        k=np.array(draw(st.lists(st.booleans(), max_size=3)), np.bool_),
        m=draw(st.lists(texts, min_size=2, max_size=2)),
        n=draw(pair),
        o=draw(st.lists(st.builds(TIME, st.integers(0, 9), st.integers(0, 9)), max_size=2)),
    )


def _check(decoded: list[Rows], some: list[Any]) -> None:
    root, h, j = decoded
    assert _columns(root) == {
        "a": [one.a for one in some],
        "b": [one.b for one in some],
        "c": [one.c for one in some],
        "d": [one.d for one in some],
        "e": [one.e.tolist() for one in some],
        "f": [one.f for one in some],
        "g": [one.g.tolist() for one in some],
        "i": [one.i for one in some],
        "k": [one.k.tolist() for one in some],
        "m": [one.m for one in some],
        "n_x": [one.n.x for one in some],
        "n_y": [one.n.y for one in some],
        "o_ns": [[t.sec * 10**9 + t.nanosec for t in one.o] for one in some],
    }
    for rows, name in ((h, "h"), (j, "j")):
        pairs = [(n, k, v) for n, one in enumerate(some) for k, v in enumerate(getattr(one, name))]
        assert _columns(rows) == {"x": [v.x for *_, v in pairs], "y": [v.y for *_, v in pairs]}
        assert rows.message.tolist() == [n for n, _, _ in pairs]
        assert rows.element is not None
        assert rows.element.tolist() == [k for _, k, _ in pairs]


@settings(max_examples=60, deadline=None)
@given(st.lists(messages(), max_size=4), st.booleans())
def test_cdr_of_both_byte_orders_decodes_to_what_was_written(some: list[Any], little: bool) -> None:
    data = [bytes(STORE.serialize_cdr(one, NAME, little_endian=little)) for one in some]
    _check(decode(TABLE, "cdr", data), some)


@settings(max_examples=30, deadline=None)
@given(st.lists(messages(), max_size=4))
def test_byte_orders_may_change_from_message_to_message(some: list[Any]) -> None:
    data = [
        bytes(STORE.serialize_cdr(one, NAME, little_endian=number % 2 == 0))
        for number, one in enumerate(some)
    ]
    _check(decode(TABLE, "cdr", data), some)


@settings(max_examples=60, deadline=None)
@given(st.lists(messages(), max_size=4))
def test_ros1_messages_decode_to_what_was_written(some: list[Any]) -> None:
    data = [bytes(STORE.serialize_ros1(one, NAME)) for one in some]
    _check(decode(TABLE, "ros1", data), some)


@settings(max_examples=40, deadline=None)
@given(messages(), st.data())
def test_a_message_cut_anywhere_is_refused(one: Any, data: st.DataObject) -> None:
    whole = bytes(STORE.serialize_ros1(one, NAME))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(SchemaMismatch):
        check_message(TABLE, "ros1", cut)
    with pytest.raises(SchemaMismatch):
        decode(TABLE, "ros1", [whole, cut])


@given(st.binary(max_size=60))
def test_any_bytes_either_decode_or_are_refused(data: bytes) -> None:
    for encoding in ("cdr", "ros1"):
        try:
            decode(TABLE, encoding, [data])
        except SchemaMismatch:
            continue


def test_no_messages_give_empty_columns_of_the_right_types() -> None:
    for rows in decode(TABLE, "cdr", []):
        assert all(len(column) == 0 for column in rows.columns)
    types = [str(column.type) for column in decode(TABLE, "cdr", [])[0].columns]
    assert types[:5] == ["uint8", "double", "string", "int16", "list<item: int64>"]


def test_a_count_that_the_message_cannot_hold_is_refused() -> None:
    table = _table("float64[] x\n")
    for count in (3, 2**31, 2**32 - 1):
        with pytest.raises(SchemaMismatch, match="elements"):
            check_message(table, "ros1", count.to_bytes(4, "little") + bytes(16))


def test_a_count_of_messages_without_bytes_is_refused() -> None:
    table = _table(f"B[] x\n{RULE}\nMSG: made/B\n")
    with pytest.raises(SchemaMismatch, match="elements"):
        check_message(table, "ros1", (2**31).to_bytes(4, "little"))


def test_bytes_behind_the_last_field_are_refused_unless_they_pad() -> None:
    table = _table("int8 x\n")
    check_message(table, "cdr", b"\0\1\0\0" + b"\7" + bytes(3))
    with pytest.raises(SchemaMismatch, match="not in the definition"):
        check_message(table, "cdr", b"\0\1\0\0" + b"\7" + bytes(4))
    with pytest.raises(SchemaMismatch, match="not in the definition"):
        check_message(table, "ros1", b"\7\0")


@pytest.mark.parametrize("header", [b"\0\2\0\0", b"\0\3\0\0", b"\0\x08\0\0", b"\0\x0b\0\0", b"\0"])
def test_parameter_lists_and_delimited_encapsulations_are_refused(header: bytes) -> None:
    with pytest.raises(SchemaMismatch, match="encapsulation"):
        check_message(_table("int8 x\n"), "cdr", header + b"\7")


def test_plain_xcdr2_aligns_to_four_bytes() -> None:
    table = _table("int8 a\nfloat64 b\n")
    body = b"\5" + bytes(3) + np.array([1.5], "<f8").tobytes()
    rows = decode(table, "cdr", [b"\0\7\0\0" + body])
    assert _columns(rows[0]) == {"a": [5], "b": [1.5]}


def test_an_empty_message_has_one_byte_in_cdr_and_none_in_ros1() -> None:
    table = _table("")
    assert decode(table, "cdr", [b"\0\1\0\0\0"])[0].columns == ()
    assert decode(table, "ros1", [b""])[0].message.tolist() == [0]
    with pytest.raises(SchemaMismatch):
        check_message(table, "cdr", b"\0\1\0\0")


def test_text_that_is_not_utf_8_is_kept_readable() -> None:
    table = _table("string x\n")
    rows = decode(table, "ros1", [b"\3\0\0\0a\xffb", b"\1\0\0\0c"])
    assert _columns(rows[0]) == {"x": ["a�b", "c"]}


def test_a_text_without_its_final_nul_is_read_whole() -> None:
    rows = decode(_table("string x\n"), "cdr", [b"\0\1\0\0\2\0\0\0ab", b"\0\1\0\0\0\0\0\0"])
    assert _columns(rows[0]) == {"x": ["ab", ""]}


def test_ros1_times_beyond_2038_are_unsigned() -> None:
    data = (3_000_000_000).to_bytes(4, "little") + (7).to_bytes(4, "little")
    rows = decode(_table("time x\n"), "ros1", [data])
    assert _columns(rows[0]) == {"x_ns": [3_000_000_000 * 10**9 + 7]}


def test_durations_may_be_negative() -> None:
    data = np.array([-2, -5], "<i4").tobytes()
    rows = decode(_table("duration x\n"), "ros1", [data])
    assert _columns(rows[0]) == {"x_ns": [-2_000_000_005]}


def test_nan_and_infinity_stay() -> None:
    data = np.array([np.nan, np.inf, -0.0], "<f8").tobytes()
    rows = decode(_table("float64[3] x\n"), "ros1", [data])
    values = rows[0].columns[0].values.to_numpy()
    assert np.isnan(values[0])
    assert values[1] == np.inf
    assert np.signbit(values[2])
