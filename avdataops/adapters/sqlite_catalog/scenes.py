"""Scenes: taken in, and asked for by page."""

import heapq
import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from avdataops.adapters.sqlite_catalog.conditions import (
    FEW_FOR_COUNT,
    FEW_FOR_PAGE,
    Part,
    parts_of,
)
from avdataops.adapters.sqlite_catalog.missing import no_such
from avdataops.model.errors import InputError, shown
from avdataops.model.ids import canonical_json
from avdataops.model.scene import Scene
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.catalog_rules import check_group

_COLUMNS = (
    "id, type, measurement, vehicle, t_start_ns, t_end_ns, duration_ns, detector,"
    " detector_version, confidence, evidence, actor, truncated, lat_deg, lon_deg, artifact,"
    " params, run"
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
    )


def _evidence_text(scene: Scene) -> str:
    try:
        return canonical_json(scene.evidence)
    except (TypeError, ValueError) as error:
        raise InputError(f"evidence of scene {shown(scene.id)} cannot be kept: {error}") from error


def _evidence_rows(
    number: int, scene: Scene
) -> Iterator[tuple[int, str, float | None, str | None]]:
    for name, value in scene.evidence.items():
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
    )


def find_scenes(
    connection: sqlite3.Connection, query: SceneQuery, *, after: str | None, limit: int
) -> list[Scene]:
    """Return current scenes by (start, id); a ``limit`` of 0 or less means all."""
    common = parts_of(connection, query, FEW_FOR_PAGE if limit > 0 else FEW_FOR_COUNT)
    if after is not None:
        last = get_scene_row(connection, after)
        common.append(Part("(s.t_start_ns, s.id) > (?, ?)", (last["t_start_ns"], last["id"])))
    # One ordered walk of an index per type, merged: never a sort of all that match.
    walks = [_walk(connection, [*of_type, *common], limit) for of_type in _by_type(query.types)]
    merged = heapq.merge(*walks, key=lambda row: (row["t_start_ns"], row["id"]))
    wanted = itertools.islice(merged, limit) if limit > 0 else merged
    return [scene_of(row) for row in wanted]


def _by_type(types: Sequence[str]) -> list[list[Part]]:
    if not types:
        return [[]]
    return [[Part("s.type = ?", (name,))] for name in dict.fromkeys(types)]


def _walk(
    connection: sqlite3.Connection, parts: Sequence[Part], limit: int
) -> Iterator[sqlite3.Row]:
    sql, values = page_sql(parts)
    return connection.execute(sql, (*values, limit if limit > 0 else -1))


def page_sql(parts: Sequence[Part]) -> tuple[str, tuple[object, ...]]:
    """Return the statement of one page, without the value of its LIMIT."""
    tests, values = _joined(parts)
    return f"SELECT s.* FROM scenes AS s WHERE {tests} ORDER BY s.t_start_ns, s.id LIMIT ?", values  # noqa: S608 - tests hold no values


def count_scenes(connection: sqlite3.Connection, query: SceneQuery, by: str) -> dict[str, int]:
    """Return the number of current scenes by one column."""
    check_group(by)
    counts: dict[str, int] = {}
    common = parts_of(connection, query, FEW_FOR_COUNT)
    for of_type in _by_type(query.types):
        tests, values = _joined([*of_type, *common])
        rows = connection.execute(
            f"SELECT s.{by} AS name, count(*) AS n FROM scenes AS s WHERE {tests} GROUP BY s.{by}",  # noqa: S608 - check_group knows by
            values,
        )
        for row in rows:
            counts[row["name"]] = counts.get(row["name"], 0) + row["n"]
    return dict(sorted(counts.items()))


def _joined(parts: Sequence[Part]) -> tuple[str, tuple[object, ...]]:
    tests = " AND ".join(["s.current = 1", *(part.sql for part in parts)])
    return tests, tuple(value for part in parts for value in part.values)
