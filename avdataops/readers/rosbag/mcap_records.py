"""MCAP records as frozen facts (mcap.dev/spec, "Records")."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from avdataops.model.errors import UnreadableFile

Raw = bytes | memoryview
"""Bytes that are looked at where they are."""
MAGIC = b"\x89MCAP0\r\n"
RECORD = struct.Struct("<BQ")
"""Opcode and length of a record."""
BAD_CRC = "its checksum does not match"
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, CHUNK_INDEX = range(1, 9)
ATTACHMENT, ATTACHMENT_INDEX, STATISTICS, METADATA, METADATA_INDEX, SUMMARY_OFFSET, DATA_END = (
    range(9, 16)
)


@dataclass(frozen=True, slots=True)
class Schema:
    """Definition of a message type."""

    id: int
    name: str
    encoding: str
    data: bytes

    @property
    def text(self) -> str:
        """The definition as text."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Channel:
    """One publisher's topic."""

    id: int
    schema_id: int
    topic: str
    encoding: str
    packed_facts: bytes = b""
    """Its metadata as it stands in the record; see ``string_pairs``."""


@dataclass(frozen=True, slots=True)
class ChunkContent:
    """A chunk record; ``data`` may be shorter than ``packed_size`` at the end of a cut file."""

    start_ns: int
    end_ns: int
    size: int
    crc: int
    codec: str
    packed_size: int
    data: Raw


@dataclass(frozen=True, slots=True)
class ChunkIndex:
    """Where a chunk is and which channels it holds."""

    start_ns: int
    end_ns: int
    at: int
    length: int
    index_offsets: Mapping[int, int]
    """Channel -> offset of its message index."""
    index_length: int
    size: int
    """Bytes inside the chunk."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over the whole file."""

    messages: int
    schemas: int
    channels: int
    chunks: int
    counts: Mapping[int, int]


def records_in(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (opcode, content) of neighbouring records; the last may be cut off."""
    at = 0
    while at + RECORD.size <= len(data):
        opcode, size = RECORD.unpack_from(data, at)
        at += RECORD.size
        yield opcode, data[at : at + size]
        at += size


class Fields:
    """Reads the fields of one record in turn; raises ``UnreadableFile`` past its end."""

    def __init__(self, data: Raw) -> None:
        self._data = data
        self._at = 0

    def number(self, code: str) -> int:
        """Return the next little-endian integer of the given struct code."""
        size = struct.calcsize(f"<{code}")
        return int(struct.unpack(f"<{code}", self.take(size))[0])

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        stop = self._at + size
        if stop > len(self._data):
            raise UnreadableFile(f"a record of {len(self._data)} bytes has fields up to {stop}")
        taken = bytes(self._data[self._at : stop])
        self._at = stop
        return taken

    def text(self) -> str:
        """Return the next string."""
        return self.take(self.number("I")).decode("utf-8", "replace")

    def integers(self) -> dict[int, int]:
        """Return the next map of uint16 to uint64."""
        inner = Fields(self.take(self.number("I")))
        found = {}
        while inner.rest:
            key = inner.number("H")
            found[key] = inner.number("Q")
        return found

    @property
    def rest(self) -> Raw:
        """Bytes that were not taken yet."""
        return self._data[self._at :]


def parse_schema(data: bytes) -> Schema:
    """Parse a Schema record."""
    fields = Fields(data)
    number, name, encoding = fields.number("H"), fields.text(), fields.text()
    return Schema(number, name, encoding, fields.take(fields.number("I")))


def parse_channel(data: bytes) -> Channel:
    """Parse a Channel record."""
    fields = Fields(data)
    number, schema, topic = fields.number("H"), fields.number("H"), fields.text()
    return Channel(number, schema, topic, fields.text(), bytes(fields.rest))


def string_pairs(data: Raw) -> tuple[tuple[str, str], ...]:
    """Return a map of strings to strings in its order, as far as it is whole."""
    found: list[tuple[str, str]] = []
    with suppress(UnreadableFile):
        outer = Fields(data)
        fields = Fields(outer.take(min(outer.number("I"), len(outer.rest))))
        while fields.rest:
            found.append((fields.text(), fields.text()))
    return tuple(found)


def parse_chunk(data: Raw) -> ChunkContent:
    """Parse a Chunk record, whole or cut off in its data."""
    fields = Fields(data)
    start, end, size = fields.number("Q"), fields.number("Q"), fields.number("Q")
    crc, codec, packed = fields.number("I"), fields.text(), fields.number("Q")
    return ChunkContent(start, end, size, crc, codec, packed, fields.rest[:packed])


def parse_chunk_index(data: bytes) -> ChunkIndex:
    """Parse a ChunkIndex record as far as it is needed to find the chunk."""
    fields = Fields(data)
    start, end, at, length = (fields.number("Q") for _ in range(4))
    offsets, index_length = fields.integers(), fields.number("Q")
    fields.text()  # The codec, which the chunk tells again.
    fields.number("Q")  # Its size in the file without its head.
    return ChunkIndex(start, end, at, length, offsets, index_length, fields.number("Q"))


def parse_statistics(data: bytes) -> Statistics:
    """Parse a Statistics record."""
    fields = Fields(data)
    messages, schemas, channels = fields.number("Q"), fields.number("H"), fields.number("I")
    fields.take(8)  # Attachments and metadata, which have no bearing on messages.
    chunks = fields.number("I")
    fields.take(16)  # First and last message time.
    return Statistics(messages, schemas, channels, chunks, fields.integers())


def parse_attachment_index(data: bytes) -> str:
    """Return the name in an AttachmentIndex record."""
    fields = Fields(data)
    fields.take(40)  # Offset, length, two times and a size.
    return fields.text()


def parse_attachment(data: bytes) -> str:
    """Return the name in an Attachment record."""
    fields = Fields(data)
    fields.take(16)  # Two times.
    return fields.text()
