"""The common questions are answered from an index, shown by SQLite's own query plan."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.adapters.sqlite_catalog.conditions import FEW_FOR_PAGE, chosen
from avdataops.adapters.sqlite_catalog.scenes import page_sql
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.question_forms import question_of
from avdataops.ports.questions import Comparison, Condition, Near
from avdataops.ports.scene_sql import Part
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
SPEED = Condition("speed_mps", Comparison.GT, 8.0)
ROAD = Condition("road", Comparison.EQ, "b")
TIME = TimeRange(T0_NS + 10, T0_NS + 20)
NEAR = Near(48.0, 9.0, 1000.0)


@pytest.fixture(scope="module")
def catalog() -> Iterator[SqliteCatalog]:
    scenes = [
        replace(
            scene(M, ("rain", "cut_in")[n % 2], n, stop_ns=n + 5, evidence={"speed_mps": n}),
            lat_deg=48.0 + n / 1000,
            lon_deg=9.0,
        )
        for n in range(100)
    ]
    with SqliteCatalog(":memory:") as opened:
        fill(opened, scenes)
        yield opened


def _plan(
    catalog: SqliteCatalog,
    query: SceneQuery,
    *,
    after: tuple[int, str] | None = None,
    few: int = FEW_FOR_PAGE,
) -> str:
    with catalog._database.read() as connection:
        asked = chosen(connection, question_of(query), few)
        parts = [Part("s.type = ?", (name,)) for name in asked.types or ()] + list(asked.parts)
        if after is not None:
            parts.append(Part("(s.t_start_ns, s.id) > (?, ?)", after))
        sql, values = page_sql(parts)
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", (*values, 100)).fetchall()
    return "\n".join(row["detail"] for row in rows)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (SceneQuery(), "SCAN s USING INDEX scenes_by_start"),
        (SceneQuery(types=("rain",)), "SEARCH s USING INDEX scenes_by_type (type=?)"),
        (SceneQuery(measurement=M), "SEARCH s USING INDEX scenes_by_measurement (measurement=?)"),
        (SceneQuery(vehicle="car-1"), "SEARCH s USING INDEX scenes_by_vehicle (vehicle=?)"),
        (
            SceneQuery(types=("rain",), measurement=M),
            "SEARCH s USING INDEX scenes_by_measurement_and_type (measurement=? AND type=?)",
        ),
        (
            SceneQuery(time=TIME),
            "SEARCH s USING INDEX scenes_by_start (t_start_ns>? AND t_start_ns<?)",
        ),
        (
            SceneQuery(types=("rain",), time=TIME),
            "SEARCH s USING INDEX scenes_by_type (type=? AND t_start_ns>? AND t_start_ns<?)",
        ),
        (
            SceneQuery(measurement=M, time=TIME),
            "scenes_by_measurement (measurement=? AND t_start_ns>? AND t_start_ns<?)",
        ),
        (
            SceneQuery(where=(SPEED,)),
            "SEARCH evidence USING COVERING INDEX evidence_by_num (name=? AND num>?)",
        ),
        (
            SceneQuery(where=(ROAD,)),
            "SEARCH evidence USING COVERING INDEX evidence_by_text (name=? AND text=?)",
        ),
        (SceneQuery(near=NEAR), "SCAN places VIRTUAL TABLE INDEX 2:"),
        (
            SceneQuery(types=("cut_in",), during=("rain",)),
            "scenes_by_measurement_and_type (measurement=? AND type=? AND t_start_ns<?)",
        ),
    ],
)
def test_common_questions_use_an_index(
    catalog: SqliteCatalog, query: SceneQuery, index: str
) -> None:
    plan = _plan(catalog, query)
    assert index in plan
    assert "SCAN evidence" not in plan
    assert [line for line in plan.splitlines() if line in {"SCAN s", "SCAN d"}] == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (SceneQuery(), "SEARCH s USING INDEX scenes_by_start ((t_start_ns,id)>(?,?))"),
        (
            SceneQuery(types=("rain",)),
            "SEARCH s USING INDEX scenes_by_type (type=? AND (t_start_ns,id)>(?,?))",
        ),
        (
            SceneQuery(vehicle="car-1"),
            "SEARCH s USING INDEX scenes_by_vehicle (vehicle=? AND (t_start_ns,id)>(?,?))",
        ),
    ],
)
def test_the_next_page_starts_where_the_last_ended_without_sorting(
    catalog: SqliteCatalog, query: SceneQuery, index: str
) -> None:
    plan = _plan(catalog, query, after=(T0_NS, "scn_0"))
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_conditions_that_many_meet_are_tested_scene_by_scene_in_order(
    catalog: SqliteCatalog,
) -> None:
    plan = _plan(catalog, SceneQuery(where=(SPEED,)), few=5)
    assert "SCAN s USING INDEX scenes_by_start" in plan
    assert "SEARCH e USING PRIMARY KEY (scene=? AND name=?)" in plan
    assert "TEMP B-TREE" not in plan
    assert _plan(catalog, SceneQuery(near=NEAR), few=5).splitlines() == [
        "SCAN s USING INDEX scenes_by_start"
    ]


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (
            "SELECT * FROM measurements WHERE id > ? AND state = ? ORDER BY id",
            "measurements_by_state (state=? AND id>?)",
        ),
        (
            "SELECT * FROM measurements WHERE id > ? AND vehicle = ? ORDER BY id",
            "measurements_by_vehicle (vehicle=? AND id>?)",
        ),
        (
            "SELECT document FROM recordings WHERE measurement = ? AND '' = ? ORDER BY name, id",
            "recordings_by_measurement (measurement=?)",
        ),
        (
            "SELECT * FROM artifacts WHERE measurement = ? AND kind = ? ORDER BY kind, name, part",
            "artifacts_by_measurement (measurement=? AND kind=?)",
        ),
    ],
)
def test_lists_need_no_sort(catalog: SqliteCatalog, sql: str, index: str) -> None:
    with catalog._database.read() as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("", "")).fetchall()
    plan = "\n".join(row["detail"] for row in rows)
    assert index in plan
    assert "TEMP B-TREE" not in plan
