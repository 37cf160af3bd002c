"""The file of a BLF log: its header, and the stream of objects that its containers hold.

Layout after the field's open implementations (Vector publishes none): a header of 144 bytes, then
objects that begin with ``LOBJ``; those of type 10 hold, mostly deflated, a stretch of one stream
of further objects, which may go on from one container to the next.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.ports.files import ReadableFile
from avdataops.readers.canlog.log import Faults

OBJECT = b"LOBJ"
OBJECT_HEADER = struct.Struct("<4sHHLL")
"""Mark, header size, header version, object size, object type."""
_FILE_HEADER = struct.Struct("<4sL8xQQLL8H8H")
"""Mark, header size, file size, size when inflated, objects, objects read, start, stop."""
_CONTAINER_FACTS = struct.Struct("<H6xL4x")
"""Method, size when inflated."""
_CONTAINER = 10
_STORED, _DEFLATED = 0, 2
_MAX_BLOCK_BYTES = 64 << 20
MAX_FILL = 4
"""Bytes between objects at most."""
_MAX_RATIO = 1100
"""Deflate packs at most 1032 to 1 (zlib, "Maximum Compression Factor")."""
_WINDOW_BYTES = 1 << 20
_FIRST_YEAR, _LAST_YEAR = 1970, 2149


@dataclass(frozen=True, slots=True, kw_only=True)
class BlfHeader:
    """What the header says; sizes and counts are 0 where the logger did not close the file."""

    bytes: int
    file_bytes: int
    objects: int
    start_ns: int | None
    """Start of the measurement as a clock without a zone shows it, taken for UTC."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the stream of objects."""

    data: bytes
    follows: bool
    """Whether it goes on where the block before ended; False after damage."""
    is_cut: bool = False
    """Whether the file ends inside it."""


def read_header(file: ReadableFile) -> BlfHeader:
    """Return the header; raises ``UnreadableFile`` if it is not whole."""
    head = file.read_at(0, _FILE_HEADER.size)
    if len(head) < _FILE_HEADER.size:
        raise UnreadableFile(f"{file.name} breaks off in its header, at byte {file.size}")
    _, size, file_bytes, _, objects, _, *times = _FILE_HEADER.unpack(head)
    if size < _FILE_HEADER.size:
        raise UnreadableFile(f"{file.name} states a header of {size} bytes")
    return BlfHeader(
        bytes=size, file_bytes=file_bytes, objects=objects, start_ns=_start_ns(times[:8])
    )


def _start_ns(fields: list[int]) -> int | None:
    """Return the time of a SYSTEMTIME: year, month, weekday, day, hour, minute, second, ms."""
    year, month, _, day, hour, minute, second, millisecond = fields
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * NS_PER_S + millisecond * NS_PER_MS


def blocks(file: ReadableFile, header: BlfHeader, faults: Faults) -> Iterator[Block]:
    """Yield what the containers hold, and objects outside of containers as they are.

    A container that cannot be inflated costs itself; a place that is no object costs the bytes up
    to the next one.  Each is told with its place.
    """
    at, follows = header.bytes, True
    while at < file.size:
        head = file.read_at(at, OBJECT_HEADER.size)
        if len(head) < OBJECT_HEADER.size:
            if len(head) > MAX_FILL:
                yield Block(b"", follows, is_cut=True)
            return
        mark, _, _, size, kind = OBJECT_HEADER.unpack(head)
        if mark != OBJECT or not OBJECT_HEADER.size <= size <= _MAX_BLOCK_BYTES:
            found = _next_object(file, at + 1)
            if mark == OBJECT or found - at > MAX_FILL:
                text = f"has no object at byte {at}; {found - at} bytes are skipped"
                faults.note("decode_failed", text)
                follows = False
            at = found
            continue
        data = file.read_at(at, size)
        is_cut = len(data) < size
        inside, why = _opened(data, is_cut=is_cut) if kind == _CONTAINER else (data, "")
        if why:
            faults.note("decode_failed", f"has a container at byte {at} that {why}")
        yield Block(inside, follows, is_cut)
        follows = not why
        at += size


def _next_object(file: ReadableFile, at: int) -> int:
    """Return where the next mark is, the end of the file if there is none."""
    while at < file.size:
        window = file.read_at(at, _WINDOW_BYTES)
        place = window.find(OBJECT)
        if place >= 0:
            return at + place
        at += max(len(window) - len(OBJECT) + 1, len(OBJECT))
    return file.size


def _opened(container: bytes, *, is_cut: bool) -> tuple[bytes, str]:
    """Return what a container holds, and what is wrong with it.

    Of one that the file cuts off that is the beginning.  One whose checksum fails holds nothing
    that can be believed.  Sizes over 64 MiB, or beyond what deflate can pack, are not believed
    either, and never more is inflated than is declared.
    """
    facts = container[OBJECT_HEADER.size : OBJECT_HEADER.size + _CONTAINER_FACTS.size]
    if len(facts) < _CONTAINER_FACTS.size:
        return b"", "" if is_cut else "is too short to be one"
    method, declared = _CONTAINER_FACTS.unpack(facts)
    packed = container[OBJECT_HEADER.size + _CONTAINER_FACTS.size :]
    if method not in (_STORED, _DEFLATED):
        return b"", f"is packed in an unknown way ({method})"
    if declared > _MAX_BLOCK_BYTES or (not is_cut and declared > len(packed) * _MAX_RATIO):
        return b"", f"says it holds {declared} bytes in {len(packed)}"
    if method == _DEFLATED:
        return _inflated(packed, declared, is_cut=is_cut)
    return _checked(packed[:declared], declared, is_cut=is_cut)


def _inflated(packed: bytes, declared: int, *, is_cut: bool) -> tuple[bytes, str]:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, declared + 1)
    except zlib.error as error:
        return b"", f"is damaged: {error}"
    if len(data) > declared or (not inflater.eof and not is_cut):
        return b"", f"is damaged: it does not end after the {declared} bytes that it declares"
    return _checked(data, declared, is_cut=is_cut)


def _checked(data: bytes, declared: int, *, is_cut: bool) -> tuple[bytes, str]:
    if len(data) < declared and not is_cut:
        return data, f"holds {len(data)} of the {declared} bytes that it declares"
    return data, ""
