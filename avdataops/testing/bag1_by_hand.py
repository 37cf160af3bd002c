"""Records of ROS 1 bags put together byte by byte (wiki.ros.org/Bags/Format/2.0)."""

from collections.abc import Mapping, Sequence

MAGIC = b"#ROSBAG V2.0\n"
MESSAGE, BAG_HEADER, INDEX_DATA, CHUNK, CHUNK_INFO, CONNECTION = (bytes([n]) for n in range(2, 8))

Fields = Sequence[tuple[str, bytes]]
"""Header fields in the order in which they are written."""


def u32(value: int) -> bytes:
    """Return four bytes."""
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    """Return eight bytes."""
    return value.to_bytes(8, "little")


def stamp(t_ns: int) -> bytes:
    """Return seconds and nanoseconds."""
    return u32(t_ns // 10**9) + u32(t_ns % 10**9)


def fields(pairs: Fields) -> bytes:
    """Return ``name=value`` fields, each behind its length."""
    parts = [name.encode() + b"=" + value for name, value in pairs]
    return b"".join(u32(len(part)) + part for part in parts)


def record(pairs: Fields, data: bytes = b"") -> bytes:
    """Return a record: header fields and data, each behind its length."""
    head = fields(pairs)
    return u32(len(head)) + head + u32(len(data)) + data


def bag_header(index_at: int = 0, connections: int = 0, chunks: int = 0) -> bytes:
    """Return the magic and the header record, padded to its usual 4096 bytes."""
    pairs = (
        ("op", BAG_HEADER),
        ("index_pos", u64(index_at)),
        ("conn_count", u32(connections)),
        ("chunk_count", u32(chunks)),
    )
    padding = b" " * (4096 - len(record(pairs)))
    return MAGIC + record(pairs, padding)


def connection(number: int, topic: str, kind: str, text: str, extra: Fields = ()) -> bytes:
    """Return a connection record; ``extra`` fields stand before the usual ones of its data."""
    facts = (
        *extra,
        ("topic", topic.encode()),
        ("type", kind.encode()),
        ("md5sum", b"0" * 32),
        ("message_definition", text.encode()),
    )
    head = (("op", CONNECTION), ("conn", u32(number)), ("topic", topic.encode()))
    return record(head, fields(facts))


def message(number: int, t_ns: int, data: bytes) -> bytes:
    """Return a message record."""
    return record((("op", MESSAGE), ("conn", u32(number)), ("time", stamp(t_ns))), data)


def chunk(packed: bytes, size: int, codec: str = "none") -> bytes:
    """Return a chunk record of ``size`` bytes before compression."""
    head = (("op", CHUNK), ("compression", codec.encode()), ("size", u32(size)))
    return record(head, packed)


def index_data(number: int, entries: Sequence[tuple[int, int]]) -> bytes:
    """Return the index of a connection in a chunk: (time, offset) of its messages."""
    head = (
        ("op", INDEX_DATA),
        ("ver", u32(1)),
        ("conn", u32(number)),
        ("count", u32(len(entries))),
    )
    return record(head, b"".join(stamp(t_ns) + u32(offset) for t_ns, offset in entries))


def chunk_info(at: int, times: tuple[int, int], counts: Mapping[int, int]) -> bytes:
    """Return what the end of the bag tells of the chunk at ``at``."""
    head = (
        ("op", CHUNK_INFO),
        ("ver", u32(1)),
        ("chunk_pos", u64(at)),
        ("start_time", stamp(times[0])),
        ("end_time", stamp(times[1])),
        ("count", u32(len(counts))),
    )
    return record(head, b"".join(u32(one) + u32(count) for one, count in counts.items()))
