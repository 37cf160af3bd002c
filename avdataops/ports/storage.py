"""Where bytes are kept.  The behaviour suite in ``avdataops.testing`` is the full contract."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from avdataops.model.location import Location, Zone
from avdataops.ports.files import ReadableFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object that exists."""

    location: Location
    bytes: int


class Storage(Protocol):
    """Objects by location.  An object appears whole or not at all and is never changed."""

    def open(self, at: Location) -> ReadableFile:
        """Return the object's bytes; raises ``NotFound``."""

    def stat(self, at: Location) -> Stored | None:
        """Return what is at ``at``, or None."""

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        """Create the object from ``chunks``, durable when this returns.

        Returns False, and leaves what is there alone, if ``at`` exists already (put-if-absent:
        of many that try at once exactly one gets True).  Raises ``StorageUnavailable``; a failed
        or interrupted put leaves nothing at ``at``.
        """

    def list(self, zone: Zone, prefix: str = "") -> Iterator[Stored]:
        """Yield the objects whose key starts with ``prefix``, ordered by key."""

    def delete(self, at: Location) -> None:
        """Remove the object; nothing happens if there is none."""


PartsStored = Callable[[int, int], None]
"""Gets the bytes that have been stored since its last call, and how many of them were sent."""


@runtime_checkable
class Resumable(Protocol):
    """What a storage may offer beside ``Storage``: uploads that go on where a kill left them."""

    def put_file(self, at: Location, path: Path, sha256: str, progress: PartsStored) -> bool:
        """Create the object from a local file whose SHA-256 (hex) is known.

        Promises what ``Storage.put`` does, except that an interrupted upload may leave unseen
        parts, which the next call for the same file does not send again.  ``progress`` hears of
        every part, those found stored too, from one thread at a time.  Raises ``InputError`` if the
        file does not hold what ``sha256`` says, and then nothing appears.
        """


@runtime_checkable
class Linking(Protocol):
    """What a storage may offer beside ``Storage``: links that read one object for a short time."""

    def read_link(self, at: Location, valid_s: int) -> str:
        """Return a link for ``valid_s`` seconds; whether the object exists is not asked.

        Raises ``InputError`` for a time that the storage does not grant.
        """


CHUNK_BYTES = 8 << 20


def chunks_of(file: ReadableFile, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the bytes of ``file`` in order."""
    offset = 0
    while offset < file.size:
        chunk = file.read_at(offset, min(chunk_bytes, file.size - offset))
        if not chunk:
            return
        offset += len(chunk)
        yield chunk


def read_all(file: ReadableFile, limit_bytes: int = 64 << 20) -> bytes:
    """Return all bytes of a small document; raises ``HostileInput`` above ``limit_bytes``."""
    from avdataops.model.errors import HostileInput

    if file.size > limit_bytes:
        raise HostileInput(f"{file.name}: {file.size} bytes, more than a document may have")
    return b"".join(chunks_of(file))
