"""Containers made of chunks: merged into one sequence by log time with bounded memory."""

import bisect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from avdataops.model.errors import InputError
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.readers.rosbag.container import Connection, Lost, Message

MAX_PENDING_BYTES = 1 << 28
"""Messages held back because chunks overlap in time; beyond it the oldest go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of the file that holds messages."""

    at: int
    length: int
    start_ns: int
    stop_ns: int
    """Half-open."""
    counts: Mapping[int, int] | None = None
    """Messages per connection; None if only the index or a look inside would tell."""
    spans: Mapping[int, TimeRange] | None = None
    """Time of the messages per connection, None likewise."""
    is_plain: bool = False
    """True for messages that stand in the file without a chunk around them."""


class Chunks(Protocol):
    """The chunks of one file, and how to look into them."""

    chunks: list[Chunk]

    def members(self, chunk: Chunk) -> frozenset[int]:
        """Return the connections that a chunk may hold."""

    def counts(self, chunk: Chunk) -> Mapping[int, int] | None:
        """Return messages per connection, None if the index does not tell."""

    def content(self, chunk: Chunk) -> bytes:
        """Return the records in a chunk; raises ``InputError`` if they are lost."""

    def messages(self, chunk: Chunk, data: bytes, wanted: frozenset[int]) -> Iterator[Message]:
        """Yield the wanted messages among the records of a chunk, in file order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a container knows after opening."""

    connections: tuple[Connection, ...]
    attachments: tuple[str, ...]
    problems: list[Problem]
    has_publish_time: bool


class ChunkedContainer:
    """A container whose messages stand in chunks."""

    def __init__(self, name: str, chunks: Chunks, contents: Contents) -> None:
        self._name = name
        self._chunks = chunks
        self._cached: tuple[int, bytes] = (-1, b"")
        self.connections = contents.connections
        self.attachments = contents.attachments
        self.problems = contents.problems
        self.has_publish_time = contents.has_publish_time

    def messages(self, wanted: Collection[int], time: TimeRange | None) -> Iterator[Message | Lost]:
        """Yield the messages of the wanted connections, log times ascending, ties as in the file.

        The order is exact as long as chunks tell their times truly and those that overlap hold
        less than ``MAX_PENDING_BYTES`` of messages; else a problem ``unordered`` says where.
        """
        ids = frozenset(wanted)
        chunks = [
            chunk
            for chunk in self._chunks.chunks
            if _meets(chunk, time) and ids & self._chunks.members(chunk)
        ]
        ordered = in_time_order(chunks, lambda chunk: self._load(chunk, ids), self._note_disorder)
        for item in ordered:
            if isinstance(item, Lost) or time is None or time.start_ns <= item.t_ns < time.stop_ns:
                yield item

    def count_before(self, wanted: Collection[int], t_ns: int) -> Mapping[int, int]:
        """Return how many messages of each wanted connection were logged before ``t_ns``."""
        found: Counter[int] = Counter()
        ids = frozenset(wanted)
        for chunk in self._chunks.chunks:
            counts = self._chunks.counts(chunk) if chunk.stop_ns <= t_ns else None
            if counts is not None:
                found.update({one: counts.get(one, 0) for one in ids})
            elif chunk.start_ns < t_ns:
                for item in self._load(chunk, ids):
                    if isinstance(item, Lost):
                        found[item.connection] += item.messages
                    elif item.t_ns < t_ns:
                        found[item.connection] += 1
        return found

    def close(self) -> None:
        """Forget the chunks."""
        self._chunks.chunks.clear()
        self._cached = (-1, b"")

    def _load(self, chunk: Chunk, ids: frozenset[int]) -> Iterator[Message | Lost]:
        # A look at the first messages of topics is often followed by reading the same chunk.
        if self._cached[0] != chunk.at:
            try:
                self._cached = (chunk.at, self._chunks.content(chunk))
            except InputError as error:
                yield from self._lose(chunk, ids, error)
                return
        yield from self._chunks.messages(chunk, self._cached[1], ids)

    def _lose(self, chunk: Chunk, ids: frozenset[int], error: InputError) -> Iterator[Lost]:
        counts = self._chunks.counts(chunk)
        total = sum(counts.values()) if counts is not None else None
        text = f"{self._name}: the chunk at byte {chunk.at} is lost: {error.message}"
        self._note(Problem(code="bad_chunk", message=text, lost_rows=total))
        for connection, count in sorted((counts or {}).items()):
            if connection in ids and count:
                yield Lost(connection, count, "bad_chunk")

    def _note_disorder(self, at: int) -> None:
        text = f"{self._name}: the chunk at byte {at} has messages from before its time"
        self._note(Problem(code="unordered", message=text))

    def _note(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _meets(chunk: Chunk, time: TimeRange | None) -> bool:
    return time is None or (chunk.start_ns < time.stop_ns and time.start_ns < chunk.stop_ns)


def in_time_order(
    chunks: Iterable[Chunk],
    load: Callable[[Chunk], Iterable[Message | Lost]],
    on_disorder: Callable[[int], None],
) -> Iterator[Message | Lost]:
    """Yield the messages of all chunks by log time, and by place in the file where times tie.

    A message is held back until no later chunk can come before it.  ``on_disorder`` is called
    with the offset of a chunk whose messages come too late to be put in order.
    """
    pending: list[Message] = []
    passed = -1
    for chunk in sorted(chunks, key=lambda chunk: (chunk.start_ns, chunk.at)):
        ready = bisect.bisect_left(pending, (chunk.start_ns,))
        yield from pending[:ready]
        passed = pending[ready - 1].t_ns if ready else passed
        del pending[:ready]
        for item in load(chunk):
            if isinstance(item, Lost):
                yield item
            else:
                pending.append(item)
        pending.sort()
        if pending and pending[0].t_ns < passed:
            on_disorder(chunk.at)
        while sum(len(message.data) for message in pending) > MAX_PENDING_BYTES:
            half = (len(pending) + 1) // 2
            yield from pending[:half]
            passed = pending[half - 1].t_ns
            del pending[:half]
    yield from pending


def first_to_last(
    chunks: Collection[Chunk],
    members: Callable[[Chunk], Collection[int]],
    spans: Callable[[Chunk], Mapping[int, TimeRange]],
) -> Mapping[int, TimeRange]:
    """Return the time of the messages of each connection.

    ``spans`` reads the index of a chunk; it is asked only for chunks that can still move an end.
    """
    found: dict[int, TimeRange] = {}
    by_start = sorted(chunks, key=lambda chunk: chunk.start_ns)
    by_stop = sorted(chunks, key=lambda chunk: -chunk.stop_ns)
    for chunk in by_start:
        ids = members(chunk)
        if any(one not in found or chunk.start_ns < found[one].start_ns for one in ids):
            _widen(found, spans(chunk))
    for chunk in by_stop:
        ids = members(chunk)
        if any(one in found and chunk.stop_ns > found[one].stop_ns for one in ids):
            _widen(found, spans(chunk))
    return found


def _widen(found: dict[int, TimeRange], more: Mapping[int, TimeRange]) -> None:
    for one, span in more.items():
        found[one] = span.union(found[one]) if one in found else span
