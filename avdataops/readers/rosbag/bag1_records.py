"""Records of ROS 1 bags: header fields by name, then data."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import NS_PER_S

MESSAGE, BAG_HEADER, INDEX_DATA, CHUNK, CHUNK_INFO, CONNECTION = range(2, 8)
_U32 = struct.Struct("<I")
_INTEGERS = {1: "<B", 4: "<I", 8: "<Q"}


class Damaged(UnreadableFile):
    """Records break off; ``at`` is the offset of the first one that is not whole."""

    def __init__(self, at: int) -> None:
        super().__init__(f"a record breaks off at byte {at}")
        self.at = at


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a stretch of bytes."""

    at: int
    op: int
    fields: dict[str, bytes]
    data: bytes
    body_at: int = 0
    """Where the data begins."""

    def number(self, name: str) -> int:
        """Return an unsigned integer field; raises ``UnreadableFile`` if it is not there."""
        raw = self.fields.get(name, b"")
        code = _INTEGERS.get(len(raw))
        if code is None:
            raise UnreadableFile(f"the record at byte {self.at} has no number '{name}'")
        return int(struct.unpack(code, raw)[0])

    def time_ns(self, name: str) -> int:
        """Return a time field in ns."""
        return time_ns(self.fields.get(name, b""))

    def text(self, name: str) -> str:
        """Return a text field, empty if it is not there."""
        return self.fields.get(name, b"").decode("utf-8", "replace")


def time_ns(raw: bytes) -> int:
    """Return ns of a ROS 1 time: uint32 seconds, uint32 nanoseconds."""
    if len(raw) != 8:  # noqa: PLR2004 - two uint32
        raise UnreadableFile(f"a time has {len(raw)} bytes instead of 8")
    seconds, nanoseconds = struct.unpack("<II", raw)
    return int(seconds) * NS_PER_S + int(nanoseconds)


def parse_fields(header: bytes) -> dict[str, bytes]:
    """Return the ``name=value`` fields of a header; raises ``UnreadableFile`` if it is broken."""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(header):
        if at + 4 > len(header):
            raise UnreadableFile("a record header is broken")
        stop = at + 4 + _U32.unpack_from(header, at)[0]
        name, equals, value = header[at + 4 : stop].partition(b"=")
        if stop > len(header) or not equals:
            raise UnreadableFile("a record header is broken")
        found[name.decode("ascii", "replace")] = value
        at = stop
    return found


def record_head(data: bytes, at: int) -> tuple[dict[str, bytes], int, int] | None:
    """Return (header fields, data offset, data size) of the record at ``at``; None if cut off."""
    if at + 4 > len(data):
        return None
    header_stop = at + 4 + _U32.unpack_from(data, at)[0]
    if header_stop + 4 > len(data):
        return None
    size = _U32.unpack_from(data, header_stop)[0]
    return parse_fields(data[at + 4 : header_stop]), header_stop + 4, size


def records_in(data: bytes) -> Iterator[Record]:
    """Yield the records of ``data``; raises ``Damaged`` where they break off."""
    at = 0
    while at < len(data):
        try:
            head = record_head(data, at)
        except UnreadableFile as error:
            raise Damaged(at) from error
        if head is None or head[1] + head[2] > len(data):
            raise Damaged(at)
        fields, body, size = head
        op = fields.get("op", b"\0")
        yield Record(at, op[0] if op else 0, fields, data[body : body + size], body)
        at = body + size
