"""Scenes as the plain tables that SQL asks: one row per scene, and one per thing known of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from avdataops.model.scene import Scene, Surroundings
from avdataops.tables.scene_rows import evidence_json

_TYPES = {float: pa.float64(), int: pa.int64(), str: pa.string()}
_AROUND = {
    one.name: next(kind for name, kind in _TYPES.items() if name.__name__ in str(one.type))
    for one in fields(Surroundings)
}
SCENES = pa.schema(
    [
        ("number", pa.int64()),
        ("id", pa.string()),
        ("type", pa.string()),
        ("measurement", pa.string()),
        ("vehicle", pa.string()),
        ("t_start_ns", pa.int64()),
        ("t_end_ns", pa.int64()),
        ("duration_ns", pa.int64()),
        ("duration_s", pa.float64()),
        ("detector", pa.string()),
        ("detector_version", pa.int64()),
        ("confidence", pa.float64()),
        ("actor", pa.string()),
        ("truncated", pa.int8()),
        ("lat_deg", pa.float64()),
        ("lon_deg", pa.float64()),
        ("evidence", pa.string()),
        ("current", pa.int8()),
        *_AROUND.items(),
    ]
)
EVIDENCE = pa.schema(
    [("scene", pa.int64()), ("name", pa.string()), ("num", pa.float64()), ("text", pa.string())]
)
COVERAGE = pa.schema(
    [
        ("measurement", pa.string()),
        ("type", pa.string()),
        ("start_ns", pa.int64()),
        ("end_ns", pa.int64()),
        ("known", pa.int8()),
        ("reason", pa.string()),
        ("current", pa.int8()),
    ]
)
REVIEWS = pa.schema([("scene", pa.string()), ("number", pa.int64()), ("verdict", pa.string())])


def scene_relations(
    scenes: Sequence[Scene], attributes: Iterable[Mapping[str, float | str | bool | None]]
) -> dict[str, pa.Table]:
    """Return ``scenes`` and ``evidence``; ``attributes`` are what each scene can be asked for."""
    rows = [_row(number, scene) for number, scene in enumerate(scenes)]
    known = [
        row
        for number, given in enumerate(attributes)
        for name, value in given.items()
        for row in _value(number, name, value)
    ]
    return {
        "scenes": pa.Table.from_pylist(rows, schema=SCENES),
        "evidence": pa.Table.from_pylist(known, schema=EVIDENCE),
    }


def _row(number: int, scene: Scene) -> dict[str, Any]:
    length = scene.t_end_ns - scene.t_start_ns
    own = {name: getattr(scene, name, None) for name in SCENES.names}
    around = {name: getattr(scene.surroundings, name) for name in _AROUND}
    return (
        own
        | around
        | {
            "number": number,
            "duration_ns": length,
            "duration_s": length / 1e9,
            "truncated": int(scene.truncated),
            "evidence": evidence_json(scene.evidence),
            "current": 1,
        }
    )


def _value(number: int, name: str, value: float | str | bool | None) -> list[dict[str, Any]]:
    if value is None:
        return []
    is_text = isinstance(value, str)
    return [
        {
            "scene": number,
            "name": name,
            "num": None if is_text else float(value),
            "text": value if is_text else None,
        }
    ]
