"""Stored tables as Arrow, read through the storage of a workspace."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from avdataops.model.artifact import Artifact
from avdataops.model.time import TimeRange
from avdataops.ports.files import as_stream
from avdataops.ports.storage import Storage

_BATCH_ROWS = 16_384
_BUFFER_BYTES = 1 << 16
"""Read ahead of what Arrow asks for: little, because it asks for whole column chunks."""


def read_table(
    storage: Storage,
    artifact: Artifact,
    span: TimeRange | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Return the rows of one stored table, or those in ``span``; only row groups that it touches.

    Of ``columns`` those that there are.  In one thread: Arrow's own threads, still reading ahead
    in a file of Python's when the interpreter ends, abort the process.
    """
    bounds = None
    if span:
        bounds = [("t_ns", ">=", span.start_ns), ("t_ns", "<", span.stop_ns)]
    file = as_stream(storage.open(artifact.location))
    if columns is not None:
        there = set(pq.read_schema(file).names)
        columns = [name for name in columns if name in there]
        file.seek(0)
    table = pq.read_table(
        file, filters=bounds, columns=columns, use_threads=False, pre_buffer=False
    )
    return table.replace_schema_metadata(None)


def table_schema(storage: Storage, artifact: Artifact) -> pa.Schema:
    """Return the columns of a stored table, read from its end."""
    with pq.ParquetFile(as_stream(storage.open(artifact.location), _BUFFER_BYTES)) as file:
        return file.schema_arrow.remove_metadata()


def table_batches(
    storage: Storage,
    artifact: Artifact,
    span: TimeRange,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a stored table with ``t_ns`` in ``span``, in their order.

    Reads the named columns, and ``t_ns``, of the row groups that ``span`` touches, one group after
    the other.
    """
    if artifact.start_ns is not None and artifact.stop_ns is not None:
        whole = TimeRange(artifact.start_ns, artifact.stop_ns)
        if not whole.overlaps(span):
            return
    wanted = None if columns is None else list(dict.fromkeys(["t_ns", *columns]))
    stream = as_stream(storage.open(artifact.location), _BUFFER_BYTES)
    with pq.ParquetFile(stream, memory_map=False, pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            if not _touches(file.metadata.row_group(group), span):
                continue
            for batch in file.iter_batches(
                _BATCH_ROWS, row_groups=[group], columns=wanted, use_threads=False
            ):
                t_ns = batch.column("t_ns")
                inside = pc.and_(pc.greater_equal(t_ns, span.start_ns), pc.less(t_ns, span.stop_ns))
                rows = batch.filter(inside)
                if rows.num_rows:
                    yield rows.replace_schema_metadata(None)


def _touches(group: pq.RowGroupMetaData, span: TimeRange) -> bool:
    """Say whether a row group may hold rows in ``span``; one without statistics may."""
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == "t_ns":
            told = column.statistics
            if told is None or not told.has_min_max:
                return True
            return bool(told.min < span.stop_ns and span.start_ns <= told.max)
    return True
