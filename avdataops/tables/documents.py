"""JSON Schema checks of documents that come from outside."""

import functools
import json
import math
from collections.abc import Iterable
from typing import Any

from avdataops.model.errors import SchemaMismatch
from avdataops.tables.load import load_json

MAX_DEPTH = 32
"""Lists and objects inside each other; no honest document comes near."""
_DOCUMENTS = ("manifest.json", "driver_notes.json")


@functools.cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    known = [(name, Resource.from_contents(load_json(name))) for name in _DOCUMENTS]
    return Draft202012Validator(load_json(schema), registry=Registry().with_resources(known))


def check_document(schema: str, document: object, what: str) -> None:
    """Raise ``SchemaMismatch``, naming ``what`` and the place, unless ``document`` fits."""
    errors = sorted(_validator(schema).iter_errors(document), key=lambda e: list(map(str, e.path)))
    if errors:
        where = "/".join(str(part) for part in errors[0].absolute_path) or "the document"
        raise SchemaMismatch(f"{what}: {where}: {errors[0].message[:300]}")


def parse_document(schema: str, data: bytes, what: str) -> Any:
    """Return the JSON document in ``data``, checked; raises ``SchemaMismatch``."""
    document = parse_json(data, what)
    check_document(schema, document, what)
    return document


def parse_json(data: bytes, what: str) -> Any:
    """Return the JSON document in ``data`` whatever it says; raises ``SchemaMismatch``.

    Refused are NaN, numbers beyond a double, and nesting that no honest document has.
    """
    try:
        document = json.loads(data, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise SchemaMismatch(f"{what} is not JSON: {error}") from error
    level, depth = [document], 0
    while level:
        if depth > MAX_DEPTH:
            raise SchemaMismatch(f"{what} is nested more than {MAX_DEPTH} deep")
        level, depth = [child for one in level for child in _children(one)], depth + 1
    return document


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a value")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is beyond a double")
    return value


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
