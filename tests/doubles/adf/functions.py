"""The functions of the expression language that we know; all others are errors.

Those that look at a run (``pipeline``, ``activity``, ``variables``, ``item``, ``utcNow``, ``guid``)
are given by who evaluates.  Arguments of a wrong type are refused, as the service does.
"""

import base64
import json
import urllib.parse
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.doubles.adf.expressions import as_text


def _want(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"wants {wanted}, got {value!r}")
    return value


def _concat(*parts: Any) -> Any:
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    return "".join(as_text(_want(p, str, int, float, bool, type(None))) for p in parts)


def _replace(text: Any, old: Any, new: Any) -> str:
    return str(_want(text, str).replace(_want(old, str), _want(new, str)))


def _substring(text: Any, start: Any, length: Any = None) -> str:
    _want(text, str)
    stop = len(text) if length is None else start + _want(length, int)
    if not 0 <= _want(start, int) <= stop <= len(text):
        raise IndexError(f"{start} to {stop} is not inside a text of {len(text)}")
    return str(text[start:stop])


def _split(text: Any, separator: Any) -> list[str]:
    return list(_want(text, str).split(_want(separator, str)))


def _contains(where: Any, what: Any) -> bool:
    return what in _want(where, str, list, dict)


def _empty(value: Any) -> bool:
    return value is None or len(_want(value, str, list, dict)) == 0


def _first(value: Any) -> Any:
    return _want(value, str, list)[0]


def _last(value: Any) -> Any:
    return _want(value, str, list)[-1]


def _take(value: Any, count: Any) -> Any:
    return _want(value, str, list)[: _want(count, int)]


def _skip(value: Any, count: Any) -> Any:
    return _want(value, str, list)[_want(count, int) :]


def _if(condition: Any, then: Any, otherwise: Any) -> Any:
    return then if _want(condition, bool) else otherwise


def _bools(values: tuple[Any, ...]) -> list[bool]:
    return [_want(value, bool) for value in values]


def _and(*values: Any) -> bool:
    return all(_bools(values))


def _or(*values: Any) -> bool:
    return any(_bools(values))


def _not(value: Any) -> bool:
    return not _want(value, bool)


def _equals(one: Any, other: Any) -> bool:
    both_numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    return bool(one == other and (both_numbers or type(one) is type(other)))


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(one: Any, other: Any) -> bool:
        _want(one, int, float, str)
        _want(other, *((str,) if isinstance(one, str) else (int, float)))
        return holds(one, other)

    return compare


def _arithmetic(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compute(one: Any, other: Any) -> Any:
        return work(_want(one, int, float), _want(other, int, float))

    return compute


def _div(one: Any, other: Any) -> Any:
    if isinstance(one, int) and isinstance(other, int):
        whole = abs(one) // abs(other)
        return whole if (one < 0) == (other < 0) else -whole
    return one / other


def _range(start: Any, count: Any) -> list[int]:
    return list(range(_want(start, int), start + _want(count, int)))


def _union(*lists: Any) -> list[Any]:
    found: list[Any] = []
    for one in lists:
        found += [item for item in _want(one, list) if item not in found]
    return found


def _intersection(one: Any, other: Any) -> list[Any]:
    return [item for item in _want(one, list) if item in _want(other, list)]


def _bool(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    return bool(_want(value, bool, int))


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(_want(text, str))


def _add_to_time(unit: str) -> Callable[[Any, Any], str]:
    def add(text: Any, count: Any) -> str:
        moved = _time(text) + timedelta(**{unit: _want(count, int)})
        return iso_time(moved)

    return add


def iso_time(at: datetime) -> str:
    """Return ``at`` (UTC) as ``utcNow()`` writes it: seven decimals and ``Z``."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0Z"


_FORMATS = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy/MM/dd": "%Y/%m/%d", "yyyyMMdd": "%Y%m%d"}


def _format_time(text: Any, form: Any) -> str:
    return _time(text).strftime(_FORMATS[form])


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "concat": _concat,
    "string": as_text,
    "json": lambda text: json.loads(_want(text, str)),
    "replace": _replace,
    "split": _split,
    "substring": _substring,
    "tolower": lambda text: _want(text, str).lower(),
    "toupper": lambda text: _want(text, str).upper(),
    "trim": lambda text: _want(text, str).strip(),
    "startswith": lambda text, part: _want(text, str).startswith(_want(part, str)),
    "endswith": lambda text, part: _want(text, str).endswith(_want(part, str)),
    "indexof": lambda text, part: _want(text, str).find(_want(part, str)),
    "lastindexof": lambda text, part: _want(text, str).rfind(_want(part, str)),
    "length": lambda value: len(_want(value, str, list)),
    "contains": _contains,
    "empty": _empty,
    "first": _first,
    "last": _last,
    "take": _take,
    "skip": _skip,
    "join": lambda items, by: _want(by, str).join(as_text(i) for i in _want(items, list)),
    "createarray": lambda *items: list(items),
    "array": lambda item: [item],
    "range": _range,
    "union": _union,
    "intersection": _intersection,
    "coalesce": _coalesce,
    "if": _if,
    "and": _and,
    "or": _or,
    "not": _not,
    "equals": _equals,
    "greater": _compare(lambda one, other: one > other),
    "greaterorequals": _compare(lambda one, other: one >= other),
    "less": _compare(lambda one, other: one < other),
    "lessorequals": _compare(lambda one, other: one <= other),
    "add": _arithmetic(lambda one, other: one + other),
    "sub": _arithmetic(lambda one, other: one - other),
    "mul": _arithmetic(lambda one, other: one * other),
    "div": _arithmetic(_div),
    "min": lambda *values: min(_want(value, int, float) for value in values),
    "max": lambda *values: max(_want(value, int, float) for value in values),
    "int": lambda value: int(_want(value, str, int, float)),
    "float": lambda value: float(_want(value, str, int, float)),
    "bool": _bool,
    "base64": lambda text: base64.b64encode(_want(text, str).encode()).decode(),
    "base64tostring": lambda text: base64.b64decode(_want(text, str)).decode(),
    "uricomponent": lambda text: urllib.parse.quote(_want(text, str), safe=""),
    "adddays": _add_to_time("days"),
    "addhours": _add_to_time("hours"),
    "addminutes": _add_to_time("minutes"),
    "addseconds": _add_to_time("seconds"),
    "formatdatetime": _format_time,
}
