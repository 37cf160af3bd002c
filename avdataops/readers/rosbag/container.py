"""What every ROS container gives: connections, and raw messages in order of log time."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.readers.rosbag.crew import Crew
from avdataops.readers.rosbag.messages import Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a container says of a connection, word for word: what a copy must repeat."""

    type: str = ""
    language: str = ""
    definition: bytes = b""
    facts: tuple[tuple[str, str], ...] = ()
    """Further names and values: quality of service, checksum, who published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One publisher's topic, as the container knows it."""

    id: int
    topic: str
    type: str
    """``package/msg/Name``."""
    encoding: str
    """``ros1``, ``cdr``, or what the container says."""
    language: str = ""
    """Language of the definition: ``ros1msg``, ``ros2msg``, ``ros2idl``; empty if there is none."""
    definition: str = ""
    rows: int | None = None
    time: TimeRange | None = None
    stated: Stated = Stated()


@dataclass(frozen=True, slots=True)
class Share(TimeRange):
    """A stretch of the recording of which every message is in one alone.

    Where a chunk states its times wrongly, its messages belong where the chunk says, so that
    shares that follow each other leave nothing out.
    """


class Lost(NamedTuple):
    """Messages that damage has taken."""

    connection: int
    messages: int
    reason: str


def undescribed(name: str, counts: Mapping[int, int], known: Collection[int]) -> Iterator[Problem]:
    """Tell of messages whose topic the recording names nowhere: nobody can place them."""
    for number, messages in sorted(counts.items()):
        if number not in known and messages:
            text = f"{name}: {messages} messages of topic number {number}, which it never describes"
            yield Problem(code="no_topic", message=text, lost_rows=messages)


class Container(Protocol):
    """One opened bag.  Damage met while reading is appended to ``problems``."""

    connections: tuple[Connection, ...]
    attachments: tuple[str, ...]
    problems: list[Problem]
    has_publish_time: bool

    def messages(
        self, wanted: Collection[int], time: TimeRange | None, crew: Crew
    ) -> Iterator[Messages | Lost]:
        """Yield the wanted connections' messages, log times ascending, ties as in the file.

        What comes is the same whatever the crew.
        """

    def first(self, wanted: Collection[int], count: int) -> list[bytes]:
        """Return the first messages of the wanted connections together."""

    def cuts(self, pieces: int) -> list[int]:
        """Return times, ascending, that cut the recording into pieces of about one size."""

    def count_before(self, wanted: Collection[int], t_ns: int) -> Mapping[int, int]:
        """Return how many messages of each wanted connection were logged before ``t_ns``."""

    def close(self) -> None:
        """Release what was opened."""
