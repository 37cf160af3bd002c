"""The one normal form of questions, and the text that says it.

Two questions with the same normal form have the same answer for every scene.  In it, ``Not``
stands only before leaves that have no opposite of their own; ``AllOf`` and ``AnyOf`` hold at least
two different parts, types first and then by their text, and none of
their own kind; types are sorted.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from avdataops.model.time import TimeRange, format_time
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.questions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Comparison,
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

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_RESERVED = frozenset(
    {"and", "any", "by", "in", "inside", "is", "near", "none", "not", "on", "or", "false", "true"}
    | {"after", "around", "before", "beside", "during", "overlaps", "same", "then", "with"}
    | {"within", "unknown", "known", "way", "actor", "as", "of"}
)
_FIRST_NS, _LAST_NS = -(2**63) + 1, 2**63 - 1


def question_of(query: SceneQuery) -> Question:
    """Return all that a query asks, in normal form."""
    parts: list[Question] = list(query.where)
    if query.types:
        parts.append(OfType(query.types))
    if query.measurement is not None:
        parts.append(Condition("measurement", Comparison.EQ, query.measurement))
    if query.vehicle is not None:
        parts.append(Condition("vehicle", Comparison.EQ, query.vehicle))
    if query.time is not None:
        parts.append(InTime(query.time))
    if query.near is not None:
        parts.append(query.near)
    parts += [Related(Relation.WITH, OfType((name,))) for name in query.during]
    if query.matching is not None:
        parts.append(query.matching)
    return normal(AllOf(tuple(parts)))


def normal(question: Question) -> Question:
    """Return the normal form."""
    return _normal(question, as_is=True)


def _normal(question: Question, *, as_is: bool) -> Question:
    match question:
        case Not(of):
            return _normal(of, as_is=not as_is)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(question, AllOf) is as_is
            settled = [_normal(part, as_is=as_is) for part in parts]
            return _joined(AllOf if every else AnyOf, settled)
        case _:
            return _leaf(question, as_is=as_is)


def _leaf(leaf: Leaf, *, as_is: bool) -> Question:
    match leaf:
        case Condition(attribute, op, value):
            turned = Condition(attribute, op if as_is else op.opposite, value)
            return _type_test(turned) if attribute == "type" else turned
        case OfType(types):
            named = OfType(tuple(sorted(set(types))))
            found: Question = named if types else NOTHING
        case Related(relation, of, within_ns, same_actor):
            found = Related(relation, normal(of), within_ns, same_actor)
        case _:
            found = leaf
    if as_is:
        return found
    if isinstance(found, OfType):
        return _joined(AllOf, [Not(OfType((name,))) for name in found.types])
    return EVERYTHING if found == NOTHING else Not(found)


def _type_test(condition: Condition) -> Question:
    value = condition.value
    if isinstance(value, str) and condition.op is Comparison.EQ:
        return OfType((value,))
    if isinstance(value, str) and condition.op is Comparison.NE:
        return Not(OfType((value,)))
    return condition


def _joined(kind: type[AllOf] | type[AnyOf], parts: Sequence[Question]) -> Question:
    """Return the parts as one: flat, different, in order; what decides alone stands alone."""
    neutral, deciding = (EVERYTHING, NOTHING) if kind is AllOf else (NOTHING, EVERYTHING)
    flat: list[Question] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else [part])
    flat = _types_merged(kind, flat)
    if deciding in flat:
        return deciding
    different = {written(part): part for part in flat if part != neutral}
    ordered = tuple(sorted(different.values(), key=_place))
    return ordered[0] if len(ordered) == 1 else kind(ordered)


def _place(part: Question) -> tuple[bool, str]:
    return not isinstance(part, OfType), written(part)


def _types_merged(kind: type[AllOf] | type[AnyOf], parts: Iterable[Question]) -> list[Question]:
    """Return the parts with at most one ``OfType`` among them."""
    names: set[str] | None = None
    rest: list[Question] = []
    for part in parts:
        if not isinstance(part, OfType):
            rest.append(part)
        elif names is None:
            names = set(part.types)
        else:
            names = names & set(part.types) if kind is AllOf else names | set(part.types)
    if names is None:
        return rest
    return [OfType(tuple(sorted(names))) if names else NOTHING, *rest]


def types_of(question: Question) -> tuple[str, ...] | None:
    """Return the types that a scene must be of one of, sorted; None if that is not bounded.

    ``question`` is in normal form.
    """
    found: set[str] | None = None
    match question:
        case OfType(types):
            found = set(types)
        case AllOf(parts):
            bounds = [set(types) for types in map(types_of, parts) if types is not None]
            found = set.intersection(*bounds) if bounds else None
        case AnyOf(parts):
            each = [types_of(part) for part in parts]
            named = [set(types) for types in each if types is not None]
            found = set[str]().union(*named) if len(named) == len(each) else None
    return None if found is None else tuple(sorted(found))


def leaves(question: Question) -> Iterator[Leaf]:
    """Yield every leaf, those of related scenes too, from left to right."""
    match question:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(of):
            yield from leaves(of)
        case Related(of=of):
            yield question
            yield from leaves(of)
        case _:
            yield question


def parts_of(question: Question) -> tuple[Question, ...]:
    """Return what must all hold; ``question`` is in normal form."""
    return question.parts if isinstance(question, AllOf) else (question,)


def written(question: Question) -> str:
    """Return the question in the query language, where it needs no context to be understood."""
    match question:
        case AllOf(()):
            return "any"
        case AnyOf(()):
            return "none"
        case AllOf(parts):
            return " & ".join(map(_inner, parts))
        case AnyOf(parts):
            return " | ".join(map(_inner, parts))
        case Not(of):
            return f"not {_inner(of)}"
        case _:
            return _leaf_text(question)


def _inner(question: Question) -> str:
    text = written(question)
    joined = isinstance(question, AllOf | AnyOf) and question.parts
    return f"({text})" if joined else text


def _leaf_text(leaf: Leaf) -> str:
    match leaf:
        case OfType((name,)):
            told = f"type = {_value(name)}"
        case OfType(types):
            told = f"type in ({', '.join(map(_value, types))})"
        case InTime(time):
            told = f"time in {_range(time)}"
        case Near(lat_deg, lon_deg, radius_m):
            point = ", ".join(map(number_text, (lat_deg, lon_deg, radius_m)))
            told = f"near({point} m)"
        case Inside(ring):
            corners = (" ".join(map(number_text, corner)) for corner in ring.corners)
            told = f"inside({', '.join(corners)})"
        case Condition(attribute, op, value):
            told = f"{attribute} {op.value} {_value(value)}"
        case Known(attribute):
            told = f"{attribute} is known"
        case _:
            told = _related_text(leaf)
    return told


def _related_text(related: Related) -> str:
    relation, of = related.relation, f"({written(related.of)})"
    bound = "" if related.within_ns is None else f"within {seconds_text(related.within_ns)} s"
    match relation:
        case Relation.THEN:
            told = f"then {of} {bound}"
        case Relation.AROUND:
            told = f"{bound} of {of}"
        case _:
            told = f"{bound} {relation.value} {of}"
    return f"{told.strip()} by same actor" if related.same_actor else told.strip()


def number_text(value: float) -> str:
    """Return a number with the fewest digits that are read back as it."""
    return repr(value).removesuffix(".0")


def seconds_text(duration_ns: int) -> str:
    """Return a duration in seconds with as many digits as it needs."""
    seconds, ns = divmod(duration_ns, 10**9)
    return f"{seconds}.{ns:09d}".rstrip("0").rstrip(".")


def _value(value: float | str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return number_text(value)
    if _WORD.fullmatch(value) and value not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)


def _range(time: TimeRange) -> str:
    start = _moment(time.start_ns) if time.start_ns != _FIRST_NS else ""
    stop = _moment(time.stop_ns) if time.stop_ns != _LAST_NS else ""
    return f"{start} .. {stop}".strip()


def _moment(t_ns: int) -> str:
    """Return a time; one that no catalog can hold is told as it is."""
    return format_time(t_ns) if -_LAST_NS <= t_ns <= _LAST_NS else str(t_ns)
