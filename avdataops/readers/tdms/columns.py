"""Channels become Arrow columns: scaled, with nulls where a channel ends before its stream."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import InputError
from avdataops.readers.names import RESERVED, UniqueNames, snake_case
from avdataops.readers.tdms.clock import stamps_ns
from avdataops.readers.tdms.kinds import BOOLEAN, STAMP, STRING, VOID, Kind, Value
from avdataops.readers.tdms.metadata import Shape
from avdataops.readers.tdms.samples import Raw
from avdataops.readers.tdms.scaling import Scaling, scaling_of

T_NS = pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel with values."""

    number: int
    """In the index."""
    name: str
    shape: Shape
    levels: tuple[Mapping[str, Value], ...]
    """Properties of channel, group and file."""
    rows: int
    """Values in the file."""
    missing: int
    """Values that the index promises beyond those."""


@dataclass(frozen=True, slots=True)
class Column:
    """One channel as its columns: two for complex values, one per scaler of unscaled DAQmx."""

    channel: Channel
    fields: tuple[pa.Field, ...]
    scaling: Scaling | None
    problem: str | None = None

    @property
    def is_text(self) -> bool:
        """Say whether the values are strings."""
        return self.channel.shape.kind is STRING

    @property
    def row_bytes(self) -> int:
        """Bytes of one row in memory; strings are counted apart."""
        return 16 * len(self.fields)


class Names:
    """Unique names, at the same speed however many are alike."""

    def __init__(self, taken: Iterable[str] = (), joint: str = "_") -> None:
        self._unique = UniqueNames(taken, joint)
        self._joint = joint
        self._seen: Counter[str] = Counter()

    def claim(self, name: str) -> str:
        """Return ``name``, or ``name`` with the next number."""
        key = name.casefold()
        self._seen[key] += 1
        number = self._seen[key]
        return self._unique.claim(name if number == 1 else f"{name}{self._joint}{number}")


def plan_columns(channels: Sequence[Channel]) -> tuple[Column, ...]:
    """Name the columns of a stream and find their types, without reading a sample."""
    names = Names(RESERVED)
    return tuple(_plan(one, names) for one in channels if one.shape.kind is not VOID)


def _plan(channel: Channel, names: Names) -> Column:
    scaling, problem = None, None
    kinds = _kinds(channel.shape)
    if not {STAMP, STRING} & set(kinds.values()):
        try:
            scaling = scaling_of(kinds, channel.levels)
        except InputError as error:
            problem = f"the scales of '{channel.name}' are not used: {error.message}"
    unit = channel.levels[0].get("unit_string")
    metadata = {"source": channel.name}
    if isinstance(unit, str) and unit and not problem:
        metadata["unit"] = unit
    base = snake_case(channel.name)
    fields = [
        pa.field(names.claim(f"{base}{suffix}"), kind, metadata=_own(metadata, kinds))
        for suffix, kind in _types(kinds, scaling)
    ]
    return Column(channel, tuple(fields), scaling, problem)


def _own(metadata: dict[str, str], kinds: Mapping[int | None, Kind]) -> dict[str, str]:
    """Return the metadata of a field; the unit of a moment is ns."""
    return {**metadata, "unit": "ns"} if STAMP in kinds.values() else metadata


def _kinds(shape: Shape) -> dict[int | None, Kind]:
    if shape.scalers:
        return {scaler.scale: scaler.kind for scaler in shape.scalers}
    return {None: shape.kind}


def _types(
    kinds: Mapping[int | None, Kind], scaling: Scaling | None
) -> Iterator[tuple[str, pa.DataType]]:
    is_complex = any(kind.code.startswith("c") for kind in kinds.values())
    if scaling is not None:
        suffixes = ("_re", "_im") if is_complex else ("",)
        yield from ((suffix, pa.float64()) for suffix in suffixes)
        return
    for scale, kind in kinds.items():
        suffix = f"_scaler_{scale}" if len(kinds) > 1 else ""
        if kind.code.startswith("c"):
            part = pa.float32() if kind.size == 8 else pa.float64()  # noqa: PLR2004 - two singles
            yield from (("_re", part), ("_im", part))
        else:
            yield suffix, _plain_type(kind)


def _plain_type(kind: Kind) -> pa.DataType:
    if kind is STRING:
        return pa.string()
    if kind is STAMP:
        return pa.int64()
    return pa.bool_() if kind is BOOLEAN else pa.from_numpy_dtype(np.dtype(kind.code))


def number_arrays(column: Column, raw: Raw, rows: int) -> list[pa.Array]:
    """Return the arrays of a column from its stored values, filled up with null to ``rows``."""
    values = raw if column.scaling is None else {None: column.scaling.apply(raw)}
    arrays = [array for found in values.values() for array in _arrays(found)]
    if not arrays:
        return nulls(column, rows)
    return [
        _filled(array if array.type == field.type else array.cast(field.type), rows)
        for array, field in zip(arrays, column.fields, strict=True)
    ]


def text_array(texts: pa.Array, rows: int) -> pa.Array:
    """Return strings filled up with null to ``rows``."""
    return _filled(texts, rows)


def nulls(column: Column, rows: int) -> list[pa.Array]:
    """Return a column without values."""
    return [pa.nulls(rows, field.type) for field in column.fields]


def _arrays(values: npt.NDArray[Any]) -> list[pa.Array]:
    if values.dtype.names:
        times, known = stamps_ns(values)
        return [pa.array(times, mask=~known)]
    if np.iscomplexobj(values):
        return [pa.array(np.ascontiguousarray(part)) for part in (values.real, values.imag)]
    return [pa.array(values)]


def _filled(array: pa.Array, rows: int) -> pa.Array:
    if len(array) >= rows:
        return array
    return pa.concat_arrays([array, pa.nulls(rows - len(array), array.type)])
