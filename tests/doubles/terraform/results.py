"""What a provider computes: left open, as it is before anything exists, or made up.

Left open is what Terraform sees in a first plan: a ``for_each`` over such a value fails here as it
would there.  Made up lets a check follow ids and addresses through the whole configuration.
"""

import uuid
from collections.abc import Callable
from enum import StrEnum
from typing import Any

Compute = Callable[[str, str, str, object], object]
"""Gives a result by resource type, name of the resource, name of the attribute and its type."""


class Results(StrEnum):
    """What becomes of the results of a plan."""

    OPEN = "open"
    MADE_UP = "made-up"


def made_up(type_: str, name: str, attribute: str, kind: object) -> object:
    """Return a value that names its origin; ids are paths, identities are UUIDs."""
    if kind != "string":
        return [] if isinstance(kind, list) and kind[0] == "list" else None
    if attribute == "id":
        return f"/{type_}/{name}"
    if attribute in {"principal_id", "client_id", "tenant_id"}:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{type_}/{name}/{attribute}"))
    if attribute.endswith(("endpoint", "uri")) and attribute != "account_endpoint":
        return f"https://{name}.{type_}.example/"
    return f"{name}.{type_}.example"


def fill(
    block: dict[str, Any], values: dict[str, Any], give: Callable[[str, object], object]
) -> None:
    """Set, in ``values`` of a ``block``, every computed attribute that is null."""
    for name, (kind, how) in block["attributes"].items():
        if how == "computed" and values.get(name) is None:
            values[name] = give(name, kind)
    for name, inner in block["blocks"].items():
        for item in values.get(name) or []:
            fill(inner, item, give)
