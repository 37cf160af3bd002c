"""ROS 1 bags of version 2.0, with index or without (wiki.ros.org/Bags/Format/2.0)."""

import re
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag.bag1_chunk import chunk_content, head_at
from avdataops.readers.rosbag.bag1_index import Index, read_index
from avdataops.readers.rosbag.bag1_scan import messages_in
from avdataops.readers.rosbag.chunks import Chunk, ChunkedContainer, Contents
from avdataops.readers.rosbag.messages import Messages

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

    def size_of(self, chunk: Chunk) -> int:
        head = None if chunk.is_plain else head_at(self._file, chunk.at)
        with suppress(UnreadableFile):
            return head.record.number("size") if head else 0
        return 0

    def load(self, chunk: Chunk) -> Messages:
        content, indexed = chunk_content(self._file, chunk)
        return messages_in(np.frombuffer(content, np.uint8), chunk.at, indexed)


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
