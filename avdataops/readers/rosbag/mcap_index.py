"""The index of an MCAP file: from its summary where that is whole, else by walking its records."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from avdataops.model.errors import InputError, UnreadableFile
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag import mcap_records as records
from avdataops.readers.rosbag.chunks import Chunk, first_to_last
from avdataops.readers.rosbag.gather import Places
from avdataops.readers.rosbag.mcap_records import RECORD, records_in
from avdataops.readers.rosbag.mcap_walk import Found, walk

_FOOTER_FIELDS = struct.Struct("<QQI")
_FOOTER_BYTES = RECORD.size + _FOOTER_FIELDS.size + len(records.MAGIC)
_INDEX_HEAD = struct.Struct("<HI")
_ENTRY = np.dtype([("t_ns", "<u8"), ("offset", "<u8")])
_MAX_AREA_BYTES = 1 << 28


@dataclass(slots=True)
class Index:
    """Where the messages of a file are."""

    found: Found = field(default_factory=Found)
    indexed: dict[int, records.ChunkIndex] = field(default_factory=dict)
    """Index of each indexed chunk by its offset."""
    rows: Mapping[int, int] | None = None
    """Messages by channel as the summary counts them."""
    problems: list[Problem] = field(default_factory=list)

    def members(self, chunk: Chunk) -> frozenset[int]:
        """Return the channels that a chunk may hold."""
        if chunk.counts is not None:
            return frozenset(chunk.counts)
        index = self.indexed.get(chunk.at)
        return frozenset((index and index.index_offsets) or self.found.channels)

    def counts(self, file: ReadableFile, chunk: Chunk) -> Mapping[int, int] | None:
        """Return messages per channel of a chunk, None if it has no message index."""
        if chunk.counts is not None:
            return chunk.counts
        times = self._times_in(file, chunk)
        return None if times is None else {one: len(values) for one, values in times.items()}

    def times(self, file: ReadableFile) -> Mapping[int, TimeRange]:
        """Return the time from the first to the last message of each channel."""
        return first_to_last(
            self.found.chunks, self.members, lambda chunk: self._spans_in(file, chunk)
        )

    def _spans_in(self, file: ReadableFile, chunk: Chunk) -> Mapping[int, TimeRange]:
        if chunk.spans is not None:
            return chunk.spans
        whole = TimeRange(chunk.start_ns, chunk.stop_ns)
        times = self._times_in(file, chunk)
        if times is None:
            return dict.fromkeys(self.members(chunk), whole)
        return {
            channel: TimeRange(int(values.min()), int(values.max()) + 1)
            for channel, values in times.items()
            if len(values)
        }

    def bytes_behind(self, chunk: Chunk) -> int:
        """Return the size of the message index right behind a chunk, 0 if there is none."""
        index = self.indexed.get(chunk.at)
        if index is None or not index.index_offsets or index.index_length > _MAX_AREA_BYTES:
            return 0
        is_behind = min(index.index_offsets.values()) == chunk.at + chunk.length
        return index.index_length if is_behind else 0

    def offsets_in(self, chunk: Chunk, area: bytes) -> Places | None:
        """Return where the index says that messages are in a chunk, None if it is not whole."""
        entries = self._entries(chunk, area)
        if entries is None:
            return None
        offsets = [some["offset"].astype(np.int64) for some in entries.values()]
        return np.concatenate(offsets) if offsets else np.zeros(0, np.int64)

    def _times_in(
        self, file: ReadableFile, chunk: Chunk
    ) -> Mapping[int, np.ndarray[tuple[int], np.dtype[np.uint64]]] | None:
        """Return log times by channel from the message index behind a chunk."""
        index = self.indexed.get(chunk.at)
        if index is None or not index.index_offsets or index.index_length > _MAX_AREA_BYTES:
            return None
        area = file.read_at(min(index.index_offsets.values()), index.index_length)
        entries = self._entries(chunk, area)
        return entries and {channel: some["t_ns"] for channel, some in entries.items()}

    def _entries(self, chunk: Chunk, area: bytes) -> "Mapping[int, np.ndarray[Any, Any]] | None":
        """Return the index entries by channel, None if they are not of all its channels."""
        found = {}
        for opcode, data in records_in(area):
            if opcode != records.MESSAGE_INDEX or len(data) < _INDEX_HEAD.size:
                continue
            channel, size = _INDEX_HEAD.unpack_from(data)
            entries = data[_INDEX_HEAD.size : _INDEX_HEAD.size + size]
            whole = entries[: len(entries) // _ENTRY.itemsize * _ENTRY.itemsize]
            found[channel] = np.frombuffer(whole, _ENTRY)
        index = self.indexed[chunk.at]
        return found if found.keys() == index.index_offsets.keys() else None


def read_index(file: ReadableFile) -> Index:
    """Return the index of ``file``; what is wrong is in its ``problems``.

    Raises ``UnreadableFile`` if the file does not even begin with a whole header.
    """
    index = Index()
    summary_at = _read_summary(file, index)
    if summary_at is not None:
        _walk_gaps(file, index, summary_at)
        return index
    scanned = Index(problems=index.problems)
    stopped_at = walk(file, scanned.found, len(records.MAGIC), None)
    if stopped_at == len(records.MAGIC):
        raise UnreadableFile(f"{file.name}: no record of the MCAP file can be read")
    if stopped_at is not None:
        message = f"{file.name}: the file breaks off at byte {stopped_at} of {file.size}"
        scanned.problems.append(Problem(code="truncated", message=message))
    elif not scanned.problems:
        message = f"{file.name}: there is no index; the whole file was read to make one"
        scanned.problems.append(Problem(code="unindexed", message=message))
    return scanned


def _read_summary(file: ReadableFile, index: Index) -> int | None:
    """Fill ``index`` from the summary; returns its offset, None if it cannot serve as index."""
    tail_at = max(file.size - _FOOTER_BYTES, 0)
    tail = file.read_at(tail_at, _FOOTER_BYTES)
    expected = (records.FOOTER, _FOOTER_FIELDS.size)
    if not tail.endswith(records.MAGIC) or len(tail) < _FOOTER_BYTES:
        return None
    if RECORD.unpack_from(tail) != expected:
        return None
    start, _, crc = _FOOTER_FIELDS.unpack_from(tail, RECORD.size)
    if not 0 < start <= tail_at:
        return None
    summary = file.read_at(start, tail_at - start)
    # The checksum covers the footer up to itself.
    if crc and zlib.crc32(summary + tail[: RECORD.size + 16]) != crc:
        message = f"{file.name}: the summary at byte {start} has a bad checksum and is not used"
        index.problems.append(Problem(code="bad_crc", message=message))
        return None
    try:
        return start if _take_summary(summary, index) else None
    except InputError as error:
        message = f"{file.name}: the summary at byte {start} cannot be read: {error.message}"
        index.problems.append(Problem(code="bad_summary", message=message))
        return None


def _take_summary(summary: bytes, index: Index) -> bool:
    """Fill ``index``; says whether the summary knows all schemas, channels and chunks."""
    statistics: records.Statistics | None = None
    found = index.found
    for opcode, data in records_in(summary):
        if opcode == records.SCHEMA:
            found.add_schema(records.parse_schema(data))
        elif opcode == records.CHANNEL:
            found.add_channel(records.parse_channel(data))
        elif opcode == records.CHUNK_INDEX:
            one = records.parse_chunk_index(data)
            index.indexed[one.at] = one
            # An index may tell the times the wrong way round; the messages are there all the same.
            start_ns, last_ns = sorted((one.start_ns, one.end_ns))
            found.chunks.append(
                Chunk(
                    at=one.at,
                    length=one.length,
                    start_ns=start_ns,
                    stop_ns=last_ns + 1,
                    size=one.size,
                )
            )
        elif opcode == records.STATISTICS:
            statistics = records.parse_statistics(data)
        elif opcode == records.ATTACHMENT_INDEX:
            found.attachments.append(records.parse_attachment_index(data))
    if statistics is None:
        return False
    index.rows = statistics.counts
    return (
        statistics.schemas <= len(found.schemas)
        and statistics.channels <= len(found.channels)
        and statistics.chunks == len(found.chunks)
    )


def _walk_gaps(file: ReadableFile, index: Index, stop: int) -> None:
    """Look between the indexed chunks for messages and chunks that the summary leaves out."""
    beside = Found(schemas=index.found.schemas, channels=index.found.channels)
    at = len(records.MAGIC)
    for chunk in sorted(index.found.chunks, key=lambda chunk: chunk.at):
        walk(file, beside, at, min(chunk.at, stop))
        index_bytes = index.indexed[chunk.at].index_length
        at = max(at, chunk.at + chunk.length + index_bytes)
    walk(file, beside, at, stop)
    index.found.chunks.extend(beside.chunks)
    index.found.attachments = index.found.attachments or beside.attachments
