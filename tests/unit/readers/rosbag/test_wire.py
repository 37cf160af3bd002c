"""Tests of byte layouts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag.layout import Leaf, Run
from avdataops.readers.rosbag.wire import (
    ROS1,
    RunLayout,
    Wire,
    check_end,
    native,
    run_layout,
    wire_of,
)


def _cdr(header: bytes = b"\0\1\0\0") -> Wire:
    wire = wire_of("cdr", header)
    assert wire is not None
    return wire


def _offsets(layout: RunLayout) -> list[int]:
    return [place[1] for place in (layout.dtype.fields or {}).values()]


def _run(*bases: str) -> Run:
    return Run(
        tuple(
            Leaf(column=f"c{number}", source="", unit=None, base=base)
            for number, base in enumerate(bases)
        )
    )


@pytest.mark.parametrize(
    ("encoding", "header", "order", "align"),
    [
        ("ros1", b"", "<", 1),
        ("cdr", b"\0\0\0\0", ">", 8),
        ("cdr", b"\0\1\0\0", "<", 8),
        ("cdr", b"\0\6\0\0", ">", 4),
        ("cdr", b"\0\7\0\0", "<", 4),
    ],
)
def test_the_header_decides_order_and_alignment(
    encoding: str, header: bytes, order: str, align: int
) -> None:
    wire = wire_of(encoding, header)
    assert wire is not None
    assert (wire.order, wire.align) == (order, align)


@pytest.mark.parametrize("header", [b"", b"\0\1\0", b"\0\2\0\0", b"\1\0\0\0", b"\x28\xb5\x2f\xfd"])
def test_other_headers_are_not_read(header: bytes) -> None:
    assert wire_of("cdr", header) is None


@given(st.integers(0, 1000), st.sampled_from([1, 2, 4, 8]))
def test_padding_reaches_the_next_multiple_behind_the_header(position: int, size: int) -> None:
    wire = _cdr()
    padded = wire.pad(position, size)
    assert 0 <= padded - position < size
    assert (padded - wire.origin) % size == 0
    assert ROS1.pad(position, size) == position


def test_fields_of_a_run_are_aligned_from_where_it_begins() -> None:
    run = _run("uint8", "float64", "uint16", "uint32")
    layout = run_layout(run, _cdr(), 0)
    assert _offsets(layout) == [0, 8, 16, 20]
    assert layout.size == 24
    assert layout.repeats
    moved = run_layout(run, _cdr(), 3)
    assert _offsets(moved) == [0, 5, 13, 17]
    assert moved.size == 21


def test_ros1_packs_without_padding() -> None:
    layout = run_layout(_run("uint8", "float64", "uint16"), ROS1, 0)
    assert layout.size == 11
    assert layout.repeats


def test_a_run_that_ends_elsewhere_does_not_repeat() -> None:
    assert not run_layout(_run("float64", "uint8"), _cdr(), 0).repeats
    assert run_layout(_run("uint32"), wire_of("cdr", b"\0\7\0\0") or ROS1, 0).repeats


def test_times_align_to_four_bytes() -> None:
    layout = run_layout(_run("uint8", "time"), _cdr(), 0)
    assert layout.size == 12


def test_values_become_native() -> None:
    assert native(np.array([1, 2], ">u2"), "uint16").tolist() == [1, 2]
    assert native(np.array([0, 2, 1], "u1"), "bool").tolist() == [False, True, True]
    times = np.array([(1, 5), (-1, 7)], [("s", "<i4"), ("ns", "<u4")])
    assert native(times, "time").tolist() == [1_000_000_005, -999_999_993]


def test_padding_behind_the_last_field_is_at_most_three_bytes() -> None:
    check_end(_cdr(), 5, bytes(8))
    with pytest.raises(SchemaMismatch):
        check_end(_cdr(), 5, bytes(9))
    check_end(ROS1, 5, bytes(5))
    with pytest.raises(SchemaMismatch):
        check_end(ROS1, 5, bytes(6))
