"""Single rows of stored tables by their number: a frame, a sweep."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound
from avdataops.ports.files import as_stream
from avdataops.ports.storage import Storage

_STEP_ROWS = 16
"""Rows that are decoded at once on the way to one row: of pictures, some megabytes."""


def read_rows(
    storage: Storage, artifact: Artifact, first: int, count: int, columns: Sequence[str]
) -> pa.Table:
    """Return up to ``count`` rows from the row ``first`` on (0 is the first), of one row group.

    Of ``columns`` those that there are.  Rows before it in its group are decoded and let go.
    Raises ``NotFound`` if the table has no such row.
    """
    stream = as_stream(storage.open(artifact.location))
    with pq.ParquetFile(stream, memory_map=False, pre_buffer=False) as file:
        wanted = [name for name in columns if name in file.schema_arrow.names]
        before = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if 0 <= first - before < rows:
                return _in_group(file, group, (first - before, count), wanted)
            before += rows
    raise NotFound(f"table {artifact.id} has {before} rows, none with number {first}")


def _in_group(
    file: pq.ParquetFile, group: int, wanted: tuple[int, int], columns: list[str]
) -> pa.Table:
    first, count = wanted
    found, at = [], 0
    for batch in file.iter_batches(
        _STEP_ROWS, row_groups=[group], columns=columns, use_threads=False
    ):
        start, stop = max(first - at, 0), min(first + count - at, batch.num_rows)
        if start < stop:
            found.append(batch.slice(start, stop - start))
        at += batch.num_rows
        if at >= first + count:
            break
    return pa.Table.from_batches(found)
