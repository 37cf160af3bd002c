"""Scenes survive the table; evidence is JSON in which nothing is NaN."""

import math
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import SchemaMismatch
from avdataops.model.scene import Scene, Surroundings
from avdataops.tables.kinds import kind
from avdataops.tables.scene_rows import evidence_json, scene_rows, scenes_from_table

SCENE = Scene(
    id="scn_0123456789abcdef01234567",
    type="hard_brake",
    measurement="m_0123456789abcdef01234567",
    vehicle="van 7",
    t_start_ns=1_760_000_000_123_456_789,
    t_end_ns=1_760_000_002_000_000_000,
    detector="hard_brake",
    detector_version=1,
    confidence=0.75,
    evidence={"min_ax_mps2": -4.5, "severity": "high", "sure": True, "dv_mps": None},
    actor=None,
    truncated=True,
    lat_deg=56.1,
    lon_deg=None,
    params="abc",
)

names = st.text(st.characters(categories=("Ll", "Nd")), min_size=1, max_size=8)
values = st.none() | st.booleans() | st.text(max_size=8) | st.floats(allow_nan=False, width=32)
scenes = st.builds(
    Scene,
    id=names,
    type=names,
    measurement=names,
    vehicle=names,
    t_start_ns=st.integers(-(2**63), 2**63 - 1),
    t_end_ns=st.integers(-(2**63), 2**63 - 1),
    detector=names,
    detector_version=st.integers(1, 99),
    confidence=st.floats(0, 1),
    evidence=st.dictionaries(names, values.filter(lambda x: x not in (math.inf, -math.inf))),
    actor=st.none() | st.text(max_size=8),
    truncated=st.booleans(),
    lat_deg=st.none() | st.floats(-90, 90),
    lon_deg=st.none() | st.floats(-180, 180),
    params=names,
    surroundings=st.builds(
        Surroundings,
        light=st.none() | names,
        way_id=st.none() | st.integers(0, 2**40),
        ego_speed_mps=st.none() | st.floats(0, 100),
    ),
)


def table(*rows: Scene) -> pa.Table:
    return pa.Table.from_batches([scene_rows(rows)])


def test_a_scene_survives_and_names_its_artifact() -> None:
    assert scenes_from_table(table(SCENE), "art_1") == (replace(SCENE, artifact="art_1"),)


def test_tables_of_before_there_were_surroundings_are_read() -> None:
    old = table(SCENE).drop_columns(["surroundings"])
    assert scenes_from_table(old, None) == (SCENE,)


@pytest.mark.parametrize("text", ["[]", "{", '{"way_id": "x"}'])
def test_surroundings_that_are_none_are_refused(text: str) -> None:
    whole = table(SCENE)
    place = whole.schema.get_field_index("surroundings")
    wrong = whole.set_column(place, "surroundings", pa.array([text]))
    with pytest.raises(SchemaMismatch, match="surroundings of 'scn_"):
        scenes_from_table(wrong, None)


@given(st.lists(scenes, max_size=5))
def test_any_scenes_survive_in_the_order_of_the_kind(given_scenes: list[Scene]) -> None:
    back = scenes_from_table(table(*given_scenes), None)
    order = sorted(given_scenes, key=lambda one: (one.t_start_ns, one.id))
    assert list(back) == order


def test_the_rows_keep_the_promise_of_the_kind() -> None:
    for batch in (scene_rows(()), scene_rows((SCENE,))):
        assert batch.schema.equals(kind("scenes").schema, check_metadata=True)
    assert scene_rows(()).num_rows == 0


def test_nanoseconds_are_exact() -> None:
    assert table(SCENE).column("t_ns").to_pylist() == [1_760_000_000_123_456_789]


def test_evidence_is_canonical_and_never_nan() -> None:
    assert evidence_json({"b": 1.5, "a": math.nan, "c": math.inf}) == '{"a":null,"b":1.5,"c":null}'
    assert evidence_json({}) == "{}"


@pytest.mark.parametrize(("text", "what"), [("{", "is not JSON"), ("[1]", "not a JSON object")])
def test_broken_evidence_is_named(text: str, what: str) -> None:
    broken = table(SCENE)
    at = broken.schema.get_field_index("evidence")
    broken = broken.set_column(at, broken.schema.field(at), pa.array([text]))
    with pytest.raises(SchemaMismatch, match=f"{SCENE.id}.*{what}"):
        scenes_from_table(broken, None)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaMismatch, match="'confidence' is missing"):
        scenes_from_table(table(SCENE).drop_columns(["confidence"]), None)


def test_columns_of_the_store_do_no_harm() -> None:
    stored = table(SCENE).append_column("ts", pa.array([0]))
    assert scenes_from_table(stored, None) == (SCENE,)
