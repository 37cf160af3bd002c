"""Protobuf message types from the FileDescriptorSet of an MCAP schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.readers.rosbag.definitions import DURATION, MAX_TEXT_BYTES, TIME, Field

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

TIMES = {"google.protobuf.Timestamp": TIME, "google.protobuf.Duration": DURATION}
MAX_TYPES = 10_000
_BASES = {
    1: "float64", 2: "float32", 3: "int64", 4: "uint64", 5: "int32", 6: "uint64", 7: "uint32",
    8: "bool", 9: "string", 11: "message", 12: "bytes", 13: "uint32", 14: "int32", 15: "int32",
    16: "int64", 17: "int32", 18: "int64",
}  # fmt: skip
"""Type numbers of descriptor.proto; an enumeration is its number."""
ZIGZAG = frozenset({17, 18})
FIXED_BYTES = {1: 8, 2: 4, 6: 8, 7: 4, 15: 4, 16: 8}
"""Widths of the types that are no varints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtoField:
    """One field of a message."""

    number: int
    name: str
    type: int
    base: str
    """Key of ``layout.NUMBERS``, ``string``, ``bytes``, or the name of a message type."""
    is_list: bool
    has_presence: bool
    """Whether a message can say that it does not set the field; else unset means zero."""

    @property
    def is_time(self) -> bool:
        """Say whether it is a point in time or a duration."""
        return self.base in (TIME, DURATION)

    @property
    def is_message(self) -> bool:
        """Say whether it holds fields of its own."""
        return self.type == 11 and not self.is_time  # noqa: PLR2004 - TYPE_MESSAGE


ProtoTypes = Mapping[str, tuple[ProtoField, ...]]


def proto_types(definition: bytes) -> ProtoTypes:
    """Return all message types of a serialised FileDescriptorSet.

    Raises ``SchemaMismatch`` for bytes that are none or use groups, and ``HostileInput`` for one
    over a megabyte or with too many types.
    """
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet
    from google.protobuf.message import DecodeError

    if len(definition) > MAX_TEXT_BYTES:
        raise HostileInput(f"the descriptors have {len(definition)} bytes")
    try:
        files = FileDescriptorSet.FromString(definition).file
    except DecodeError as error:
        raise SchemaMismatch("the schema is no FileDescriptorSet") from error
    found: dict[str, tuple[ProtoField, ...]] = {}
    waiting: list[tuple[str, bool, DescriptorProto]] = [
        (file.package, file.syntax != "proto2" and bool(file.syntax), one)
        for file in files
        for one in file.message_type
    ]
    while waiting:
        above, is_implicit, one = waiting.pop()
        name = f"{above}.{one.name}" if above else one.name
        found[name] = tuple(_field(field, is_implicit=is_implicit) for field in one.field)
        waiting += [(name, is_implicit, inner) for inner in one.nested_type]
        if len(found) > MAX_TYPES:
            raise HostileInput(f"the schema has over {MAX_TYPES} message types")
    return found


def _field(one: "FieldDescriptorProto", *, is_implicit: bool) -> ProtoField:
    base = _BASES.get(one.type)
    if base is None:
        raise SchemaMismatch(f"'{one.name}' is a group, which is not read")
    is_list = one.label == one.LABEL_REPEATED
    if base == "message":
        name = one.type_name.lstrip(".")
        base = TIMES.get(name, name)
    return ProtoField(
        number=one.number,
        name=one.name,
        type=one.type,
        base=base,
        is_list=is_list,
        has_presence=not is_list
        and (not is_implicit or one.proto3_optional or one.HasField("oneof_index")),
    )


def columns_of(types: ProtoTypes) -> Mapping[str, tuple[Field, ...]]:
    """Return the types as fields that columns are made of.

    Raises ``SchemaMismatch`` for lists of byte strings, which have no column.
    """
    return {name: tuple(_column(one) for one in fields) for name, fields in types.items()}


def _column(one: ProtoField) -> Field:
    if one.base != "bytes":
        return Field(one.name, one.base, is_list=one.is_list)
    if one.is_list:
        raise SchemaMismatch(f"'{one.name}' is a list of byte strings, which has no column")
    return Field(one.name, "uint8", is_list=True)
