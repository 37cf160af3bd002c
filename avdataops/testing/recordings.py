"""Small recordings as bytes, written by libraries that the readers do not use."""

import io
import itertools
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag1 import Writer as Bag1Writer

_MSG = "ros2msg"
BAG_COMPRESSIONS = {
    "bz2": Bag1Writer.CompressionFormat.BZ2,
    "lz4": Bag1Writer.CompressionFormat.LZ4,
}
MCAP_COMPRESSIONS = {
    "none": CompressionType.NONE,
    "lz4": CompressionType.LZ4,
    "zstd": CompressionType.ZSTD,
}


@dataclass(frozen=True, slots=True)
class Said:
    """One message as a bag holds it."""

    topic: str
    type: str
    t_ns: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class McapStyle:
    """Ways to write an MCAP file."""

    encoding: str = "cdr"
    language: str = _MSG
    compression: str = "zstd"
    chunk_bytes: int = 1024
    is_chunked: bool = True
    is_indexed: bool = True
    attachments: tuple[str, ...] = ()
    publish_delay_ns: int = 0
    silent_topics: Mapping[str, str] = field(default_factory=dict)
    """Topics without messages, and their types."""


def mcap_bytes(
    messages: Iterable[Said],
    definitions: Mapping[str, str] | Mapping[str, bytes],
    style: McapStyle | None = None,
) -> bytes:
    """Return an MCAP file; types without definition get an empty schema text."""
    style = style or McapStyle()
    target = io.BytesIO()
    writer: Any = McapWriter(
        target,
        chunk_size=style.chunk_bytes,
        compression=MCAP_COMPRESSIONS[style.compression],
        index_types=IndexType.ALL if style.is_indexed else IndexType.NONE,
        repeat_channels=style.is_indexed,
        repeat_schemas=style.is_indexed,
        use_chunking=style.is_chunked,
        use_statistics=style.is_indexed,
        use_summary_offsets=style.is_indexed,
    )
    writer.start()
    channels: dict[tuple[str, str], int] = {}

    def channel(topic: str, kind: str) -> int:
        if (topic, kind) not in channels:
            text = definitions.get(kind, "")
            told = text.encode() if isinstance(text, str) else text
            schema = writer.register_schema(kind, style.language, told)
            channels[topic, kind] = writer.register_channel(topic, style.encoding, schema)
        return channels[topic, kind]

    for topic, kind in style.silent_topics.items():
        channel(topic, kind)
    for number, said in enumerate(messages):
        writer.add_message(
            channel(said.topic, said.type),
            log_time=said.t_ns,
            data=said.data,
            publish_time=said.t_ns + style.publish_delay_ns,
            sequence=number,
        )
    for name in style.attachments:
        writer.add_attachment(0, 0, name, "text/plain", b"content")
    writer.finish()
    return target.getvalue()


def bag1_bytes(
    messages: Sequence[Said], definitions: Mapping[str, str], compression: str = "none"
) -> bytes:
    """Return a ROS 1 bag; ``definitions`` are texts by type with all types they use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written.bag"
        writer = Bag1Writer(path)
        if compression in BAG_COMPRESSIONS:
            writer.set_compression(BAG_COMPRESSIONS[compression])
        with writer:
            connections: dict[tuple[str, str], Any] = {}
            for said in messages:
                key = (said.topic, said.type)
                if key not in connections:
                    connections[key] = writer.add_connection(
                        said.topic, said.type, msgdef=definitions[said.type], md5sum="0" * 32
                    )
                writer.write(connections[key], said.t_ns, said.data)
        return path.read_bytes()


def db3_bytes(
    messages: Iterable[Said],
    definitions: Mapping[str, str] | None = None,
    silent_topics: Mapping[str, str] | None = None,
) -> bytes:
    """Return a rosbag2 database, with a table of definitions unless they are None."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "PRAGMA page_size = 1024;"
        "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,"
        " serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL);"
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL,"
        " timestamp INTEGER NOT NULL, data BLOB NOT NULL);"
        "CREATE INDEX timestamp_idx ON messages (timestamp ASC);"
    )
    if definitions is not None:
        connection.execute(
            "CREATE TABLE message_definitions(id INTEGER PRIMARY KEY, topic_type TEXT,"
            " encoding TEXT, encoded_message_definition TEXT, type_description_hash TEXT)"
        )
        connection.executemany(
            "INSERT INTO message_definitions VALUES (NULL, ?, 'ros2msg', ?, '')",
            list(definitions.items()),
        )
    numbers: dict[tuple[str, str], int] = {}

    def topic(name: str, kind: str) -> int:
        if (name, kind) not in numbers:
            numbers[name, kind] = len(numbers) + 1
            connection.execute(
                "INSERT INTO topics VALUES (?, ?, ?, 'cdr', '')", (numbers[name, kind], name, kind)
            )
        return numbers[name, kind]

    for name, kind in (silent_topics or {}).items():
        topic(name, kind)
    connection.executemany(
        "INSERT INTO messages VALUES (NULL, ?, ?, ?)",
        [(topic(said.topic, said.type), said.t_ns, said.data) for said in messages],
    )
    connection.commit()
    content = connection.serialize()
    connection.close()
    return content


def mdf4_bytes(signals: Sequence[Sequence[Any]], compression: int = 0, **facts: Any) -> bytes:
    """Return an MDF 4.10 file with one channel group per sequence of asammdf signals.

    ``facts`` are ``start_time`` (datetime), ``names`` (of the groups) and ``common_timebase``.
    """
    from asammdf import MDF

    mdf = MDF(version="4.10")
    if "start_time" in facts:
        mdf.start_time = facts["start_time"]
    for number, group in enumerate(signals):
        index = mdf.append(list(group), common_timebase=True)
        names = facts.get("names", ())
        if number < len(names):
            mdf.groups[index].channel_group.acq_name = names[number]
    return saved(mdf, compression)


def saved(mdf: Any, compression: int = 0) -> bytes:
    """Return what an asammdf object saves, and close it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.mf4"
        mdf.save(path, compression=compression, overwrite=True)
        mdf.close()
        return path.read_bytes()


def cuts(data: bytes, count: int) -> Iterable[bytes]:
    """Yield ``data`` cut off at ``count`` places spread over its length."""
    for number in range(1, count + 1):
        yield data[: len(data) * number // (count + 1)]


def with_flipped_byte(data: bytes, at: int) -> bytes:
    """Return ``data`` with one byte inverted."""
    return b"".join(itertools.chain((data[:at], bytes([data[at] ^ 0xFF]), data[at + 1 :])))
