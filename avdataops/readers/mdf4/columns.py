"""Channels become Arrow columns: conversions applied, invalid samples null."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.errors import InputError
from avdataops.readers.mdf4.facts import Channel, Invalid, Physical, Samples
from avdataops.readers.names import RESERVED, UniqueNames, snake_case


@dataclass(frozen=True, slots=True)
class Column:
    """One channel as one column, or two if its values have texts."""

    channel: Channel
    fields: tuple[pa.Field, ...]
    problem: str | None = None
    """Why its values are raw or missing."""


def plan_columns(channels: Sequence[Channel]) -> tuple[Column, ...]:
    """Name the columns of a group and find their types, without reading a sample."""
    unique = UniqueNames(RESERVED)
    return tuple(_plan(channel, unique) for channel in channels)


def _plan(channel: Channel, unique: UniqueNames) -> Column:
    name = unique.claim(snake_case(channel.name))
    source = {"source": channel.name}
    metadata = source | ({"unit": channel.unit} if channel.unit else {})
    if channel.is_bytes:
        return Column(channel, (pa.field(name, pa.binary(), metadata=metadata),), channel.problem)
    if channel.is_text:
        if channel.conversion is None or not channel.conversion.takes_text:
            return Column(
                channel, (pa.field(name, pa.string(), metadata=metadata),), channel.problem
            )
        kind = channel.conversion.of_texts(pa.array([""])).type
        raw = pa.field(unique.claim(f"{name}_raw"), pa.string(), metadata=source)
        return Column(channel, (pa.field(name, kind, metadata=metadata), raw), channel.problem)
    problem = channel.problem
    probe = np.zeros((1, *channel.shape), channel.dtype)
    try:
        physical = _physical(channel, probe)
    except InputError as error:
        physical, problem = probe, problem or error.message
    if isinstance(physical, pa.Array) and not channel.shape:
        raw = pa.field(unique.claim(f"{name}_raw"), _type_of(probe), metadata=source)
        return Column(channel, (pa.field(name, pa.string(), metadata=source), raw), problem)
    if isinstance(physical, pa.Array):
        physical, problem = probe, problem or "an array of texts has no column"
    return Column(channel, (pa.field(name, _type_of(physical), metadata=metadata),), problem)


def _physical(channel: Channel, raw: Samples) -> Physical:
    return raw if channel.conversion is None else channel.conversion.physical(raw)


def _type_of(values: Samples) -> pa.DataType:
    if values.dtype.kind == "c":
        single: pa.DataType = pa.list_(pa.float64(), 2)
    else:
        single = pa.from_numpy_dtype(values.dtype.newbyteorder("="))
    for size in reversed(values.shape[1:]):
        single = pa.list_(single, size)
    return single


def column_arrays(
    column: Column, raw: Samples | pa.Array, invalid: Invalid | None
) -> list[pa.Array]:
    """Return the arrays of a column's fields."""
    channel = column.channel
    if channel.is_text or channel.is_bytes:
        values = raw if isinstance(raw, pa.Array) else _opaque(column.fields[-1].type, raw)
        if len(column.fields) == 1 or channel.conversion is None:
            return [_masked(values, invalid)]
        converted = channel.conversion.of_texts(values)
        return [_masked(converted, invalid), _masked(values, invalid)]
    physical = raw if column.problem else _physical(channel, raw)
    if isinstance(physical, pa.Array):
        return [_masked(physical, invalid), _numbers(column.fields[1].type, raw, invalid)]
    return [_numbers(column.fields[0].type, physical, invalid)]


def _masked(values: pa.Array, invalid: Invalid | None) -> pa.Array:
    if invalid is None:
        return values
    return pc.if_else(pa.array(~invalid), values, pa.scalar(None, values.type))


def _numbers(kind: pa.DataType, values: Samples, invalid: Invalid | None) -> pa.Array:
    if values.dtype.kind == "c":
        values = np.stack([values.real, values.imag], axis=-1).astype(np.float64)
    native = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    if native.ndim == 1:
        return pa.array(native, kind, mask=invalid)
    array = pa.array(native.reshape(-1))
    for size in reversed(native.shape[1:]):
        array = pa.FixedSizeListArray.from_arrays(array, size)
    return _masked(array, invalid)


def _opaque(kind: pa.DataType, values: Samples) -> pa.Array:
    if values.ndim > 1:
        rows = [row.tobytes() for row in np.ascontiguousarray(values)]
    else:
        rows = [one if isinstance(one, bytes) else str(one).encode() for one in values.tolist()]
    if pa.types.is_string(kind):
        return pa.array([row.rstrip(b"\0").decode("utf-8", "replace") for row in rows], kind)
    return pa.array(rows, kind)
