"""Arrow columns as arrays and back, and what kind of quantity a column holds."""

from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.signals.arrays import Bools, Floats, Indices, Times
from avdataops.signals.circles import one_hemisphere
from avdataops.tables.signals import metadata_text

T_FIELD = pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})
FRAME_CLASSES = frozenset({"camera", "lidar", "radar"})
"""Topic classes of sensors that take frames."""
BOOKKEEPING = frozenset({"t_ns", "ts", "row", "element", "parent_element", "part"})
"""Columns that say which row this is; the rest are the stream's fields."""
MAX_SMALL_LIST = 64
"""Lists of a fixed length up to this (covariances) are fields, longer ones are payload."""
SPARSE = 0.5
"""A column with fewer values than this share of the rows has a rate of its own: in a message whose
fields take turns (multiplexed CAN), null is no lost sample."""
_ANGLE_PERIODS = {"rad": 2 * np.pi, "deg": 360.0}
_NO_QUANTITY = frozenset({None, "", "1", "-", "ns"})


class Nature(StrEnum):
    """How a column may be thinned and put on a grid."""

    CONTINUOUS = "continuous"
    """A quantity that moves smoothly: may be filtered and interpolated."""
    DISCRETE = "discrete"
    """A state, flag, number or text: may only be held."""
    PAYLOAD = "payload"
    """Bytes and long lists, which stay in the raw zone."""


def nature_of(field: pa.Field, names: frozenset[str]) -> Nature:
    """Return what kind of quantity a field holds, by its type, its unit and its neighbours.

    Whole numbers count as quantities only with a unit, and a number beside which ``<name>_label``
    stands is an enumeration whatever its type.
    """
    kind = field.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return Nature.PAYLOAD
    if pa.types.is_fixed_size_list(kind):
        return Nature.DISCRETE if kind.list_size <= MAX_SMALL_LIST else Nature.PAYLOAD
    if pa.types.is_nested(kind):
        return Nature.PAYLOAD
    if f"{field.name}_label" in names:
        return Nature.DISCRETE
    is_quantity = metadata_text(field, "unit") not in _NO_QUANTITY
    if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and is_quantity):
        return Nature.CONTINUOUS
    return Nature.DISCRETE


def natures(schema: pa.Schema) -> dict[str, Nature]:
    """Return the kind of every field of a stream, without the bookkeeping columns."""
    names = frozenset(schema.names)
    return {
        field.name: nature_of(field, names) for field in schema if field.name not in BOOKKEEPING
    }


def holds_frames(schema: pa.Schema, topic_class: str) -> bool:
    """Say whether a stream is a sequence of frames rather than of signals.

    So it is with bytes or long lists, and in the classes of sensors also without a quantity: what
    is left when the list of targets went to a child stream.
    """
    kinds = set(natures(schema).values())
    return Nature.PAYLOAD in kinds or (
        topic_class in FRAME_CLASSES and Nature.CONTINUOUS not in kinds
    )


def angle_period(field: pa.Field) -> float | None:
    """Return a full turn in the unit of an angle column, None for other columns."""
    return _ANGLE_PERIODS.get(metadata_text(field, "unit") or "")


def quaternions(schema: pa.Schema) -> tuple[tuple[str, str, str, str], ...]:
    """Return the names (x, y, z, w) of the columns of each orientation in a stream."""
    names = set(schema.names)
    found = []
    for name in schema.names:
        stem = name.removesuffix("_w")
        group = (f"{stem}_x", f"{stem}_y", f"{stem}_z", name)
        if stem != name and names.issuperset(group):
            found.append(group)
    return tuple(found)


def smooth_values(table: pa.Table, names: list[str]) -> dict[str, Floats]:
    """Return quantities as float64, with the signs of quaternions made to follow each other."""
    values = {name: floats(table[name]) for name in names}
    for group in quaternions(table.schema):
        if values.keys() >= set(group):
            turned = one_hemisphere(np.column_stack([values[name] for name in group]))
            values.update(zip(group, turned.T, strict=True))
    return values


def quantity_field(field: pa.Field, suffix: str = "") -> pa.Field:
    """Return the float64 field of a quantity, with the metadata it had."""
    return pa.field(field.name + suffix, pa.float64(), metadata=field.metadata)


def times(column: pa.ChunkedArray) -> Times:
    """Return an int64 column without nulls as an array."""
    return np.asarray(column.to_numpy(), dtype=np.int64)


def floats(column: pa.ChunkedArray) -> Floats:
    """Return a number or truth column as float64 with NaN for null."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    column = pc.cast(column, pa.float64(), safe=False)
    return np.asarray(pc.fill_null(column, np.nan).to_numpy(), dtype=np.float64)


def float_array(values: Floats) -> pa.Array:
    """Return float64 values as an Arrow array with null for NaN and infinity."""
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))


def known(column: pa.ChunkedArray) -> Bools:
    """Return which rows hold a value: neither null nor NaN."""
    if pa.types.is_floating(column.type):
        return np.isfinite(floats(column))
    return np.asarray(pc.is_valid(column).to_numpy(), dtype=np.bool_)


def own_rows(has_value: Bools) -> Bools:
    """Return which rows are samples of a column: all, or those with a value where few have one."""
    sparse = np.count_nonzero(has_value) < SPARSE * has_value.size
    return has_value if sparse else np.ones_like(has_value)


def rows_at(column: pa.ChunkedArray, index: Indices) -> pa.Array:
    """Return the rows at ``index`` in one piece, null where it is negative."""
    picked = column.take(pa.array(index, pa.int64(), mask=index < 0))
    return picked.combine_chunks() if isinstance(picked, pa.ChunkedArray) else picked


def one_chunk(array: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    joined = array.combine_chunks()
    return joined if not isinstance(joined, pa.ChunkedArray) else pa.concat_arrays(joined.chunks)


def one_batch(columns: list[pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    """Return columns of one length as a batch."""
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def batch_of(table: pa.Table) -> pa.RecordBatch:
    """Return a table in one piece."""
    return one_batch([one_chunk(column) for column in table.columns], table.schema)
