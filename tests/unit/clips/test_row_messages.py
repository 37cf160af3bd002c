"""Rows as protobuf: every value comes back, and what is unknown stays unknown."""

import math
from typing import Any

import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.clips.row_messages import MAX_FIELDS, RowType, made_type, row_type


def decoded(made: RowType, data: bytes) -> Any:
    """Decode with the descriptor alone, as somebody who only has the file."""
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(made.descriptor).file
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(made.name)).FromString(data)


def one(value: Any, kind: pa.DataType) -> Any:
    """Return what becomes of one value of a column."""
    schema = pa.schema([pa.field("value", kind)])
    batch = pa.record_batch([pa.array([value], kind)], schema=schema)
    made = row_type("T", schema)
    (data,) = made.encode(batch)
    message = decoded(made, data)
    if made.fields[0].many:
        return list(message.value)
    return message.value if message.HasField("value") else None


@settings(deadline=None, max_examples=40)
@given(st.none() | st.integers(-(2**63), 2**63 - 1))
def test_signed_integers_come_back(value: int | None) -> None:
    assert one(value, pa.int64()) == value


@settings(deadline=None, max_examples=40)
@given(st.none() | st.integers(0, 2**64 - 1))
def test_unsigned_integers_come_back(value: int | None) -> None:
    assert one(value, pa.uint64()) == value


@settings(deadline=None, max_examples=40)
@given(st.none() | st.floats(allow_nan=False))
def test_floats_come_back(value: float | None) -> None:
    assert one(value, pa.float64()) == value


@settings(deadline=None, max_examples=40)
@given(st.none() | st.text())
def test_texts_come_back(value: str | None) -> None:
    assert one(value, pa.string()) == value


@settings(deadline=None, max_examples=40)
@given(st.none() | st.binary())
def test_bytes_come_back(value: bytes | None) -> None:
    assert one(value, pa.binary()) == value


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_lists_come_back(value: list[float]) -> None:
    assert one(value, pa.list_(pa.float32())) == value


def test_not_a_number_is_a_number_and_not_unknown() -> None:
    assert math.isnan(one(math.nan, pa.float64()))
    assert one(None, pa.float64()) is None
    assert one(False, pa.bool_()) is False
    assert one(None, pa.bool_()) is None
    assert one("", pa.string()) == ""
    assert one(-3, pa.int8()) == -3
    assert one([1, None, 2], pa.list_(pa.int64())) == [1, 2]
    assert one([1.0, 2.0, 3.0], pa.list_(pa.float64(), 3)) == [1.0, 2.0, 3.0]


def test_names_that_protobuf_cannot_spell_are_spelt_anew_and_stay_apart() -> None:
    schema = pa.schema([(name, pa.int64()) for name in ("a.b", "a/b", "2nd", "Ä", "__", "A_B")])
    made = row_type("/weird topic:1", schema)
    assert [field.name for field in made.fields] == ["a_b", "a_b_2", "x_2nd", "x", "x_2", "a_b_3"]
    assert made.name == "avdataops.weird_topic_1"
    batch = pa.record_batch([pa.array([n]) for n in range(6)], schema=schema)
    (data,) = made.encode(batch)
    message = decoded(made, data)
    assert [getattr(message, field.name) for field in made.fields] == list(range(6))


def test_columns_without_counterpart_are_named() -> None:
    nested = pa.list_(pa.list_(pa.int64()))
    schema = pa.schema(
        [
            ("t_ns", pa.int64()),
            ("ts", pa.timestamp("us", tz="UTC")),
            ("deep", nested),
            ("both", pa.struct([("a", pa.int64())])),
        ]
    )
    made = row_type("T", schema)
    assert [field.name for field in made.fields] == ["t_ns"]
    assert made.left_out == ("deep", "both")


def test_units_and_source_names_go_along() -> None:
    field = pa.field("speed", pa.float64(), metadata={"unit": "km/h", "source": "Speed"})
    assert row_type("T", pa.schema([field])).facts == {
        "source.speed": "Speed",
        "unit.speed": "km/h",
    }


def test_a_table_of_too_many_columns_says_which_stay_out() -> None:
    schema = pa.schema([(f"c{number}", pa.int64()) for number in range(MAX_FIELDS + 2)])
    made = row_type("Wide", schema)
    assert len(made.fields) == MAX_FIELDS
    assert made.left_out == ("c4000", "c4001")


def test_the_same_rows_give_the_same_bytes() -> None:
    schema = pa.schema([("t_ns", pa.int64()), ("x", pa.list_(pa.float64()))])
    batch = pa.record_batch([pa.array([1, 2]), pa.array([[1.5], None])], schema=schema)
    first, second = row_type("T", schema), row_type("T", schema)
    assert first.descriptor == second.descriptor
    assert list(first.encode(batch)) == list(second.encode(batch))


def test_a_message_of_our_own_has_the_fields_that_were_named() -> None:
    descriptor, make = made_type("Own", (("a", "string"), ("b", "double")))
    message = make()
    message.a = "x"
    assert b"Own" in descriptor
    assert message.SerializeToString() == b"\x0a\x01x"
