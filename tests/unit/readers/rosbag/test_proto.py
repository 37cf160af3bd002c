"""Protobuf messages become columns with the values that Google's own library reads."""

from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.readers.rosbag import proto_tokens as module
from avdataops.readers.rosbag.decode import Decoded, block_of
from avdataops.readers.rosbag.layout import Table, layout_of
from avdataops.readers.rosbag.proto_decode import decode_protobuf
from avdataops.readers.rosbag.proto_types import ProtoTypes, columns_of, proto_types
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, mcap_bytes

NUMBERS = {
    "double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "fixed64": 6, "fixed32": 7,
    "bool": 8, "uint32": 13, "sfixed32": 15, "sfixed64": 16, "sint32": 17, "sint64": 18,
}  # fmt: skip
STRING, MESSAGE, BYTES, ENUM = 9, 11, 12, 14


def _described() -> descriptor_pb2.FileDescriptorSet:
    """Return a type with a field of every kind, single and repeated."""
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="a", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    dot = file.message_type.add(name="Dot")
    dot.field.add(name="u", number=1, type=NUMBERS["sint32"], label=1)
    dot.field.add(name="names", number=2, type=STRING, label=3)
    part = file.message_type.add(name="Part")
    part.field.add(name="id", number=1, type=NUMBERS["uint32"], label=1)
    part.field.add(name="dots", number=9, type=MESSAGE, label=3, type_name=".a.Dot")
    part.field.add(name="dot", number=4, type=MESSAGE, label=1, type_name=".a.Dot")
    kind = file.enum_type.add(name="Kind")
    kind.value.add(name="NONE", number=0)
    kind.value.add(name="ODD", number=-3)
    root = file.message_type.add(name="Root")
    number = 0
    for name, code in {**NUMBERS, "string": STRING}.items():
        for label, title in ((1, "one"), (3, "many")):
            number += 1
            root.field.add(name=f"{title}_{name}", number=number, type=code, label=label)
    root.field.add(name="data", number=100, type=BYTES, label=1)
    root.field.add(name="kind", number=101, type=ENUM, label=1, type_name=".a.Kind")
    root.field.add(name="part", number=102, type=MESSAGE, label=1, type_name=".a.Part")
    root.field.add(name="parts", number=2000, type=MESSAGE, label=3, type_name=".a.Part")
    stamp = ".google.protobuf.Timestamp"
    root.field.add(name="stamp", number=104, type=MESSAGE, label=1, type_name=stamp)
    root.field.add(name="stamps", number=105, type=MESSAGE, label=3, type_name=stamp)
    unpacked = root.field.add(name="loose", number=106, type=NUMBERS["sint64"], label=3)
    unpacked.options.packed = False
    maybe = root.field.add(name="maybe", number=107, type=NUMBERS["int32"], label=1)
    maybe.proto3_optional, maybe.oneof_index = True, 0
    root.oneof_decl.add(name="_maybe")
    times = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(times)
    return descriptor_pb2.FileDescriptorSet(file=[times, file])


DESCRIBED = _described()
POOL = descriptor_pool.DescriptorPool()
for _file in DESCRIBED.file:
    POOL.Add(_file)
ROOT: Any = message_factory.GetMessageClass(POOL.FindMessageTypeByName("a.Root"))
TYPES: ProtoTypes = proto_types(DESCRIBED.SerializeToString())
TABLE: Table = layout_of("a.Root", columns_of(TYPES))
_INTEGERS = {
    "int64": (-(2**63), 2**63 - 1), "sint64": (-(2**63), 2**63 - 1),
    "sfixed64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1), "fixed64": (0, 2**64 - 1),
    "int32": (-(2**31), 2**31 - 1), "sint32": (-(2**31), 2**31 - 1),
    "sfixed32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1), "fixed32": (0, 2**32 - 1),
}  # fmt: skip


def _value(name: str) -> st.SearchStrategy[Any]:
    if name == "bool":
        return st.booleans()
    if name == "string":
        return st.text(st.characters(codec="utf-8"), max_size=4)
    if name in ("double", "float"):
        return st.floats(width=32, allow_nan=False)
    low, high = _INTEGERS[name]
    return st.one_of(st.integers(low, high), st.integers(0, 3))


@st.composite
def messages(draw: st.DrawFn) -> Any:
    message = ROOT()
    for name in (*NUMBERS, "string"):
        if draw(st.booleans()):
            setattr(message, f"one_{name}", draw(_value(name)))
            getattr(message, f"many_{name}").extend(draw(st.lists(_value(name), max_size=3)))
    message.data = draw(st.binary(max_size=4))
    message.kind = draw(st.sampled_from([0, -3]))
    for _ in range(draw(st.integers(0, 3))):
        part = message.parts.add(id=draw(st.integers(0, 9)))
        for _ in range(draw(st.integers(0, 2))):
            part.dots.add(u=draw(st.integers(-9, 9)), names=draw(st.lists(_value("string"))))
    if draw(st.booleans()):
        message.part.dot.u = draw(st.integers(-9, 9))
        message.stamp.seconds, message.stamp.nanos = draw(st.integers(-9, 9)), 5
        message.maybe = draw(st.integers(-1, 1))
    for seconds in draw(st.lists(st.integers(0, 2**31), max_size=2)):
        message.stamps.add(seconds=seconds, nanos=7)
    message.loose.extend(draw(st.lists(_value("sint64"), max_size=3)))
    return message


def _ns(stamp: Any) -> int:
    return int(stamp.seconds * 10**9 + stamp.nanos)


def _root_row(one: Any) -> dict[str, Any]:
    row = {
        f"{title}_{name}": getattr(one, f"{title}_{name}")
        for name in (*NUMBERS, "string")
        for title in ("one", "many")
    }
    row = {name: list(v) if name.startswith("many") else v for name, v in row.items()}
    has_part = one.HasField("part")
    has_dot = has_part and one.part.HasField("dot")
    return row | {
        "data": one.data,
        "kind": one.kind,
        "part_id": one.part.id if has_part else None,
        "part_dot_u": one.part.dot.u if has_dot else None,
        "part_dot_names": list(one.part.dot.names),
        "stamp_ns": _ns(one.stamp) if one.HasField("stamp") else None,
        "stamps_ns": [_ns(stamp) for stamp in one.stamps],
        "loose": list(one.loose),
        "maybe": one.maybe if one.HasField("maybe") else None,
    }


def _rows(decoded: Decoded) -> list[list[dict[str, Any]]]:
    found = []
    for rows in decoded.rows:
        names = [leaf.column for leaf in rows.table.leaves]
        columns = [column.to_pylist() for column in rows.columns]
        found.append(
            [
                {"message": int(m)} | {n: c[place] for n, c in zip(names, columns, strict=True)}
                for place, m in enumerate(rows.message)
            ]
        )
    return found


@pytest.mark.parametrize("narrow", [0, 1000])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some=st.lists(messages(), max_size=4))
def test_every_field_has_the_value_that_google_reads(narrow: int, some: list[Any]) -> None:
    block = block_of([one.SerializeToString() for one in some])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NARROW", narrow)
        decoded = decode_protobuf(TABLE, "a.Root", TYPES, block)
    assert decoded.dropped == {}
    found = dict(zip([rows.table.path for rows in decoded.rows], _rows(decoded), strict=True))
    assert found[""] == [{"message": n} | _root_row(one) for n, one in enumerate(some)]
    assert [(row["message"], row["id"]) for row in found["parts"]] == [
        (n, part.id) for n, one in enumerate(some) for part in one.parts
    ]
    assert [(row["message"], row["u"], row["names"]) for row in found["parts.dots"]] == [
        (n, dot.u, list(dot.names))
        for n, one in enumerate(some)
        for part in one.parts
        for dot in part.dots
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(messages(), min_size=1, max_size=3), st.data())
def test_any_bytes_are_decoded_or_dropped(some: list[Any], data: st.DataObject) -> None:
    broken = bytearray(some[0].SerializeToString())
    for _ in range(data.draw(st.integers(0, 3))):
        if broken:
            at = data.draw(st.integers(0, len(broken) - 1))
            broken[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    cut = data.draw(st.integers(0, len(broken)))
    encoded = [bytes(broken[:cut]), *(one.SerializeToString() for one in some)]
    decoded = decode_protobuf(TABLE, "a.Root", TYPES, block_of(encoded))
    assert set(decoded.good.tolist()) >= set(range(1, len(encoded)))
    assert len(decoded.good) + decoded.dropped.total() == len(encoded)
    for rows in decoded.rows:
        for column in rows.columns:
            column.validate(full=True)


def test_a_message_that_is_cut_off_is_dropped_and_the_reason_told() -> None:
    whole = ROOT(one_string="text").SerializeToString()
    decoded = decode_protobuf(TABLE, "a.Root", TYPES, block_of([whole[:-1], whole]))
    assert decoded.good.tolist() == [1]
    assert decoded.dropped == {"decode_failed": 1}
    assert "no whole 'a.Root'" in decoded.reason


def test_a_long_list_in_one_message_is_read_in_no_time() -> None:
    message = ROOT(loose=range(200_000))
    decoded = decode_protobuf(TABLE, "a.Root", TYPES, block_of([message.SerializeToString()]))
    assert np.array_equal(
        dict(zip([leaf.source for leaf in TABLE.leaves], decoded.rows[0].columns, strict=True))[
            "loose"
        ]
        .flatten()
        .to_numpy(),
        np.arange(200_000),
    )


def test_an_mcap_file_with_protobuf_messages_has_their_columns() -> None:
    said = [Said("/root", "a.Root", n, ROOT(one_int32=n).SerializeToString()) for n in range(9)]
    style = McapStyle(encoding="protobuf", language="protobuf")
    data = mcap_bytes(said, {"a.Root": DESCRIBED.SerializeToString()}, style)
    with open_recording(BytesFile("a.mcap", data)) as reader:
        tables = tables_of(reader.batches())
        assert reader.problems() == ()
    assert tables["/root"]["one_int32"].to_pylist() == list(range(9))
    assert tables["/root.parts"].num_rows == 0
    assert "/root.parts.dots" in tables


def test_types_without_end_and_bytes_that_are_no_schema_are_refused() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="b.proto", syntax="proto3")
    loop = file.message_type.add(name="Loop")
    loop.field.add(name="x", number=1, type=MESSAGE, label=1, type_name=".Loop")
    described = descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString()
    with pytest.raises(HostileInput):
        layout_of("Loop", columns_of(proto_types(described)))
    with pytest.raises(SchemaMismatch, match="FileDescriptorSet"):
        proto_types(b"\xff\x00")
    with pytest.raises(HostileInput, match="bytes"):
        proto_types(bytes(1 << 21))
