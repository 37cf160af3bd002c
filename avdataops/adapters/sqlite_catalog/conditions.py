"""Scene queries as tests in SQL: whitelisted names, bound values."""

import sqlite3
from dataclasses import dataclass

from avdataops.model.places import boxes_around
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import Condition, Near, SceneQuery
from avdataops.ports.catalog_rules import EVIDENCE_NAME, OWN_NUMBERS, OWN_TEXTS, unknown_attribute

FEW_FOR_PAGE = 5_000
FEW_FOR_COUNT = 200_000
"""Sets smaller than this are where a statement starts; a page ends early, a count never does."""

_PLACES_IN_BOX = (
    "SELECT scene FROM places WHERE lat_max >= ? AND lat_min <= ? AND lon_max >= ? AND lon_min <= ?"
)
_SCENE_IN_BOX = "s.lat_deg >= ? AND s.lat_deg <= ? AND s.lon_deg >= ? AND s.lon_deg <= ?"
_INT64_MIN = -(2**63)
_WORKED_OUT = {
    "duration_s": "s.duration_ns / 1e9",
    "review": "(SELECT verdict FROM reviews WHERE scene = s.id ORDER BY number DESC LIMIT 1)",
}
"""What is asked like an own field and is no column."""


@dataclass(frozen=True, slots=True)
class Part:
    """One test on the row ``s``, with its bound values."""

    sql: str
    values: tuple[object, ...] = ()


def parts_of(connection: sqlite3.Connection, query: SceneQuery, few: int) -> list[Part]:
    """Return the tests of everything in the query but its types; all must hold.

    A place or an attribute that fewer than ``few`` scenes have is where the statement starts;
    the others are tested scene by scene.
    """
    parts = []
    if query.measurement is not None:
        parts.append(Part("s.measurement = ?", (query.measurement,)))
    if query.vehicle is not None:
        parts.append(Part("s.vehicle = ?", (query.vehicle,)))
    if query.time is not None:
        parts.append(_in_time(connection, query.time))
    if query.near is not None:
        parts.append(_in_reach(connection, query.near, few))
    parts += [_compared(connection, condition, few) for condition in query.where]
    parts += [_during(name) for name in query.during]
    return parts


def _in_time(connection: sqlite3.Connection, time: TimeRange) -> Part:
    # No index finds overlaps.  No scene is longer than the longest, so the start has a lower
    # bound too, and an index on the start has only a short stretch to walk.
    longest = connection.execute(
        "SELECT max(duration_ns) FROM scenes WHERE current = 1"
    ).fetchone()[0]
    earliest = max(time.start_ns - (longest or 0), _INT64_MIN)
    return Part(
        "s.t_start_ns < ? AND s.t_start_ns >= ? AND s.t_end_ns > ?",
        (time.stop_ns, earliest, time.start_ns),
    )


def _in_reach(connection: sqlite3.Connection, near: Near, few: int) -> Part:
    """Return a test by box, which has float32 corners rounded outwards, then by distance."""
    boxes = boxes_around(near.lat_deg, near.lon_deg, near.radius_m)
    corners = tuple(
        value
        for box in boxes
        for value in (box.lat_min_deg, box.lat_max_deg, box.lon_min_deg, box.lon_max_deg)
    )
    indexed = " UNION ALL ".join([_PLACES_IN_BOX] * len(boxes))
    if _has_fewer(connection, Part(indexed, corners), few):
        inside = f"s.number IN ({indexed})"
    else:
        # Walking the scenes in order and testing each fills a page sooner.
        inside = f"({' OR '.join([_SCENE_IN_BOX] * len(boxes))})"
    exact = "distance_m(s.lat_deg, s.lon_deg, ?, ?) <= ?"
    return Part(f"{inside} AND {exact}", (*corners, near.lat_deg, near.lon_deg, near.radius_m))


def _has_fewer(connection: sqlite3.Connection, found: Part, few: int) -> bool:
    sql = f"SELECT count(*) FROM ({found.sql} LIMIT ?)"  # noqa: S608 - the part holds no values
    return bool(connection.execute(sql, (*found.values, few)).fetchone()[0] < few)


def _compared(connection: sqlite3.Connection, condition: Condition, few: int) -> Part:
    name, op, value = condition.attribute, condition.op, condition.value
    is_text = isinstance(value, str)
    if name in (OWN_TEXTS if is_text else OWN_NUMBERS):
        # NULL compares as unknown, so an unknown value fails every comparison.
        return Part(f"{_WORKED_OUT.get(name, f's.{name}')} {op.value} ?", (value,))
    if name in OWN_TEXTS or name in OWN_NUMBERS:
        return Part("0")
    if not EVIDENCE_NAME.fullmatch(name):
        raise unknown_attribute(name, _known_names(connection))
    column = "text" if is_text else "num"
    matching = f"name = ? AND {column} {op.value} ?"
    indexed = f"SELECT scene FROM evidence WHERE {matching}"  # noqa: S608 - all parts are literals or enums
    if _has_fewer(connection, Part(indexed, (name, value)), few):
        return Part(f"s.number IN ({indexed})", (name, value))
    return Part(
        f"EXISTS (SELECT 1 FROM evidence WHERE scene = s.number AND {matching})",  # noqa: S608 - as above
        (name, value),
    )


def _known_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of all evidence, jumping from name to name in the indexes."""
    names: set[str] = set()
    for column in ("num", "text"):
        rows = connection.execute(
            f"""WITH RECURSIVE names(name) AS (
                  SELECT min(name) FROM evidence WHERE {column} IS NOT NULL
                  UNION ALL
                  SELECT (SELECT min(name) FROM evidence
                          WHERE {column} IS NOT NULL AND name > names.name)
                  FROM names WHERE names.name IS NOT NULL)
                SELECT name FROM names WHERE name IS NOT NULL"""  # noqa: S608 - column is a literal
        )
        names.update(row["name"] for row in rows)
    return sorted(names)


def _during(scene_type: str) -> Part:
    return Part(
        """EXISTS (SELECT 1 FROM scenes AS d WHERE d.current = 1
             AND d.measurement = s.measurement AND d.type = ?
             AND d.t_start_ns < s.t_end_ns AND d.t_end_ns > s.t_start_ns)""",
        (scene_type,),
    )
