"""Writes what a step yields: files first, counted and hashed, so that a record can name them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from avdataops.engine.table_files import TableWriter, hash_file
from avdataops.engine.writing import TableWriters
from avdataops.model.artifact import Artifact
from avdataops.model.errors import StorageUnavailable
from avdataops.model.ids import artifact_id, path_part, run_id
from avdataops.model.location import Location
from avdataops.model.run import TaskSpec
from avdataops.ports.files import ReadableFile
from avdataops.ports.step import Bytes, Output, Rows
from avdataops.ports.storage import CHUNK_BYTES, Storage, chunks_of
from avdataops.tables.kinds import Kind, kind


class Publisher:
    """Takes the output of one task.  Nothing appears in storage before ``finish``, but files."""

    def __init__(self, task: TaskSpec, storage: Storage, scratch: Path) -> None:
        self._task = task
        self._storage = storage
        self._scratch = scratch
        self._tables: TableWriters[Output] = TableWriters(self._hash)
        self._hashed: dict[Output, tuple[int, str]] = {}
        self._files: dict[Output, Artifact] = {}

    def take(self, made: Rows | Bytes) -> None:
        """Take some rows, or a whole file."""
        if isinstance(made, Bytes):
            self._files[made.output] = self._publish_file(made.output, made.file)
            return
        if made.output not in self._tables.all:
            self._open(made.output, made.batch.schema)
        self._tables.write(made.output, made.batch)
        if made.is_last:
            self._tables.end(made.output)

    def finish(self) -> tuple[Artifact, ...]:
        """Close, hash and store every table; return all artifacts by kind, name and part."""
        with self._tables as tables:
            tables.end_all()
        made = [self._publish_table(output, writer) for output, writer in tables.all.items()]
        return tuple(sorted([*self._files.values(), *made], key=lambda a: (a.kind, a.name, a.part)))

    def __enter__(self) -> Self:
        """Return the publisher itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Let nothing write to the scratch folder any more; raises what writing has raised."""
        self._tables.__exit__(kind, error, trace)

    def _hash(self, output: Output) -> None:
        self._hashed[output] = hash_file(self._path(output))

    def _open(self, output: Output, schema: pa.Schema) -> None:
        metadata = {
            "avdataops.kind": output.kind,
            "avdataops.name": output.name,
            "avdataops.part": output.part,
            "avdataops.measurement": self._task.measurement,
            "avdataops.vehicle": self._task.vehicle,
            "avdataops.step": f"{self._task.step}/{self._task.version}",
            "avdataops.fingerprint": self._task.id,
            "avdataops.run": run_id(self._task.id),
        } | {f"avdataops.{name}": value for name, value in output.attributes}
        path = self._path(output)
        self._tables.open(output, path, kind(output.kind), schema, metadata)

    def _path(self, output: Output) -> Path:
        return self._scratch / f"{self._id(output)}.parquet"

    def _id(self, output: Output) -> str:
        return artifact_id(self._task.id, output.kind, f"{output.name}\n{output.part}")

    def _publish_table(self, output: Output, writer: TableWriter) -> Artifact:
        path = self._path(output)
        size, sha256 = self._hashed[output]
        at = self._table_location(output, kind(output.kind))
        self._store(at, path, sha256)
        path.unlink()
        return Artifact(
            id=self._id(output),
            kind=output.kind,
            measurement=self._task.measurement,
            name=output.name,
            part=output.part,
            location=at,
            bytes=size,
            sha256=sha256,
            run=run_id(self._task.id),
            rows=writer.rows,
            start_ns=writer.start_ns,
            stop_ns=writer.stop_ns,
            attributes=dict(output.attributes),
        )

    def _table_location(self, output: Output, of: Kind) -> Location:
        container = of.container
        if container == "*":
            container = dict(output.attributes)["topic_class"]
        parts = [container, self._task.measurement, path_part(output.name)]
        return Location(of.zone, "/".join([*parts, f"{self._id(output)}.parquet"]))

    def _store(self, at: Location, path: Path, sha256: str) -> None:
        if self._storage.put(at, _file_chunks(path)):
            return
        # An attempt that died before its record left this file: nobody was told of it yet.
        if digest(self._storage.open(at)) == sha256:
            return
        self._storage.delete(at)
        if not self._storage.put(at, _file_chunks(path)):
            raise StorageUnavailable(f"{at} is being written by another attempt")

    def _publish_file(self, output: Output, file: ReadableFile) -> Artifact:
        of = kind(output.kind)
        at = Location(of.zone, f"{of.container}/{self._task.measurement}/{output.name}")
        expected = dict(output.attributes)["sha256"]
        if (
            not self._storage.put(at, chunks_of(file))
            and digest(self._storage.open(at)) != expected
        ):
            # Raw copies are immutable and content-checked: other bytes here are damage.
            self._storage.delete(at)
            self._storage.put(at, chunks_of(file))
        stored = self._storage.open(at)
        if digest(stored) != expected:
            self._storage.delete(at)
            raise StorageUnavailable(
                f"{at} does not read back as it was written; the copy was removed",
                hint=f"avdataops run {self._task.measurement}",
            )
        return Artifact(
            id=self._id(output),
            kind=output.kind,
            measurement=self._task.measurement,
            name=output.name,
            part=output.part,
            location=at,
            bytes=stored.size,
            sha256=expected,
            run=run_id(self._task.id),
            attributes=dict(output.attributes),
        )


def _file_chunks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def digest(file: ReadableFile) -> str:
    """Return the SHA-256 of a stored file, read back chunk by chunk."""
    sha256 = hashlib.sha256()
    for chunk in chunks_of(file):
        sha256.update(chunk)
    return sha256.hexdigest()
