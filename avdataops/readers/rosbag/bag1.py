"""ROS 1 bags of version 2.0, with index or without (wiki.ros.org/Bags/Format/2.0)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag.bag1_index import Index, chunk_content, read_index
from avdataops.readers.rosbag.bag1_records import MESSAGE, Damaged, records_in
from avdataops.readers.rosbag.chunks import Chunk, ChunkedContainer, Contents
from avdataops.readers.rosbag.container import Message

_MAGIC = re.compile(rb"#ROSBAG V(\d+)\.(\d+)\n")


class _Chunks:
    """The chunks of one bag."""

    def __init__(self, file: ReadableFile, index: Index) -> None:
        self._file = file
        self.chunks = index.chunks

    def members(self, chunk: Chunk) -> frozenset[int]:
        return frozenset(chunk.counts or ())

    def counts(self, chunk: Chunk) -> Mapping[int, int] | None:
        return chunk.counts

    def content(self, chunk: Chunk) -> bytes:
        return chunk_content(self._file, chunk)

    def messages(self, chunk: Chunk, data: bytes, wanted: frozenset[int]) -> Iterator[Message]:
        with suppress(Damaged):  # A cut-off chunk gives what it has; opening has told of it.
            for record in records_in(data):
                if record.op == MESSAGE and (connection := record.number("conn")) in wanted:
                    t_ns = record.time_ns("time")
                    yield Message(t_ns, chunk.at, record.at, connection, t_ns, record.data)


def open_bag1(file: ReadableFile) -> ChunkedContainer:
    """Open a bag; raises ``UnreadableFile`` for another version or an encrypted bag."""
    magic = _MAGIC.match(file.read_at(0, 32))
    if not magic or (magic[1], magic[2]) != (b"2", b"0"):
        version = f"{magic[1].decode()}.{magic[2].decode()}" if magic else "an unknown version"
        raise UnreadableFile(
            f"{file.name}: ROS bags of version {version} are not read",
            hint="rosbag fix OLD.bag NEW.bag",
        )
    index = read_index(file, magic.end())
    return ChunkedContainer(
        file.name,
        _Chunks(file, index),
        Contents(
            connections=tuple(one for _, one in sorted(index.connections.items())),
            attachments=(),
            problems=index.problems,
            has_publish_time=False,
        ),
    )
