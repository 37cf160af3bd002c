"""Rows of a stream picked, put in order of time and given their place, in bounded memory."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from avdataops.ports.step import Table
from avdataops.signals.arrays import Indices
from avdataops.signals.columns import batch_of

ROW = pa.field("row", pa.int64(), metadata={"unit": "1"})
"""Number of the row in its stream and recording, from 0; child rows carry their parent's."""
PART = pa.field("part", pa.string(), nullable=False, metadata={"unit": "1"})
"""The recording that a row is from; with ``row`` it finds the raw message."""


def in_time_order(parts: Iterable[Table]) -> tuple[Table, ...]:
    """Return the parts of a stream by their first row; parts without rows come last."""

    def place(table: Table) -> tuple[bool, int, str]:
        start_ns = table.artifact.start_ns
        return (start_ns is None, start_ns or 0, table.artifact.part)

    return tuple(sorted(parts, key=place))


def unified_schema(schemas: list[pa.Schema]) -> pa.Schema:
    """Return the columns of all parts of a stream; numbers of different width get the wider one.

    A column that some part lacks is nullable.
    """
    whole = pa.unify_schemas(schemas, promote_options="permissive")
    everywhere = set.intersection(*(set(schema.names) for schema in schemas))
    return pa.schema([f if f.name in everywhere else f.with_nullable(True) for f in whole])


def joined(tables: list[pa.Table]) -> pa.Table:
    """Return the rows of all parts, null where a part lacks a column."""
    whole = pa.concat_tables(tables, promote_options="permissive")
    return whole.cast(unified_schema([table.schema for table in tables]))


def picked_rows(
    batches: Iterable[tuple[str, pa.RecordBatch]], schema: pa.Schema, keep: Indices
) -> Iterator[pa.RecordBatch]:
    """Yield the rows at ``keep``, counted over all batches, in that order, with part and row.

    ``batches`` come with the name of their part, all of one part together and in its order;
    ``schema`` says which columns come out.  Streams without children have no column ``row``: it is
    counted here.  Nothing more than a batch is held when ``keep`` ascends, else all picked rows
    are.  At least one batch comes out, empty if need be, so that the columns are known.
    """
    stated = [field for field in schema if field.name != ROW.name]
    wanted = pa.schema([*stated[:1], ROW, *stated[1:], PART])
    ascending = np.sort(keep)
    picked = (
        _with_place(batch.take(pa.array(index)), pa.array(index + before), part, wanted)
        for part, before, batch, index in _indexed(batches, ascending)
    )
    yield from in_given_order(picked, keep)
    if keep.size == 0:
        yield pa.RecordBatch.from_pylist([], schema=wanted)


def in_given_order(batches: Iterable[pa.RecordBatch], keep: Indices) -> Iterator[pa.RecordBatch]:
    """Yield rows that come in ascending order of their index in the order of ``keep``.

    Nothing is held when that ascends, else all rows are.
    """
    ascending = np.sort(keep)
    if np.array_equal(keep, ascending):
        yield from batches
    else:
        whole = pa.Table.from_batches(batches)
        yield batch_of(whole.take(pa.array(np.searchsorted(ascending, keep))))


def _indexed(
    batches: Iterable[tuple[str, pa.RecordBatch]], ascending: Indices
) -> Iterator[tuple[str, int, pa.RecordBatch, Indices]]:
    """Yield part, rows of the part before the batch, batch, and which of its rows to take."""
    total, before, last_part = 0, 0, None
    for part, batch in batches:
        before = before if part == last_part else 0
        low, high = np.searchsorted(ascending, (total, total + batch.num_rows))
        if high > low:
            yield part, before, batch, ascending[low:high] - total
        total, before, last_part = total + batch.num_rows, before + batch.num_rows, part


def _with_place(
    batch: pa.RecordBatch, row: pa.Array, part: str, wanted: pa.Schema
) -> pa.RecordBatch:
    counted = {"row": row, "part": pa.array([part] * batch.num_rows, pa.string())}

    def column(field: pa.Field) -> pa.Array:
        if field.name in batch.schema.names:
            return batch.column(field.name).cast(field.type)
        return counted.get(field.name, pa.nulls(batch.num_rows, field.type))

    return pa.RecordBatch.from_arrays([column(field) for field in wanted], schema=wanted)
