"""One pass over a recording: messages wait for their batch, and nothing is lost from sight."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Problem
from avdataops.ports.reading import StreamBatch
from avdataops.readers.rosbag.batches import Made, Plan, make_batches
from avdataops.readers.rosbag.container import Lost
from avdataops.readers.rosbag.gather import offsets_of
from avdataops.readers.rosbag.messages import Messages
from avdataops.readers.rosbag.topics import Topic

MAX_BATCH_BYTES = 16 << 20
MAX_HELD_BYTES = 32 << 20
ENOUGH_BYTES, ENOUGH_ROWS = 1 << 18, 1 << 10
"""What is worth a batch of its own; fewer messages wait for more of their topic."""


@dataclass(frozen=True, slots=True)
class Job:
    """Messages of one topic that become batches."""

    topic: str
    work: Callable[[], Made]


class Pass:
    """Jobs are made in the order of the recording and settled in the same order."""

    def __init__(
        self,
        plans: Mapping[str, Plan],
        topics: Collection[Topic],
        max_rows: int,
        rows: Counter[str],
    ) -> None:
        self._plans = plans
        self._topics = {
            one.id: (place, topic.name)
            for place, topic in enumerate(topics)
            for one in topic.connections
        }
        self._max_rows = max_rows
        self._rows = rows
        self._waiting: dict[str, list[Messages]] = {}
        self._held: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._lost: dict[str, Counter[str]] = {}
        self._dropped: dict[str, Counter[str]] = {}
        self._reasons: dict[str, str] = {}
        self._out: Counter[str] = Counter()

    def take(self, some: Messages) -> Iterator[Job]:
        """Take messages of any topics; yield the jobs that are ripe."""
        names = dict(self._topics.values())
        places = {number: place for number, (place, _) in self._topics.items()}
        present = np.flatnonzero(np.bincount(some.connection))
        place_of = np.zeros(len(present) and int(present[-1]) + 1, np.int64)
        place_of[present] = [places[number] for number in present.tolist()]
        topic_of = place_of[some.connection]
        for place in sorted({places[number] for number in present.tolist()}):
            is_own = topic_of == place
            yield from self._add(names[place], some if is_own.all() else some.pick(is_own))

    def _add(self, name: str, part: Messages) -> Iterator[Job]:
        size = part.nbytes
        if size >= ENOUGH_BYTES or len(part) >= ENOUGH_ROWS:
            yield from self.flush(name)
            yield from self._jobs(name, part)
            return
        # Alone, so that few bytes do not keep all those around them.
        self._waiting.setdefault(name, []).append(part.alone())
        self._held[name] += size
        rows = sum(len(one) for one in self._waiting[name])
        if self._held[name] >= ENOUGH_BYTES or rows >= ENOUGH_ROWS:
            yield from self.flush(name)
        elif self._held.total() >= MAX_HELD_BYTES:
            yield from self.flush_all()

    def flush_all(self) -> Iterator[Job]:
        """Yield jobs of all messages that wait."""
        for name in list(self._waiting):
            yield from self.flush(name)

    def flush(self, name: str) -> Iterator[Job]:
        """Yield jobs of what waits of one topic."""
        waiting = self._waiting.pop(name, [])
        self._held.pop(name, None)
        if waiting:
            yield from self._jobs(name, Messages.together(waiting))

    def _jobs(self, name: str, some: Messages) -> Iterator[Job]:
        before = offsets_of(some.sizes)
        start = 0
        while start < len(some):
            full = int(before.searchsorted(before[start] + MAX_BATCH_BYTES, "right")) - 1
            stop = min(max(full, start + 1), start + self._max_rows, len(some))
            part = some if stop - start == len(some) else some.pick(slice(start, stop))
            work = partial(make_batches, self._plans[name], part, self._rows[name], self._max_rows)
            yield Job(name, work)
            self._rows[name] += stop - start
            start = stop

    @property
    def connections(self) -> Collection[int]:
        """Whose messages are wanted."""
        return self._topics.keys()

    def topic_of(self, connection: int) -> str:
        """Return the name of a connection's stream."""
        return self._topics[connection][1]

    def skip(self, item: Lost) -> None:
        """Leave out the row numbers of messages that damage has taken."""
        self._rows[self.topic_of(item.connection)] += item.messages

    def tell(self, item: Lost) -> None:
        """Count messages that damage has taken."""
        name = self.topic_of(item.connection)
        self._lost.setdefault(name, Counter())[item.reason] += item.messages
        self._dropped.setdefault(name, Counter())[item.reason] += item.messages

    def settle(self, name: str, made: Made, asked: Collection[str]) -> Iterator[StreamBatch]:
        """Yield what a job has made, as far as it was asked for."""
        self._lost.setdefault(name, Counter()).update(made.dropped)
        self._dropped.setdefault(name, Counter()).update(made.dropped)
        if made.reason:
            self._reasons.setdefault(name, made.reason)
        self._out[name] += made.batches[0].messages
        for batch in made.batches:
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
