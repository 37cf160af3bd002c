"""The form of a map extract by its first bytes, and what it unpacks to, before it is unpacked."""

import gzip
import zlib

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream

_HEAD_BYTES = 64
_CHUNK_BYTES = 1 << 20
_PROTOBUF_BYTES = 2
_PROTOBUF_MORE = 0x80
_VARINT_BITS = 63


def checked_bytes(file: ReadableFile, max_mb: int) -> tuple[bytes, str]:
    """Return the whole file and its form for the reader: ``osm``, ``osm.gz`` or ``pbf``.

    Raises ``UnreadableFile`` for damage or another format, ``HostileInput`` beyond the size limit,
    which holds for the file and for what it unpacks to.
    """
    form = _form(file)
    if file.size > max_mb << 20:
        raise _too_big(file, max_mb)
    data = file.read_at(0, file.size)
    if _unpacked_bytes(file, data, form, max_mb << 20) > max_mb << 20:
        raise _too_big(file, max_mb)
    return data, form


def _form(file: ReadableFile) -> str:
    head = file.read_at(0, _HEAD_BYTES)
    if head.startswith(b"\x1f\x8b"):
        return "osm.gz"
    if b"OSMHeader" in head:
        return "pbf"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "osm"
    raise UnreadableFile(f"{file.name} is no map extract; give .osm, .osm.gz or .osm.pbf")


def _unpacked_bytes(file: ReadableFile, data: bytes, form: str, limit: int) -> int:
    """Return what the file unpacks to, or some number above the limit; ``UnreadableFile``."""
    try:
        if form == "pbf":
            return _stated_pbf_bytes(data)
        return _counted_gzip_bytes(file, limit) if form == "osm.gz" else len(data)
    except (EOFError, IndexError, OSError, zlib.error) as error:
        raise UnreadableFile(f"{file.name} is a damaged map extract: {error}") from error


def _counted_gzip_bytes(file: ReadableFile, limit: int) -> int:
    read = 0
    with gzip.GzipFile(fileobj=as_stream(file)) as text:
        while read <= limit and (chunk := text.read(_CHUNK_BYTES)):
            read += len(chunk)
    return read


def _stated_pbf_bytes(data: bytes) -> int:
    """Return the sum of the blobs' stated sizes, which the reader of the format insists on.

    Each blob follows the length of its header (4 bytes, big-endian) and the header, whose field 3
    is the length of the blob.  Field 2 of a blob is its unpacked size.
    """
    total = at = 0
    while at < len(data):
        start = at + 4
        stop = start + int.from_bytes(data[at:start], "big")
        at = stop + _varint_fields(data, start, stop).get(3, 0)
        total += _varint_fields(data, stop, min(at, len(data))).get(2, at - stop)
    return total


def _varint_fields(data: bytes, at: int, stop: int) -> dict[int, int]:
    """Return number -> value of the integer fields of a protobuf message, skipping byte fields."""
    found: dict[int, int] = {}
    while at < stop:
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
