"""Containers made of chunks: merged into one sequence by log time with bounded memory."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from avdataops.model.errors import InputError
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.readers.rosbag.container import Connection, Lost, Share
from avdataops.readers.rosbag.crew import Crew
from avdataops.readers.rosbag.messages import Messages
from avdataops.readers.rosbag.ordering import Loaded, LostChunk, Unit, in_time_order

GROUP_BYTES = 16 << 20
"""Bytes inside the chunks that are read and decoded as one piece of work."""


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
    size: int = 0
    """Bytes inside, 0 if only the chunk itself tells."""
    is_plain: bool = False
    """True for messages that stand in the file without a chunk around them."""


class Chunks(Protocol):
    """The chunks of one file, and how to look into them."""

    chunks: list[Chunk]

    def members(self, chunk: Chunk) -> frozenset[int]:
        """Return the connections that a chunk may hold."""

    def counts(self, chunk: Chunk) -> Mapping[int, int] | None:
        """Return messages per connection, None if the index does not tell."""

    def size_of(self, chunk: Chunk) -> int:
        """Return the bytes that loading a chunk takes at most."""

    def load(self, chunk: Chunk) -> Messages:
        """Return all messages of a chunk in file order; raises ``InputError`` if they are lost."""


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
        self._cached: tuple[int, Messages] | None = None
        self.connections = contents.connections
        self.attachments = contents.attachments
        self.problems = contents.problems
        self.has_publish_time = contents.has_publish_time

    def messages(
        self, wanted: Collection[int], time: TimeRange | None, crew: Crew
    ) -> Iterator[Messages | Lost]:
        """Yield the messages of the wanted connections, log times ascending, ties as in the file.

        The order is exact as long as chunks tell their times truly and those that overlap hold
        less than ``MAX_PENDING_BYTES`` of messages; else a problem ``unordered`` says where.
        """
        ids = frozenset(wanted)
        groups = grouped(self._of(ids, time), self._chunks.size_of)
        loads = (partial(self._load_all, group, ids, time) for group in groups)
        units = (unit for loaded in crew.ahead(loads) for unit in loaded)
        for item in in_time_order(units, self._note_disorder):
            if isinstance(item, LostChunk):
                self._note(item.problem)
                yield from item.lost
            else:
                yield item

    def first(self, wanted: Collection[int], count: int) -> list[bytes]:
        """Return the first messages of the wanted connections together."""
        ids = frozenset(wanted)
        found: list[bytes] = []
        groups = grouped(self._of(ids, None), self._chunks.size_of, group_bytes=1)
        units = (unit for group in groups for unit in self._kept(group, ids))
        for item in in_time_order(units, lambda _: None):
            if isinstance(item, Messages):
                some = item.pick(slice(0, count - len(found)))
                spans = zip(some.starts.tolist(), (some.starts + some.sizes).tolist(), strict=True)
                found += [some.data[start:stop].tobytes() for start, stop in spans]
            if len(found) == count:
                break
        return found

    def _of(self, ids: frozenset[int], time: TimeRange | None) -> list[Chunk]:
        """Return the chunks that may hold what is wanted, in the order of their first times."""
        found = [
            chunk
            for chunk in self._chunks.chunks
            if _meets(chunk, time) and ids & self._chunks.members(chunk)
        ]
        return sorted(found, key=lambda chunk: (chunk.start_ns, chunk.at))

    def _load_all(self, group: "Group", ids: frozenset[int], time: TimeRange | None) -> list[Unit]:
        """Load neighbouring chunks; runs of whole ones come as one unit."""
        found: list[Unit] = []
        whole: list[Messages] = []
        untils = [*(chunk.start_ns for chunk in group.chunks[1:]), group.until_ns]
        for chunk, until_ns in zip(group.chunks, untils, strict=True):
            try:
                whole.append(_wanted(self._load(chunk), chunk, ids, time))
            except InputError as error:
                if whole:
                    found.append(Loaded(chunk.start_ns, Messages.together(whole)))
                whole = []
                if not isinstance(time, Share) or time.start_ns <= chunk.start_ns < time.stop_ns:
                    found.append(self._lose(chunk, until_ns, ids, error))
        if whole:
            found.append(Loaded(group.until_ns, Messages.together(whole)))
        return found

    def cuts(self, pieces: int) -> list[int]:
        """Return times, ascending, at which chunks begin that cut the file to alike pieces."""
        order = sorted(self._chunks.chunks, key=lambda chunk: (chunk.start_ns, chunk.at))
        before = np.cumsum([0, *(chunk.length for chunk in order)])
        targets = [before[-1] * piece // pieces for piece in range(1, pieces)]
        places = np.searchsorted(before[:-1], targets).tolist()
        return [order[min(place, len(order) - 1)].start_ns for place in places] if order else []

    def count_before(self, wanted: Collection[int], t_ns: int) -> Mapping[int, int]:
        """Return how many messages of each wanted connection were logged before ``t_ns``."""
        found: Counter[int] = Counter()
        ids = frozenset(wanted)
        for chunk in self._chunks.chunks:
            counts = self._chunks.counts(chunk) if chunk.stop_ns <= t_ns else None
            if counts is not None:
                found.update({one: counts.get(one, 0) for one in ids})
            elif chunk.start_ns < t_ns:
                group = Group((chunk,), None)
                for unit in self._load_all(group, ids, Share(-1, t_ns)):
                    if isinstance(unit, LostChunk):
                        found.update({one.connection: one.messages for one in unit.lost})
                    else:
                        found.update(unit.messages.connection.tolist())
        return found

    def close(self) -> None:
        """Forget the chunks."""
        self._chunks.chunks.clear()
        self._cached = None

    def _kept(self, group: "Group", ids: frozenset[int]) -> list[Unit]:
        """Load a chunk and keep it: the first messages of many topics are in the same one."""
        (chunk,) = group.chunks
        if self._cached is None or self._cached[0] != chunk.at:
            with suppress(InputError):
                self._cached = (chunk.at, self._chunks.load(chunk))
        return self._load_all(group, ids, None)

    def _load(self, chunk: Chunk) -> Messages:
        cached = self._cached
        if cached is not None and cached[0] == chunk.at:
            return cached[1]
        return self._chunks.load(chunk)

    def _lose(
        self, chunk: Chunk, until_ns: int | None, ids: frozenset[int], error: InputError
    ) -> LostChunk:
        counts = self._chunks.counts(chunk)
        total = sum(counts.values()) if counts is not None else None
        text = f"{self._name}: the chunk at byte {chunk.at} is lost: {error.message}"
        problem = Problem(code="bad_chunk", message=text, lost_rows=total)
        lost = tuple(
            Lost(connection, count, "bad_chunk")
            for connection, count in sorted((counts or {}).items())
            if connection in ids and count
        )
        return LostChunk(until_ns, problem, lost)

    def _note_disorder(self, at: int) -> None:
        text = f"{self._name}: the chunk at byte {at} has messages from before its time"
        self._note(Problem(code="unordered", message=text))

    def _note(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _meets(chunk: Chunk, time: TimeRange | None) -> bool:
    return time is None or (chunk.start_ns < time.stop_ns and time.start_ns < chunk.stop_ns)


@dataclass(frozen=True, slots=True)
class Group:
    """Chunks that are read as one piece of work."""

    chunks: tuple[Chunk, ...]
    until_ns: int | None
    """First time of the chunk behind them, None if there is none."""


def grouped(
    chunks: Sequence[Chunk], size_of: Callable[[Chunk], int], group_bytes: int = GROUP_BYTES
) -> Iterator[Group]:
    """Yield neighbouring chunks that are worth a piece of work together.

    A group takes less than ``group_bytes``, or is a single chunk.
    """
    start = size = 0
    for number, chunk in enumerate(chunks):
        own = max(size_of(chunk), chunk.length)
        if number > start and size + own > group_bytes:
            yield Group(tuple(chunks[start:number]), chunk.start_ns)
            start, size = number, 0
        size += own
    if start < len(chunks):
        yield Group(tuple(chunks[start:]), None)


def _wanted(some: Messages, chunk: Chunk, ids: frozenset[int], time: TimeRange | None) -> Messages:
    is_wanted = np.ones(len(some), np.bool_)
    if not ids >= set(np.flatnonzero(np.bincount(some.connection)).tolist()):
        is_wanted = np.isin(some.connection, np.array(sorted(ids), np.int64))
    if time is not None:
        t_ns = some.t_ns
        if isinstance(time, Share):
            t_ns = np.clip(t_ns, max(chunk.start_ns, 0), max(chunk.stop_ns - 1, 0))
        is_wanted &= (t_ns >= time.start_ns) & (t_ns < time.stop_ns)
    return some if is_wanted.all() else some.pick(is_wanted)


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
