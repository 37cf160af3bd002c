"""The Reader of every ROS recording: a container, its topics, and batches of both."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Self

import pyarrow as pa

from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.reading import StreamBatch
from avdataops.readers.rosbag.batches import Plan, make_batches, plan_topic
from avdataops.readers.rosbag.container import Container, Lost, Message
from avdataops.readers.rosbag.topics import Topic, time_of, topics_of

MAX_BATCH_BYTES = 16 << 20
MAX_HELD_BYTES = 64 << 20
_LOOK_AT = 3
"""Messages that show whether a definition fits."""


class RosReader:
    """One opened ROS recording."""

    clock = "ros"

    def __init__(self, name: str, container: Container) -> None:
        self._name = name
        self._container = container
        self._topics = topics_of(container.connections)
        self._plans: dict[str, Plan] = {}
        self._found: dict[tuple[str, str], Problem] = {}
        self.streams: tuple[Stream, ...] = tuple(
            stream for topic in self._topics for stream in topic.streams()
        )

    @property
    def time(self) -> TimeRange | None:
        """First message to last."""
        return time_of(self._container.connections)

    @property
    def attachments(self) -> tuple[str, ...]:
        """Names of files inside."""
        return self._container.attachments

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far."""
        planned = [topic.problem for topic in self._topics if topic.problem]
        return (*self._container.problems, *planned, *self._found.values())

    def batches(
        self,
        streams: Collection[str] | None = None,
        *,
        time: TimeRange | None = None,
        max_rows: int = 65_536,
    ) -> Iterator[StreamBatch]:
        """Yield the asked streams with their children, in one pass."""
        known = [stream.name for stream in self.streams]
        for name in streams if streams is not None else ():
            if name not in known:
                near = did_you_mean(name, known)
                raise MissingStream(f"no stream '{name}' in {self._name}{near}")
        asked = set(known if streams is None else streams)
        return self._batches(self._with_children(asked), time, max(max_rows, 1))

    def _with_children(self, asked: set[str]) -> set[str]:
        found = set(asked)
        for stream in self.streams:  # Parents come first.
            if stream.parent in found:
                found.add(stream.name)
        return found

    def _batches(
        self, asked: set[str], time: TimeRange | None, max_rows: int
    ) -> Iterator[StreamBatch]:
        topics = [topic for topic in self._topics if asked & set(topic.names)]
        by_connection = {one.id: topic for topic in topics for one in topic.connections}
        self._plan(topics)
        run = _Pass(self._plans, max_rows, self._rows_before(topics, time))
        for item in self._container.messages(by_connection, time):
            run.take(by_connection[item.connection], item)
            yield from run.ready(asked)
        run.flush_all()
        yield from run.ready(asked)
        for topic in topics:
            yield from run.finish(topic, asked, is_whole=time is None)
        self._found.update(run.problems(self._name, topics, is_whole=time is None))

    def _plan(self, topics: Collection[Topic]) -> None:
        for topic in topics:
            if topic.name in self._plans:
                continue
            has_publish_time = self._container.has_publish_time
            plan = plan_topic(topic, self._first(topic), has_publish_time=has_publish_time)
            self._plans[topic.name] = plan
            if plan.problem is not None:
                self._found[plan.problem.code, topic.name] = plan.problem

    def _first(self, topic: Topic) -> Iterator[Message]:
        ids = [one.id for one in topic.connections]
        messages = (m for m in self._container.messages(ids, None) if isinstance(m, Message))
        return itertools.islice(messages, _LOOK_AT)

    def _rows_before(self, topics: Collection[Topic], time: TimeRange | None) -> Counter[str]:
        rows: Counter[str] = Counter()
        parents = [topic for topic in topics if topic.table and topic.table.children]
        if time is None or not parents:
            return rows
        ids = {one.id: topic.name for topic in parents for one in topic.connections}
        for connection, count in self._container.count_before(ids, time.start_ns).items():
            rows[ids[connection]] += count
        return rows

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
        """Release the container."""
        self._container.close()


class _Pass:
    """State of one pass: messages that wait for their batch, row numbers, and what was lost."""

    def __init__(self, plans: dict[str, Plan], max_rows: int, rows: Counter[str]) -> None:
        self._plans = plans
        self._max_rows = max_rows
        self._rows = rows
        self._waiting: dict[str, list[Message]] = {}
        self._bytes: Counter[str] = Counter()
        self._ready: list[StreamBatch] = []
        self._seen: set[str] = set()
        self._lost: dict[str, Counter[str]] = {}
        self._dropped: dict[str, Counter[str]] = {}
        self._reasons: dict[str, str] = {}
        self._out: Counter[str] = Counter()

    def take(self, topic: Topic, item: Message | Lost) -> None:
        """Take one item of the container."""
        name = topic.name
        if isinstance(item, Lost):
            self._flush(name)
            self._lost.setdefault(name, Counter())[item.reason] += item.messages
            self._dropped.setdefault(name, Counter())[item.reason] += item.messages
            self._rows[name] += item.messages
            return
        self._waiting.setdefault(name, []).append(item)
        self._bytes[name] += len(item.data)
        if len(self._waiting[name]) >= self._max_rows or self._bytes[name] >= MAX_BATCH_BYTES:
            self._flush(name)
        elif self._bytes.total() >= MAX_HELD_BYTES:
            self.flush_all()

    def flush_all(self) -> None:
        """Turn all waiting messages into batches."""
        for name in list(self._waiting):
            self._flush(name)

    def _flush(self, name: str) -> None:
        messages = self._waiting.pop(name, [])
        self._bytes.pop(name, None)
        if not messages:
            return
        made = make_batches(self._plans[name], messages, self._rows[name], self._max_rows)
        self._rows[name] += len(messages)
        self._lost.setdefault(name, Counter()).update(made.dropped)
        self._dropped.setdefault(name, Counter()).update(made.dropped)
        if made.reason:
            self._reasons.setdefault(name, made.reason)
        self._out[name] += made.batches[0].messages
        self._ready.extend(made.batches)

    def ready(self, asked: Collection[str]) -> Iterator[StreamBatch]:
        """Yield the batches that are complete."""
        batches, self._ready = self._ready, []
        for batch in batches:
            if batch.stream not in asked or (not batch.rows.num_rows and batch.messages == 0):
                continue
            self._seen.add(batch.stream)
            lost = self._lost.pop(batch.stream, Counter())
            yield StreamBatch(batch.stream, batch.rows, batch.messages, dict(lost))

    def finish(
        self, topic: Topic, asked: Collection[str], *, is_whole: bool
    ) -> Iterator[StreamBatch]:
        """Yield an empty batch for streams without rows, and for losses not yet told."""
        lost = self._lost.pop(topic.name, Counter())
        missing = self.missing(topic) if is_whole else 0
        if missing > 0:
            lost["missing"] = missing
        for name, schema in zip(topic.names, self._plans[topic.name].schemas, strict=True):
            told = dict(lost) if name == topic.name else {}
            if name in asked and (name not in self._seen or any(told.values())):
                yield StreamBatch(name, pa.RecordBatch.from_pylist([], schema=schema), 0, told)

    def missing(self, topic: Topic) -> int:
        """Return how many messages the index counts beyond those that came out or were lost."""
        if topic.rows is None:
            return 0
        lost = self._dropped.get(topic.name, Counter())
        return topic.rows - self._out[topic.name] - lost.total()

    def problems(
        self, name: str, topics: Collection[Topic], *, is_whole: bool
    ) -> dict[tuple[str, str], Problem]:
        """Return what this pass found wrong, by code and stream."""
        found: dict[tuple[str, str], Problem] = {}
        for topic in topics:
            for code in ("decode_failed", "unsupported_encoding", "bad_time", "damaged"):
                count = self._dropped.get(topic.name, Counter())[code]
                if count:
                    why = self._reasons.get(topic.name, "their bytes are lost")
                    text = f"{count} messages of '{topic.name}' in {name} were dropped: {why}"
                    found[code, topic.name] = Problem(
                        code=code, message=text, stream=topic.name, lost_rows=count
                    )
            missing = self.missing(topic) if is_whole else 0
            if missing and topic.rows is not None:
                text = (
                    f"'{topic.name}' in {name}: read {topic.rows - missing} of {topic.rows} "
                    "messages that the index counts"
                )
                found["missing", topic.name] = Problem(
                    code="missing",
                    message=text,
                    stream=topic.name,
                    lost_rows=max(missing, 0),
                )
        return found
