"""Rows of any table as protobuf messages of a type made for it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "avdataops"
_F = descriptor_pb2.FieldDescriptorProto
_HIDDEN = ("ts",)
"""Repeats ``t_ns``."""
_MAX_NAME = 100
MAX_FIELDS = 4_000
"""Of one message: protobuf's own implementation takes a layout of 64 KiB at most."""


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field of a message."""

    name: str
    column: str
    code: int
    """Type as protobuf numbers it."""
    many: bool
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowType:
    """The message type of one table."""

    name: str
    """With its package."""
    descriptor: bytes
    """A serialised FileDescriptorSet, as MCAP wants it."""
    fields: tuple[FieldPlan, ...]
    left_out: tuple[str, ...]
    """Columns whose type has no counterpart, and those beyond ``MAX_FIELDS``."""
    make: Callable[[], Any]

    @property
    def facts(self) -> dict[str, str]:
        """Units and names in the recording, by field."""
        return {
            f"{what}.{field.name}": value
            for field in self.fields
            for what, value in field.facts.items()
        }

    def encode(self, batch: pa.RecordBatch) -> Iterator[bytes]:
        """Yield the message of every row; what is null is not set."""
        columns = [batch.column(field.column).to_pylist() for field in self.fields]
        for row in zip(*columns, strict=True):
            message = self.make()
            for field, value in zip(self.fields, row, strict=True):
                if value is None:
                    continue
                if field.many:
                    getattr(message, field.name).extend(item for item in value if item is not None)
                else:
                    setattr(message, field.name, value)
            yield message.SerializeToString(deterministic=True)


def row_type(name: str, schema: pa.Schema) -> RowType:
    """Return the message type for the rows of a table.

    Integers are ``int64`` or ``uint64``, floats keep their width, lists are repeated fields; a null
    in a list is left out.  Lists of lists and structures have no field.  Fields are optional
    (proto2), because nothing else tells unknown from zero.
    """
    fields: list[FieldPlan] = []
    left_out: list[str] = []
    taken: set[str] = set()
    for column in schema:
        if column.name in _HIDDEN:
            continue
        code, many = _type_of(column.type)
        if code is None or len(fields) == MAX_FIELDS:
            left_out.append(column.name)
            continue
        facts = {
            key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
            for key, value in sorted((column.metadata or {}).items())
        }
        one = _free(_word(column.name).lower(), taken)
        fields.append(FieldPlan(one, column.name, code, many, facts))
    return _built(_word(name)[:_MAX_NAME], fields, tuple(left_out))


def made_type(name: str, fields: Sequence[tuple[str, str]]) -> tuple[bytes, Callable[[], Any]]:
    """Return descriptor and maker of a message of our own; types are Arrow's names."""
    schema = pa.schema([pa.field(one, pa.type_for_alias(kind)) for one, kind in fields])
    built = row_type(name, schema)
    return built.descriptor, built.make


def _built(name: str, fields: Sequence[FieldPlan], left_out: tuple[str, ...]) -> RowType:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{_PACKAGE}/{name}.proto", package=_PACKAGE, syntax="proto2"
    )
    message = file.message_type.add(name=name)
    for number, field in enumerate(fields, 1):
        label = _F.LABEL_REPEATED if field.many else _F.LABEL_OPTIONAL
        one = message.field.add(name=field.name, number=number, label=label)
        one.type = field.code
        if field.many and field.code not in (_F.TYPE_STRING, _F.TYPE_BYTES):
            one.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    full = f"{_PACKAGE}.{name}"
    make = message_factory.GetMessageClass(pool.FindMessageTypeByName(full))
    wrapped = descriptor_pb2.FileDescriptorSet(file=[file])
    return RowType(
        full, wrapped.SerializeToString(deterministic=True), tuple(fields), left_out, make
    )


def _type_of(kind: pa.DataType) -> tuple[int | None, bool]:
    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner, many = _type_of(kind.value_type)
        return (None, True) if many else (inner, True)
    for fits, code in (
        (types.is_boolean, _F.TYPE_BOOL),
        (types.is_signed_integer, _F.TYPE_INT64),
        (types.is_unsigned_integer, _F.TYPE_UINT64),
        (types.is_float16, _F.TYPE_FLOAT),
        (types.is_float32, _F.TYPE_FLOAT),
        (types.is_float64, _F.TYPE_DOUBLE),
        (types.is_string, _F.TYPE_STRING),
        (types.is_large_string, _F.TYPE_STRING),
        (types.is_binary, _F.TYPE_BYTES),
        (types.is_large_binary, _F.TYPE_BYTES),
    ):
        if fits(kind):
            return code, False
    return None, False


def _word(text: str) -> str:
    """Return ``text`` as protobuf spells names: ASCII letters, digits, underscores."""
    word = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "x"
    return f"x_{word}" if word[0].isdigit() else word


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free
