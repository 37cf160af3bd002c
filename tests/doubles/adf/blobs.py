"""Blobs that GetMetadata and Lookup look at: a folder, or a storage of the product."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from avdataops.model.errors import NotFound
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import Storage, read_all
from tests.doubles.adf.runs import DriverError


@dataclass(frozen=True, slots=True)
class Blob:
    """Where a dataset points."""

    endpoint: str
    container: str
    name: str


class Blobs(Protocol):
    """What the driver needs of blob storage."""

    def size(self, blob: Blob) -> int | None:
        """Return the blob's size in bytes, or None if there is none."""

    def read(self, blob: Blob) -> bytes:
        """Return the blob's content; raises ``FileNotFoundError``."""


class NoBlobs:
    """For pipelines that look at none."""

    def size(self, blob: Blob) -> int | None:
        """Refuse."""
        raise DriverError(f"no blobs were given to the driver, and {blob} was asked for")

    def read(self, blob: Blob) -> bytes:
        """Refuse."""
        raise DriverError(f"no blobs were given to the driver, and {blob} was asked for")


@dataclass(frozen=True, slots=True)
class FolderBlobs:
    """A folder with one sub-folder per container; the endpoint does not matter."""

    root: Path

    def size(self, blob: Blob) -> int | None:
        """Return the file's size."""
        path = self.root / blob.container / blob.name
        return path.stat().st_size if path.is_file() else None

    def read(self, blob: Blob) -> bytes:
        """Return the file's content."""
        return (self.root / blob.container / blob.name).read_bytes()


@dataclass(frozen=True, slots=True)
class StorageBlobs:
    """The product's storage; zones with one container, whose key is the blob's name."""

    storage: Storage
    zones: Mapping[str, Zone]
    """Zone by endpoint, as the global parameter ``settings`` names it."""

    def size(self, blob: Blob) -> int | None:
        """Return the object's size."""
        stored = self.storage.stat(self._at(blob))
        return stored.bytes if stored else None

    def read(self, blob: Blob) -> bytes:
        """Return the object's content."""
        try:
            return read_all(self.storage.open(self._at(blob)))
        except NotFound as error:
            raise FileNotFoundError(str(error)) from error

    def _at(self, blob: Blob) -> Location:
        return Location(self.zones[blob.endpoint], blob.name)
