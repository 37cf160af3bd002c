"""Holds bodies of azapi resources against the models of Azure's management SDKs.

``python -m tests.doubles.terraform.bodies`` reads a JSON list of ``[resource type, body]`` and
writes a JSON list of findings: names that the model has not, required ones that are missing, values
that are none of an enumeration.  It needs the environment of requirements/infra.txt.
"""

import enum
import importlib
import json
import sys
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

MODELS = {
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": (
        "azure.mgmt.cosmosdb.models",
        "SqlContainerCreateUpdateParameters",
    ),
    "Microsoft.KeyVault/vaults/keys": ("azure.mgmt.keyvault.models", "KeyCreateParameters"),
}
"""Module and class of the request body, by resource type."""


def findings(type_: str, body: object) -> list[str]:
    """Return what the model of ``type_`` does not know, or misses, in ``body``."""
    module, name = MODELS[type_]
    return list(_against(getattr(importlib.import_module(module), name), body, type_))


def _against(model: type, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: an object is wanted"
        return
    known = _properties(model)
    for key, inner in value.items():
        if key in known:
            yield from _value(known[key], inner, f"{path}.{key}")
        else:
            yield f"{path}: no property '{key}' in {model.__name__}"
    for key, hint in known.items():
        if key not in value and type(None) not in get_args(hint):
            yield f"{path}: '{key}' is missing"


def _properties(model: type) -> dict[str, Any]:
    """Return the type of each property by its name on the wire.

    The SDK finishes a model when it is first made, which also tells names on the wire from those
    in Python; its annotations name other models as ``_models.X``.
    """
    package = importlib.import_module(model.__module__.rsplit(".", 1)[0])
    hints = get_type_hints(model, localns={"_models": package})
    made: Any = model()
    fields: dict[str, Any] = made._attr_to_rest_field
    return {field._rest_name: hints[name] for name, field in fields.items()}


def _value(hint: Any, value: object, path: str) -> Iterator[str]:
    choices = [one for one in _choices(hint) if one is not type(None)]
    enums = [one for one in choices if isinstance(one, type) and issubclass(one, enum.Enum)]
    lists = [one for one in choices if get_origin(one) is list]
    models = [one for one in choices if hasattr(one, "_is_model")]
    if enums:
        allowed = {str(member.value).lower() for one in enums for member in one}
        if str(value).lower() not in allowed:
            yield f"{path}: '{value}' is none of {', '.join(sorted(allowed))}"
    elif lists and isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _value(get_args(lists[0])[0], inner, f"{path}[{number}]")
    elif models:
        yield from _against(models[0], value, path)
    elif not any(_fits(one, value) for one in choices):
        yield f"{path}: {type(value).__name__} does not fit"


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _fits(kind: Any, value: object) -> bool:
    plain = get_origin(kind) or kind
    if plain is float:
        return isinstance(value, int | float)
    return plain is Any or (isinstance(plain, type) and isinstance(value, plain))


def main() -> int:
    """Check what standard input holds."""
    asked = json.load(sys.stdin)
    json.dump([found for type_, body in asked for found in findings(type_, body)], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
