"""A map extract as a file on this machine's disk, after a look at its form and its true size.

The reader of the format wants a path, and holds a few blocks of it at a time.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream

_HEAD_BYTES = 64
_CHUNK_BYTES = 1 << 20
_MAX_HEADER_BYTES = 64 << 10
"""Of a block, by the definition of the format."""
_PROTOBUF_BYTES = 2
_PROTOBUF_MORE = 0x80
_VARINT_BITS = 63


class OnDisk(NamedTuple):
    """A copy of an extract, for as long as it is open."""

    path: Path
    form: str
    """For the reader: ``osm``, ``osm.gz`` or ``pbf``."""
    scratch: Path
    """Where a file may be put that goes away with the copy."""


@contextmanager
def on_disk(file: ReadableFile, max_mb: int) -> Iterator[OnDisk]:
    """Yield a copy of the file in the folder for temporary files; nothing is held in memory.

    Raises ``UnreadableFile`` for damage or another format, ``HostileInput`` beyond the size limit,
    which holds for the file and for what it unpacks to.
    """
    form = _form(file)
    if file.size > max_mb << 20 or _unpacked_bytes(file, form, max_mb << 20) > max_mb << 20:
        raise _too_big(file, max_mb)
    with TemporaryDirectory(prefix="avdataops-map-") as folder:
        path = Path(folder) / f"extract.{form}"
        with path.open("wb") as copy:
            for at in range(0, file.size, _CHUNK_BYTES):
                copy.write(file.read_at(at, min(_CHUNK_BYTES, file.size - at)))
        yield OnDisk(path, form, Path(folder) / "scratch")


def _form(file: ReadableFile) -> str:
    head = file.read_at(0, _HEAD_BYTES)
    if head.startswith(b"\x1f\x8b"):
        return "osm.gz"
    if b"OSMHeader" in head:
        return "pbf"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "osm"
    raise UnreadableFile(f"{file.name} is no map extract; give .osm, .osm.gz or .osm.pbf")


def _unpacked_bytes(file: ReadableFile, form: str, limit: int) -> int:
    """Return what the file unpacks to, or some number above the limit; ``UnreadableFile``."""
    try:
        if form == "pbf":
            return _stated_pbf_bytes(file)
        return _counted_gzip_bytes(file, limit) if form == "osm.gz" else file.size
    except (EOFError, IndexError, OSError, zlib.error) as error:
        raise UnreadableFile(f"{file.name} is a damaged map extract: {error}") from error


def _counted_gzip_bytes(file: ReadableFile, limit: int) -> int:
    read = 0
    with gzip.GzipFile(fileobj=as_stream(file)) as text:
        while read <= limit and (chunk := text.read(_CHUNK_BYTES)):
            read += len(chunk)
    return read


def _stated_pbf_bytes(file: ReadableFile) -> int:
    """Return the sum of the blobs' stated sizes, which the reader of the format insists on.

    Each blob follows the length of its header (4 bytes, big-endian) and the header, whose field 3
    is the length of the blob.  Field 2 of a blob is its unpacked size, and comes before the data.
    """
    total = at = 0
    while at < file.size:
        length = int.from_bytes(file.read_at(at, 4), "big")
        if length > _MAX_HEADER_BYTES:
            raise IndexError(f"a block with a header of {length} bytes")
        header = file.read_at(at + 4, length)
        size = _varint_fields(header, length).get(3, 0)
        stated = _varint_fields(file.read_at(at + 4 + length, min(size, _HEAD_BYTES)), size)
        total += stated.get(2, size)
        at += 4 + length + size
    return total


def _varint_fields(data: bytes, stop: int) -> dict[int, int]:
    """Return number -> value of the integer fields of a protobuf message, skipping byte fields.

    ``data`` is the begin of the message, which goes on up to ``stop``; it may end within the bytes
    of a field, never before one is told.
    """
    found: dict[int, int] = {}
    at = 0
    while at < min(stop, len(data)):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == _PROTOBUF_BYTES:
            at += value
        else:
            found[key >> 3] = value
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < _PROTOBUF_MORE or shift > _VARINT_BITS:
            return value, at


def _too_big(file: ReadableFile, max_mb: int) -> HostileInput:
    return HostileInput(
        f"{file.name}: a map extract of more than {max_mb} MiB",
        hint="cut the area of the drives: osmium extract --bbox W,S,E,N IN -o OUT.osm.pbf",
    )
