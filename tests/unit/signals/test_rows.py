"""Rows picked from the parts of a stream."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.rows import in_time_order, joined, picked_rows, unified_schema
from avdataops.testing.step_tables import MemoryTable, memory_table


def _picked(
    parts: dict[str, pa.Table], keep: list[int], max_rows: int = 2, *, names: tuple[str, ...] = ()
) -> pa.Table:
    schema = unified_schema([table.schema for table in parts.values()])
    if names:
        schema = pa.schema([schema.field(name) for name in names])
    batches = (
        (part, batch)
        for part, table in parts.items()
        for batch in table.to_batches(max_chunksize=max_rows)
    )
    return pa.Table.from_batches(picked_rows(batches, schema, np.array(keep, dtype=np.int64)))


A = pa.table({"t_ns": [0, 1, 2], "x": [10, 11, 12]})
B = pa.table({"t_ns": [3, 4], "x": [13, 14]})


def test_rows_are_counted_over_all_parts_and_know_their_place() -> None:
    table = _picked({"a": A, "b": B}, [1, 2, 4])
    assert table.column_names == ["t_ns", "row", "x", "part"]
    assert table.to_pylist() == [
        {"t_ns": 1, "row": 1, "x": 11, "part": "a"},
        {"t_ns": 2, "row": 2, "x": 12, "part": "a"},
        {"t_ns": 4, "row": 1, "x": 14, "part": "b"},
    ]


def test_rows_come_in_the_order_asked_for() -> None:
    assert _picked({"a": A, "b": B}, [4, 0, 2])["x"].to_pylist() == [14, 10, 12]


def test_a_stated_row_number_is_kept() -> None:
    children = pa.table({"t_ns": [0, 0, 5], "row": [7, 7, 9]})
    assert _picked({"a": children}, [0, 1, 2])["row"].to_pylist() == [7, 7, 9]


def test_nothing_picked_still_tells_the_columns() -> None:
    table = _picked({"a": A}, [])
    assert table.num_rows == 0
    assert table.column_names == ["t_ns", "row", "x", "part"]


def test_columns_that_a_part_lacks_are_null() -> None:
    other = pa.table({"t_ns": [9], "y": ["z"]})
    table = _picked({"a": A, "c": other}, [0, 3])
    assert table["x"].to_pylist() == [10, None]
    assert table["y"].to_pylist() == [None, "z"]


def test_only_the_asked_columns_come_out() -> None:
    assert _picked({"a": A}, [0], names=("t_ns",)).column_names == ["t_ns", "row", "part"]


@given(
    st.lists(st.integers(0, 4), max_size=5, unique=True),
    st.integers(1, 5),
)
def test_batches_do_not_change_the_result(keep: list[int], max_rows: int) -> None:
    whole = _picked({"a": A, "b": B}, keep, 100)
    assert _picked({"a": A, "b": B}, keep, max_rows).equals(whole)
    assert whole["x"].to_pylist() == [10 + row for row in keep]


def test_numbers_of_different_width_are_joined_in_the_wider_one() -> None:
    narrow = pa.table({"t_ns": [1], "x": pa.array([1], pa.int8())})
    wide = pa.table({"t_ns": [2], "x": pa.array([300], pa.int32())})
    assert unified_schema([narrow.schema, wide.schema]).field("x").type == pa.int32()
    assert joined([narrow, wide])["x"].to_pylist() == [1, 300]
    assert _picked({"a": narrow, "b": wide}, [0, 1])["x"].to_pylist() == [1, 300]


def test_parts_are_in_the_order_of_their_first_row_and_empty_ones_last() -> None:
    def part(name: str, stamps: list[int]) -> MemoryTable:
        data = pa.table({"t_ns": pa.array(stamps, pa.int64())})
        return memory_table(data, kind="stream", name="s", part=name)

    late, early, empty = part("a", [9]), part("b", [1]), part("0", [])
    ordered = in_time_order([late, empty, early])
    assert [table.artifact.part for table in ordered] == ["b", "a", "0"]


@pytest.mark.parametrize("max_rows", [1, 3])
def test_a_batch_is_all_that_is_held_when_rows_ascend(max_rows: int) -> None:
    taken: list[int] = []

    def batches() -> Iterator[tuple[str, pa.RecordBatch]]:
        for number, batch in enumerate(A.to_batches(max_chunksize=max_rows)):
            taken.append(number)
            yield "a", batch

    rows = picked_rows(batches(), A.schema, np.arange(3))
    assert next(rows).num_rows == max_rows
    assert taken == [0]
