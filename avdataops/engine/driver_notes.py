"""Reads what the test driver wrote down, from JSON or YAML."""

import json
from pathlib import Path
from typing import Any

import yaml

from avdataops.model.errors import SchemaMismatch
from avdataops.tables.documents import MAX_DEPTH, parse_document

NOTES = "driver_notes.json"
_MAX_BYTES = 4 << 20


def read_notes(path: Path) -> dict[str, Any]:
    """Return driver notes from a JSON or YAML file; raises ``SchemaMismatch``."""
    if path.stat().st_size > _MAX_BYTES:
        raise SchemaMismatch(f"driver notes '{path.name}': more than 4 MiB")
    return parse_notes(path.name, path.read_bytes())


def parse_notes(name: str, data: bytes) -> dict[str, Any]:
    """Return driver notes from the content of a file; ``name`` says whether JSON or YAML."""
    what = f"driver notes '{name}'"
    if len(data) > _MAX_BYTES:
        raise SchemaMismatch(f"{what}: more than 4 MiB")
    try:
        text = data.decode("utf-8")
        plain = text if name.lower().endswith(".json") else _json_of(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise SchemaMismatch(f"{what} is neither JSON nor YAML: {error}") from error
    notes: dict[str, Any] = parse_document("driver_notes.json", plain.encode(), what)
    return notes


def _json_of(text: str) -> str:
    # Nine lines of aliases can stand for a billion items, and a line of brackets takes hours.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"aliases are not allowed (*{event.anchor})")
        if depth > MAX_DEPTH:
            raise yaml.YAMLError(f"nested more than {MAX_DEPTH} deep")
    # YAML knows dates, a catalog document does not: they become text.
    return json.dumps(yaml.safe_load(text), default=str)
