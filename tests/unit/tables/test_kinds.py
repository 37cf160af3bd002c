"""Kinds promise columns, and hold tables to the promise."""

import json
import re

import pyarrow as pa
import pytest

from avdataops.model.errors import SchemaMismatch
from avdataops.model.location import Location, Zone
from avdataops.tables.kinds import TYPES, Column, Kind, kind, kinds
from avdataops.tables.load import schemas_folder

CLOSED = Kind(
    name="grid",
    zone=Zone.DERIVED,
    container="grid",
    is_table=True,
    columns=(
        Column(name="t_ns", type="int64", unit="ns", nullable=False, doc=""),
        Column(name="speed_mps", type="double", unit="m/s", nullable=True, doc=""),
    ),
)
OPEN = Kind(
    name="stream",
    zone=Zone.RAW,
    container="*",
    is_table=True,
    open=True,
    columns=CLOSED.columns,
)
T, SPEED = pa.field("t_ns", pa.int64()), pa.field("speed_mps", pa.float64())


def test_every_file_of_the_schemas_is_the_kind_it_is_named_after() -> None:
    files = {path.stem for path in schemas_folder().glob("tables/*.json")}
    assert set(kinds()) == files
    assert {"upload", "recording", "stream", "synced", "scenes"} <= files


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_keeps_the_house_rules(name: str) -> None:
    one = kind(name)
    assert one.doc.endswith(".")
    names = [column.name for column in one.columns]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", column) for column in names)
    assert all(column.type in TYPES and column.unit for column in one.columns)
    if one.is_table:
        assert names[0] == "t_ns"
        assert (one.columns[0].type, one.columns[0].nullable) == ("int64", False)
        assert one.sort
        assert set(one.sort) <= set(names)
    else:
        assert not one.columns
    container = "imu" if one.container == "*" else one.container
    assert Location(one.zone, f"{container}/m_1/x")


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_accepts_its_own_schema(name: str) -> None:
    one = kind(name)
    one.check(one.schema)
    assert one.schema.names == [column.name for column in one.columns]


def test_a_field_carries_its_unit_and_whether_it_may_be_null() -> None:
    field = CLOSED.columns[1].field
    assert field == pa.field("speed_mps", pa.float64())
    assert field.metadata == {b"unit": b"m/s"}
    assert not CLOSED.columns[0].field.nullable


def test_a_kept_promise_passes_in_any_order_of_columns() -> None:
    CLOSED.check(pa.schema([T, SPEED]))
    CLOSED.check(pa.schema([SPEED, T]))


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (pa.schema([T]), "grid: column 'speed_mps' is missing"),
        (pa.schema([SPEED]), "grid: column 't_ns' is missing"),
        (pa.schema([T, pa.field("speed_mp", pa.float64())]), "did you mean 'speed_mp'?"),
        (pa.schema([T, pa.field("speed_mps", pa.float32())]), "'speed_mps' is float, promised"),
        (pa.schema([T, SPEED, pa.field("x", pa.int8())]), "column 'x' is not promised"),
    ],
)
def test_a_broken_promise_is_named(schema: pa.Schema, told: str) -> None:
    with pytest.raises(SchemaMismatch, match=re.escape(told)):
        CLOSED.check(schema)


def test_an_open_kind_takes_more_columns_and_does_without_nullable_ones() -> None:
    OPEN.check(pa.schema([T, SPEED, pa.field("extra", pa.string())]))
    OPEN.check(pa.schema([T, pa.field("extra", pa.string())]))
    with pytest.raises(SchemaMismatch, match="'t_ns' is missing"):
        OPEN.check(pa.schema([SPEED]))
    with pytest.raises(SchemaMismatch, match="promised double"):
        OPEN.check(pa.schema([T, pa.field("speed_mps", pa.string())]))


def test_an_unknown_kind_is_told_the_nearest() -> None:
    with pytest.raises(SchemaMismatch, match="no kind 'scene'; did you mean 'scenes'"):
        kind("scene")


def test_the_schemas_are_plain_json_with_known_keys() -> None:
    allowed = {"kind", "zone", "container", "doc", "format", "open", "sort", "columns"}
    for path in schemas_folder().glob("tables/*.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        assert set(facts) <= allowed, path.name
        assert facts["format"] in {"table", "file"}
