"""The words and the grammar tree of the SQL subset."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.doubles.cosmos.refusals import Refused

KEYWORDS = frozenset(
    {"SELECT", "VALUE", "FROM", "WHERE", "ORDER", "BY", "ASC", "DESC", "AND", "OR", "NOT", "AS"}
    | {"TRUE", "FALSE", "NULL"}
)
_REJECTED = frozenset(
    {"TOP", "DISTINCT", "JOIN", "IN", "LIKE", "BETWEEN", "GROUP", "OFFSET", "LIMIT", "EXISTS"}
    | {"ARRAY", "UNDEFINED", "COUNT", "SUM", "UDF"}
)
_WORD = re.compile(
    r"""\s*(?:
      (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<text>"[^"\\]*"|'[^'\\]*')
    | (?P<param>@[A-Za-z_]\w*)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<sign><=|>=|!=|[=<>(),.*\[\]])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: a number, text, param, name, keyword or sign."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: object


@dataclass(frozen=True, slots=True)
class Parameter:
    """A bound value, named with its ``@``."""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """Properties under the item, from the outside in; empty is the item."""

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the path as index policies write it."""
        return "/" + "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Both:
    """Two expressions and the operator between them; comparisons, AND, OR."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: "Node"


Node = Literal | Parameter | Path | Call | Both | Not


@dataclass(frozen=True, slots=True)
class Ordering:
    """One property to sort by."""

    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """SELECT ... FROM c WHERE ... ORDER BY ..."""

    columns: tuple[tuple[str, Path], ...]
    """(name, path); empty is the whole item."""
    value: Path | None
    """What SELECT VALUE names."""
    where: Node | None
    order: tuple[Ordering, ...]


def words_of(text: str) -> Iterator[Word]:
    """Yield the words of a query; raises ``Refused`` (400) for what is none."""
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _WORD.match(text, place)
        if match is None or match.lastgroup is None:
            raise Refused(400, f"Syntax error near {text[place : place + 20]!r}")
        place = match.end()
        yield _word(match.lastgroup, match[match.lastgroup])


def _word(kind: str, text: str) -> Word:
    if kind != "name":
        return Word(kind, text)
    if text.upper() in _REJECTED:
        raise Refused(400, f"the double does not know {text.upper()}")
    return Word("keyword", text.upper()) if text.upper() in KEYWORDS else Word(kind, text)
