"""Which identifiers a bus log holds, how often, and when."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.model.time import TimeRange
from avdataops.readers.can.frames import Frames
from avdataops.readers.can.grouping import group_codes

_ID_BITS = (1 << 29) - 1
_EXTENDED = 1 << 31

Id = tuple[int, bool]
"""Identifier, extended."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many frames there are, and from when to when."""

    frames: int = 0
    time: TimeRange | None = None

    def plus(self, other: "Seen") -> "Seen":
        """Return both together."""
        spans = [time for time in (self.time, other.time) if time is not None]
        span = spans[0].union(spans[-1]) if spans else None
        return Seen(self.frames + other.frames, span)


class Census:
    """Frames of every bus channel, counted while a log is read once."""

    def __init__(self) -> None:
        self.ids: dict[int, dict[Id, Seen]] = {}
        """Data frames by channel and identifier."""
        self.without_data: dict[int, Counter[str]] = {}
        """Frames that give no row, by channel and reason."""
        self.messages: dict[int, dict[Id, Seen]] = {}
        """What is decoded if that is not what was recorded, because of transports."""
        self.is_transported = False
        self.is_sample = False
        """True if the log goes on behind what was counted."""

    def add(self, frames: Frames, timed: npt.NDArray[np.bool_] | None = None) -> None:
        """Count data frames; ``timed`` says which of them have a time, None that all have."""
        _sum_up(self.ids, frames, timed)

    def add_messages(self, frames: Frames, timed: npt.NDArray[np.bool_] | None = None) -> None:
        """Count what is decoded: frames, and messages that a transport has put together."""
        self.is_transported = True
        _sum_up(self.messages, frames, timed)

    def decoded(self, channel: int) -> dict[Id, Seen]:
        """Return what is decoded on a channel."""
        return (self.messages if self.is_transported else self.ids).get(channel, {})

    def leave_out(self, channel: int, reason: str, frames: int) -> None:
        """Count frames that give no row."""
        self.without_data.setdefault(channel, Counter())[reason] += frames

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels that had any frame, in ascending order."""
        return tuple(sorted({*self.ids, *self.without_data}))


def _sum_up(
    found: dict[int, dict[Id, Seen]], frames: Frames, timed: npt.NDArray[np.bool_] | None
) -> None:
    for channel, key, seen in _count(frames, timed):
        ids = found.setdefault(channel, {})
        ids[key] = ids.get(key, Seen()).plus(seen)


def _count(frames: Frames, timed: npt.NDArray[np.bool_] | None) -> Iterator[tuple[int, Id, Seen]]:
    codes = (frames.bus << 32) | (frames.extended.astype(np.int64) << 31) | frames.id
    grouped = group_codes(codes)
    for code, where in zip(grouped.codes, grouped.rows(), strict=True):
        times = frames.t_ns[where if timed is None else where[timed[where]]]
        span = TimeRange(int(times.min()), int(times.max()) + 1) if len(times) else None
        key = (code & _ID_BITS, bool(code & _EXTENDED))
        yield code >> 32, key, Seen(len(where), span)
