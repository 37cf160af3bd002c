"""Parses the SQL subset by recursive descent; everything outside of it is refused with 400."""

from tests.doubles.cosmos.refusals import Refused
from tests.doubles.cosmos.sql_words import (
    Both,
    Call,
    Literal,
    Node,
    Not,
    Ordering,
    Parameter,
    Path,
    Statement,
    Word,
    words_of,
)

FUNCTIONS = {
    "ARRAY_CONTAINS": 2,
    "IS_DEFINED": 1,
    "IS_NUMBER": 1,
    "IS_STRING": 1,
    "ST_DISTANCE": 2,
}
"""Name -> number of arguments."""

_COMPARISONS = {"=", "!=", "<", "<=", ">", ">="}
_CONSTANTS: dict[str, object] = {"TRUE": True, "FALSE": False, "NULL": None}
_END = Word("end", "")


def parse(text: str) -> Statement:
    """Return the statement that ``text`` is; raises ``Refused`` (400)."""
    return _Parser(list(words_of(text))).statement()


class _Parser:
    """One pass over the words."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._place = 0

    @property
    def _next(self) -> Word:
        return self._words[self._place] if self._place < len(self._words) else _END

    def _take(self, kind: str, text: str | None = None) -> str:
        word = self._next
        if word.kind != kind or text not in {None, word.text}:
            wanted = text or f"a {kind}"
            raise Refused(400, f"Syntax error: {wanted} expected, not {word.text!r}")
        self._place += 1
        return word.text

    def _took(self, kind: str, text: str) -> bool:
        if (self._next.kind, self._next.text) != (kind, text):
            return False
        self._place += 1
        return True

    def statement(self) -> Statement:
        self._take("keyword", "SELECT")
        value: Path | None = None
        columns: list[tuple[str, Path]] = []
        if self._took("keyword", "VALUE"):
            value = self._path()
        elif not self._took("sign", "*"):
            columns.append(self._column())
            while self._took("sign", ","):
                columns.append(self._column())
        self._take("keyword", "FROM")
        self._take("name", "c")
        where = self._either() if self._took("keyword", "WHERE") else None
        order = self._order() if self._took("keyword", "ORDER") else ()
        if self._next is not _END:
            raise Refused(400, f"Syntax error near {self._next.text!r}")
        return Statement(tuple(columns), value, where, order)

    def _column(self) -> tuple[str, Path]:
        path = self._path()
        if not path.parts:
            raise Refused(400, "the double selects properties, not the item among columns")
        name = self._take("name") if self._took("keyword", "AS") else path.parts[-1]
        return name, path

    def _order(self) -> tuple[Ordering, ...]:
        self._take("keyword", "BY")
        found = [self._ordering()]
        while self._took("sign", ","):
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> Ordering:
        path = self._path()
        descending = self._took("keyword", "DESC")
        if not descending:
            self._took("keyword", "ASC")
        return Ordering(path, descending)

    def _either(self) -> Node:
        node = self._all()
        while self._took("keyword", "OR"):
            node = Both("OR", node, self._all())
        return node

    def _all(self) -> Node:
        node = self._negated()
        while self._took("keyword", "AND"):
            node = Both("AND", node, self._negated())
        return node

    def _negated(self) -> Node:
        return Not(self._negated()) if self._took("keyword", "NOT") else self._compared()

    def _compared(self) -> Node:
        left = self._single()
        if self._next.kind == "sign" and self._next.text in _COMPARISONS:
            operator = self._take("sign")
            return Both(operator, left, self._single())
        return left

    def _single(self) -> Node:
        if self._took("sign", "("):
            inner = self._either()
            self._take("sign", ")")
            return inner
        word = self._next
        if word.kind == "name":
            return self._path() if word.text == "c" else self._call()
        self._place += 1
        return self._constant(word)

    def _constant(self, word: Word) -> Node:
        if word.kind == "param":
            return Parameter(word.text)
        if word.kind == "number":
            return Literal(float(word.text))
        if word.kind == "text":
            return Literal(word.text[1:-1])
        if word.kind == "keyword" and word.text in _CONSTANTS:
            return Literal(_CONSTANTS[word.text])
        raise Refused(400, f"Syntax error near {word.text!r}")

    def _call(self) -> Node:
        function = self._take("name")
        if function not in FUNCTIONS:
            raise Refused(400, f"the double does not know the function {function}")
        self._take("sign", "(")
        arguments = [self._either()]
        while self._took("sign", ","):
            arguments.append(self._either())
        self._take("sign", ")")
        if len(arguments) != FUNCTIONS[function]:
            raise Refused(400, f"{function} takes {FUNCTIONS[function]} arguments")
        return Call(function, tuple(arguments))

    def _path(self) -> Path:
        self._take("name", "c")
        parts: list[str] = []
        while True:
            if self._took("sign", "."):
                parts.append(self._take("name"))
            elif self._took("sign", "["):
                parts.append(self._take("text")[1:-1])
                self._take("sign", "]")
            else:
                return Path(tuple(parts))
