"""Going through many messages in lockstep finds what going through each of them finds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from avdataops.readers.rosbag import walk as module
from avdataops.readers.rosbag.decode import block_of, decode_block
from avdataops.readers.rosbag.definitions import parse_definition
from avdataops.readers.rosbag.layout import layout_of
from avdataops.readers.rosbag.places import Block

RULE = "=" * 80
NAME = "made/msg/A"
TEXT = (
    "uint8 a\nstring b\nB[] c\nstring[] d\nstring[2] e\nfloat64[] f\nB[2] g\nuint8[] h\n"
    f"{RULE}\nMSG: made/B\nint8 x\nstring y\nC[] z\nstring[] t\n"
    f"{RULE}\nMSG: made/C\nfloat64 p\nuint16[] q\n"
)
STORE: Any = get_typestore(Stores.EMPTY)
STORE.register(get_types_from_msg(TEXT, NAME))
A, B, C = (STORE.types[f"made/msg/{name}"] for name in "ABC")
TABLE = layout_of(NAME, parse_definition(NAME, TEXT, "ros2msg"))
texts = st.text("ab", max_size=4)
doubles = st.floats(0, 1)


def _lists(one: st.SearchStrategy[Any], count: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(one, max_size=count)


def _numbers(kind: str, count: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(st.integers(0, 9), max_size=count).map(lambda some: np.array(some, kind))


cs = st.builds(C, p=doubles, q=_numbers("u2"))
bs = st.builds(B, x=st.integers(0, 9), y=texts, z=_lists(cs, 3), t=_lists(texts))
messages = st.builds(
    A,
    a=st.integers(0, 9),
    b=texts,
    c=_lists(bs),
    d=_lists(texts, 9),
    e=st.lists(texts, min_size=2, max_size=2),
    f=_numbers("f8"),
    g=st.lists(bs, min_size=2, max_size=2),
    h=_numbers("u1"),
)
encoded = st.builds(
    lambda one, little: bytes(STORE.serialize_cdr(one, NAME, little_endian=little)),
    messages,
    st.booleans(),
)


def _seen(block: Block) -> tuple[Any, ...]:
    found = decode_block(TABLE, "cdr", block)
    rows = [
        (
            [column.to_pylist() for column in rows.columns],
            rows.message.tolist(),
            None if rows.element is None else rows.element.tolist(),
            None if rows.parent_element is None else rows.parent_element.tolist(),
        )
        for rows in found.rows
    ]
    return rows, found.good.tolist(), dict(found.dropped), found.reason


@pytest.mark.parametrize("narrow", [0, 2])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(encoded, max_size=8), st.data())
def test_lockstep_finds_what_each_message_gives_alone(
    narrow: int, some: list[bytes], data: st.DataObject
) -> None:
    is_cut: bool = data.draw(st.booleans())
    if some and is_cut:
        place = data.draw(st.integers(0, len(some) - 1))
        one = some[place]
        some[place] = one[: data.draw(st.integers(0, len(one)))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NARROW", 1_000)
        alone = _seen(block_of(some))
        patch.setattr(module, "NARROW", narrow)
        assert _seen(block_of(some)) == alone


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(encoded, min_size=1, max_size=5), st.integers(0, 9))
def test_where_a_message_lies_in_the_buffer_does_not_matter(some: list[bytes], gap: int) -> None:
    tight = block_of(some)
    data = bytes(gap).join([b"", *some, b""])
    starts = tight.starts + gap * (np.arange(len(some)) + 1)
    loose = Block(np.frombuffer(data, np.uint8), starts, tight.sizes)
    assert _seen(loose) == _seen(tight)
    backwards = Block(loose.data, loose.starts[::-1], loose.sizes[::-1])
    assert _seen(backwards) == _seen(block_of(some[::-1]))


def test_a_message_that_does_not_fit_costs_only_itself_and_the_first_reason_is_told() -> None:
    found = decode_block(
        layout_of(NAME, parse_definition(NAME, "string x\n", "ros2msg")),
        "ros1",
        block_of([b"\1\0\0\0a", b"\x09\0\0\0a", b"\1\0\0\0b", b""]),
    )
    assert found.good.tolist() == [0, 2]
    assert found.rows[0].columns[0].to_pylist() == ["a", "b"]
    assert found.dropped == {"decode_failed": 2}
    assert "elements at 0" in found.reason
