"""Storage and catalog that end the process, as it were, at the k-th change."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.artifact import Artifact
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, Reason, Recording, State
from avdataops.model.run import TaskSpec
from avdataops.ports.catalog import Taken
from avdataops.ports.files import ReadableFile
from avdataops.ports.storage import Storage, Stored


class Crashed(BaseException):
    """The process is gone; nothing that catches errors may catch this."""


class When(StrEnum):
    """Where in the k-th change the process ends."""

    BEFORE = "before"
    DURING = "during"
    """After the first chunk of a put; a change of another kind is not reached."""
    AFTER = "after"
    """Done, and nobody was told."""


@dataclass(slots=True)
class CrashPoint:
    """Counts changes and ends the process at number ``at`` (from 1; 0 is never)."""

    at: int = 0
    when: When = When.BEFORE
    changes: int = 0
    crashed: bool = False

    @contextmanager
    def change(self) -> Iterator[None]:
        """Stand around one change."""
        if self.crashed:
            raise Crashed
        self.changes += 1
        due = self.changes == self.at
        if due and self.when is not When.AFTER:
            self.crash()
        yield
        if due:
            self.crash()

    def crash(self) -> None:
        """End the process; from now on it changes nothing more."""
        self.crashed = True
        raise Crashed


class CrashStorage:
    """A ``Storage`` around another one."""

    def __init__(self, storage: Storage, point: CrashPoint) -> None:
        self._storage = storage
        self._point = point

    def open(self, at: Location) -> ReadableFile:
        """Return the object's bytes."""
        return self._storage.open(at)

    def stat(self, at: Location) -> Stored | None:
        """Return what is at ``at``."""
        return self._storage.stat(at)

    def list(self, zone: Zone, prefix: str = "") -> Iterator[Stored]:
        """Yield objects."""
        return self._storage.list(zone, prefix)

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        """Create the object, or crash."""
        point = self._point
        if point.when is When.DURING and point.changes + 1 == point.at:
            point.changes += 1
            return self._storage.put(at, self._torn(chunks))
        with point.change():
            return self._storage.put(at, chunks)

    def _torn(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk[: len(chunk) // 2]
            break
        self._point.crash()

    def delete(self, at: Location) -> None:
        """Remove the object, or crash."""
        with self._point.change():
            self._storage.delete(at)


class CrashCatalog(SqliteCatalog):
    """A catalog in memory that shares the crash point of a storage; ``point`` can be exchanged."""

    def __init__(self, point: CrashPoint) -> None:
        super().__init__(":memory:")
        self.point = point

    def register(
        self, manifest: Manifest, recordings: Sequence[Recording], uploads: Sequence[Artifact]
    ) -> None:
        """Take in a measurement, or crash."""
        with self.point.change():
            super().register(manifest, recordings, uploads)

    def set_state(self, measurement: str, state: State, reason: Reason | None = None) -> None:
        """Move a measurement, or crash."""
        with self.point.change():
            super().set_state(measurement, state, reason)

    def begin(self, tasks: Sequence[TaskSpec]) -> Sequence[TaskSpec]:
        """Note tasks, or crash."""
        with self.point.change():
            return super().begin(tasks)

    def commit(self, taken: Sequence[Taken], *, superseded: Sequence[str] = ()) -> None:
        """Take in runs, or crash."""
        with self.point.change():
            super().commit(taken, superseded=superseded)
