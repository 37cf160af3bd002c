"""Runs a parsed statement over items, three-valued as the service does."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.doubles.cosmos.geo import distance_m
from tests.doubles.cosmos.refusals import Refused
from tests.doubles.cosmos.sql_words import (
    Both,
    Call,
    Literal,
    Node,
    Not,
    Parameter,
    Path,
    Statement,
)

Item = Mapping[str, Any]


class Undefined:
    """The value of what is not there; comparisons with it have no answer."""


UNDEFINED = Undefined()

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(statement: Statement, items: Iterable[Item], given: Mapping[str, Any]) -> list[Item]:
    """Return the items for which the condition is true, in the order asked for.

    ``given`` binds parameters by their names with ``@``.
    """
    found = [item for item in items if _holds(statement.where, item, given)]
    for ordering in reversed(statement.order):
        found.sort(key=lambda item: order_key(ordering.path, item), reverse=ordering.descending)
    return found


def _holds(where: Node | None, item: Item, given: Mapping[str, Any]) -> bool:
    return where is None or evaluate(where, item, given) is True


def order_key(path: Path, item: Item) -> Any:
    """Return what an item is sorted by; only text and numbers can be, of one type in all items."""
    value = look_up(path, item)
    if _type_of(value) not in {"text", "number"}:
        raise Refused(400, f"the double sorts by text and numbers, not by {value!r} at {path.name}")
    return value


def project(statement: Statement, item: Item) -> Any:
    """Return what the statement selects of an item; undefined columns are left out."""
    if statement.value is not None:
        return look_up(statement.value, item)
    if not statement.columns:
        return item
    values = {name: look_up(path, item) for name, path in statement.columns}
    return {name: value for name, value in values.items() if value is not UNDEFINED}


def look_up(path: Path, item: Item) -> Any:
    """Return the value at a path, or ``UNDEFINED``."""
    value: Any = item
    for part in path.parts:
        if not isinstance(value, Mapping) or part not in value:
            return UNDEFINED
        value = value[part]
    return value


def evaluate(node: Node, item: Item, given: Mapping[str, Any]) -> Any:
    """Return the value of an expression for one item."""
    value: Any
    match node:
        case Literal(value):
            pass
        case Parameter(name):
            value = _bound(name, given)
        case Path():
            value = look_up(node, item)
        case Not(inner):
            value = _negated(evaluate(inner, item, given))
        case Both(word, left, right):
            both = (evaluate(left, item, given), evaluate(right, item, given))
            value = _joined(word, *both) if word in {"AND", "OR"} else _compared(word, *both)
        case Call(function, arguments):
            value = _CALLS[function](*(evaluate(one, item, given) for one in arguments))
    return value


def _bound(name: str, given: Mapping[str, Any]) -> Any:
    if name not in given:
        raise Refused(400, f"no value was given for {name}")
    return given[name]


def _negated(value: Any) -> Any:
    return not value if isinstance(value, bool) else UNDEFINED


def _joined(word: str, left: Any, right: Any) -> Any:
    decides = word == "OR"
    if left is decides or right is decides:
        return decides
    if isinstance(left, bool) and isinstance(right, bool):
        return not decides
    return UNDEFINED


def _compared(sign: str, left: Any, right: Any) -> Any:
    kind = _type_of(left)
    if kind == "undefined" or kind != _type_of(right):
        return UNDEFINED
    if kind in {"null", "bool"} and sign not in {"=", "!="}:
        raise Refused(400, f"the double does not order {kind} values")
    if kind == "other":
        raise Refused(400, "the double does not compare arrays and objects")
    return _COMPARE[sign](left, right)


def _type_of(value: Any) -> str:
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _array_contains(array: Any, value: Any) -> Any:
    if not isinstance(array, list):
        return UNDEFINED
    return any(_type_of(one) == _type_of(value) and one == value for one in array)


def _st_distance(one: Any, other: Any) -> Any:
    if not (_is_point(one) and _is_point(other)):
        return UNDEFINED
    return distance_m(*one["coordinates"], *other["coordinates"])


def _is_point(value: Any) -> bool:
    if not isinstance(value, Mapping) or value.get("type") != "Point":
        return False
    lon, lat = value["coordinates"]
    return bool(abs(lon) <= 180 and abs(lat) <= 90)


_CALLS: dict[str, Callable[..., Any]] = {
    "ARRAY_CONTAINS": _array_contains,
    "IS_DEFINED": lambda value: value is not UNDEFINED,
    "IS_NUMBER": lambda value: _type_of(value) == "number",
    "IS_STRING": lambda value: _type_of(value) == "text",
    "ST_DISTANCE": _st_distance,
}
