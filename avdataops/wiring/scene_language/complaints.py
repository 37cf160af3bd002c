"""What is wrong with a query, with a caret under it."""

from dataclasses import dataclass

from lark import Token, Tree

from avdataops.model.errors import QueryError

_BEFORE, _AFTER = 50, 30
"""Of a long query, so many characters around the place are shown: a line of a terminal."""


@dataclass(frozen=True, slots=True)
class Place:
    """From which character of the query up to which."""

    start: int
    stop: int


def place_of(node: Tree[Token] | Token) -> Place:
    """Return where a node of the tree stands."""
    if isinstance(node, Token):
        return Place(node.start_pos or 0, node.end_pos or 0)
    meta = node.meta
    return Place(getattr(meta, "start_pos", 0), getattr(meta, "end_pos", 0))


def complaint(text: str, place: Place, problem: str, hint: str | None = None) -> QueryError:
    """Return the error that shows the query with the place underlined."""
    first = max(0, place.start - _BEFORE)
    last = min(len(text), max(place.stop, place.start + 1) + _AFTER)
    # One character stands for one column, so that the carets lie where they should.
    line = "".join(sign if sign.isprintable() else " " for sign in text[first:last])
    head, tail = "..." * (first > 0), "..." * (last < len(text))
    carets = "^" * max(1, min(place.stop, last) - place.start)
    under = " " * (len(head) + place.start - first) + carets
    told = "".join(sign if sign.isprintable() else " " for sign in problem)
    return QueryError(f"{told}\n  {head}{line}{tail}\n  {under}", hint=hint or None)
