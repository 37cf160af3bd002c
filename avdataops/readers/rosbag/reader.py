"""The Reader of every ROS recording: a container, its topics, and batches of both."""

from collections import Counter, deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.reading import StreamBatch
from avdataops.readers.rosbag.batches import Made, Plan, plan_topic
from avdataops.readers.rosbag.container import Container, Lost, Share
from avdataops.readers.rosbag.crew import Crew, Later
from avdataops.readers.rosbag.passing import Job, Pass
from avdataops.readers.rosbag.topics import Topic, time_of, topics_of

_FIRST_NS, _BEHIND_NS = -(2**63), 2**64
"""Before and behind everything that a container can state."""
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

    def share(self, piece: int, pieces: int, *, max_rows: int = 65_536) -> Iterator[StreamBatch]:
        """Yield one of several shares of all streams; see ``Divisible``."""
        cuts = [_FIRST_NS, *self._container.cuts(pieces), _BEHIND_NS]
        cuts += [_BEHIND_NS] * (pieces + 1 - len(cuts))
        share = Share(cuts[piece], cuts[piece + 1])
        return self._batches({one.name for one in self.streams}, share, max(max_rows, 1))

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
        self._plan(topics)
        run = Pass(self._plans, topics, max_rows, self._rows_before(topics, time))
        with Crew() as crew:
            yield from self._run(run, crew, asked, time)
        for topic in topics:
            yield from run.finish(topic, asked, is_whole=time is None)
        self._found.update(run.problems(self._name, topics, is_whole=time is None))

    def _run(
        self, run: Pass, crew: Crew, asked: set[str], time: TimeRange | None
    ) -> Iterator[StreamBatch]:
        """Decode in threads, some blocks ahead; what comes out is in the order of the file."""
        waiting: deque[list[_Coming]] = deque()
        for jobs in self._jobs(run, crew, time):
            waiting.append([_begun(one, crew) for one in jobs])
            if len(waiting) > crew.workers:
                yield from _settled(run, waiting.popleft(), asked)
        while waiting:
            yield from _settled(run, waiting.popleft(), asked)

    def _jobs(self, run: Pass, crew: Crew, time: TimeRange | None) -> Iterator[list[Job | Lost]]:
        wanted = run.connections
        for item in self._container.messages(wanted, time, crew):
            if isinstance(item, Lost):
                yield [*run.flush(run.topic_of(item.connection)), item]
                run.skip(item)
            else:
                yield list(run.take(item))
        yield list(run.flush_all())

    def _plan(self, topics: Collection[Topic]) -> None:
        for topic in topics:
            if topic.name in self._plans:
                continue
            ids = [one.id for one in topic.connections]
            first = self._container.first(ids, _LOOK_AT)
            has_publish_time = self._container.has_publish_time
            plan = plan_topic(topic, first, has_publish_time=has_publish_time)
            self._plans[topic.name] = plan
            if plan.problem is not None:
                self._found[plan.problem.code, topic.name] = plan.problem

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


def _begun(one: Job | Lost, crew: Crew) -> "_Coming":
    return one if isinstance(one, Lost) else (one.topic, crew.submit(one.work))


def _settled(run: Pass, coming: list["_Coming"], asked: set[str]) -> Iterator[StreamBatch]:
    for one in coming:
        if isinstance(one, Lost):
            run.tell(one)
        else:
            yield from run.settle(one[0], one[1].result(), asked)


_Coming = Lost | tuple[str, Future[Made] | Later[Made]]
