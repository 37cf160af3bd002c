"""Channels become Arrow columns: conversions applied, invalid samples null."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.errors import InputError, SchemaMismatch
from avdataops.readers.mdf4 import arithmetic
from avdataops.readers.mdf4.facts import Channel, Samples
from avdataops.readers.mdf4.formula import evaluate
from avdataops.readers.names import RESERVED, UniqueNames, snake_case

_TEXT = "SUO"


@dataclass(frozen=True, slots=True)
class Column:
    """One channel as one column, or two if its values have texts."""

    channel: Channel
    fields: tuple[pa.Field, ...]
    problem: str | None = None


def plan_columns(channels: Sequence[Channel]) -> tuple[Column, ...]:
    """Name the columns of a group and find their types, without reading a sample."""
    unique = UniqueNames(RESERVED)
    return tuple(_plan(channel, unique) for channel in channels if channel.dtype.names is None)


def _plan(channel: Channel, unique: UniqueNames) -> Column:
    name = unique.claim(snake_case(channel.name))
    metadata = {"source": channel.name} | ({"unit": channel.unit} if channel.unit else {})
    if channel.is_text:
        return Column(channel, (pa.field(name, pa.string(), metadata=metadata),))
    if channel.is_bytes:
        return Column(channel, (pa.field(name, pa.binary(), metadata=metadata),))
    problem = None
    probe = np.zeros(1, channel.dtype)
    try:
        physical = convert(channel, probe)
    except InputError as error:
        physical, problem = probe, error.message
    if physical.dtype.kind in _TEXT:
        raw = pa.field(
            unique.claim(f"{name}_raw"), _type_of(probe), metadata={"source": channel.name}
        )
        text = pa.field(name, pa.string(), metadata={"source": channel.name})
        return Column(channel, (text, raw))
    return Column(channel, (pa.field(name, _type_of(physical), metadata=metadata),), problem)


def _type_of(values: Samples) -> pa.DataType:
    if values.dtype.kind == "c":
        single: pa.DataType = pa.list_(pa.float64(), 2)
    else:
        single = pa.from_numpy_dtype(values.dtype.newbyteorder("="))
    for size in reversed(values.shape[1:]):
        single = pa.list_(single, size)
    return single


def convert(channel: Channel, raw: Samples) -> Samples:
    """Return physical values; raises ``InputError`` for a conversion that cannot be worked out."""
    if channel.formula is not None:
        return evaluate(channel.formula, raw)
    if channel.conversion is None:
        return raw
    kind = channel.conversion.conversion_type
    if kind == arithmetic.RATIONAL:
        return arithmetic.rational(channel.conversion, raw)
    if kind == arithmetic.RANGES:
        return arithmetic.ranges(channel.conversion, raw)
    try:
        converted: Samples = channel.conversion.convert(raw, ignore_value2text_conversions=False)
    except Exception as error:
        # A table without entries or of odd numbers shows as whatever the library trips over.
        raise SchemaMismatch(f"its conversion cannot be worked out: {error}") from error
    return converted


def column_arrays(
    column: Column, raw: Samples, invalid: npt.NDArray[np.bool_] | None
) -> list[pa.Array]:
    """Return the arrays of a column's fields."""
    channel = column.channel
    if channel.is_text or channel.is_bytes:
        return [_opaque(column.fields[0].type, raw, invalid)]
    physical = raw if column.problem else convert(channel, raw)
    if len(column.fields) == 1:
        return [_numbers(column.fields[0].type, physical, invalid)]
    texts = _texts(physical, invalid)
    return [texts, _numbers(column.fields[1].type, raw, invalid)]


def _numbers(kind: pa.DataType, values: Samples, invalid: npt.NDArray[np.bool_] | None) -> pa.Array:
    if values.dtype.kind == "c":
        values = np.stack([values.real, values.imag], axis=-1).astype(np.float64)
    native = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("="), copy=False)
    flat = native.reshape(-1)
    if native.ndim == 1:
        return pa.array(flat, kind, mask=invalid)
    array = pa.array(flat)
    for size in reversed(native.shape[1:]):
        array = pa.FixedSizeListArray.from_arrays(array, size)
    if invalid is None:
        return array
    return pc.if_else(pa.array(~invalid), array, pa.scalar(None, kind))


def _opaque(kind: pa.DataType, values: Samples, invalid: npt.NDArray[np.bool_] | None) -> pa.Array:
    if values.ndim > 1:
        rows = [row.tobytes() for row in np.ascontiguousarray(values)]
    else:
        rows = [_bytes(value) for value in values.tolist()]
    if pa.types.is_string(kind):
        rows = [row.rstrip(b"\0").decode("utf-8", "replace") for row in rows]
    return pa.array(rows, kind, mask=invalid)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _texts(values: Samples, invalid: npt.NDArray[np.bool_] | None) -> pa.Array:
    """Return the texts of values; a value that the table does not name has none."""
    named, place = np.unique(
        values.astype("S") if values.dtype.kind == "O" else values, return_inverse=True
    )
    texts = pa.array([_text(value) for value in named.tolist()], pa.string())
    return texts.take(pa.array(place.astype(np.int64), mask=invalid))


def _text(value: object) -> str | None:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text or None
