"""ROS recordings for those who copy: channels and messages word for word."""

import functools
from collections import Counter
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Self

from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.originals import Channel, Original
from avdataops.readers.rosbag.container import Connection, Container, Lost
from avdataops.readers.rosbag.crew import Crew
from avdataops.readers.rosbag.messages import Messages

_STANDARD = "avdataops.definition"
"""Fact of a channel whose definition is not from the recording."""


class RosOriginals:
    """One opened ROS recording."""

    def __init__(self, name: str, container: Container) -> None:
        self._name = name
        self._container = container
        self._lost: Counter[tuple[int, str]] = Counter()
        self.channels: tuple[Channel, ...] = tuple(_channel(one) for one in container.connections)

    def messages(self, channels: Collection[int], time: TimeRange) -> Iterator[Original]:
        """Yield the messages of these channels logged in ``time``, by log time."""
        # Nobody reads ahead here: who copies a short range reads that range.
        with Crew(workers=0) as crew:
            for item in self._container.messages(channels, time, crew):
                if isinstance(item, Lost):
                    self._lost[item.connection, item.reason] += item.messages
                else:
                    yield from _each(item)

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far."""
        topics = {one.number: one.topic for one in self.channels}
        lost = (
            Problem(
                code=reason,
                message=f"{self._name}: {count} messages of '{topics[number]}' cannot be read",
                stream=topics[number],
                lost_rows=count,
            )
            for (number, reason), count in sorted(self._lost.items())
        )
        return (*self._container.problems, *lost)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._container.close()


def _each(some: Messages) -> Iterator[Original]:
    facts = (some.t_ns, some.publish_ns, some.connection, some.sequence, some.starts, some.sizes)
    rows = zip(*(column.tolist() for column in facts), strict=True)
    for t_ns, publish_ns, channel, sequence, start, size in rows:
        data = some.data[start : start + size].tobytes()
        yield Original(t_ns, publish_ns, channel, sequence, data)


def _channel(one: Connection) -> Channel:
    stated = one.stated
    language, definition, facts = stated.language, stated.definition, stated.facts
    if not definition and one.encoding == "cdr" and (text := _standard_text(one.type)):
        # A recording of before the time when they carried definitions.
        language, definition = "ros2msg", text.encode()
        facts = (*facts, (_STANDARD, "ROS 2 Humble"))
    return Channel(
        number=one.id,
        topic=one.topic,
        encoding=one.encoding,
        type=stated.type,
        language=language,
        definition=definition,
        facts=facts,
    )


@functools.cache
def _standard_text(type_name: str) -> str:
    """Return the definition of a standard ROS 2 message type, empty for another."""
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    return store.generate_msgdef(type_name, ros_version=2)[0] if type_name in store.types else ""
