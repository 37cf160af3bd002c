"""The conditions of a rule: text to a tree of comparisons, and/or/not and other scenes.

    condition  = conjunction { "or" conjunction }
    conjunction = term { "and" term }
    term       = "not" term | "(" condition ")" | scene | comparison | FLAG
    scene      = "during" TYPE | "within" NUMBER UNIT "of" TYPE
    comparison = ( COLUMN | "abs" "(" COLUMN ")" ) OP ( NUMBER [UNIT] | 'TEXT' )
    OP         = "<" | "<=" | ">" | ">=" | "==" | "!="

Nothing is ever evaluated as Python; length and nesting are bounded.
"""

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from avdataops.detectors.rules.columns import (
    Nature,
    RuleColumn,
    rule_columns,
    seconds,
    time_units,
)
from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.time import NS_PER_S

MAX_TOKENS, MAX_DEPTH = 400, 20
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_%°][\w/^²°%]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<op><=|>=|==|!=|<|>|\(|\)))"
)
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_KEYWORDS = ("and", "or", "not", "during", "within", "of", "abs")


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a number in the column's own unit, or against text."""

    column: RuleColumn
    absolute: bool
    op: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Flag:
    """A column of true and false."""

    column: RuleColumn


@dataclass(frozen=True, slots=True)
class InScene:
    """While a scene of this type lasts, and so long before and after it."""

    type: str
    within_ns: int


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of unknown, unknown."""

    of: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    parts: "tuple[Expression, ...]"


Expression = Compare | Flag | InScene | Not | And | Or


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str, scene_types: Collection[str]) -> Expression:
    """Return the tree of a condition; raises ``ConfigError`` with what is wrong and the near miss.

    ``scene_types`` are the types that it may refer to.
    """
    return _Parser(_tokens(text), scene_types).whole()


def leaves(tree: Expression) -> Iterator[Compare | Flag | InScene]:
    """Yield what a condition asks, from left to right."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(of):
            yield from leaves(of)
        case _:
            yield tree


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    stripped = text.rstrip()
    place = 0
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None or match.lastgroup is None:
            raise ConfigError(f"'{stripped[place : place + 20].strip()}' is not understood")
        found.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        place = match.end()
        if len(found) > MAX_TOKENS:
            raise ConfigError(f"a condition has at most {MAX_TOKENS} words")
    return found


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, tokens: list[_Token], scene_types: Collection[str]) -> None:
        self._tokens = tokens
        self._types = scene_types
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        tree = self._condition()
        if self._next < len(self._tokens):
            raise ConfigError(f"'and' or 'or' is missing before '{self._peek()}'")
        return tree

    def _condition(self) -> Expression:
        parts = [self._conjunction()]
        while self._accept("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self) -> Expression:
        parts = [self._term()]
        while self._accept("and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _term(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigError(f"a condition is nested at most {MAX_DEPTH} deep")
        tree = self._unbounded_term()
        self._depth -= 1
        return tree

    def _unbounded_term(self) -> Expression:
        if self._accept("not"):
            return Not(self._term())
        if self._accept("("):
            tree = self._condition()
            self._expect(")")
            return tree
        if self._accept("during"):
            return InScene(self._scene_type(), 0)
        if self._accept("within"):
            return self._within()
        return self._comparison()

    def _within(self) -> InScene:
        number, unit = self._take("number", "a duration"), self._take("word", "a unit of time")
        span_s = seconds(float(number), unit)
        if span_s is None or not 0 <= span_s < math.inf:
            raise ConfigError(
                f"'{number} {unit}' is not a duration; units: {', '.join(time_units())}"
            )
        self._expect("of")
        return InScene(self._scene_type(), round(span_s * NS_PER_S))

    def _scene_type(self) -> str:
        name = self._take("word", "a scene type")
        if name not in self._types:
            raise ConfigError(f"no scene type '{name}'{did_you_mean(name, self._types)}")
        return name

    def _comparison(self) -> Compare | Flag:
        absolute = self._accept("abs")
        if absolute:
            self._expect("(")
        column = find_column(self._take("word", "a column"))
        if absolute:
            self._expect(")")
        op = self._peek()
        if op not in _COMPARISONS:
            if column.nature is Nature.FLAG and not absolute:
                return Flag(column)
            raise ConfigError(f"column '{column.name}' holds {column.nature}s; compare it with one")
        self._next += 1
        if column.nature is Nature.TEXT:
            return Compare(column, False, op, self._word_of(column, op))
        if column.nature is Nature.FLAG:
            raise ConfigError(f"column '{column.name}' is true or false; write it alone, or 'not'")
        return Compare(column, absolute, op, self._number_of(column))

    def _word_of(self, column: RuleColumn, op: str) -> str:
        text = self._take("text", f"text in quotes for '{column.name}'")[1:-1]
        if op not in {"==", "!="}:
            raise ConfigError(f"text of '{column.name}' compares with == and != alone")
        if column.words and text not in column.words:
            raise ConfigError(
                f"'{column.name}' is never '{text}'{did_you_mean(text, column.words)}"
            )
        return text

    def _number_of(self, column: RuleColumn) -> float:
        value = float(self._take("number", f"a number for '{column.name}'"))
        unit = self._peek()
        if self._kind() != "word" or unit in _KEYWORDS:
            return value
        self._next += 1
        scale = column.scale(unit)
        if scale is None:
            raise ConfigError(f"'{column.name}' is in {column.unit}, which '{unit}' cannot become")
        return value * scale

    def _peek(self) -> str:
        return self._tokens[self._next].text if self._next < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else "end"

    def _accept(self, text: str) -> bool:
        if self._peek() != text or self._kind() == "text":
            return False
        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise ConfigError(f"'{text}' is missing before '{self._peek() or 'the end'}'")

    def _take(self, kind: str, what: str) -> str:
        if self._kind() != kind or self._peek() in _KEYWORDS:
            raise ConfigError(f"{what} is missing before '{self._peek() or 'the end'}'")
        self._next += 1
        return self._tokens[self._next - 1].text


def find_column(name: str) -> RuleColumn:
    """Return a column by name; raises ``ConfigError`` with the near miss."""
    known = rule_columns()
    if name not in known:
        raise ConfigError(f"no column '{name}'{did_you_mean(name, known)}")
    return known[name]
