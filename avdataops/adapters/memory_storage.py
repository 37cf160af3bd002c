"""Storage in memory, for tests and experiments in one process."""

import threading
from collections.abc import Iterable, Iterator

from avdataops.model.errors import NotFound
from avdataops.model.location import Location, Zone
from avdataops.ports.files import BytesFile, ReadableFile
from avdataops.ports.storage import Stored


class MemoryStorage:
    """A ``Storage`` that keeps bytes in a dict."""

    def __init__(self) -> None:
        self._objects: dict[Location, bytes] = {}
        self._lock = threading.Lock()

    def open(self, at: Location) -> ReadableFile:
        """Return the object's bytes; raises ``NotFound``."""
        if at not in self._objects:
            raise NotFound(f"nothing is stored at {at}")
        return BytesFile(at.name, self._objects[at])

    def stat(self, at: Location) -> Stored | None:
        """Return what is at ``at``, or None."""
        data = self._objects.get(at)
        return None if data is None else Stored(location=at, bytes=len(data))

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        """Create the object; False if it exists."""
        if at in self._objects:
            return False
        data = b"".join(chunks)
        with self._lock:
            return self._objects.setdefault(at, data) is data

    def list(self, zone: Zone, prefix: str = "") -> Iterator[Stored]:
        """Yield the objects whose key starts with ``prefix``, ordered by key."""
        for at in sorted(self._objects):
            if at.zone == zone and at.key.startswith(prefix):
                yield Stored(location=at, bytes=len(self._objects[at]))

    def delete(self, at: Location) -> None:
        """Remove the object; nothing happens if there is none."""
        self._objects.pop(at, None)
