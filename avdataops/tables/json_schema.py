"""Documents held against a JSON Schema (draft 7) that a user brings; nothing is fetched for it."""

import heapq
from collections.abc import Iterator
from typing import Any

from avdataops.model.errors import SchemaMismatch, shown
from avdataops.tables.documents import parse_json

_FIRST = 3
_LONGEST = 160
DRAFT = "http://json-schema.org/draft-07/schema"


def check_schema(document: object, what: str, schema: bytes, schema_name: str) -> None:
    """Raise ``SchemaMismatch`` naming the first places that are not as the schema says.

    Also for a schema that is none, or that leads to another document.
    """
    import jsonschema
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    given = parse_json(schema, schema_name)
    if not isinstance(given, dict) or str(given.get("$schema", DRAFT)).rstrip("#") != DRAFT:
        raise SchemaMismatch(f"{schema_name} is no JSON Schema of draft 7")
    registry: Any = Registry()
    try:
        jsonschema.Draft7Validator.check_schema(given)
        validator = jsonschema.Draft7Validator(given, registry=registry)
        # By place, so that the same file is told of in the same words.
        wrong = heapq.nsmallest(_FIRST, _told(validator, document))
    except jsonschema.SchemaError as error:
        raise SchemaMismatch(
            f"{schema_name} is no JSON Schema: {error.message[:_LONGEST]}"
        ) from error
    except Unresolvable as error:
        raise SchemaMismatch(f"{schema_name} leads to a document that is not in it") from error
    if wrong:
        raise SchemaMismatch(
            f"{what} is not as {schema_name} says: {'; '.join(wrong)}",
            hint="avdataops labels validate FILE --schema SCHEMA tells the same before it is sent",
        )


def _told(validator: Any, document: object) -> Iterator[str]:
    for error in validator.iter_errors(document):
        place = "/".join(map(str, error.absolute_path)) or "the document"
        yield f"{shown(place)}: {error.message[:_LONGEST]}"
