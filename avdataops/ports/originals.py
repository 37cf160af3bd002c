"""Messages of a recording exactly as they were recorded, for whoever copies them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One publisher's topic, word for word as the recording states it."""

    number: int
    topic: str
    encoding: str
    """Of its messages: ``cdr``, ``ros1``, ``protobuf``, ``json`` and so on."""
    type: str
    language: str
    """Of the definition: ``ros2msg``, ``ros1msg``, ``protobuf``; empty if there is none."""
    definition: bytes
    facts: tuple[tuple[str, str], ...] = ()
    """Further names and values that the recording keeps for it."""


class Original(NamedTuple):
    """One message."""

    t_ns: int
    """When it was logged, on the recorder's clock."""
    publish_ns: int
    """When it was sent; the log time again where the recording keeps no other."""
    channel: int
    sequence: int
    data: bytes


class Originals(Protocol):
    """One opened recording; use as a context manager."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels by number."""

    def messages(self, channels: Collection[int], time: TimeRange) -> Iterator[Original]:
        """Yield the messages of these channels logged in ``time``, by log time.

        Reads no more of the file than the index and the chunks that ``time`` touches, one after
        the other.
        """

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far; ``lost_rows`` says what was not to be read."""

    def __enter__(self) -> Self:
        """Return the opened recording itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Release what was opened."""
