"""Rows of parts in order of time, piece by piece, and windows and angles that follow them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.circles import NO_TURNS, unwrapped, unwrapped_from
from avdataops.signals.ordered_rows import OrderedRows, ordered_rows
from avdataops.signals.row_window import RowWindow
from avdataops.testing.step_tables import MemoryTable, memory_table

SCHEMA = pa.schema([pa.field("t_ns", pa.int64(), nullable=False), pa.field("n", pa.int64())])


def ordered(*parts: list[int], batch_rows: int = 2) -> OrderedRows:
    """Rows of parts with these times, numbered over all of them."""
    tables, number = [], 0
    for name, t in enumerate(parts):
        numbers = range(number, number + len(t))
        number += len(t)
        rows = pa.table([pa.array(t, pa.int64()), pa.array(numbers, pa.int64())], schema=SCHEMA)
        made = memory_table(rows, kind="stream", name="/s", part=str(name))
        tables.append(MemoryTable(made.artifact, rows, max_rows=batch_rows))
    return ordered_rows(tuple(tables), SCHEMA, lambda table: table)


def test_parts_that_overlap_come_out_in_order_and_the_last_of_equal_times_stays() -> None:
    rows = ordered([1, 3, 5, 7], [2, 3, 8, 9], [])
    table = pa.concat_tables(rows.pieces(["n"]))
    assert table.to_pydict() == {"t_ns": [1, 2, 3, 5, 7, 8, 9], "n": [0, 4, 5, 2, 3, 6, 7]}
    assert rows.rows == 8


def test_parts_one_after_another_hold_a_batch_at_a_time() -> None:
    pieces = list(ordered([1, 2, 3, 4], [5, 6, 7, 8]).pieces([]))
    assert [piece["t_ns"].to_pylist() for piece in pieces] == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert all(piece.schema.names == ["t_ns"] for piece in pieces)


def test_no_part_and_parts_without_rows_give_no_piece() -> None:
    assert list(ordered().pieces([])) == []
    assert list(ordered([], []).pieces(["n"])) == []


@given(
    st.lists(st.lists(st.integers(-20, 20), max_size=12), max_size=4),
    st.integers(1, 5),
)
def test_pieces_are_what_sorting_all_rows_gives(parts: list[list[int]], batch_rows: int) -> None:
    pieces = list(ordered(*parts, batch_rows=batch_rows).pieces(["n"]))
    made = [row for piece in pieces for row in zip(*piece.to_pydict().values(), strict=True)]
    every = [t for part in parts for t in part]
    assert made == sorted({t: number for number, t in enumerate(every)}.items())
    assert all(piece.num_rows for piece in pieces)


def test_a_column_that_a_part_lacks_is_null_there() -> None:
    rows = pa.table([pa.array([4], pa.int64())], schema=SCHEMA.remove(1))
    part = memory_table(rows, kind="stream", name="/s")
    (piece,) = ordered_rows((part,), SCHEMA, lambda table: table).pieces(["n"])
    assert piece.to_pydict() == {"t_ns": [4], "n": [None]}


def test_a_window_gives_one_row_beyond_each_side_and_lets_go_of_the_rest() -> None:
    window = RowWindow(ordered([0, 10, 20, 30, 40, 50, 60]).pieces(["n"]))
    assert window.around(-5, 5)[0].tolist() == [0, 10]
    t, rows = window.around(15, 30)
    assert t.tolist() == [10, 20, 30, 40]
    assert rows["n"].to_pylist() == [1, 2, 3, 4]
    assert window.around(60, 99)[0].tolist() == [60]


@given(
    st.lists(st.sampled_from([0.0, -0.0, 10.0, 179.0, 180.0, -180.0, 359.9, np.nan, np.inf])),
    st.integers(0, 20),
)
def test_an_angle_unwrapped_in_two_stretches_is_the_same_to_the_bit(
    values: list[float], cut: int
) -> None:
    x = np.array(values, dtype=np.float64)
    head, turns = unwrapped_from(x[:cut], 360.0, NO_TURNS)
    last = x[:cut][np.isfinite(x[:cut])][-1:]
    tail, _ = unwrapped_from(np.concatenate((last, x[cut:])), 360.0, turns)
    both = np.concatenate((head, tail[last.size :]))
    assert both.tobytes() == unwrapped(x, 360.0).tobytes()
    known = np.isfinite(x)
    assert np.array_equal(unwrapped(x, 360.0)[known], np.unwrap(x[known], period=360.0))


def test_a_window_needs_a_table_to_begin_with() -> None:
    with pytest.raises(StopIteration):
        RowWindow(iter(()))
