"""Messages in a chunk are those that every record shows, whatever the chunk's index says."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import UnreadableFile
from avdataops.readers.rosbag import bag1_scan, mcap_scan
from avdataops.readers.rosbag.messages import Messages
from avdataops.testing import bag1_by_hand as b
from avdataops.testing import mcap_by_hand as m

Scan = Callable[[Any, int, Any], Messages]
Row = tuple[int, int, int, bytes]
"""Offset, time, connection, message."""


def _mcap(records: list[tuple[int, int, bytes] | None]) -> tuple[bytes, list[Row]]:
    """Return a chunk's records and its messages; None is a record that is no message."""
    data, rows = b"", []
    for one in records:
        if one is None:
            data += m.record(4, b"not a message")
            continue
        connection, t_ns, payload = one
        rows.append((len(data), t_ns, connection, payload))
        data += m.message(connection, t_ns, payload)
    return data, rows


def _bag(records: list[tuple[int, int, bytes] | None]) -> tuple[bytes, list[Row]]:
    data, rows = b"", []
    for one in records:
        if one is None:
            data += b.connection(7, "/x", "a/B", "int8 x\n")
            continue
        connection, t_ns, payload = one
        rows.append((len(data), t_ns, connection, payload))
        data += b.message(connection, t_ns, payload)
    return data, rows


WAYS = {"mcap": (_mcap, mcap_scan.messages_in), "bag": (_bag, bag1_scan.messages_in)}
records = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.integers(0, 3), st.integers(0, 2**31), st.binary(max_size=5)),
    ),
    max_size=8,
)


def _seen(found: Messages) -> list[Row]:
    return [
        (at, t_ns, connection, found.data[start : start + size].tobytes())
        for at, t_ns, connection, start, size in zip(
            found.inner.tolist(),
            found.t_ns.tolist(),
            found.connection.tolist(),
            found.starts.tolist(),
            found.sizes.tolist(),
            strict=True,
        )
    ]


@pytest.mark.parametrize("way", WAYS)
@given(some=records, draw=st.data())
def test_an_index_changes_nothing_of_what_is_found(
    way: str, some: list[tuple[int, int, bytes] | None], draw: st.DataObject
) -> None:
    write, scan = WAYS[way]
    data, rows = write(some)
    octets = np.frombuffer(data, np.uint8)
    assert _seen(scan(octets, 5, None)) == rows
    true = [row[0] for row in rows]
    indexes = [true, true[::-1], true[1:], [*true, len(data)], [at + 1 for at in true]]
    lies = draw.draw(st.lists(st.integers(-5, len(data) + 5), max_size=4))
    for index in (*indexes, [*true, *lies], lies):
        found = scan(octets, 5, np.array(sorted(set(index)), np.int64))
        assert _seen(found) == rows
        assert set(found.at.tolist()) <= {5}


@pytest.mark.parametrize("way", WAYS)
@given(some=records, cut=st.integers(0, 60))
def test_a_chunk_that_is_cut_off_gives_the_messages_before(
    way: str, some: list[tuple[int, int, bytes] | None], cut: int
) -> None:
    write, scan = WAYS[way]
    data, rows = write(some)
    short = np.frombuffer(data[: max(len(data) - cut, 0)], np.uint8)
    whole = [row for row in rows if row[0] + _length(way, row) <= len(short)]
    index = np.array([row[0] for row in rows], np.int64)
    assert _seen(scan(short, 0, index)) == whole
    assert _seen(scan(short, 0, None)) == whole


def _length(way: str, row: Row) -> int:
    _, t_ns, connection, payload = row
    if way == "mcap":
        return len(m.message(connection, t_ns, payload))
    return len(b.message(connection, t_ns, payload))


def test_a_bag_message_without_its_connection_loses_the_chunk() -> None:
    data = b.record((("op", b.MESSAGE), ("time", b.stamp(1))), b"x")
    with pytest.raises(UnreadableFile, match="no number 'conn'"):
        bag1_scan.messages_in(np.frombuffer(data, np.uint8), 0, np.array([0]))


def test_header_fields_in_another_order_are_read_too() -> None:
    head = (("time", b.stamp(9)), ("conn", b.u32(3)), ("op", b.MESSAGE))
    data = b.record(head, b"abc") + b.record(head, b"d")
    first = len(b.record(head, b"abc"))
    found = bag1_scan.messages_in(np.frombuffer(data, np.uint8), 0, np.array([0, first]))
    assert _seen(found) == [(0, 9, 3, b"abc"), (first, 9, 3, b"d")]
