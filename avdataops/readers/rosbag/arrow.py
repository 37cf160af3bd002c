"""Arrow types and arrays of message columns."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.readers.rosbag.layout import Leaf, Table

_TYPES = {
    "bool": pa.bool_(),
    "byte": pa.uint8(),
    "char": pa.uint8(),
    "int8": pa.int8(),
    "uint8": pa.uint8(),
    "int16": pa.int16(),
    "uint16": pa.uint16(),
    "int32": pa.int32(),
    "uint32": pa.uint32(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "time": pa.int64(),
    "duration": pa.int64(),
}


def leaf_type(leaf: Leaf) -> pa.DataType:
    """Return the Arrow type of a column."""
    if leaf.is_octets:
        return pa.binary()
    single = _TYPES[leaf.base]
    if not leaf.is_list:
        return single
    if leaf.length is None or leaf.base == "string":
        return pa.list_(single)
    return pa.list_(single, leaf.length)


def table_fields(table: Table) -> list[pa.Field]:
    """Return the Arrow fields of a table, with source and unit in their metadata."""
    return [described(leaf.column, leaf_type(leaf), leaf) for leaf in table.leaves]


def described(name: str, kind: pa.DataType, leaf: Leaf) -> pa.Field:
    """Return a field that says where it is from."""
    metadata = {"source": leaf.source}
    if leaf.unit:
        metadata["unit"] = leaf.unit
    return pa.field(name, kind, metadata=metadata)


def fixed_column(leaf: Leaf, values: npt.NDArray[np.generic]) -> pa.Array:
    """Return the column of a fixed-size field; ``values`` has one row per message."""
    if not leaf.is_list:
        return pa.array(np.ascontiguousarray(values), leaf_type(leaf))
    if leaf.is_octets:
        offsets = np.arange(len(values) + 1, dtype=np.int64) * (leaf.length or 0)
        return octets_column(offsets, np.ascontiguousarray(values).reshape(-1))
    if not leaf.length:
        return pa.array([[]] * len(values), leaf_type(leaf))
    single = flat(leaf, np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(single, leaf.length)


def flat(leaf: Leaf, values: npt.NDArray[np.generic]) -> pa.Array:
    """Return the elements of a list column as one array."""
    return pa.array(values, _TYPES[leaf.base])


def lists(leaf: Leaf, counts: npt.NDArray[np.int64], values: pa.Array) -> pa.Array:
    """Return a list column from the number of elements per row and all elements."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values).cast(leaf_type(leaf))


def octets_column(
    offsets: npt.NDArray[np.int64], content: npt.NDArray[np.uint8], kind: pa.DataType | None = None
) -> pa.Array:
    """Return a column of bytes; row n is ``content[offsets[n] : offsets[n + 1]]``."""
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(content)]
    return pa.Array.from_buffers(kind or pa.binary(), len(offsets) - 1, buffers)


def text_column(offsets: npt.NDArray[np.int64], content: npt.NDArray[np.uint8]) -> pa.Array:
    """Return strings; bytes that are not UTF-8 become U+FFFD."""
    raw = octets_column(offsets, content)
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        texts = [text.decode("utf-8", "replace") for text in raw.to_pylist()]
        return pa.array(texts, pa.string())
