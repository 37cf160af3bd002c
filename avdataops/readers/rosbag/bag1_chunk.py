"""What stands at one place of a ROS 1 bag: a record's header, or a chunk with its index."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag import bag1_records as records
from avdataops.readers.rosbag.bag1_records import Record, records_in
from avdataops.readers.rosbag.chunks import Chunk
from avdataops.readers.rosbag.gather import Places
from avdataops.readers.rosbag.inflate import inflate, inflate_prefix

ENTRY = np.dtype([("s", "<u4"), ("ns", "<u4"), ("offset", "<u4")])
"""One message in the index behind a chunk."""
_MAX_HEADER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Head:
    """Header of a record in the file; its data may be cut off."""

    record: Record
    body_at: int
    size: int

    @property
    def stop(self) -> int:
        """Where the record ends."""
        return self.body_at + self.size


def chunk_content(file: ReadableFile, chunk: Chunk) -> tuple[bytes, Places | None]:
    """Return the records inside a chunk, and where its index says that the messages are.

    Raises ``InputError`` if they are lost.
    """
    raw = file.read_at(chunk.at, chunk.length)
    if chunk.is_plain:
        return raw, None
    head = _head_in(raw, chunk.at)
    if head is None or head.record.op != records.CHUNK:
        raise UnreadableFile("there is no chunk where the index says")
    start, stop = head.body_at - chunk.at, head.stop - chunk.at
    data = raw[start:stop]
    codec, size = head.record.text("compression"), head.record.number("size")
    if len(data) < head.size:
        # The index may say that the next record begins inside this chunk.
        data = file.read_at(head.body_at, head.size)
    if len(data) < head.size:
        return bytes(inflate_prefix(codec, data, size)), None
    return bytes(inflate(codec, data, size)), _offsets_in(raw[stop:])


def _offsets_in(area: bytes) -> Places | None:
    """Return the offsets in the index records behind a chunk."""
    found: list[Places] = []
    with suppress(UnreadableFile):
        for record in records_in(area):
            if record.op == records.INDEX_DATA:
                whole = record.data[: len(record.data) // ENTRY.itemsize * ENTRY.itemsize]
                found.append(np.frombuffer(whole, ENTRY)["offset"].astype(np.int64))
    return np.concatenate(found) if found else None


def head_at(file: ReadableFile, at: int) -> Head | None:
    """Return the header of the record at ``at``; None if it is cut off or no header."""
    raw = file.read_at(at, 4096)
    length = int.from_bytes(raw[:4], "little")
    if length > _MAX_HEADER_BYTES:
        return None
    if length + 8 > len(raw):
        raw = file.read_at(at, length + 8)
    return _head_in(raw, at)


def _head_in(raw: bytes, at: int) -> Head | None:
    """Return the header of the record that ``raw`` begins with, which stands at ``at``."""
    try:
        found = records.record_head(raw, 0)
    except UnreadableFile:
        return None
    if found is None:
        return None
    fields, body, size = found
    op = fields.get("op", b"\0")
    return Head(Record(at, op[0] if op else 0, fields, b""), at + body, size)
