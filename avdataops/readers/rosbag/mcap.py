"""MCAP containers, with or without summary, index and chunks (mcap.dev/spec)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag import mcap_records as records
from avdataops.readers.rosbag.chunks import GROUP_BYTES, Chunk, ChunkedContainer, Contents
from avdataops.readers.rosbag.container import Connection, Stated, undescribed
from avdataops.readers.rosbag.definitions import LANGUAGES, full_name
from avdataops.readers.rosbag.mcap_index import Index, read_index
from avdataops.readers.rosbag.mcap_records import RECORD
from avdataops.readers.rosbag.mcap_scan import messages_in
from avdataops.readers.rosbag.mcap_walk import chunk_content
from avdataops.readers.rosbag.messages import Messages

_HEAD_BYTES = 128
"""Enough for the head of a chunk: four numbers, its codec, and two more."""


class _Chunks:
    """The chunks of one MCAP file."""

    def __init__(self, file: ReadableFile, index: Index) -> None:
        self._file = file
        self._index = index
        self.chunks = index.found.chunks

    def members(self, chunk: Chunk) -> frozenset[int]:
        return self._index.members(chunk)

    def counts(self, chunk: Chunk) -> dict[int, int] | None:
        found = self._index.counts(self._file, chunk)
        return None if found is None else dict(found)

    def size_of(self, chunk: Chunk) -> int:
        if chunk.is_plain or chunk.size:
            return chunk.size
        with suppress(UnreadableFile):
            return records.parse_chunk(
                self._file.read_at(chunk.at, _HEAD_BYTES)[RECORD.size :]
            ).size
        return 0

    def load(self, chunk: Chunk) -> Messages:
        index_bytes = self._index.bytes_behind(chunk)
        raw = self._file.read_at(chunk.at, chunk.length + index_bytes)
        content, area = memoryview(raw)[: chunk.length], raw[chunk.length :]
        most = max(chunk.size, GROUP_BYTES) if chunk.size else None
        data = content if chunk.is_plain else chunk_content(content, chunk.length, most)
        indexed = self._index.offsets_in(chunk, area) if index_bytes else None
        return messages_in(np.frombuffer(data, np.uint8), chunk.at, indexed)


def open_mcap(file: ReadableFile) -> ChunkedContainer:
    """Open an MCAP file; raises ``UnreadableFile`` if not even a record can be read."""
    index = read_index(file)
    counts: Counter[int] = Counter()
    for chunk in index.found.chunks:
        counts.update(chunk.counts or {})
    index.problems += undescribed(file.name, index.rows or counts, index.found.channels)
    return ChunkedContainer(
        file.name,
        _Chunks(file, index),
        Contents(
            connections=tuple(_connections(file, index)),
            attachments=tuple(index.found.attachments),
            problems=index.problems,
            has_publish_time=True,
        ),
    )


def _type_name(schema: records.Schema | None) -> str:
    if schema is None:
        return ""
    return full_name(schema.name) if schema.encoding in LANGUAGES else schema.name


def _connections(file: ReadableFile, index: Index) -> Iterator[Connection]:
    times = index.times(file)
    for channel in sorted(index.found.channels.values(), key=lambda channel: channel.id):
        schema = index.found.schemas.get(channel.schema_id)
        yield Connection(
            id=channel.id,
            topic=channel.topic,
            type=_type_name(schema),
            encoding=channel.encoding,
            language=schema.encoding if schema and schema.encoding in LANGUAGES else "",
            definition=schema.text if schema else "",
            rows=index.rows.get(channel.id, 0) if index.rows is not None else None,
            time=times.get(channel.id),
            stated=Stated(
                type=schema.name if schema else "",
                language=schema.encoding if schema else "",
                definition=schema.data if schema else b"",
                facts=records.string_pairs(channel.packed_facts),
            ),
        )
