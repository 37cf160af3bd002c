"""Tests of one scene in a query: attributes with units, time, place."""

import json
import math
from collections.abc import Callable
from typing import Any

from lark import Token, Tree

from avdataops.model.errors import InputError, did_you_mean
from avdataops.model.places import Ring, check_circle
from avdataops.model.time import NS_PER_S, TimeRange, parse_time
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Inside,
    InTime,
    Known,
    Near,
    Not,
    Question,
)
from avdataops.wiring.scene_language.complaints import complaint, place_of
from avdataops.wiring.scene_language.units import SUFFIXES, UNITS, converted, unit_in
from avdataops.wiring.scene_language.words import CLOSED, NEAR_M, NUMBERS, PLACES, TEXTS, Vocabulary

Node = Any
"""A tree of lark; its children are trees and tokens, as the grammar says and no type can."""
_DATE, _MINUTE = len("2026-11-20"), len("2026-11-20T17:03")
_DAY_NS = 86_400 * NS_PER_S
_ALWAYS_NS = 2**63 - 1
_TIME = "time"


class Properties:
    """The tests of one query."""

    def __init__(self, text: str, words: Vocabulary, measurement: str | None) -> None:
        self._text, self._words, self._measurement = text, words, measurement
        self._forms: dict[str, Callable[[Node], Question]] = {
            "compared": self._compared,
            "between": self._between,
            "within_day": self._within_day,
            "among": self._among,
            "known": lambda tree: Known(self._attribute(tree.children[0], None)),
            "unknown": lambda tree: Not(Known(self._attribute(tree.children[0], None))),
            "near_point": self._near_point,
            "near_place": self._near_place,
            "inside": self._inside,
            "on_way": self._on_way,
            "on_road": lambda tree: Condition("road_class", Comparison.EQ, str(tree.children[0])),
        }

    def test(self, tree: Node) -> Question:
        """Return the test that a node of the tree says."""
        return self._forms[str(tree.data)](tree)

    def duration_ns(self, tree: Node) -> int:
        """Return a duration; raises ``InputError`` for one that is none."""
        seconds = self._measured(tree.children[0], tree.children[1], "s")
        if seconds < 0:
            raise self._wrong(tree, "a duration is not negative")
        return round(seconds * NS_PER_S)

    def _wrong(self, node: Node, problem: str, hint: str | None = None) -> InputError:
        return complaint(self._text, place_of(node), problem, hint)

    def _compared(self, tree: Node) -> Question:
        name, sign, value = tree.children
        op = Comparison("=" if sign == "==" else str(sign))
        if name == _TIME:
            return self._in_time(op, value)
        return self._condition(name, op, value)

    def _condition(self, name: Token, op: Comparison, value: Node) -> Condition:
        form = str(value.data)
        if form == "moment":
            raise self._wrong(value, f"'{name}' is no time; write as 'time >= {value.children[0]}'")
        if form in {"true", "false"}:
            return Condition(self._attribute(name, None), op, form == "true")
        if form == "number":
            return self._number(name, op, value)
        attribute = self._attribute(name, None)
        if attribute in NUMBERS:
            raise self._wrong(value, f"'{attribute}' is compared with a number")
        text = str(value.children[0])
        return Condition(attribute, op, self._known_word(attribute, value, text, form == "text"))

    def _number(self, name: Token, op: Comparison, value: Node) -> Condition:
        number, unit = value.children
        attribute = self._attribute(name, unit)
        if attribute in TEXTS:
            if attribute == "actor" and unit is None:
                return Condition(attribute, op, str(number))
            raise self._wrong(value, f"'{attribute}' is compared with a word")
        return Condition(attribute, op, self._value(attribute, number, unit))

    def _known_word(self, attribute: str, value: Node, text: str, is_quoted: bool) -> str:
        word = self._unquoted(value, text) if is_quoted else text
        if attribute == "measurement":
            return self._words.measurement(word)
        if attribute == "type" and not self._words.is_type(word):
            types = [name for name in self._words.families if self._words.is_type(name)]
            near = did_you_mean(word, types)
            raise self._wrong(value, f"no scene type '{word[:64]}'{near}")
        known = CLOSED.get(attribute)
        if known is not None and word not in known:
            raise self._wrong(
                value,
                f"no {attribute} '{word[:64]}'{did_you_mean(word, known)}",
                hint=f"there are: {', '.join(known)}",
            )
        return word

    def _attribute(self, name: Token, unit: Node | None) -> str:
        """Return the attribute that a name means; with a unit, its name may leave that out."""
        words = self._words
        if words.is_attribute(name):
            return str(name)
        longer = [
            f"{name}_{ending}" for ending in SUFFIXES if words.is_attribute(f"{name}_{ending}")
        ]
        if longer and unit is not None:
            kind = UNITS[self._unit(unit)].dimension
            fitting = [one for one in longer if UNITS[unit_in(one) or ""].dimension == kind]
            return (fitting or longer)[0]
        if longer:
            told = unit_in(longer[0])
            raise self._wrong(name, f"'{name}' needs a unit, as {told}, or write '{longer[0]}'")
        if name in words.families:
            raise self._wrong(
                name, f"'{name}' is a scene type; it stands alone, as in '{name} & ...'"
            )
        near = did_you_mean(str(name), [*words.attributes(), _TIME])
        raise self._wrong(name, f"no attribute '{name[:64]}'{near}")

    def _unit(self, unit: Node) -> str:
        text = "/".join(str(part) for part in unit.children)
        if text not in UNITS:
            raise self._wrong(unit, f"no unit '{text[:40]}'{did_you_mean(text, UNITS)}")
        return text

    def _value(self, attribute: str, number: Token, unit: Node | None) -> float:
        told = unit_in(attribute)
        if unit is None:
            return self._finite(number, float(number))
        spelled = self._unit(unit)
        if told is None and spelled == "%":
            return self._finite(number, float(number) / 100)
        if told is None:
            raise self._wrong(unit, f"'{attribute}' has no unit")
        return self._in_unit(attribute, number, unit, told)

    def _in_unit(self, what: str, number: Token, unit: Node, told: str) -> float:
        spelled = self._unit(unit)
        if UNITS[spelled].dimension != UNITS[told].dimension:
            kind = UNITS[told].dimension
            fitting = [one for one, facts in UNITS.items() if facts.dimension == kind]
            raise self._wrong(
                unit,
                f"'{spelled}' is a unit of {UNITS[spelled].dimension}, and {what} is of {kind}",
                hint=f"units of {kind}: {', '.join(fitting)}",
            )
        return self._finite(number, converted(str(number), spelled, told))

    def _measured(self, number: Token, unit: Token | Node | None, wanted: str) -> float:
        """Return a number with its unit, or in the unit that is meant without one."""
        if unit is None:
            return self._finite(number, float(number))
        node = Tree("unit", [unit]) if isinstance(unit, Token) else unit
        if isinstance(unit, Token):
            node.meta.start_pos, node.meta.end_pos = unit.start_pos, unit.end_pos
        kind = UNITS[wanted].dimension
        return self._in_unit(f"a {kind}", number, node, wanted)

    def _finite(self, node: Token, value: float) -> float:
        if not math.isfinite(value):
            raise self._wrong(node, f"'{node}' is too large")
        return value

    def _between(self, tree: Node) -> Question:
        name, low, high = tree.children
        if low is None and high is None:
            raise self._wrong(tree, "a range needs an end: 'A .. B', 'A ..' or '.. B'")
        if name == _TIME:
            start = -_ALWAYS_NS if low is None else self._moment(low.children[0])
            stop = _ALWAYS_NS if high is None else self._moment(high.children[0])
            return InTime(self._time_range(tree, start, stop))
        return AllOf(tuple(self._bounds(name, low, high)))

    def _bounds(self, name: Token, low: Node | None, high: Node | None) -> list[Condition]:
        """Return both bounds; a unit at one end goes for both."""
        ends = [end for end in (low, high) if end is not None]
        units = [end.children[1] for end in ends if len(end.children) > 1 and end.children[1]]
        found = []
        for end, op in ((low, Comparison.GE), (high, Comparison.LE)):
            if end is None:
                continue
            number = end.children[0]
            if number.type == "MOMENT":
                raise self._wrong(end, f"'{name}' is no time; write as 'time in A .. B'")
            own = end.children[1] or (units[0] if units else None)
            found.append(self._number(name, op, Tree("number", [number, own], end.meta)))
        return found

    def _among(self, tree: Node) -> Question:
        name, *values = tree.children
        return AnyOf(tuple(self._condition(name, Comparison.EQ, value) for value in values))

    def _within_day(self, tree: Node) -> Question:
        name, bound = tree.children
        moment = bound.children[0]
        if name != _TIME or moment.type != "MOMENT" or len(moment) != _DATE:
            raise self._wrong(tree, "a range is missing: 'ego_speed_mps in 5 .. 10', or a date")
        start = self._moment(moment)
        return InTime(TimeRange(start, start + _DAY_NS))

    def _in_time(self, op: Comparison, value: Node) -> Question:
        if value.data != "moment":
            raise self._wrong(value, "this is no time; write as 2026-11-20T17:03:04Z or +12.5s")
        at = self._moment(value.children[0])
        match op:
            case Comparison.GE | Comparison.GT:
                return InTime(TimeRange(at, _ALWAYS_NS))
            case Comparison.LT | Comparison.LE:
                return InTime(TimeRange(-_ALWAYS_NS, at))
        raise self._wrong(value, "a moment is no range; write as 'time in A .. B'")

    def _time_range(self, tree: Node, start: int, stop: int) -> TimeRange:
        if stop < start:
            raise self._wrong(tree, "the range ends before it starts")
        return TimeRange(start, stop)

    def _moment(self, node: Token) -> int:
        text = str(node)
        if node.type != "MOMENT":
            raise self._wrong(node, "this is no time; write as 2026-11-20T17:03:04Z or +12.5s")
        if not text.startswith("+"):
            text += {_DATE: "T00:00:00Z", _MINUTE: ":00Z", _MINUTE + 1: ""}.get(len(text), "")
            if len(text) == _MINUTE + 1 and text[-1] in "zZ":
                text = f"{text[:-1]}:00Z"
        origin = None if self._measurement is None else self._words.start_ns(self._measurement)
        try:
            return parse_time(text, origin)
        except InputError as error:
            raise self._wrong(node, error.message, error.hint) from error

    def _near_point(self, tree: Node) -> Question:
        lat, lon, radius, unit = tree.children
        circle = (float(lat), float(lon), self._measured(radius, unit, "m"))
        try:
            check_circle(*circle)
        except InputError as error:
            raise self._wrong(tree, error.message) from error
        return Near(*circle)

    def _near_place(self, tree: Node) -> Question:
        name, distance = tree.children
        if name not in PLACES:
            raise self._wrong(
                name,
                f"nothing is known of what is near '{name[:64]}'{did_you_mean(str(name), PLACES)}",
                hint=f"places: {', '.join(PLACES)}; or a point: near(LAT, LON, 500 m)",
            )
        number, unit = (None, None) if distance is None else distance.children
        reach_m = NEAR_M if number is None else self._measured(number, unit, "m")
        return Condition(PLACES[str(name)], Comparison.LE, reach_m)

    def _inside(self, tree: Node) -> Question:
        corners = [tuple(map(float, corner.children)) for corner in tree.children]
        try:
            return Inside(Ring(tuple((lat, lon) for lat, lon in corners)))
        except InputError as error:
            raise self._wrong(tree, error.message) from error

    def _on_way(self, tree: Node) -> Question:
        number = tree.children[0]
        if not str(number).isdigit():
            raise self._wrong(number, f"'{number}' is no way of OpenStreetMap")
        return Condition("way_id", Comparison.EQ, float(number))

    def _unquoted(self, node: Node, text: str) -> str:
        if text.startswith("'"):
            return text[1:-1]
        try:
            return str(json.loads(text, strict=False))
        except json.JSONDecodeError as error:
            raise self._wrong(node, "a text in double quotes is escaped as in JSON") from error
