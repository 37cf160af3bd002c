"""JSON messages with a JSON schema: its properties become columns."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.errors import HostileInput, SchemaMismatch
from avdataops.readers.rosbag import arrow
from avdataops.readers.rosbag.decode import Decoded, Rows
from avdataops.readers.rosbag.definitions import MAX_TEXT_BYTES, Field
from avdataops.readers.rosbag.layout import Leaf, Table
from avdataops.readers.rosbag.places import Block

_BASES = {"number": "float64", "integer": "int64", "string": "string", "boolean": "bool"}
_MAX_DEPTH = 32
_KINDS: dict[str, tuple[type, ...]] = {
    "float64": (int, float),
    "int64": (int,),
    "string": (str,),
    "bool": (bool,),
}
Types = dict[str, tuple[Field, ...]]


def json_types(type_name: str, definition: bytes) -> Types:
    """Return the message types of a JSON schema; those inside are named by their path.

    Raises ``SchemaMismatch`` for a schema that does not say what its properties are, and
    ``HostileInput`` for one that is too large or too deep.
    """
    if len(definition) > MAX_TEXT_BYTES:
        raise HostileInput(f"the schema of '{type_name}' has {len(definition)} bytes")
    try:
        schema = json.loads(definition)
    except (ValueError, RecursionError) as error:
        raise SchemaMismatch(f"the schema of '{type_name}' is no JSON") from error
    found: Types = {}
    _collect(type_name, schema, found, 0)
    return found


def _collect(name: str, schema: Any, found: Types, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise HostileInput(f"'{name}' is nested over {_MAX_DEPTH} levels deep")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties:
        raise SchemaMismatch(f"'{name}' has no properties in its JSON schema")
    fields = []
    for key, one in properties.items():
        is_list = isinstance(one, dict) and one.get("type") == "array"
        inner = one.get("items") if is_list else one
        kind = inner.get("type") if isinstance(inner, dict) else None
        if kind == "object":
            _collect(f"{name}.{key}", inner, found, depth + 1)
            fields.append(Field(key, f"{name}.{key}", is_list=is_list))
        elif isinstance(kind, str) and kind in _BASES:
            fields.append(Field(key, _BASES[kind], is_list=is_list))
        else:
            raise SchemaMismatch(f"'{key}' of '{name}' is of no single type in its JSON schema")
    found[name] = tuple(fields)


def decode_json(table: Table, block: Block) -> Decoded:
    """Decode the messages of a block; those that are not what the schema says are counted."""
    values: list[Any] = []
    good: list[int] = []
    reason = ""
    spans = zip(block.starts.tolist(), (block.starts + block.sizes).tolist(), strict=True)
    for number, (start, stop) in enumerate(spans):
        try:
            value = json.loads(block.data[start:stop].tobytes())
            _check(table, value)
        except (ValueError, RecursionError, SchemaMismatch) as error:
            reason = reason or f"it is not as its JSON schema says: {str(error)[:120]}"
            continue
        values.append(value)
        good.append(number)
    dropped = Counter({"decode_failed": len(block.starts) - len(good)})
    rows = _rows(table, _Elements(values, list(range(len(values))), None, None))
    return Decoded(rows, np.array(good, np.int64), +dropped, reason)


def _check(table: Table, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise SchemaMismatch("a value is no object")
    for leaf in table.leaves:
        found = _at(value, leaf.source)
        if found is None:
            continue
        parts = found if leaf.is_list else [found]
        if not isinstance(parts, list) or not all(one is None or _fits(leaf, one) for one in parts):
            raise SchemaMismatch(f"'{leaf.source}' is no {leaf.base}")
    for child in table.children:
        inner = _at(value, _own_path(table, child))
        for one in inner if isinstance(inner, list) else []:
            _check(child, one)


def _fits(leaf: Leaf, value: Any) -> bool:
    kinds = _KINDS[leaf.base]
    if leaf.base == "int64" and isinstance(value, int) and not -(2**63) <= value < 2**63:
        return False
    return isinstance(value, kinds) and (leaf.base == "bool" or not isinstance(value, bool))


def _own_path(table: Table, child: Table) -> str:
    return child.path[len(table.path) + 1 :] if table.path else child.path


def _at(value: Any, source: str) -> Any:
    for name in source.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True, slots=True)
class _Elements:
    """JSON objects that are the rows of one table."""

    values: list[Any]
    message: list[int]
    element: list[int] | None
    parent_element: list[int] | None


def _rows(table: Table, some: _Elements) -> list[Rows]:
    columns = []
    for leaf in table.leaves:
        kind = arrow.leaf_type(leaf)
        cells = [_at(value, leaf.source) for value in some.values]
        columns.append(pa.array(cells, kind))
    found = [
        Rows(
            table,
            tuple(columns),
            np.array(some.message, np.int64),
            None if some.element is None else np.array(some.element, np.int64),
            None if some.parent_element is None else np.array(some.parent_element, np.int64),
        )
    ]
    for child in table.children:
        found += _rows(child, _inside(table, child, some))
    return found


def _inside(table: Table, child: Table, some: _Elements) -> _Elements:
    values: list[Any] = []
    message: list[int] = []
    element: list[int] = []
    parent: list[int] = []
    counts: Counter[int] = Counter()
    path = _own_path(table, child)
    for row, value in enumerate(some.values):
        inner = _at(value, path)
        for one in inner if isinstance(inner, list) else []:
            number = some.message[row]
            values.append(one)
            message.append(number)
            element.append(counts[number])
            parent.append(row if some.element is None else some.element[row])
            counts[number] += 1
    return _Elements(values, message, element, None if some.element is None else parent)
