"""Expressions of Data Factory: text to tree, tree to value.

Our reading of the expression language: an expression is text behind ``@``; text may hold any
number of ``@{...}``; ``@@`` stands for one ``@``.  Literals, calls, ``.name``, ``[index]`` and
their null-safe forms ``?.name`` and ``?[index]`` are all there is.  Where the service is lenient
we are not: all arguments of ``if``, ``and`` and ``or`` are evaluated, and an unknown function is an
error.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Functions = Mapping[str, Callable[..., Any]]
"""Functions by lower-case name."""


class ExpressionError(Exception):
    """The expression cannot be read, or not be evaluated with what is there."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a string, true, false or null."""

    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Access:
    """``of.key`` or ``of[key]``; a safe one gives null where there is nothing."""

    of: "Node"
    key: "Node"
    safe: bool


Node = Literal | Call | Access

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<string>'(?:[^']|'')*')
    |(?P<name>[A-Za-z_]\w*)|(?P<sign>\?\.|\?\[|[()\[\].,}]))""",
    re.VERBOSE,
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


class _Parser:
    """Reads one expression from ``text``, starting at ``at``; ``at`` is then behind it."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at

    def expression(self) -> Node:
        node = self._start()
        while (sign := self._peek()) in {".", "?.", "[", "?["}:
            self._take("sign")
            safe = sign.startswith("?")
            if sign.endswith("."):
                key: Node = Literal(self._take("name"))
            else:
                key = self.expression()
                self._expect("]")
            node = Access(node, key, safe)
        return node

    def _start(self) -> Node:
        found = self._match()
        kind, token = found.lastgroup, found[found.lastgroup or 0]
        if kind == "sign":
            raise self._error(f"'{token}' where a value should be")
        self.at = found.end()
        if kind == "number":
            return Literal(float(token) if "." in token else int(token))
        if kind == "string":
            return Literal(token[1:-1].replace("''", "'"))
        if self._peek() == "(":
            return Call(token, self._arguments())
        if token.lower() in _WORDS:
            return Literal(_WORDS[token.lower()])
        raise self._error(f"'{token}' is neither a literal nor a call")

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        if self._peek() == ")":
            self._expect(")")
            return ()
        arguments = [self.expression()]
        while self._peek() == ",":
            self._expect(",")
            arguments.append(self.expression())
        self._expect(")")
        return tuple(arguments)

    def end(self, sign: str = "") -> int:
        """Take ``sign``, or the end of the text, and return where that is."""
        if sign:
            self._expect(sign)
        elif self._text[self.at :].strip():
            raise self._error("more text behind the expression")
        return self.at

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self.at)
        return found["sign"] or "" if found else ""

    def _match(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self.at)
        if not found:
            raise self._error("a value is missing")
        return found

    def _take(self, kind: str) -> str:
        found = self._match()
        if found.lastgroup != kind:
            raise self._error(f"a {kind} should follow")
        self.at = found.end()
        return found[kind]

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._error(f"'{sign}' should follow")
        self._take("sign")

    def _error(self, what: str) -> ExpressionError:
        return ExpressionError(f"{what}, at character {self.at} of: {self._text}")


def parse(text: str) -> tuple[str | Node, ...]:
    """Return the parts of ``text``: plain strings and expressions, in order.

    One part that is an expression keeps its type; several parts make a string.  Raises
    ``ExpressionError``.
    """
    if text.startswith("@") and not text.startswith(("@{", "@@")):
        parser = _Parser(text, 1)
        node = parser.expression()
        parser.end()
        return (node,)
    if text.startswith("@@"):
        return (text[1:],)
    parts: list[str | Node] = []
    at = 0
    while (found := text.find("@{", at)) >= 0:
        if text[found - 1 : found] == "@" and found > 0:
            parts.append(text[at : found - 1] + "@{")
            at = found + 2
            continue
        parser = _Parser(text, found + 2)
        parts += [text[at:found], parser.expression()]
        at = parser.end("}")
    return tuple(part for part in (*parts, text[at:]) if part != "") or ("",)


def is_expression(value: Any) -> bool:
    """Say whether ``value`` is the JSON object that marks an expression."""
    return (
        isinstance(value, dict)
        and value.keys() == {"type", "value"}
        and value["type"] == "Expression"
    )


def expressions(value: Any) -> Iterator[str]:
    """Yield every text in ``value``, at any depth, that holds an expression."""
    if isinstance(value, str):
        if any(not isinstance(part, str) for part in parse(value)):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def nodes(node: str | Node) -> Iterator[Node]:
    """Yield ``node`` and everything inside it."""
    if isinstance(node, str):
        return
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from nodes(argument)
    elif isinstance(node, Access):
        yield from nodes(node.of)
        yield from nodes(node.key)


def resolve(value: Any, functions: Functions) -> Any:
    """Return ``value`` with every expression in it evaluated; raises ``ExpressionError``."""
    if is_expression(value):
        return resolve(value["value"], functions)
    if isinstance(value, dict):
        return {key: resolve(inner, functions) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, functions) for inner in value]
    if not isinstance(value, str):
        return value
    parts = parse(value)
    if len(parts) == 1 and value.startswith("@") and not value.startswith(("@{", "@@")):
        return evaluate(parts[0], functions)
    return "".join(as_text(evaluate(part, functions)) for part in parts)


def evaluate(node: str | Node, functions: Functions) -> Any:
    """Return what one part comes to; raises ``ExpressionError``."""
    if isinstance(node, str):
        return node
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Call):
        return _call(node, functions)
    of, key = evaluate(node.of, functions), evaluate(node.key, functions)
    return _access(of, key, safe=node.safe)


def _call(node: Call, functions: Functions) -> Any:
    function = functions.get(node.name.lower())
    if function is None:
        near = difflib.get_close_matches(node.name.lower(), functions, n=1)
        meant = f"; did you mean '{near[0]}'?" if near else ""
        raise ExpressionError(f"there is no function '{node.name}'{meant}")
    arguments = [evaluate(argument, functions) for argument in node.arguments]
    try:
        return function(*arguments)
    except (TypeError, ValueError, IndexError, KeyError, ArithmeticError) as error:
        raise ExpressionError(f"{node.name}: {error}") from error


def _access(of: Any, key: Any, *, safe: bool) -> Any:
    if isinstance(of, dict) and isinstance(key, str):
        for name, value in of.items():
            if name.lower() == key.lower():
                return value
    elif isinstance(of, list) and isinstance(key, int) and 0 <= key < len(of):
        return of[key]
    if safe:
        return None
    has = f"available: {', '.join(map(str, of))}" if isinstance(of, dict) else f"it is {of!r}"
    raise ExpressionError(f"there is no '{key}' ({has})")


def as_text(value: Any) -> str:
    """Return ``value`` as ``string()`` and ``@{...}`` write it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
