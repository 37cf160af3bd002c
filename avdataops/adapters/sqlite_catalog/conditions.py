"""What SQLite knows better about tests of scenes: indexes to start from."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from avdataops.model.places import Box, boxes_around
from avdataops.model.time import TimeRange
from avdataops.ports.catalog_rules import OWN_NUMBERS, OWN_TEXTS
from avdataops.ports.question_checks import check_question
from avdataops.ports.question_forms import parts_of, types_of
from avdataops.ports.questions import (
    Condition,
    Inside,
    InTime,
    Leaf,
    Near,
    OfType,
    Question,
    Related,
    Relation,
)
from avdataops.ports.scene_sql import Part, one_of, when_true

FEW_FOR_PAGE = 5_000
FEW_FOR_COUNT = 200_000
"""Sets smaller than this are where a statement starts; a page ends early, a count never does."""

_PLACES_IN_BOX = (
    "SELECT scene FROM places WHERE lat_max >= ? AND lat_min <= ? AND lon_max >= ? AND lon_min <= ?"
)
_SCENE_IN_BOX = "s.lat_deg >= ? AND s.lat_deg <= ? AND s.lon_deg >= ? AND s.lon_deg <= ?"
_INT64_MIN = -(2**63)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A question in the parts that a statement is made of."""

    types: tuple[str, ...] | None
    """The scene is of one of them; None: of any."""
    parts: tuple[Part, ...]
    """All of them hold too."""


def chosen(connection: sqlite3.Connection, question: Question, few: int) -> Chosen:
    """Return the tests of a question in normal form.

    A place, an attribute or company that fewer than ``few`` scenes have is where the statement
    starts; the others are tested scene by scene.  Raises what ``check_question`` raises.
    """
    check_question(question, lambda: known_names(connection))
    shortcuts = _Shortcuts(connection, few)
    tests = [one for one in parts_of(question) if not isinstance(one, OfType)]
    parts = [when_true(one, shortcuts.of) for one in tests]
    parts += [start for one in tests for start in shortcuts.starts(one)]
    return Chosen(types_of(question), tuple(parts))


@dataclass(frozen=True, slots=True)
class _Shortcuts:
    connection: sqlite3.Connection
    few: int

    def of(self, leaf: Leaf) -> Part | None:
        """Return a better test of a leaf, or None."""
        match leaf:
            case InTime(time):
                return self._in_time(time)
            case Near():
                return self._in_reach(leaf)
            case Inside(ring):
                boxed, plain = self._in_boxes((ring.box,)), when_true(leaf)
                return Part(f"({boxed.sql} AND {plain.sql})", boxed.values + plain.values)
            case Condition():
                return self._compared(leaf)
            case _:
                return None

    def starts(self, question: Question) -> list[Part]:
        """Return in which measurements company can be found at all, if that is told soon.

        Said beside the test itself, so that rare company is found by its own index.
        """
        match question:
            case Related(relation, of) if relation is not Relation.BESIDE:
                types = types_of(of)
            case _:
                return []
        if types is None:
            return []
        wanted = one_of("m.type", types)
        rare = Part(
            f"SELECT m.measurement FROM scenes AS m WHERE m.current = 1 AND {wanted.sql}",  # noqa: S608 - no values in the text
            wanted.values,
        )
        if not self._has_fewer(rare):
            return []
        return [Part(f"s.measurement IN ({rare.sql})", rare.values)]

    def _in_time(self, time: TimeRange) -> Part:
        # No index finds overlaps.  No scene is longer than the longest, so the start has a lower
        # bound too, and an index on the start has only a short stretch to walk.
        longest = self.connection.execute(
            "SELECT max(duration_ns) FROM scenes WHERE current = 1"
        ).fetchone()[0]
        earliest = max(time.start_ns - (longest or 0), _INT64_MIN)
        return Part(
            "(s.t_start_ns < ? AND s.t_start_ns >= ? AND s.t_end_ns > ?)",
            (time.stop_ns, earliest, time.start_ns),
        )

    def _in_reach(self, near: Near) -> Part:
        boxed = self._in_boxes(boxes_around(near.lat_deg, near.lon_deg, near.radius_m))
        exact = "distance_m(s.lat_deg, s.lon_deg, ?, ?) <= ?"
        circle = (near.lat_deg, near.lon_deg, near.radius_m)
        return Part(f"({boxed.sql} AND {exact})", (*boxed.values, *circle))

    def _in_boxes(self, boxes: Sequence[Box]) -> Part:
        """Return a test by boxes, whose index has float32 corners rounded outwards."""
        corners = tuple(
            value
            for box in boxes
            for value in (box.lat_min_deg, box.lat_max_deg, box.lon_min_deg, box.lon_max_deg)
        )
        indexed = " UNION ALL ".join([_PLACES_IN_BOX] * len(boxes))
        if self._has_fewer(Part(indexed, corners)):
            return Part(f"s.number IN ({indexed})", corners)
        # Walking the scenes in order and testing each fills a page sooner.
        inside = " OR ".join(f"({_SCENE_IN_BOX})" for _ in boxes)
        return Part(f"(s.lat_deg IS NOT NULL AND s.lon_deg IS NOT NULL AND ({inside}))", corners)

    def _has_fewer(self, found: Part) -> bool:
        sql = f"SELECT count(*) FROM ({found.sql} LIMIT ?)"  # noqa: S608 - the part holds no values
        row = self.connection.execute(sql, (*found.values, self.few)).fetchone()
        return bool(row[0] < self.few)

    def _compared(self, condition: Condition) -> Part | None:
        name, op, value = condition.attribute, condition.op, condition.value
        if name in OWN_TEXTS or name in OWN_NUMBERS or value != value:  # noqa: PLR0124 - NaN
            return None
        column = "text" if isinstance(value, str) else "num"
        indexed = Part(
            f"SELECT scene FROM evidence WHERE name = ? AND {column} {op.value} ?",  # noqa: S608 - all parts are literals or enums
            (name, value),
        )
        if self._has_fewer(indexed):
            return Part(f"s.number IN ({indexed.sql})", indexed.values)
        return None


def knows_name(connection: sqlite3.Connection, name: str) -> bool:
    """Say whether some scene has evidence of this name."""
    sql = """SELECT EXISTS (SELECT 1 FROM evidence WHERE name = :name AND num IS NOT NULL)
        OR EXISTS (SELECT 1 FROM evidence WHERE name = :name AND text IS NOT NULL)"""
    return bool(connection.execute(sql, {"name": name}).fetchone()[0])


def known_names(connection: sqlite3.Connection) -> list[str]:
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
