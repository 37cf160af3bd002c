"""Walks MCAP files record by record: for those without an index, and between indexed chunks."""

import io
import struct
from collections import Counter
from dataclasses import dataclass, field

from isal import isal_zlib

from avdataops.model.errors import HostileInput, InputError, UnreadableFile
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.readers.rosbag import mcap_records as records
from avdataops.readers.rosbag.chunks import Chunk
from avdataops.readers.rosbag.inflate import inflate, inflate_prefix
from avdataops.readers.rosbag.mcap_records import RECORD, Raw, records_in

_PLAIN_BYTES = 1 << 20
_LEAST_BUFFER, _MOST_BUFFER = 1 << 9, 1 << 20
_MAX_FACT_BYTES = 1 << 26
_ATTACHMENT_HEAD_BYTES = 1 << 16
_MESSAGE_HEAD = struct.Struct("<HIQ")


@dataclass(slots=True)
class Found:
    """What a file holds."""

    schemas: dict[int, records.Schema] = field(default_factory=dict)
    channels: dict[int, records.Channel] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)

    def add_schema(self, schema: records.Schema) -> None:
        """Add a schema; the first of an id counts."""
        self.schemas.setdefault(schema.id, schema)

    def add_channel(self, channel: records.Channel) -> None:
        """Add a channel; the first of an id counts."""
        self.channels.setdefault(channel.id, channel)


def walk(file: ReadableFile, found: Found, start: int, stop: int | None) -> int | None:
    """Add what stands between two offsets; ``stop`` None means to the end of the data.

    Returns the offset where the records break off, None if they do not.
    """
    at, limit = start, file.size if stop is None else stop
    stream = as_stream(file, max(_LEAST_BUFFER, min(limit - start, _MOST_BUFFER)))
    taker = _Taker(file, found, stream)
    while at < limit:
        stream.seek(at)
        head = stream.read(RECORD.size)
        if len(head) < RECORD.size:
            return taker.end(at)
        opcode, size = RECORD.unpack(head)
        if opcode in (records.DATA_END, records.FOOTER):
            return taker.end(None)
        is_whole = at + RECORD.size + size <= file.size
        may_be_cut = opcode == records.CHUNK
        if opcode == 0 or not (is_whole or may_be_cut) or not taker.take(opcode, at, size):
            return taker.end(at)
        if not is_whole:
            return taker.end(at)
        at += RECORD.size + size
    return taker.end(None if stop is not None else at)


def chunk_content(raw: Raw, length: int, most: int | None = None) -> Raw:
    """Return the records in a chunk record of ``length`` bytes, of which ``raw`` may be a part.

    Raises ``InputError`` if the chunk is whole but broken, or declares an absurd size, or more
    than the ``most`` that its index has announced.
    """
    head = records.parse_chunk(raw[RECORD.size :])
    if most is not None and head.size > most:
        raise HostileInput(f"it declares {head.size} bytes, and the index far fewer")
    if len(raw) < length or len(head.data) < head.packed_size:
        return inflate_prefix(head.codec, head.data, head.size)
    content = inflate(head.codec, head.data, head.size)
    if head.crc and isal_zlib.crc32(content) != head.crc:
        raise UnreadableFile(records.BAD_CRC)
    return content


class _Taker:
    """Takes records in turn; joins messages outside chunks to stretches of about a megabyte."""

    def __init__(self, file: ReadableFile, found: Found, stream: io.BufferedReader) -> None:
        self._file = file
        self._found = found
        self._stream = stream
        self._plain = _Contents()
        self._plain_at = self._plain_stop = 0

    def take(self, opcode: int, at: int, size: int) -> bool:
        """Take one record; says whether it made sense."""
        try:
            if opcode == records.MESSAGE:
                self._take_message(at, size)
                return True
            self._flush()
            if opcode == records.CHUNK:
                self._take_chunk(at, RECORD.size + size)
            elif opcode in (records.SCHEMA, records.CHANNEL) and size <= _MAX_FACT_BYTES:
                _take_fact(self._found, opcode, self._stream.read(size))
            elif opcode == records.ATTACHMENT:
                head = self._stream.read(min(size, _ATTACHMENT_HEAD_BYTES))
                self._found.attachments.append(records.parse_attachment(head))
        except InputError:
            return False
        return True

    def end(self, at: int | None) -> int | None:
        """Close the last stretch; returns ``at``."""
        self._flush()
        return at

    def _take_message(self, at: int, size: int) -> None:
        if self._plain.counts and at - self._plain_at > _PLAIN_BYTES:
            self._flush()
        if not self._plain.counts:
            self._plain_at = at
        self._plain.add(self._stream.read(min(size, _MESSAGE_HEAD.size)))
        self._plain_stop = at + RECORD.size + size

    def _flush(self) -> None:
        if self._plain.counts:
            length = self._plain_stop - self._plain_at
            self._found.chunks.append(self._plain.chunk(self._plain_at, length, is_plain=True))
        self._plain = _Contents()

    def _take_chunk(self, at: int, length: int) -> None:
        raw = memoryview(self._file.read_at(at, min(length, self._file.size - at)))
        head = records.parse_chunk(raw[RECORD.size :])
        contents = _Contents()
        try:
            for opcode, data in records_in(bytes(chunk_content(raw, length))):
                if opcode == records.MESSAGE:
                    contents.add(data)
                elif opcode in (records.SCHEMA, records.CHANNEL):
                    _take_fact(self._found, opcode, data)
        except InputError:
            # Nothing is known of a broken chunk but where it is; reading it tells why.
            first_ns, last_ns = sorted((head.start_ns, head.end_ns))
            chunk = Chunk(at=at, length=length, start_ns=first_ns, stop_ns=last_ns + 1)
            self._found.chunks.append(chunk)
            return
        if contents.counts:
            self._found.chunks.append(contents.chunk(at, length, is_plain=False))


def _take_fact(found: Found, opcode: int, data: bytes) -> None:
    if opcode == records.SCHEMA:
        found.add_schema(records.parse_schema(data))
    else:
        found.add_channel(records.parse_channel(data))


@dataclass(slots=True)
class _Contents:
    """Counts and times of the messages in one stretch."""

    counts: Counter[int] = field(default_factory=Counter)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, message: bytes) -> None:
        if len(message) < _MESSAGE_HEAD.size:
            raise UnreadableFile(f"a message record has {len(message)} bytes")
        channel, _, log_ns = _MESSAGE_HEAD.unpack_from(message)
        first, last = self.spans.get(channel, (log_ns, log_ns))
        self.counts[channel] += 1
        self.spans[channel] = (min(first, log_ns), max(last, log_ns))

    def chunk(self, at: int, length: int, *, is_plain: bool) -> Chunk:
        return Chunk(
            at=at,
            length=length,
            start_ns=min(first for first, _ in self.spans.values()),
            stop_ns=max(last for _, last in self.spans.values()) + 1,
            counts=dict(self.counts),
            spans={one: TimeRange(first, last + 1) for one, (first, last) in self.spans.items()},
            is_plain=is_plain,
        )
