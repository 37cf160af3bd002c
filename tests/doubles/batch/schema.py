"""JSON Schema of request bodies, made from the models of the installed Batch SDK.

It is the SDK's view of the service: properties that only the service sets, and properties that
no model has, are refused.
"""

import datetime as dt
import functools
import types
import typing
from enum import Enum
from typing import Any

from azure.batch import models as listed
from azure.batch._utils.model_base import Model, _RestField
from azure.batch.models import _models as all_models
from jsonschema import Draft202012Validator, FormatChecker

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bytes: {"type": "string"},
    dt.datetime: {"type": "string", "format": "date-time"},
    dt.timedelta: {"type": "string", "pattern": "^P(?!$)[0-9.]*[YMWD0-9.THS]*$"},
}
_NAMES = {**vars(all_models), "_models": listed}


@functools.cache
def validator(model: str) -> Draft202012Validator:
    """Return what checks a body against the SDK's class ``model``."""
    definitions: dict[str, Any] = {}
    _define(getattr(all_models, model), definitions)
    schema = {"$ref": f"#/$defs/{model}", "$defs": definitions}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def problems(model: str, body: object) -> list[str]:
    """Return what is wrong with ``body``, empty if nothing is."""
    found = sorted(validator(model).iter_errors(body), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message}" for error in found]


@functools.cache
def properties(model: str) -> frozenset[str]:
    """Return the names, as on the wire, of all properties of the SDK's class ``model``."""
    fields = _fields(getattr(all_models, model))
    return frozenset(field._rest_name_input or name for name, field in fields.items())


def _define(model: type[Model], definitions: dict[str, Any]) -> None:
    if model.__name__ in definitions:
        return
    definitions[model.__name__] = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    hints = typing.get_type_hints(model, _NAMES)
    for name, field in _fields(model).items():
        if field._visibility == ["read"]:
            continue
        kind, optional = _without_none(hints[name])
        given = field._rest_name_input or name
        properties[given] = _schema(kind, definitions)
        if not optional:
            required.append(given)
    definitions[model.__name__] = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _fields(model: type[Model]) -> dict[str, _RestField]:
    found: dict[str, _RestField] = {}
    for one in reversed(model.__mro__):
        found |= {name: it for name, it in vars(one).items() if isinstance(it, _RestField)}
    return found


def _without_none(kind: Any) -> tuple[Any, bool]:
    parts = typing.get_args(kind) if _is_union(kind) else (kind,)
    left = tuple(part for part in parts if part is not type(None))
    return (left[0] if len(left) == 1 else typing.Union[left], len(left) < len(parts))  # noqa: UP007 - made at run time


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in {typing.Union, types.UnionType}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if _is_union(kind):
        return _enum(kind)
    if typing.get_origin(kind) is list:
        return {"type": "array", "items": _schema(typing.get_args(kind)[0], definitions)}
    if typing.get_origin(kind) is dict:
        values = _schema(typing.get_args(kind)[1], definitions)
        return {"type": "object", "additionalProperties": values}
    if isinstance(kind, type) and issubclass(kind, Model):
        _define(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    raise TypeError(f"the SDK has a type that this module does not know: {kind}")


def _enum(kind: Any) -> dict[str, Any]:
    # The SDK writes an enumeration as str | Enum, to let newer values through; here none are.
    for part in typing.get_args(kind):
        if isinstance(part, type) and issubclass(part, Enum):
            return {"enum": [one.value for one in part]}
    raise TypeError(f"the SDK has a union that this module does not know: {kind}")
