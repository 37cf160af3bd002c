"""Scenes: taken in, and asked for by page."""

import heapq
import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from avdataops.adapters.sqlite_catalog.conditions import FEW_FOR_COUNT, FEW_FOR_PAGE, chosen
from avdataops.adapters.sqlite_catalog.missing import no_such
from avdataops.model.errors import InputError, shown
from avdataops.model.ids import canonical_json
from avdataops.model.scene import Scene, Surroundings
from avdataops.ports.catalog import SceneQuery, Statement
from avdataops.ports.catalog_rules import DAY_NS, UNKNOWN, attributes_of, check_group, day_of
from avdataops.ports.question_forms import question_of
from avdataops.ports.scene_sql import Part, joined

_COLUMNS = (
    "id, type, measurement, vehicle, t_start_ns, t_end_ns, duration_ns, detector,"
    " detector_version, confidence, evidence, actor, truncated, lat_deg, lon_deg, artifact,"
    " params, run, surroundings"
)


def put_scenes(connection: sqlite3.Connection, run: str, scenes: Iterable[Scene]) -> None:
    """Take in the checked scenes of one run; known ones stay as they are."""
    marks = ", ".join("?" * len(_COLUMNS.split(",")))
    for scene in scenes:
        added = connection.execute(
            f"INSERT INTO scenes ({_COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - literals
            " RETURNING number",
            _row(scene, run),
        ).fetchone()
        if added is None:
            continue
        connection.executemany(
            "INSERT INTO evidence (scene, name, num, text) VALUES (?, ?, ?, ?)",
            _evidence_rows(added["number"], scene),
        )
        if scene.lat_deg is not None and scene.lon_deg is not None:
            lat, lon = scene.lat_deg, scene.lon_deg
            connection.execute(
                "INSERT INTO places VALUES (?, ?, ?, ?, ?)", (added["number"], lat, lat, lon, lon)
            )


def _row(scene: Scene, run: str) -> tuple[object, ...]:
    return (
        scene.id,
        scene.type,
        scene.measurement,
        scene.vehicle,
        scene.t_start_ns,
        scene.t_end_ns,
        scene.t_end_ns - scene.t_start_ns,
        scene.detector,
        scene.detector_version,
        scene.confidence,
        _evidence_text(scene),
        scene.actor,
        scene.truncated,
        scene.lat_deg,
        scene.lon_deg,
        scene.artifact,
        scene.params,
        run,
        canonical_json(scene.surroundings.known()),
    )


def _evidence_text(scene: Scene) -> str:
    try:
        return canonical_json(scene.evidence)
    except (TypeError, ValueError) as error:
        raise InputError(f"evidence of scene {shown(scene.id)} cannot be kept: {error}") from error


def _evidence_rows(
    number: int, scene: Scene
) -> Iterator[tuple[int, str, float | None, str | None]]:
    for name, value in attributes_of(scene).items():
        if isinstance(value, str):
            yield number, name, None, value
        elif value is not None:
            yield number, name, float(value), None


def choose_current(connection: sqlite3.Connection, run: str) -> None:
    """Mark, for every scene of ``run``, the row that answers questions.

    Several runs may have found the same scene; the current one that ended last speaks for it.
    """
    connection.execute(
        """UPDATE scenes SET current = number IS (
             SELECT s.number FROM scenes AS s JOIN runs AS r ON r.id = s.run
             LEFT JOIN attempts AS a ON a.run = r.id AND a.attempt = r.ended
             WHERE s.id = scenes.id AND r.current = 1
             ORDER BY a.ended_ns DESC, r.id DESC LIMIT 1)
           WHERE id IN (SELECT id FROM scenes WHERE run = ?)""",
        (run,),
    )


def get_scene_row(connection: sqlite3.Connection, scene: str) -> sqlite3.Row:
    """Return the row that speaks for a scene: the current one, else the latest; or ``NotFound``."""
    row: sqlite3.Row | None = connection.execute(
        """SELECT s.* FROM scenes AS s JOIN runs AS r ON r.id = s.run
           LEFT JOIN attempts AS a ON a.run = r.id AND a.attempt = r.ended
           WHERE s.id = ? ORDER BY s.current DESC, a.ended_ns DESC, r.id DESC LIMIT 1""",
        (scene,),
    ).fetchone()
    if row is None:
        raise no_such(connection, "scenes", scene)
    return row


def scene_of(row: sqlite3.Row) -> Scene:
    """Return the scene in a row of ``scenes``."""
    return Scene(
        id=row["id"],
        type=row["type"],
        measurement=row["measurement"],
        vehicle=row["vehicle"],
        t_start_ns=row["t_start_ns"],
        t_end_ns=row["t_end_ns"],
        detector=row["detector"],
        detector_version=row["detector_version"],
        confidence=row["confidence"],
        evidence=json.loads(row["evidence"]),
        actor=row["actor"],
        truncated=bool(row["truncated"]),
        lat_deg=row["lat_deg"],
        lon_deg=row["lon_deg"],
        artifact=row["artifact"],
        params=row["params"],
        surroundings=Surroundings(**json.loads(row["surroundings"])),
    )


def find_scenes(
    connection: sqlite3.Connection, query: SceneQuery, *, after: str | None, limit: int
) -> list[Scene]:
    """Return current scenes by (start, id); a ``limit`` of 0 or less means all."""
    few = FEW_FOR_PAGE if limit > 0 else FEW_FOR_COUNT
    asked = chosen(connection, question_of(query), few)
    common = list(asked.parts)
    if after is not None:
        last = get_scene_row(connection, after)
        common.append(Part("(s.t_start_ns, s.id) > (?, ?)", (last["t_start_ns"], last["id"])))
    # One ordered walk of an index per type, merged: never a sort of all that match.
    walks = [_walk(connection, [*of_type, *common], limit) for of_type in _by_type(asked.types)]
    merged = heapq.merge(*walks, key=lambda row: (row["t_start_ns"], row["id"]))
    wanted = itertools.islice(merged, limit) if limit > 0 else merged
    return [scene_of(row) for row in wanted]


def _by_type(types: Sequence[str] | None) -> list[list[Part]]:
    if types is None:
        return [[]]
    return [[Part("s.type = ?", (name,))] for name in types]


def _walk(
    connection: sqlite3.Connection, parts: Sequence[Part], limit: int
) -> Iterator[sqlite3.Row]:
    sql, values = page_sql(parts)
    return connection.execute(sql, (*values, limit if limit > 0 else -1))


def explain_scenes(connection: sqlite3.Connection, query: SceneQuery) -> list[Statement]:
    """Return the statement of each walk with SQLite's own plan."""
    asked = chosen(connection, question_of(query), FEW_FOR_PAGE)
    found = []
    for of_type in _by_type(asked.types):
        sql, values = page_sql([*of_type, *asked.parts])
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", (*values, 1))
        plan = tuple(row["detail"] for row in rows)
        found.append(Statement(text=sql, values=(*values, "LIMIT"), plan=plan))
    return found


def page_sql(parts: Sequence[Part]) -> tuple[str, tuple[object, ...]]:
    """Return the statement of one page, without the value of its LIMIT."""
    tests = _all_of(parts)
    return (
        f"SELECT s.* FROM scenes AS s WHERE {tests.sql} ORDER BY s.t_start_ns, s.id LIMIT ?",  # noqa: S608 - tests hold no values
        tests.values,
    )


_OWN_GROUPS = {"type", "measurement", "vehicle", "detector"}
_DAY = f"s.t_start_ns / {DAY_NS} - (s.t_start_ns % {DAY_NS} < 0)"
_TOLD = "(SELECT e.text FROM evidence AS e WHERE e.scene = s.number AND e.name = ?)"


def count_scenes(connection: sqlite3.Connection, query: SceneQuery, by: str) -> dict[str, int]:
    """Return the number of current scenes by one column."""
    check_group(by)
    counts: dict[str, int] = {}
    asked = chosen(connection, question_of(query), FEW_FOR_COUNT)
    group = (
        Part(f"s.{by}") if by in _OWN_GROUPS else Part(_DAY) if by == "day" else Part(_TOLD, (by,))
    )
    for of_type in _by_type(asked.types):
        tests = _all_of([*of_type, *asked.parts])
        rows = connection.execute(
            f"SELECT {group.sql} AS name, count(*) AS n FROM scenes s WHERE {tests.sql} GROUP BY 1",  # noqa: S608 - no values in the text
            (*group.values, *tests.values),
        )
        for row in rows:
            name = day_of(row["name"]) if by == "day" else row["name"] or UNKNOWN
            counts[name] = counts.get(name, 0) + row["n"]
    return dict(sorted(counts.items()))


def _all_of(parts: Sequence[Part]) -> Part:
    return joined("AND", [Part("s.current = 1"), *parts])
