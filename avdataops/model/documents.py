"""Facts as JSON documents, and back with every field checked."""

import functools
import json
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from avdataops.model.errors import InputError, SchemaMismatch
from avdataops.model.ids import canonical_json

T = TypeVar("T")


def to_document(fact: object) -> dict[str, Any]:
    """Return a JSON-ready dict of a frozen fact."""
    if not is_dataclass(fact) or isinstance(fact, type):
        raise TypeError(f"{type(fact).__name__} is not a fact")
    document: dict[str, Any] = json.loads(json.dumps(asdict(fact), default=_plain))
    return document


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def to_json(fact: object) -> str:
    """Return canonical JSON of a frozen fact."""
    return canonical_json(to_document(fact))


def text_of(fact: object) -> str:
    """Return canonical JSON of a fact that is to be kept.

    Raises ``InputError`` if it holds NaN, infinity or half of a surrogate pair: what is written
    must be readable again.
    """
    try:
        text = to_json(fact)
        if "\\ud" in text:
            json.dumps(json.loads(text), ensure_ascii=False).encode()
    except (ValueError, TypeError) as error:
        raise InputError(f"a {type(fact).__name__} cannot be kept: {error}") from error
    return text


@functools.cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def from_document(kind: type[T], document: object) -> T:
    """Return the fact that ``document`` describes; raises ``SchemaMismatch`` naming the field."""
    from pydantic import ValidationError

    try:
        fact: T = _adapter(cast("Any", kind)).validate_python(document)
    except ValidationError as error:
        raise SchemaMismatch(f"not a {kind.__name__}: {_first_problem(error)}") from error
    return fact


def from_json(kind: type[T], text: str | bytes) -> T:
    """Return the fact that JSON ``text`` describes; raises ``SchemaMismatch``."""
    from pydantic import ValidationError

    try:
        fact: T = _adapter(cast("Any", kind)).validate_json(text)
    except ValidationError as error:
        raise SchemaMismatch(f"not a {kind.__name__}: {_first_problem(error)}") from error
    return fact


def _first_problem(error: Any) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "document"
    return f"{where}: {first['msg']}"
