"""How bytes of a recording become columns."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import pyarrow as pa

from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.ports.originals import Originals


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Rows of one stream in the recording's order.

    ``rows`` starts with ``t_ns`` (int64, when the recorder took the message, on its own clock).
    Field metadata: ``unit`` (as the recording states it), ``source`` (the name in the recording).
    ``messages`` counts the source's messages behind these rows: equal to the rows for plain
    streams, 0 for child streams.  ``dropped`` counts messages that gave no row, by reason.
    With ``is_last`` no batch of the stream that holds rows follows, only losses may still be told:
    whoever keeps rows may let them go.  A reader that cannot know leaves it out.
    """

    stream: str
    rows: pa.RecordBatch
    messages: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    is_last: bool = False


class Reader(Protocol):
    """One opened recording.

    Opening reads header and index only and is cheap whatever the size.  A damaged recording opens
    as far as it can: what is wrong is in ``problems``, and ``batches`` yields what is readable.
    """

    @property
    def time(self) -> TimeRange | None:
        """First message to last, None when empty or unknown before reading."""

    @property
    def streams(self) -> tuple[Stream, ...]:
        """All streams with their counts by the recording's own index; children follow parents."""

    @property
    def clock(self) -> str:
        """Name of the clock that stamped the messages, such as ``ros`` or ``mdf``."""

    @property
    def attachments(self) -> tuple[str, ...]:
        """Names of files that the recording carries inside."""

    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong so far: at opening, and in what ``batches`` has read."""

    def batches(
        self,
        streams: Collection[str] | None = None,
        *,
        time: TimeRange | None = None,
        max_rows: int = 65_536,
    ) -> Iterator[StreamBatch]:
        """Yield the asked streams (None: all) with their children, in one pass over the file.

        Streams interleave; each comes in the recording's order.  A stream without messages
        yields one empty batch, so that its columns are known.  Damage ends or skips what it
        must, adds to ``problems`` and never raises after the first batch.
        """

    def __enter__(self) -> Self:
        """Return the reader itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Release what was opened."""


@runtime_checkable
class Divisible(Protocol):
    """A reader whose recording several workers can share."""

    def share(self, piece: int, pieces: int, *, max_rows: int = 65_536) -> Iterator[StreamBatch]:
        """Yield one of ``pieces`` shares of all streams, as ``batches`` yields the whole.

        Every message is in exactly one share.  The shares behind each other are the whole: the
        same rows with the same numbers in the same order.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecars:
    """Files of the same measurement that a format may need: DBC texts by name."""

    dbc: Mapping[str, bytes] = field(default_factory=dict)
    look_at: int | None = None
    """Frames of a bus log that opening may count, None for all: such a log has no index.

    With a limit the counts of its streams are unknown if there are more, a problem ``sampled`` says
    so, and streams state the rate that was seen as the attribute ``rate_hz``.
    """


@dataclass(frozen=True, slots=True)
class Format:
    """One recording format: how to recognise it by its first bytes, and how to open it."""

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    open: Callable[[ReadableFile, Sidecars], Reader]
    originals: Callable[[ReadableFile], Originals] | None = None
    """How to open it for copying its messages; None if it has none that stand for themselves."""
