"""JSON Schema of Data Factory resources, generated from the types of azure-mgmt-datafactory.

It is the management SDK's view of the service: names, required fields, kinds and enumerations.
What the SDK leaves open ("any", where an expression may stand) is open here too.
"""

import enum
import inspect
import types as python_types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from azure.mgmt.datafactory import models, types
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

KINDS: Mapping[str, str] = {
    "credential": "CredentialResource",
    "dataset": "DatasetResource",
    "globalParameters": "GlobalParameterResource",
    "integrationRuntime": "IntegrationRuntimeResource",
    "linkedService": "LinkedServiceResource",
    "managedVirtualNetwork": "ManagedVirtualNetworkResource",
    "pipeline": "PipelineResource",
    "trigger": "TriggerResource",
}
"""Type of the files in each folder of ADF's Git layout."""

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_NAMES = {**vars(models), **vars(types)}
Schema = dict[str, Any]


class _Definitions:
    """Turns types into schemas and collects the named ones."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def schema(self, kind: Any) -> Schema:
        """Return the schema of one annotation."""
        if hasattr(kind, "__required_keys__"):
            return self._reference(kind)
        if inspect.isclass(kind) and issubclass(kind, enum.Enum):
            return {"enum": [member.value for member in kind]}
        return self._generic(kind) or ({"type": _PLAIN[kind]} if kind in _PLAIN else {})

    def _generic(self, kind: Any) -> Schema:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is list:
            return {"type": "array", "items": self.schema(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.schema(arguments[1])}
        if origin is Literal:
            return {"enum": [getattr(value, "value", value) for value in arguments]}
        if origin in {Union, python_types.UnionType}:
            return self._union(list(arguments))
        return {}

    def _union(self, kinds: list[Any]) -> Schema:
        if any(inspect.isclass(kind) and issubclass(kind, enum.Enum) for kind in kinds):
            return {"anyOf": [self.schema(kind) for kind in kinds if kind is not str]}
        if not all(hasattr(kind, "__required_keys__") for kind in kinds):
            return {"anyOf": [self.schema(kind) for kind in kinds]}
        field, known = _told_apart(kinds)
        return {
            "type": "object",
            "required": [field],
            "properties": {field: {"enum": sorted(known)}},
            "allOf": [
                {
                    "if": {"properties": {field: {"const": name}}, "required": [field]},
                    "then": self.schema(kind),
                }
                for name, kind in sorted(known.items())
            ],
        }

    def _reference(self, kind: Any) -> Schema:
        name = kind.__name__
        if name not in self.found:
            self.found[name] = {}
            self.found[name] = {
                "type": "object",
                "required": sorted(kind.__required_keys__),
                "properties": {key: self.schema(hint) for key, hint in _fields(kind).items()},
                "additionalProperties": False,
            }
        return {"$ref": f"#/$defs/{name}"}


def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, globalns=_NAMES)


def _told_apart(kinds: list[Any]) -> tuple[str, dict[str, Any]]:
    """Return the field that tells ``kinds`` apart (mostly ``type``), and the kinds by its value."""
    field = next(
        name
        for name, hint in _fields(kinds[0]).items()
        if all(get_origin(_fields(kind).get(name)) is Literal for kind in kinds)
    )
    values = [(get_args(_fields(kind)[field])[0], kind) for kind in kinds]
    return field, {str(getattr(value, "value", value)): kind for value, kind in values}


@cache
def resource_schema(kind: str) -> Schema:
    """Return the schema of the files in folder ``kind``: name and properties, nothing else."""
    definitions = _Definitions()
    resource = getattr(types, KINDS[kind])
    properties = definitions.schema(_fields(resource)["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["name", "properties"],
        "properties": {"name": {"type": "string", "minLength": 1}, "properties": properties},
        "additionalProperties": False,
        "$defs": definitions.found,
    }


def normalised(document: Any) -> Any:
    """Return ``document`` with the types of parameters as the SDK spells them.

    ADF Studio writes ``"string"``; the service takes both.
    """
    if isinstance(document, list):
        return [normalised(item) for item in document]
    if not isinstance(document, dict):
        return document
    done = {key: normalised(value) for key, value in document.items()}
    for group in ("parameters", "variables"):
        for declared in _declarations(done.get(group)):
            declared["type"] = _SPELLING.get(declared["type"], declared["type"])
    return done


_SPELLING = {kind.value.lower(): kind.value for kind in models.ParameterType} | {
    "securestring": "SecureString",
    "boolean": "Bool",
}


def _declarations(group: Any) -> list[dict[str, Any]]:
    if not isinstance(group, dict):
        return []
    return [
        declared
        for declared in group.values()
        if isinstance(declared, dict)
        and isinstance(declared.get("type"), str)
        and declared.keys() <= {"type", "defaultValue"}
    ]


def problems(kind: str, document: Any) -> list[str]:
    """Return what is wrong with one file of folder ``kind``, as ``path: message``."""
    validator = Draft202012Validator(resource_schema(kind))
    found = []
    for error in validator.iter_errors(normalised(document)):
        worst = best_match([error]) or error
        found.append(f"{worst.json_path}: {worst.message}")
    return found
