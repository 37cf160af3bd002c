"""Which arguments a provider's resources take, and their form on the wire of Terraform.

A schema file holds a tree of blocks: ``{"attributes": {name: [type, how]}, "blocks": {name:
{"many", "required", "attributes", "blocks"}}}``, where ``type`` is a type of Terraform as JSON
("string", ["list", "string"], "dynamic") and ``how`` is required, optional or computed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.doubles.terraform.wire import flag, integer, text

_LIST = 2
HOW = ("required", "optional", "computed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSchema:
    """What one provider promises."""

    source: str
    """Such as ``registry.terraform.io/hashicorp/azurerm``."""
    version: str
    provider: dict[str, Any]
    """Block of the provider's own configuration."""
    resources: dict[str, dict[str, Any]]
    """Blocks by resource type."""


def load_schema(path: Path) -> ProviderSchema:
    """Return the schema in a file."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    return ProviderSchema(
        source=facts["source"],
        version=facts["version"],
        provider=facts["provider"],
        resources=facts["resources"],
    )


def schema_message(schema: ProviderSchema) -> bytes:
    """Return ``GetProviderSchema.Response`` of protocol 5."""
    out = text(1, _schema(schema.provider))
    for name, block in sorted(schema.resources.items()):
        out += text(2, text(1, name) + text(2, _schema(block)))
    return out


def _schema(block: dict[str, Any]) -> bytes:
    return text(2, _block(block))


def _block(block: dict[str, Any]) -> bytes:
    attributes = (text(2, _attribute(n, *how)) for n, how in sorted(block["attributes"].items()))
    nested = (text(3, _nested(n, inner)) for n, inner in sorted(block["blocks"].items()))
    return b"".join(attributes) + b"".join(nested)


def _attribute(name: str, kind: object, how: str) -> bytes:
    if how not in HOW:
        raise ValueError(f"attribute '{name}' is '{how}', which is none of {', '.join(HOW)}")
    return (
        text(1, name)
        + text(2, json.dumps(kind))
        + b"".join(flag(number, how == word) for number, word in enumerate(HOW, start=4))
    )


def _nested(name: str, block: dict[str, Any]) -> bytes:
    return (
        text(1, name)
        + text(2, _block(block))
        + integer(3, _LIST)
        + integer(4, int(block["required"]))
        + integer(5, 0 if block["many"] else 1)
    )
