"""MCAP records put together byte by byte (mcap.dev/spec, "Records"); offsets are the caller's."""

import struct
from collections.abc import Mapping, Sequence

MAGIC = bytes.fromhex("89 4D 43 41 50 30 0D 0A")


def record(opcode: int, *fields: bytes) -> bytes:
    """Return a record: opcode, uint64 length, fields."""
    body = b"".join(fields)
    return bytes([opcode]) + u64(len(body)) + body


def u16(value: int) -> bytes:
    """Return two bytes."""
    return value.to_bytes(2, "little")


def u32(value: int) -> bytes:
    """Return four bytes."""
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    """Return eight bytes."""
    return value.to_bytes(8, "little")


def block(data: bytes | str) -> bytes:
    """Return a text or bytes behind their uint32 length."""
    raw = data.encode() if isinstance(data, str) else data
    return u32(len(raw)) + raw


def counts(pairs: Mapping[int, int]) -> bytes:
    """Return a map of uint16 to uint64 behind its length in bytes."""
    return block(b"".join(u16(key) + u64(value) for key, value in pairs.items()))


def header(profile: str = "ros2") -> bytes:
    """Return the magic and the Header record."""
    return MAGIC + record(0x01, block(profile), block("made by hand"))


def schema(number: int, name: str, text: str, language: str = "ros2msg") -> bytes:
    """Return a Schema record."""
    return record(0x03, u16(number), block(name), block(language), block(text))


def channel(number: int, schema_id: int, topic: str, encoding: str = "cdr") -> bytes:
    """Return a Channel record with one entry of metadata."""
    metadata = block(block("offered_qos_profiles") + block("- depth: 10"))
    return record(0x04, u16(number), u16(schema_id), block(topic), block(encoding), metadata)


def message(channel_id: int, t_ns: int, data: bytes, publish_ns: int | None = None) -> bytes:
    """Return a Message record; it is published when it is logged unless told otherwise."""
    published = t_ns if publish_ns is None else publish_ns
    return record(0x05, u16(channel_id), u32(0), u64(t_ns), u64(published), data)


def chunk(packed: bytes, size: int, times: tuple[int, int], codec: str = "", crc: int = 0) -> bytes:
    """Return a Chunk record; ``times`` are those of its first and last message."""
    span = u64(times[0]) + u64(times[1])
    return record(0x06, span, u64(size), u32(crc), block(codec), u64(len(packed)), packed)


def message_index(channel_id: int, entries: Sequence[tuple[int, int]]) -> bytes:
    """Return a MessageIndex record of (log time, offset in the chunk)."""
    packed = b"".join(u64(t_ns) + u64(offset) for t_ns, offset in entries)
    return record(0x07, u16(channel_id), block(packed))


def chunk_index(
    times: tuple[int, int], place: tuple[int, int], offsets: Mapping[int, int], index_bytes: int
) -> bytes:
    """Return a ChunkIndex record of the uncompressed chunk at ``place`` (offset, length)."""
    sizes = u64(index_bytes) + block("") + u64(place[1]) + u64(place[1])
    return record(0x08, struct.pack("<QQQQ", *times, *place), counts(offsets), sizes)


def attachment(name: str, content: bytes) -> bytes:
    """Return an Attachment record without checksum."""
    body = u64(len(content)) + content
    return record(0x09, bytes(16), block(name), block("text/plain"), body, u32(0))


def statistics(messages: Mapping[int, int], facts: tuple[int, int, int]) -> bytes:
    """Return a Statistics record; ``facts`` are numbers of schemas, channels and chunks."""
    total = u64(sum(messages.values()))
    known = u16(facts[0]) + u32(facts[1]) + bytes(8) + u32(facts[2])
    return record(0x0B, total, known, bytes(16), counts(messages))


def metadata(name: str) -> bytes:
    """Return a Metadata record."""
    return record(0x0C, block(name), block(block("driver") + block("nobody")))


def end(summary_at: int = 0) -> bytes:
    """Return the Footer record and the magic; 0 is for a file without summary."""
    return record(0x02, u64(summary_at), u64(0), u32(0)) + MAGIC


DATA_END = record(0x0F, u32(0))
