"""Stored tables as Arrow, read through the storage of a workspace."""

import pyarrow as pa
import pyarrow.parquet as pq

from avdataops.model.artifact import Artifact
from avdataops.model.time import TimeRange
from avdataops.ports.files import as_stream
from avdataops.ports.storage import Storage


def read_table(storage: Storage, artifact: Artifact, span: TimeRange | None = None) -> pa.Table:
    """Return the rows of one stored table, or those in ``span``; only row groups that it touches.

    In one thread: Arrow's own threads, still reading ahead in a file of Python's when the
    interpreter ends, abort the process.
    """
    bounds = None
    if span:
        bounds = [("t_ns", ">=", span.start_ns), ("t_ns", "<", span.stop_ns)]
    file = as_stream(storage.open(artifact.location))
    table = pq.read_table(file, filters=bounds, use_threads=False, pre_buffer=False)
    return table.replace_schema_metadata(None)
