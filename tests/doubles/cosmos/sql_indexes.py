"""Which index a statement needs, and whether the policy of the container has it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.doubles.cosmos.refusals import Refused
from tests.doubles.cosmos.sql_words import Both, Call, Node, Not, Path, Statement

_ALWAYS = {"/id", "/_ts"}
"""Indexed whatever the policy says, as long as anything is."""


def check_order(statement: Statement, policy: Mapping[str, Any]) -> None:
    """Raise ``Refused`` (400) if the service could not sort as asked.

    One property needs its range index; several need a composite index of just these properties
    in just this order, all directions as given or all turned round.
    """
    order = [(one.path.name, one.descending) for one in statement.order]
    if len(order) == 1 and not is_indexed(order[0][0], policy):
        raise Refused(400, f"The order-by item {order[0][0]} is excluded from the index.")
    if len(order) > 1:
        turned = [(path, not descending) for path, descending in order]
        if not any(index in (order, turned) for index in _composites(policy)):
            raise Refused(
                400, f"The order by query does not have a corresponding composite index: {order}"
            )


def _composites(policy: Mapping[str, Any]) -> list[list[tuple[str, bool]]]:
    return [
        [(one["path"], one.get("order", "ascending") == "descending") for one in index]
        for index in policy.get("compositeIndexes", [])
    ]


def unindexed(statement: Statement, policy: Mapping[str, Any]) -> list[str]:
    """Return the paths that the condition looks at without an index: each means a scan."""
    if statement.where is None:
        return []
    missing = {path for path in _paths(statement.where) if not is_indexed(path, policy)} | {
        f"{path} (spatial)" for path in _places(statement.where) - _spatial(policy)
    }
    return sorted(missing)


def _paths(node: Node) -> Iterator[str]:
    match node:
        case Path():
            yield node.name
        case Not(inner):
            yield from _paths(inner)
        case Both(_, left, right):
            yield from _paths(left)
            yield from _paths(right)
        case Call("ST_DISTANCE", _):
            return
        case Call(_, arguments):
            for argument in arguments:
                yield from _paths(argument)


def _places(node: Node) -> set[str]:
    match node:
        case Not(inner):
            return _places(inner)
        case Both(_, left, right):
            return _places(left) | _places(right)
        case Call("ST_DISTANCE", arguments):
            return {one.name for one in arguments if isinstance(one, Path)}
    return set()


def _spatial(policy: Mapping[str, Any]) -> set[str]:
    indexes = policy.get("spatialIndexes", [])
    return {one["path"].removesuffix("/*") for one in indexes if "Point" in one["types"]}


def is_indexed(path: str, policy: Mapping[str, Any]) -> bool:
    """Say whether the policy indexes a path; the more precise rule wins."""
    if path in _ALWAYS:
        return True
    included = _precision(path, policy.get("includedPaths", []))
    return included > _precision(path, policy.get("excludedPaths", []))


def _precision(path: str, rules: list[Mapping[str, Any]]) -> int:
    """Return how long the longest rule is that covers ``path``, or -1."""
    best = -1
    for rule in rules:
        pattern = rule["path"]
        if pattern.endswith("/?"):
            covers = path == pattern.removesuffix("/?")
        else:
            covers = f"{path}/".startswith(pattern.removesuffix("*"))
        if covers:
            best = max(best, len(pattern))
    return best
