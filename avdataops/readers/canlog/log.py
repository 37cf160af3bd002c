"""What every raw CAN log is to its reader: channels, and frames in bounded pieces."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from avdataops.model.stream import Problem
from avdataops.readers.can.frames import Frames

DATA, REMOTE, ERROR = 0, 1, 2
REASONS = {REMOTE: "remote_frame", ERROR: "error_frame"}
"""Why a frame gives no row: it carries no data."""
MAX_CHANNELS = 1024
"""More bus channels than any honest log has."""
MAX_IDS = 200_000
"""More identifiers, all channels together, than any honest log has."""
_MAX_LISTED = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring frames of a log in its order, all channels together."""

    frames: Frames
    kind: npt.NDArray[np.uint8]
    """``DATA``, ``REMOTE`` or ``ERROR``; of the latter two only channel and time count."""


class Faults:
    """What is found wrong with a log while it is read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bad_lines = 0
        self._first_bad_line = 0
        self._others: Counter[str] = Counter()
        self._noted: list[Problem] = []

    def note(self, code: str, message: str, lost_rows: int | None = None) -> None:
        """Tell of one fault; ``message`` goes on after the name of the file."""
        text = f"{self._name} {message}"
        self._noted.append(Problem(code=code, message=text, lost_rows=lost_rows))

    def bad_lines(self, count: int, first: int) -> None:
        """Count lines that cannot be read; ``first`` is the number of the first, from 1."""
        if count and not self._bad_lines:
            self._first_bad_line = first
        self._bad_lines += count

    def others(self, what: str, count: int) -> None:
        """Count something that is whole and is no CAN frame."""
        if count:
            self._others[what] += count

    def problems(self) -> tuple[Problem, ...]:
        """Return everything found, one problem for all bad lines."""
        found = list(self._noted)
        if self._bad_lines:
            text = (
                f"{self._name} has {self._bad_lines} lines that cannot be read as a frame, "
                f"the first is line {self._first_bad_line}"
            )
            lost = self._bad_lines
            found.append(Problem(code="bad_line", message=text, lost_rows=lost))
        if self._others:
            most = self._others.most_common(_MAX_LISTED)
            listed = ", ".join(f"{count} {what}" for what, count in most)
            more = ", …" if len(self._others) > len(most) else ""
            text = f"{self._name} also holds what is no CAN frame and is left out: {listed}{more}"
            found.append(Problem(code="not_can", message=text))
        return tuple(found)


class Log(Protocol):
    """One opened log: its header is read, its frames are not."""

    @property
    def name(self) -> str:
        """Name of the file, for messages."""

    def label(self, channel: int) -> str:
        """Return the name of a channel as users know it."""

    def number(self, channel: int) -> int:
        """Return what the column ``bus_channel`` says of a channel."""

    def pieces(self, faults: Faults) -> Iterator[Piece]:
        """Yield all frames; the same ones every time.  Damage goes to ``faults``.

        Raises ``UnreadableFile`` before the first piece if there is nothing to read.
        """
