"""The Reader of MDF 4 files."""

import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

import pyarrow as pa

from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import Sidecars, StreamBatch
from avdataops.readers.can.transport import Assembler
from avdataops.readers.mdf4.facts import Group, Source, Task
from avdataops.readers.mdf4.laying import Event, Laying
from avdataops.readers.mdf4.library import Library
from avdataops.readers.mdf4.parsed import Parsed
from avdataops.readers.mdf4.plan import FRAME_ROWS, plan_streams
from avdataops.readers.mdf4.tally import Tally
from avdataops.readers.mdf4.unsupported import UnsupportedError

_MOST_THREADS = 4
_AHEAD = 3
"""Tasks that may have run before what they give is taken."""


@dataclass(frozen=True, slots=True)
class _End:
    """No more rows of the stream follow."""

    stream: str


class Mdf4Reader:
    """One opened MDF 4 file."""

    clock = "mdf"

    def __init__(self, name: str, source: Source, sidecars: Sidecars) -> None:
        self._name = name
        self._source = source
        self._plan = plan_streams(name, source, sidecars)
        self._found: dict[tuple[str, str | None], Problem] = {}

    @property
    def time(self) -> TimeRange | None:
        """First record to last of all streams whose times are known."""
        found: TimeRange | None = None
        for stream in self.streams:
            if stream.start_ns is not None and stream.stop_ns is not None:
                span = TimeRange(stream.start_ns, stream.stop_ns)
                found = span.union(found) if found else span
        return found

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Measured groups, then each bus channel with its messages."""
        return self._plan.streams

    @property
    def attachments(self) -> tuple[str, ...]:
        """Names of files inside."""
        return self._source.facts.attachments

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far."""
        return (*self._plan.problems, *self._found.values())

    def batches(
        self,
        streams: Collection[str] | None = None,
        *,
        time: TimeRange | None = None,
        max_rows: int = 65_536,
    ) -> Iterator[StreamBatch]:
        """Yield the asked streams group by group, in one pass over the file."""
        known = [stream.name for stream in self.streams]
        for name in streams if streams is not None else ():
            if name not in known:
                near = did_you_mean(name, known)
                raise MissingStream(f"no stream '{name}' in {self._name}{near}")
        asked = frozenset(known if streams is None else streams)
        return self._batches(asked, Tally(time), max(max_rows, 1))

    def _batches(self, asked: frozenset[str], tally: Tally, max_rows: int) -> Iterator[StreamBatch]:
        yield from _with_last(self._recorded(asked, tally, max_rows))
        yield from self._finish(asked, tally)

    def _recorded(
        self, asked: frozenset[str], tally: Tally, max_rows: int
    ) -> Iterator[StreamBatch | _End]:
        laying = Laying(self._source.facts, self._plan, asked)
        assembler = Assembler(self._plan.transport)
        with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS), "mdf4") as pool:
            for events in _in_order(pool, self._tasks(laying, max_rows)):
                for event in events:
                    if event.note is not None:
                        self._note(event.stream, event.note)
                    yield from tally.batches(event, max_rows)
                    if event.is_end:
                        yield _End(event.stream)
                    for whole in laying.assembled(event, assembler):
                        yield from tally.batches(whole, max_rows)
        self._note_broken(assembler)

    def _tasks(self, laying: Laying, max_rows: int) -> Iterator[Callable[[], Sequence[Event]]]:
        ends: list[Event] = []
        for some in self._source.sets:
            untimed = laying.untimed(some)
            if untimed:
                yield partial(_as_they_are, untimed)
            wanted = laying.wanted(some)
            is_frames = any(index in self._plan.frame_groups for index in wanted)
            rows = FRAME_ROWS if is_frames else max_rows
            try:
                for task in self._source.tasks(wanted, rows):
                    # Not a task of their own, which would take the turn of one that reads.
                    yield partial(_behind, ends, partial(self._guarded, laying, task, some))
                    ends = []
            except Exception as error:  # noqa: BLE001 - damage shows as whatever is tripped over
                yield partial(_as_they_are, [Event(some[0].name, note=str(error))])
            ends = [*ends, *laying.ends(some)]
        yield partial(_as_they_are, ends)

    @staticmethod
    def _guarded(laying: Laying, task: Task, some: Sequence[Group]) -> Sequence[Event]:
        try:
            return laying.lay(task)
        except MemoryError:
            raise  # The worker's limit, not a part of the file.
        except Exception as error:  # noqa: BLE001 - damage shows as whatever is tripped over
            return [Event(some[0].name, note=str(error))]

    def _note(self, stream: str, note: str) -> None:
        text = f"{self._name}: '{stream}' is damaged: {note}"
        problem = Problem(code="truncated", message=text, stream=stream)
        self._found.setdefault(("damaged", stream), problem)

    def _note_broken(self, assembler: Assembler) -> None:
        for bus, count in sorted(assembler.end().items()):
            text = f"{count} messages of bus channel {bus} in {self._name} lack a segment"
            self._found["transport", str(bus)] = Problem(code="broken_transport", message=text)

    def _finish(self, asked: frozenset[str], tally: Tally) -> Iterator[StreamBatch]:
        schemas = self._plan.schemas
        for stream in self.streams:
            if stream.name not in asked:
                continue
            dropped, missing = tally.rest(stream)
            if missing:
                self._note_missing(stream, missing)
            if dropped or stream.name not in tally.seen:
                empty = pa.RecordBatch.from_pylist([], schema=schemas[stream.name])
                yield StreamBatch(stream.name, empty, 0, dropped)
        for (name, reason), count in sorted(tally.dropped.items()):
            text = f"{count} records of '{name}' in {self._name} were dropped: {reason}"
            problem = Problem(code=reason, message=text, stream=name, lost_rows=count)
            if reason != "no_time":
                self._found[reason, name] = problem

    def _note_missing(self, stream: Stream, missing: int) -> None:
        total = stream.rows or 0
        text = f"'{stream.name}' in {self._name}: read {total - missing} of {total} records"
        self._found["missing", stream.name] = Problem(
            code="truncated", message=text, stream=stream.name, lost_rows=missing
        )

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Close the file."""
        self._source.close()


def _in_order(
    pool: ThreadPoolExecutor, tasks: Iterator[Callable[[], Sequence[Event]]]
) -> Iterator[Sequence[Event]]:
    """Yield what tasks give, in their order, while a few of the next ones run."""
    waiting: deque[Future[Sequence[Event]]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(task))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


def _with_last(found: Iterable[StreamBatch | _End]) -> Iterator[StreamBatch]:
    """Yield batches one behind, so that the last of a stream can say so.

    Where records of several groups interleave, this is known of the one that was seen last alone.
    """
    held: StreamBatch | None = None
    for one in found:
        if isinstance(one, StreamBatch):
            if held is not None:
                yield held
            held = one
        elif held is not None and held.stream == one.stream:
            held = replace(held, is_last=True)
    if held is not None:
        yield held


def _behind(events: Sequence[Event], task: Callable[[], Sequence[Event]]) -> Sequence[Event]:
    return [*events, *task()]


def _as_they_are(events: Sequence[Event]) -> Sequence[Event]:
    return events


def open_mdf4(file: ReadableFile, sidecars: Sidecars) -> Mdf4Reader:
    """Open an MDF 4 file; raises ``UnreadableFile`` if its blocks cannot be read."""
    source: Source
    try:
        source = Parsed(file)
    except UnsupportedError:
        source = Library(file)
    return Mdf4Reader(file.name, source, sidecars)
