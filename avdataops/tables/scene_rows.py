"""Scenes as rows of the ``scenes`` table, and back."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from avdataops.model.documents import from_json
from avdataops.model.errors import SchemaMismatch
from avdataops.model.ids import canonical_json
from avdataops.model.scene import Scene, Surroundings
from avdataops.tables.kinds import kind

_SURROUNDINGS = "surroundings"
"""Tables of before version 4 of the step ``detect_scenes`` do not have it."""

_RENAMED = {"t_ns": "t_start_ns"}
"""Column -> field of ``Scene``, where the names differ."""


def scene_rows(scenes: Iterable[Scene], kind_name: str = "scenes") -> pa.RecordBatch:
    """Return one row per scene, sorted as the kind says (``scenes`` or ``candidates``).

    Evidence is canonical JSON; a value that is no finite number is unknown, so it becomes null.
    """
    table = kind(kind_name)
    columns = [column.name for column in table.columns]
    rows = [{name: _cell(scene, name) for name in columns} for scene in scenes]
    rows.sort(key=lambda row: tuple(row[name] for name in table.sort))
    return pa.RecordBatch.from_pylist(rows, schema=table.schema)


def scenes_from_table(table: pa.Table, artifact_id: str | None) -> tuple[Scene, ...]:
    """Return the scenes of a table, in its order, each naming the artifact as its source.

    Raises ``SchemaMismatch`` if a promised column is missing or evidence is not a JSON object.
    """
    wanted = kind("scenes")
    missing = [column.name for column in wanted.columns if column.name not in table.schema.names]
    if missing and missing != [_SURROUNDINGS]:
        raise SchemaMismatch(f"scenes: column '{missing[0]}' is missing")
    names = [column.name for column in wanted.columns if column.name not in missing]
    return tuple(_scene(row, artifact_id) for row in table.select(names).to_pylist())


def evidence_json(evidence: Mapping[str, float | str | bool | None]) -> str:
    """Return evidence as canonical JSON; NaN and infinity become null."""
    known = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in evidence.items()
    }
    return canonical_json(known)


def _cell(scene: Scene, column: str) -> Any:
    if column == "evidence":
        return evidence_json(scene.evidence)
    if column == _SURROUNDINGS:
        return canonical_json(scene.surroundings.known())
    return getattr(scene, _RENAMED.get(column, column))


def _scene(row: Mapping[str, Any], artifact_id: str | None) -> Scene:
    facts = {_RENAMED.get(name, name): value for name, value in row.items()}
    try:
        evidence = json.loads(facts["evidence"])
    except json.JSONDecodeError as error:
        raise SchemaMismatch(f"scenes: evidence of '{facts['id']}' is not JSON") from error
    if not isinstance(evidence, dict):
        raise SchemaMismatch(f"scenes: evidence of '{facts['id']}' is not a JSON object")
    around = _surroundings(facts.pop(_SURROUNDINGS, None), facts["id"])
    return Scene(**{**facts, "evidence": evidence, "artifact": artifact_id, "surroundings": around})


def _surroundings(text: str | None, scene: str) -> Surroundings:
    if text is None:
        return Surroundings()
    try:
        return from_json(Surroundings, text)
    except SchemaMismatch as error:
        raise SchemaMismatch(f"scenes: surroundings of '{scene}': {error.message}") from error
