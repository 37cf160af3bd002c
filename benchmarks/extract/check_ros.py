"""Holds our tables of a ROS recording against the rows that rosbags gave, value by value."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_NS = 1_000_000_000


def values(ours: Path, peer: Path) -> int:
    """Return how many values were compared; raises ``ValueError`` at the first that differs."""
    tables = [pq.read_table(path) for path in sorted(ours.glob("*.parquet"))]
    named = {_name(table): table for table in tables}
    compared = 0
    for path in sorted(peer.glob("*.parquet")):
        topic = "/" + path.stem.replace("~", "/")
        rows = pq.read_table(path)
        own = [name for name in named if name == topic or name.startswith(f"{topic}.")]
        if not own:
            raise ValueError(f"'{topic}' is not among our tables")
        for name in own:
            compared += _compare(named.pop(name), rows, name.removeprefix(topic).strip("."))
    if named:
        raise ValueError(f"the peer has no {sorted(named)}")
    return compared


def _name(table: pa.Table) -> str:
    facts: dict[bytes, bytes] = table.schema.metadata or {}
    return facts[b"avdataops.name"].decode()


def _compare(ours: pa.Table, peer: pa.Table, path: str) -> int:
    elements, parents = _elements(peer.column("message").combine_chunks(), path)
    times = peer.column("t_ns").combine_chunks().take(pa.array(parents))
    _same("t_ns", path, ours.column("t_ns").combine_chunks(), times)
    compared = len(times)
    for field in ours.schema:
        source = (field.metadata or {}).get(b"source", b"").decode()
        if not source:
            continue
        column = ours.column(field.name)
        if source.startswith("points."):
            compared += _same_points(source.removeprefix("points."), column, elements)
        elif source == "data" and "points_x_m" in ours.schema.names:
            continue  # Its bytes stand in the columns of the point fields.
        else:
            theirs = _at(elements, source.split("."))
            _same(source, path, column.combine_chunks(), theirs)
            compared += len(theirs)
    return compared


def _elements(messages: Any, path: str) -> tuple[Any, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the structs of all list elements at ``path``, and the message of each."""
    parents = np.arange(len(messages), dtype=np.int64)
    below = messages
    for name in path.split(".") if path else ():
        lists = pc.struct_field(below, name)
        if pa.types.is_list(lists.type):
            parents = np.repeat(parents, pc.list_value_length(lists).to_numpy())
            below = lists.flatten()
        else:
            below = lists
    return below, parents


def _at(structs: Any, names: Sequence[str]) -> Any:
    found = structs
    for name in names:
        found = pc.struct_field(found, name)
    if pa.types.is_struct(found.type):
        fields = {one.name for one in found.type}
        if fields == {"sec", "nanosec"}:
            seconds = pc.struct_field(found, "sec").cast(pa.int64())
            return pc.add(pc.multiply(seconds, _NS), pc.struct_field(found, "nanosec"))
    return found


def _same(what: str, path: str, ours: Any, theirs: Any) -> None:
    if pa.types.is_list(theirs.type):
        ours, theirs = ours.flatten(), theirs.flatten()
    if pa.types.is_boolean(ours.type) or not pa.types.is_floating(ours.type):
        theirs = theirs.cast(ours.type)
    if not ours.equals(theirs.cast(ours.type)):
        raise ValueError(f"'{what}' of '{path or 'the message'}' differs from the peer's")


def _same_points(name: str, column: Any, clouds: Any) -> int:
    """Compare one field of the point clouds with the packed bytes of the peer."""
    first = pc.struct_field(clouds, "fields")[0].as_py()
    one = next(field for field in first if field["name"] == name)
    code = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "<f4", 8: "<f8"}
    step = pc.struct_field(clouds, "point_step")[0].as_py()
    compared = 0
    for row, data in enumerate(pc.struct_field(clouds, "data")):
        kind = np.dtype(
            {
                "names": ["v"],
                "formats": [code[one["datatype"]]],
                "offsets": [one["offset"]],
                "itemsize": step,
            }
        )
        theirs = np.frombuffer(data.as_py(), kind)["v"]
        ours = column[row].values.to_numpy()
        if ours.tobytes() != theirs.tobytes():  # A point may be no number.
            raise ValueError(f"points.{name} of cloud {row} differs from the peer's")
        compared += len(theirs)
    return compared
