"""Tables as Parquet files: reading a stored one, and writing one so that its bytes repeat."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from avdataops.model.artifact import Artifact
from avdataops.model.errors import SchemaMismatch
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.tables.kinds import Kind

ROW_GROUP_BYTES = 16 << 20
"""Small enough that many open writers fit into memory, large enough for range queries."""
_BATCH_ROWS = 65_536
_SAMPLE_ROWS, _LEAST_SAMPLE = 8_192, 4_096
_WORTH_PACKING = 0.9
_LAST_NS = 2**63 - 1
_TS = pa.field("ts", pa.timestamp("us", tz="UTC"), nullable=False, metadata={"unit": "us"})


class ParquetTable:
    """A stored table as a step sees it; ``ts`` stays hidden, it repeats ``t_ns``."""

    def __init__(self, artifact: Artifact, file: ReadableFile) -> None:
        self.artifact = artifact
        self._file = file
        self._schema: pa.Schema | None = None

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        stream = as_stream(self._file)
        try:
            with pq.ParquetFile(stream, memory_map=False, pre_buffer=False) as file:
                yield file
        except (pa.ArrowInvalid, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not the file
            raise SchemaMismatch(
                f"{self.artifact.location} is not the Parquet file that the catalog promises",
                hint=f"avdataops measurements verify {self.artifact.measurement}",
            ) from error

    @property
    def schema(self) -> pa.Schema:
        """Its columns, with units in the field metadata."""
        if self._schema is None:
            with self._open() as file:
                schema = file.schema_arrow
            self._schema = schema.remove(schema.get_field_index("ts")).remove_metadata()
        return self._schema

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield its rows in order, only the named columns, in bounded memory."""
        wanted = self.schema.names if columns is None else columns
        with self._open() as file:
            # One row group at a time: a batch that spans several holds gigabytes of pictures.
            for group in range(file.num_row_groups):
                yield from file.iter_batches(
                    _BATCH_ROWS, row_groups=[group], columns=wanted, use_threads=False
                )

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Return all rows of the named columns."""
        wanted = self.schema.names if columns is None else columns
        with self._open() as file:
            return file.read(columns=wanted, use_threads=False).replace_schema_metadata(None)


Submit = Callable[[Callable[[], None], int], None]
"""Runs a job that holds so many bytes of rows, now or later, after those before it."""


def _at_once(job: Callable[[], None], size: int) -> None:
    del size
    job()


class TableWriter:
    """Writes one table; the same batches give the same bytes, whoever encodes them and when."""

    def __init__(
        self,
        path: Path,
        kind: Kind,
        schema: pa.Schema,
        metadata: Mapping[str, str],
        submit: Submit = _at_once,
    ) -> None:
        kind.check(schema)
        self._submit = submit
        self._path = path
        self._name = metadata.get("avdataops.name", path.name)
        self._given = schema
        at = schema.get_field_index("t_ns")
        self._schema = schema.insert(at + 1, _TS).with_metadata(dict(metadata))
        self._writer: pq.ParquetWriter | None = None
        self._is_ended = False
        self._waiting: list[pa.RecordBatch] = []
        self.waiting_bytes = 0
        self.rows = 0
        self.start_ns: int | None = None
        self.stop_ns: int | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Take rows of the first batch's schema; raises ``SchemaMismatch`` for any other."""
        if not batch.schema.equals(self._given):
            raise SchemaMismatch(f"{self._name}: rows changed their columns midway")
        if not batch.num_rows:
            return
        if self._is_ended:
            raise SchemaMismatch(f"{self._name}: rows came behind those that were its last")
        if batch.column("t_ns").null_count:
            raise SchemaMismatch(f"{self._name}: a row has no time")
        span = pc.min_max(batch.column("t_ns"))
        low, high = span["min"].as_py(), min(span["max"].as_py() + 1, _LAST_NS)
        self.start_ns = low if self.start_ns is None else min(low, self.start_ns)
        self.stop_ns = high if self.stop_ns is None else max(high, self.stop_ns)
        self.rows += batch.num_rows
        self._waiting.append(batch)
        self.waiting_bytes += batch.nbytes
        if self.waiting_bytes >= ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one row group."""
        if self._waiting:
            self._hand_over(self._write_group)

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._is_ended = True
        self._hand_over(self._finish)

    def _hand_over(self, job: Callable[[list[pa.RecordBatch]], None]) -> None:
        batches, size = self._waiting, self.waiting_bytes
        self._waiting, self.waiting_bytes = [], 0
        self._submit(partial(job, batches), size)

    def _finish(self, batches: list[pa.RecordBatch]) -> None:
        if batches:
            self._write_group(batches)
        (self._writer or self._opened(self._schema.empty_table())).close()
        self._writer = None  # holds the buffers of every column

    def _write_group(self, batches: list[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(batches, self._given)
        # Rounds down before 1970 too, unlike Arrow's division.
        micros = pa.array(np.floor_divide(table.column("t_ns").to_numpy(), 1000), pa.int64())
        columns = table.columns
        columns.insert(self._given.get_field_index("t_ns") + 1, micros.cast(_TS.type))
        # Not cast: only names of facts differ, and with many small tables each call counts.
        table = pa.Table.from_arrays(columns, schema=self._schema)
        self._opened(table).write_table(table, row_group_size=table.num_rows)

    def _opened(self, first: pa.Table) -> pq.ParquetWriter:
        # Late, because a recording may have more streams than a process may have open files, and
        # because the first rows show what packing is worth.
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, self._schema, **_options(first))
        return self._writer


def _options(first: pa.Table) -> dict[str, object]:
    """Return how each column is written, by its type and first rows; all of it measured.

    Camera frames come compressed already: packing them again costs time and saves nothing.  Long
    lists of floats, such as the points of a lidar, shrink by a third and are written faster byte
    by byte; single ones shrink by a tenth at a third more time, so they stay as they are.  Only
    texts repeat enough for a dictionary.  Queries ask for ranges of single values.  Numbers that
    are mostly noise, of which packing saves next to nothing, are written a third faster as is.
    """
    types = [(field.name, field.type) for field in first.schema]
    texts = [name for name, of in types if pa.types.is_string(of)]
    blobs = {name for name, of in types if pa.types.is_binary(of)}
    floats = {name for name, of in types if _is_long_list_of_floats(of)}
    leaves = {path: path.split(".", maxsplit=1)[0] for path in _leaves(types)}
    plain = blobs | {name for name, of in types if _is_noise(first, name, of)}
    codecs = {path: "NONE" if column in plain else "zstd" for path, column in leaves.items()}
    split = {path: "BYTE_STREAM_SPLIT" for path, column in leaves.items() if column in floats}
    return {
        "compression": codecs,
        "compression_level": {path: 1 for path, codec in codecs.items() if codec == "zstd"},
        "use_dictionary": texts,
        "column_encoding": split or None,
        "write_statistics": [
            path for path, column in leaves.items() if path == column and column not in blobs
        ],
    }


def _is_noise(first: pa.Table, name: str, of: pa.DataType) -> bool:
    """Say whether packing would leave over nine tenths of the first numbers of a column."""
    if not pa.types.is_primitive(of) or not first.num_rows:
        return False
    buffer = first.column(name).chunk(0).slice(0, _SAMPLE_ROWS).buffers()[1]
    sample = buffer.slice(0, min(buffer.size, 8 * _SAMPLE_ROWS)) if buffer else None
    if not sample or sample.size < _LEAST_SAMPLE:
        return False
    return bool(len(pa.Codec("zstd", 1).compress(sample)) > sample.size * _WORTH_PACKING)


def _is_long_list_of_floats(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_floating(kind.value_type))


def _leaves(types: list[tuple[str, pa.DataType]]) -> list[str]:
    found: list[str] = []
    waiting = types[::-1]
    while waiting:
        path, kind = waiting.pop()
        if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
            waiting.append((f"{path}.list.element", kind.value_type))
        elif pa.types.is_struct(kind):
            waiting += [(f"{path}.{field.name}", field.type) for field in kind]
        else:
            found.append(path)
    return found


def hash_file(path: Path) -> tuple[int, str]:
    """Return length and SHA-256 of a local file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()
