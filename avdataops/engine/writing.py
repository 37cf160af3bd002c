"""Writes many tables at once: rows gather in bounded memory, and are encoded beside."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import pyarrow as pa

from avdataops.engine.encoding import Encoders
from avdataops.engine.table_files import TableWriter
from avdataops.tables.kinds import Kind

K = TypeVar("K", bound=Hashable)
_BUDGET_BYTES = 96 << 20
"""Rows that may wait in all writers of one task together."""


class TableWriters(Generic[K]):
    """The tables of one task by key.  When rows are encoded depends on the rows alone."""

    def __init__(
        self,
        ended: Callable[[K], None] | None = None,
        *,
        encoders: Encoders | None = None,
        budget_bytes: int = _BUDGET_BYTES,
    ) -> None:
        """Call ``ended`` with each key whose file is whole, on the thread that has ended it."""
        self._ended = ended
        self._encoders = encoders or Encoders()
        self._budget_bytes = budget_bytes
        self._waiting_bytes = 0
        self._open: dict[K, TableWriter] = {}
        self.all: dict[K, TableWriter] = {}
        """Every table so far, in the order of opening."""

    def open(
        self, key: K, path: Path, kind: Kind, schema: pa.Schema, metadata: Mapping[str, str]
    ) -> None:
        """Begin a table; raises ``SchemaMismatch`` if it is none of its kind."""
        submit = partial(self._encoders.submit, key)
        self.all[key] = self._open[key] = TableWriter(path, kind, schema, metadata, submit)

    def write(self, key: K, batch: pa.RecordBatch) -> None:
        """Take rows of a table; raises ``SchemaMismatch``, and what encoding has raised.

        A table that was ended takes empty rows only.
        """
        writer = self.all[key]
        before = writer.waiting_bytes
        writer.write(batch)
        self._waiting_bytes += writer.waiting_bytes - before
        if self._waiting_bytes > self._budget_bytes:
            largest = max(self._open.values(), key=lambda one: one.waiting_bytes)
            self._waiting_bytes -= largest.waiting_bytes
            largest.flush()

    def end_all(self) -> None:
        """Finish all files, and wait until they are whole."""
        for key in tuple(self._open):
            self.end(key)
        self._encoders.wait()

    def end(self, key: K) -> None:
        """Let the file of one table be finished beside; its second end changes nothing."""
        writer = self._open.pop(key, None)
        if writer is None:
            return
        self._waiting_bytes -= writer.waiting_bytes
        writer.close()
        if self._ended is not None:
            self._encoders.submit(key, partial(self._ended, key), 0)

    def __enter__(self) -> Self:
        """Return the tables themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Let go of the threads; what they have raised comes first."""
        self._encoders.__exit__(kind, error, trace)
