"""Questions as tests in SQL: whitelisted names, bound values, nothing spliced.

For databases that have these tables, whatever is behind them:

    scenes    number, id, type, measurement, vehicle, t_start_ns, t_end_ns, duration_ns, detector,
              detector_version, confidence, actor, truncated, lat_deg, lon_deg, current
    evidence  scene (its number), name, num, text: what ``attributes_of`` gives and is known
    coverage  measurement, type, start_ns, end_ns, known, current: the tiles of ``judged``
    reviews   scene (its id), number, verdict

and the functions ``distance_m(lat, lon, lat, lon)`` and ``inside_ring(lat, lon, corners)``.

The normal form has ``Not`` only before leaves, so each leaf is written twice: when it is true, and
when it is false.  Neither is ever NULL, and what is unknown is neither.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avdataops.ports.catalog_rules import OWN_NUMBERS, OWN_TEXTS
from avdataops.ports.question_answers import window_of
from avdataops.ports.question_forms import parts_of, types_of
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
    Condition,
    Inside,
    InTime,
    Known,
    Leaf,
    Near,
    Not,
    OfType,
    Question,
    Related,
    Relation,
)

SCENE = "s"
"""The row that a question is about."""

_WORKED_OUT = {
    "duration_s": "{row}.duration_ns / 1e9",
    "review": (
        "(SELECT r.verdict FROM reviews AS r WHERE r.scene = {row}.id"
        " ORDER BY r.number DESC LIMIT 1)"
    ),
}
_NULLABLE = frozenset({"actor", "lat_deg", "lon_deg", "review"})
_PLACED = "{row}.lat_deg IS NOT NULL AND {row}.lon_deg IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Part:
    """One test, with its bound values in order."""

    sql: str
    values: tuple[object, ...] = ()


Shortcut = Callable[[Leaf], Part | None]
"""What a database knows better about a true leaf on the row ``s``: an index to start from."""

TRUE, FALSE = Part("1 = 1"), Part("1 = 0")


def when_true(question: Question, shortcut: Shortcut | None = None) -> Part:
    """Return when a question, in normal form, is true of the row ``s``."""
    return _true(question, SCENE, shortcut)


def joined(word: str, parts: Sequence[Part]) -> Part:
    """Return the parts with AND or OR between them."""
    if len(parts) == 1:
        return parts[0]
    text = f" {word} ".join(part.sql for part in parts)
    return Part(f"({text})", tuple(value for part in parts for value in part.values))


def _true(question: Question, row: str, shortcut: Shortcut | None = None) -> Part:
    match question:
        case AllOf(()):
            return TRUE
        case AnyOf(()):
            return FALSE
        case AllOf(parts):
            return joined("AND", [_true(part, row, shortcut) for part in parts])
        case AnyOf(parts):
            return joined("OR", [_true(part, row, shortcut) for part in parts])
        case Not(of):
            return _false(of, row)
        case _:
            special = shortcut(question) if shortcut and row == SCENE else None
            return special or _leaf(question, row)


def _false(question: Question, row: str) -> Part:
    match question:
        case Near() | Inside():
            there = _PLACED.format(row=row)
            held = _leaf(question, row)
            found = Part(f"({there} AND NOT {held.sql})", held.values)
        case Related():
            found = _without(question, row)
        case AllOf(parts):
            found = joined("OR", [_false(part, row) for part in parts]) if parts else FALSE
        case AnyOf(parts):
            found = joined("AND", [_false(part, row) for part in parts]) if parts else TRUE
        case Not(of):
            found = _true(of, row)
        case Condition(attribute, op, value):
            found = _compared(Condition(attribute, op.opposite, value), row)
        case _:
            held = _leaf(question, row)
            found = Part(f"NOT {held.sql}", held.values)
    return found


def _leaf(leaf: Leaf, row: str) -> Part:
    match leaf:
        case OfType(types):
            found = one_of(f"{row}.type", types)
        case InTime(time):
            overlap = f"({row}.t_start_ns < ? AND {row}.t_end_ns > ?)"
            found = Part(overlap, (time.stop_ns, time.start_ns))
        case Near(lat_deg, lon_deg, radius_m):
            far = f"distance_m({row}.lat_deg, {row}.lon_deg, ?, ?) <= ?"
            there = _PLACED.format(row=row)
            found = Part(f"({there} AND {far})", (lat_deg, lon_deg, radius_m))
        case Inside(ring):
            inside = f"inside_ring({row}.lat_deg, {row}.lon_deg, ?) = 1"
            there = _PLACED.format(row=row)
            found = Part(f"({there} AND {inside})", (json.dumps(ring.corners),))
        case Condition():
            found = _compared(leaf, row)
        case Known(attribute):
            found = _known(attribute, row)
        case _:
            found = _company(leaf, row)
    return found


def one_of(column: str, names: Sequence[str]) -> Part:
    """Return the test that a column holds one of some texts."""
    if not names:
        return FALSE
    if len(names) == 1:
        return Part(f"({column} = ?)", tuple(names))
    return Part(f"({column} IN ({', '.join('?' * len(names))}))", tuple(names))


def column_of(attribute: str, row: str) -> str:
    """Return a scene's own field as an expression."""
    return _WORKED_OUT.get(attribute, f"{{row}}.{attribute}").format(row=row)


def _compared(condition: Condition, row: str) -> Part:
    name, op, value = condition.attribute, condition.op, condition.value
    is_text = isinstance(value, str)
    if value != value:  # noqa: PLR0124 - NaN compares with nothing
        return FALSE
    if name in (OWN_TEXTS if is_text else OWN_NUMBERS):
        column = column_of(name, row)
        there = f"{column} IS NOT NULL AND " if name in _NULLABLE else ""
        return Part(f"({there}{column} {op.value} ?)", (value,))
    if name in OWN_TEXTS or name in OWN_NUMBERS:
        return FALSE
    kept = "text" if is_text else "num"
    return Part(
        f"EXISTS (SELECT 1 FROM evidence AS e WHERE e.scene = {row}.number AND e.name = ?"  # noqa: S608 - literals, values are bound
        f" AND e.{kept} {op.value} ?)",
        (name, value),
    )


def _known(attribute: str, row: str) -> Part:
    if attribute in OWN_TEXTS or attribute in OWN_NUMBERS:
        return Part(f"({column_of(attribute, row)} IS NOT NULL)")
    return Part(
        f"EXISTS (SELECT 1 FROM evidence AS e WHERE e.scene = {row}.number AND e.name = ?)",  # noqa: S608 - as above
        (attribute,),
    )


def _company(related: Related, row: str) -> Part:
    """Return when a scene that lies so is there."""
    other = f"{row}o"
    tests = [_lies_so(related, row, other), _true(_rest(related.of), other)]
    if related.same_actor:
        tests.append(Part(f"{other}.actor = {row}.actor"))
    return _exists(related, row, tests)


def _without(related: Related, row: str) -> Part:
    """Return when none that lies so is there or may be, and somebody looked."""
    types = types_of(related.of)
    if types is None:
        return FALSE
    other = f"{row}o"
    tests = [_lies_so(related, row, other)]
    rest = _rest(related.of)
    if rest != AllOf():
        wrong = _false(rest, other)
        tests.append(Part(f"NOT {wrong.sql}", wrong.values))
    if related.same_actor:
        both = f"{other}.actor IS NOT NULL AND {row}.actor IS NOT NULL"
        tests.append(Part(f"NOT ({both} AND {other}.actor != {row}.actor)"))
    missing = _exists(related, row, tests)
    judged = [_judged(related, name, row) for name in types]
    return joined("AND", [Part(f"NOT {missing.sql}", missing.values), *judged])


def _rest(question: Question) -> Question:
    """Return a question without its types, which ``_exists`` asks for."""
    left = tuple(part for part in parts_of(question) if not isinstance(part, OfType))
    return left[0] if len(left) == 1 else AllOf(left)


def _exists(related: Related, row: str, tests: Sequence[Part]) -> Part:
    other = f"{row}o"
    types = types_of(related.of)
    here = [Part(f"{other}.current = 1"), Part(f"{other}.measurement = {row}.measurement")]
    if types is not None:
        here.append(one_of(f"{other}.type", types))
    if related.relation is not Relation.WITH:
        here.append(Part(f"{other}.id != {row}.id"))
    every = joined("AND", [*here, *tests])
    return Part(
        f"EXISTS (SELECT 1 FROM scenes AS {other} WHERE {every.sql})",  # noqa: S608 - no values in the text
        every.values,
    )


def _lies_so(related: Related, row: str, other: str) -> Part:
    start, stop = f"{row}.t_start_ns", f"{row}.t_end_ns"
    begins, ends = f"{other}.t_start_ns", f"{other}.t_end_ns"
    far = related.within_ns
    tests: list[Part]
    match related.relation:
        case Relation.WITH | Relation.OVERLAPS:
            tests = [Part(f"{begins} < {stop} AND {ends} > {start}")]
        case Relation.DURING:
            tests = [Part(f"{begins} <= {start} AND {ends} >= {stop}")]
        case Relation.AROUND:
            tests = [Part(f"{begins} <= {stop} + ? AND {ends} >= {start} - ?", (far or 0,) * 2)]
        case Relation.AFTER:
            # That it begins before follows, and is what an index can tell.
            early = Part(f"{begins} <= {start} AND {ends} <= {start}")
            tests = [early, *_bounded(f"{ends} >= {start} - ?", far)]
        case Relation.BEFORE:
            tests = [Part(f"{begins} >= {stop}"), *_bounded(f"{begins} <= {stop} + ?", far)]
        case Relation.THEN:
            tests = [Part(f"{begins} >= {start}"), *_bounded(f"{begins} <= {stop} + ?", far)]
        case Relation.BESIDE:
            tests = [TRUE]
    return joined("AND", tests)


def _bounded(text: str, far: int | None) -> list[Part]:
    return [] if far is None else [Part(text, (far,))]


def _judged(related: Related, name: str, row: str) -> Part:
    window = window_of(related)
    start = f"{row}.t_end_ns" if window.from_end else f"{row}.t_start_ns"
    stop = f"{row}.t_start_ns" if window.until_start else f"{row}.t_end_ns"
    tiles = (
        "SELECT 1 FROM coverage AS c WHERE c.current = 1"  # noqa: S608 - literals, values are bound
        f" AND c.measurement = {row}.measurement AND c.type = ?"
    )
    if window.before_ns is not None and window.after_ns is not None:
        inside = f"c.known = 1 AND c.start_ns <= {start} - ? AND c.end_ns >= {stop} + ?"
        return Part(f"EXISTS ({tiles} AND {inside})", (name, window.before_ns, window.after_ns))
    unknown = ["c.known = 0"]
    if window.before_ns is not None:
        unknown.append(f"c.end_ns > {start}")
    if window.after_ns is not None:
        unknown.append(f"c.start_ns < {stop}")
    return Part(
        f"(EXISTS ({tiles}) AND NOT EXISTS ({tiles} AND {' AND '.join(unknown)}))", (name, name)
    )
