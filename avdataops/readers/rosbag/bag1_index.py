"""The index of a ROS 1 bag: from its end where that is whole, else by walking its records."""

import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from avdataops.model.errors import InputError, UnreadableFile
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.readers.rosbag import bag1_records as records
from avdataops.readers.rosbag.bag1_chunk import ENTRY, Head, chunk_content, head_at
from avdataops.readers.rosbag.bag1_records import Damaged, Record, parse_fields, records_in
from avdataops.readers.rosbag.chunks import Chunk, first_to_last
from avdataops.readers.rosbag.container import Connection, Stated
from avdataops.readers.rosbag.definitions import full_name

_PLAIN_BYTES = 1 << 20
_STATED = ("callerid", "latching", "md5sum")
"""Fields of a connection header that say more than topic, type and definition."""


@dataclass(slots=True)
class Index:
    """What the bag says about itself, or what walking through it has shown."""

    connections: dict[int, Connection] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_index(file: ReadableFile, start: int) -> Index:
    """Return the index; what is wrong is in its ``problems``.

    Raises ``UnreadableFile`` if the bag is encrypted or has no header.
    """
    head = head_at(file, start)
    if head is None or head.record.op != records.BAG_HEADER:
        raise UnreadableFile(f"{file.name}: the bag has no header record")
    if head.record.text("encryptor"):
        raise UnreadableFile(f"{file.name}: encrypted bags are not read")
    found = _read_end(file, head.record)
    return found or _walk(file, head)


def _read_end(file: ReadableFile, header: Record) -> Index | None:
    try:
        at = header.number("index_pos")
        if not header.at < at < file.size:
            return None
        index = Index()
        for record in records_in(file.read_at(at, file.size - at)):
            if record.op == records.CONNECTION:
                _take_connection(index, record)
            elif record.op == records.CHUNK_INFO:
                index.chunks.append(_chunk_of_info(record))
        if len(index.chunks) != header.number("chunk_count"):
            return None
    except UnreadableFile:
        return None
    # A chunk reaches to where the next one begins at most; its own header has its true end.
    order = sorted(index.chunks, key=lambda chunk: chunk.at)
    stops = [chunk.at for chunk in order[1:]] + [at]
    if any(stop <= chunk.at for chunk, stop in zip(order, stops, strict=True)):
        return None
    index.chunks = [
        replace(chunk, length=stop - chunk.at) for chunk, stop in zip(order, stops, strict=True)
    ]
    _count(file, index)
    return index


def _count(file: ReadableFile, index: Index) -> None:
    """Give connections their rows and times by the chunk infos and the index behind chunks."""
    times = first_to_last(
        index.chunks, lambda chunk: chunk.counts or (), lambda chunk: _spans_in(file, chunk)
    )
    rows: Counter[int] = Counter()
    for chunk in index.chunks:
        rows.update(chunk.counts or {})
    for number, connection in index.connections.items():
        index.connections[number] = replace(connection, rows=rows[number], time=times.get(number))


def _spans_in(file: ReadableFile, chunk: Chunk) -> dict[int, TimeRange]:
    """Return the times of a chunk's messages from the index records behind it."""
    found = dict.fromkeys(chunk.counts or (), TimeRange(chunk.start_ns, chunk.stop_ns))
    head = head_at(file, chunk.at)
    if head is None or head.stop > chunk.at + chunk.length:
        return found
    with suppress(UnreadableFile):
        for record in records_in(file.read_at(head.stop, chunk.at + chunk.length - head.stop)):
            if record.op == records.INDEX_DATA and record.data:
                whole = record.data[: len(record.data) // ENTRY.itemsize * ENTRY.itemsize]
                entries = np.frombuffer(whole, ENTRY)
                t_ns = entries["s"].astype(np.int64) * NS_PER_S + entries["ns"]
                found[record.number("conn")] = TimeRange(int(t_ns.min()), int(t_ns.max()) + 1)
    return found


def _chunk_of_info(record: Record) -> Chunk:
    pairs = struct.iter_unpack("<II", record.data[: len(record.data) // 8 * 8])
    counts: Counter[int] = Counter()
    for connection, count in pairs:
        counts[connection] += count
    # An info may tell the times the wrong way round; the messages are there all the same.
    first_ns, last_ns = sorted((record.time_ns("start_time"), record.time_ns("end_time")))
    return Chunk(
        at=record.number("chunk_pos"),
        length=0,
        start_ns=first_ns,
        stop_ns=last_ns + 1,
        counts=counts,
    )


def _take_connection(index: Index, record: Record) -> None:
    number = record.number("conn")
    facts = parse_fields(record.data)
    definition = facts.get("message_definition", b"")
    told = {name: value.decode("utf-8", "replace") for name, value in facts.items()}
    index.connections.setdefault(
        number,
        Connection(
            id=number,
            topic=record.text("topic"),
            type=full_name(told.get("type", "")),
            encoding="ros1",
            language="ros1msg" if "message_definition" in facts else "",
            definition=definition.decode("utf-8", "replace"),
            stated=Stated(
                type=told.get("type", ""),
                language="ros1msg" if "message_definition" in facts else "",
                definition=definition,
                facts=tuple(sorted((k, v) for k, v in told.items() if k in _STATED)),
            ),
        ),
    )


def _walk(file: ReadableFile, header: Head) -> Index:
    """Read all records behind the bag header; the last may be cut off."""
    index = Index()
    plain = _Plain(index)
    at = header.stop
    while at < file.size:
        head = head_at(file, at)
        if head is None or not _take(file, index, plain, head) or head.stop > file.size:
            plain.flush()
            index.problems.append(_truncated(file, at, index, header.record))
            return index
        at = head.stop
    plain.flush()
    if header.record.number("index_pos") > file.size:
        index.problems.append(_truncated(file, at, index, header.record))
        return index
    message = f"{file.name}: there is no index; the whole bag was read to make one"
    index.problems.append(Problem(code="unindexed", message=message))
    return index


def _truncated(file: ReadableFile, at: int, index: Index, header: Record) -> Problem:
    text = f"{file.name}: the bag breaks off at byte {at} of {file.size}"
    try:
        expected = header.number("chunk_count")
    except UnreadableFile:
        expected = 0
    if expected:
        text += f"; read {len(index.chunks)} of {expected} chunks"
    return Problem(code="truncated", message=text)


def _take(file: ReadableFile, index: Index, plain: "_Plain", head: Head) -> bool:
    try:
        if head.record.op == records.MESSAGE:
            if head.stop <= file.size:
                plain.take(head)
            return True
        plain.flush()
        if head.record.op == records.CHUNK:
            _take_chunk(file, index, head)
        elif head.record.op == records.CONNECTION:
            data = file.read_at(head.body_at, head.size)
            _take_connection(index, replace(head.record, data=data))
    except InputError:
        return False
    return head.record.op in range(records.MESSAGE, records.CONNECTION + 1)


def _take_chunk(file: ReadableFile, index: Index, head: Head) -> None:
    chunk = Chunk(at=head.record.at, length=head.stop - head.record.at, start_ns=0, stop_ns=1)
    counts: Counter[int] = Counter()
    times: list[int] = []
    try:
        for record in records_in(chunk_content(file, chunk)[0]):
            if record.op == records.CONNECTION:
                _take_connection(index, record)
            elif record.op == records.MESSAGE:
                counts[record.number("conn")] += 1
                times.append(record.time_ns("time"))
    except Damaged:
        pass
    if times:
        start_ns, stop_ns = min(times), max(times) + 1
        index.chunks.append(replace(chunk, counts=counts, start_ns=start_ns, stop_ns=stop_ns))


class _Plain:
    """Messages outside chunks, joined to stretches of about a megabyte."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._stretch: Chunk | None = None
        self._counts: Counter[int] = Counter()

    def take(self, head: Head) -> None:
        t_ns, connection = head.record.time_ns("time"), head.record.number("conn")
        old = self._stretch
        if old is not None and head.record.at - old.at > _PLAIN_BYTES:
            self.flush()
            old = None
        at = old.at if old else head.record.at
        self._stretch = Chunk(
            at=at,
            length=head.stop - at,
            start_ns=min(old.start_ns, t_ns) if old else t_ns,
            stop_ns=max(old.stop_ns, t_ns + 1) if old else t_ns + 1,
            is_plain=True,
        )
        self._counts[connection] += 1

    def flush(self) -> None:
        if self._stretch is not None:
            self._index.chunks.append(replace(self._stretch, counts=dict(self._counts)))
        self._stretch, self._counts = None, Counter()
