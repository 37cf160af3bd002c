"""Clips as tables: the range of every stream and of the ego's signals, as Parquet or CSV.

Rows keep their recorder's time ``t_ns``; ``t_ref_ns`` beside it is the reference clock.  CSV holds
lists as JSON and leaves bytes out.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from avdataops.clips.clip import Clip, ClipTable, Outcome, Written
from avdataops.model.artifact import Artifact
from avdataops.model.ids import path_part
from avdataops.model.stream import Problem
from avdataops.tables.scene_rows import scene_rows

REFERENCE_TIME = pa.field("t_ref_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})
Open = Callable[[Path, pa.Schema], AbstractContextManager[Any]]
Plain = Callable[[pa.RecordBatch], pa.RecordBatch]


def write_parquet(clip: Clip, folder: Path) -> Outcome:
    """Write one Parquet file per stream, ``ego``, ``objects`` and ``scene``."""
    return _write(clip, folder, ".parquet", partial(pq.ParquetWriter, compression="zstd"), _same)


def write_csv(clip: Clip, folder: Path) -> Outcome:
    """Write one CSV file per stream, ``ego``, ``objects`` and ``scene``."""
    return _write(clip, folder, ".csv", pacsv.CSVWriter, _text)


def _write(clip: Clip, folder: Path, suffix: str, opened: Open, plain: Plain) -> Outcome:
    files: list[Written] = []
    used: list[Artifact] = []
    caveats: list[Problem] = []
    for name, table in _named(clip):
        path = folder / f"{name}{suffix}"
        rows = _save(path, map(plain, _rows(clip, table)), opened)
        if not rows:
            continue
        files.append(Written(path=path, facts={"name": table.name, "rows": rows}))
        used.append(table.artifact)
        lost = [one.name for one in table.schema() if plain is _text and _is_bytes(one.type)]
        if lost:
            text = f"column '{lost[0]}' of '{table.name}' is bytes, which CSV does not hold"
            caveats.append(Problem(code="no_column", message=text, stream=table.name))
    path = folder / f"scene{suffix}"
    rows = _save(path, iter([plain(scene_rows([clip.scene]))]), opened)
    files.append(Written(path=path, facts={"name": "scene", "rows": rows}))
    return Outcome(files=tuple(files), used=tuple(used), caveats=(*clip.caveats, *caveats))


def _named(clip: Clip) -> Iterator[tuple[str, ClipTable]]:
    """Yield the tables that were asked for with their file names; parts of a stream stay apart."""
    wanted = [one for one in clip.streams if clip.takes(one.artifact.attributes["topic"])]
    for kind in ("ego", "objects"):
        for one in clip.of_kind(kind):
            yield kind, one
    for one in wanted:
        parts = sum(other.name == one.name for other in wanted)
        name = path_part(one.name)
        yield (f"{name}.{path_part(one.artifact.part)}" if parts > 1 else name), one


def _rows(clip: Clip, table: ClipTable) -> Iterator[pa.RecordBatch]:
    for batch in table.rows(table.clock.span(clip.span), None):
        stored = batch.column("t_ns").to_numpy()
        at = batch.schema.get_field_index("t_ns") + 1
        times = pa.array(table.clock.to_reference(stored), pa.int64())
        yield batch.add_column(at, REFERENCE_TIME, times)


def _save(path: Path, batches: Iterator[pa.RecordBatch], opened: Open) -> int:
    """Write the batches, of one schema; leaves no file for no rows."""
    first = next(batches, None)
    if first is None:
        return 0
    rows = int(first.num_rows)
    with opened(path, first.schema) as writer:
        writer.write(first)
        for batch in batches:
            writer.write(batch)
            rows += batch.num_rows
    return rows


def _same(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch


def _text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with lists as JSON and without bytes."""
    arrays, fields = [], []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if _is_bytes(field.type):
            continue
        if pa.types.is_nested(field.type):
            given = [None if v is None else json.dumps(v, default=repr) for v in column.to_pylist()]
            arrays.append(pa.array(given, pa.string()))
            fields.append(pa.field(field.name, pa.string()))
        else:
            arrays.append(column)
            fields.append(field)
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
