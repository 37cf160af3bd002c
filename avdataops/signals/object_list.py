"""Object lists of known message types as rows of the kind ``objects``."""

import re

import numpy as np
import pyarrow as pa

from avdataops.signals.arrays import Floats, Indices, Times
from avdataops.signals.columns import float_array, floats
from avdataops.signals.mapping import yaw_of
from avdataops.tables.kinds import kind
from avdataops.tables.object_lists import ObjectList
from avdataops.tables.signals import find_column

_QUATERNION = ("qx", "qy", "qz", "qw")
_OBJECT = ("part", "row", "element")
_CLASS_OF = ("part", "row", "parent_element")
KEYS = ("t_ns", "part", "row", "element", "parent_element")


def needed_columns(rule: ObjectList, schema: pa.Schema) -> list[str]:
    """Return the columns of an object or class stream that are worth reading."""
    patterns = (*rule.columns.values(), rule.label, rule.probability)
    found = (find_column(schema, pattern) for pattern in patterns)
    keys = (name for name in KEYS if name in schema.names)
    return list(dict.fromkeys([*keys, *(name for name in found if name is not None)]))


def object_table(
    rule: ObjectList, stream: str, t: Times, objects: pa.Table, classes: pa.Table | None
) -> pa.Table:
    """Return one row per object with a known place, sorted by time and track.

    ``t`` are the times of the rows of ``objects`` on the reference clock; ``classes`` holds rows
    (part, row, parent_element, label, probability), of which the likeliest counts.  Without them,
    and for labels that the rule does not name, the class is unknown.
    """
    columns = {name: _column(objects, pattern) for name, pattern in rule.columns.items()}
    label, probability = _likeliest(rule, objects, classes)
    schema = kind("objects").schema
    made = {
        "t_ns": pa.array(t),
        "track_id": _identity(columns["track_id"], objects.num_rows),
        "object_class": pa.array([rule.class_names.get(n) for n in label.tolist()], pa.string()),
        "class_probability": float_array(probability),
        "yaw_rad": float_array(yaw_of(*(_numbers(columns.get(q), t.size) for q in _QUATERNION))),
        "stream": pa.array([stream] * t.size, pa.string()),
    }
    arrays = [
        made[name] if name in made else float_array(_numbers(columns.get(name), t.size))
        for name in schema.names
    ]
    cast = [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)]
    placed = np.isfinite(_numbers(columns["x_m"], t.size)) & np.isfinite(
        _numbers(columns["y_m"], t.size)
    )
    placed &= np.asarray(made["track_id"].is_valid())
    table = pa.Table.from_arrays(cast, schema=schema).filter(pa.array(placed))
    return table.sort_by([("t_ns", "ascending"), ("track_id", "ascending")])


def _column(table: pa.Table, pattern: re.Pattern[str]) -> pa.ChunkedArray | None:
    name = find_column(table.schema, pattern)
    return None if name is None else table[name]


def _numbers(column: pa.ChunkedArray | None, rows: int) -> Floats:
    return np.full(rows, np.nan) if column is None else floats(column)


def _identity(column: pa.ChunkedArray | None, rows: int) -> pa.Array:
    """Return identities as text: bytes in hexadecimal, numbers and texts as they are."""
    if column is None:
        return pa.nulls(rows, pa.string())
    values = column.to_pylist()
    texts = (value.hex() if isinstance(value, bytes) else value for value in values)
    return pa.array([None if text is None else str(text) for text in texts], pa.string())


def _likeliest(
    rule: ObjectList, objects: pa.Table, classes: pa.Table | None
) -> tuple[Indices, Floats]:
    """Return label (-1: none) and probability of each object."""
    label = np.full(objects.num_rows, -1, dtype=np.int64)
    best = np.full(objects.num_rows, np.nan)
    if classes is None or classes.num_rows == 0 or objects.num_rows == 0:
        return label, best
    labels = _numbers(_column(classes, rule.label), classes.num_rows)
    chance = _numbers(_column(classes, rule.probability), classes.num_rows)
    object_key, class_key = _keys(objects, classes)
    # By object, the likeliest first, of two as likely the smaller label.
    order = np.lexsort((labels, -chance, class_key))
    first = order[np.append(True, np.diff(class_key[order]) != 0)]
    at = np.searchsorted(class_key[first], object_key)
    at = np.minimum(at, first.size - 1)
    hit = (class_key[first][at] == object_key) & np.isfinite(labels[first][at])
    label[hit] = labels[first][at][hit].astype(np.int64)
    best[hit] = chance[first][at][hit]
    return label, best


def _keys(objects: pa.Table, classes: pa.Table) -> tuple[Indices, Indices]:
    """Return one number per object and per class row, equal where they belong together."""
    parts = sorted({*objects["part"].unique().to_pylist(), *classes["part"].unique().to_pylist()})

    def triple(table: pa.Table, names: tuple[str, ...]) -> Indices:
        place = {part: number for number, part in enumerate(parts)}
        part = [place[text] for text in table[names[0]].to_pylist()]
        numbers = [floats(table[name]).astype(np.int64) for name in names[1:]]
        return np.column_stack((np.array(part, dtype=np.int64), *numbers))

    both = np.concatenate((triple(objects, _OBJECT), triple(classes, _CLASS_OF)))
    key = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
    return key[: objects.num_rows], key[objects.num_rows :]
