"""Partial updates of one item: add, set, replace, remove, incr."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from tests.doubles.cosmos.refusals import Refused

MAX_OPERATIONS = 10


def patched(body: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``body`` with the operations of a patch request applied, all or none.

    Raises ``Refused`` (400) for a condition, for arrays and for more than ten operations.
    """
    if "condition" in request:
        raise Refused(400, "the double does not know patch conditions")
    operations: Sequence[Mapping[str, Any]] = request.get("operations", [])
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise Refused(400, f"a patch has 1 to {MAX_OPERATIONS} operations")
    result = copy.deepcopy(dict(body))
    for operation in operations:
        _apply(result, operation)
    return result


def _apply(body: dict[str, Any], operation: Mapping[str, Any]) -> None:
    kind, path = operation.get("op"), str(operation.get("path", ""))
    *outer, name = path.strip("/").split("/")
    if path == "/id" or not path.startswith("/"):
        raise Refused(400, f"{path!r} cannot be patched")
    target: Any = body
    for part in outer:
        target = target.get(part) if isinstance(target, dict) else None
    if not isinstance(target, dict):
        raise Refused(400, f"there is no object that holds {path!r}")
    if kind in {"add", "set"}:
        target[name] = operation["value"]
    elif name not in target and kind in {"replace", "remove"}:
        raise Refused(400, f"there is nothing at {path!r}")
    elif kind == "replace":
        target[name] = operation["value"]
    elif kind == "remove":
        del target[name]
    elif kind == "incr":
        target[name] = target.get(name, 0) + operation["value"]
    else:
        raise Refused(400, f"the double does not know the patch operation {kind!r}")
