"""Vector ASC logs: one event per line, times in seconds since the start of the measurement.

``0.001000 1 123x Rx d 2 0A 0B`` is a classic frame on channel 1, ``CANFD 1 Rx 123 <name> <brs>
<esi> <dlc> <bytes> 0A ...`` one of CAN FD (CANoe help, "ASC logging format").  Other events are
counted and left out.
"""

from collections.abc import Iterator

import numpy as np

from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import Sidecars
from avdataops.readers.canlog.asc_frames import classic_frames, fd_frames
from avdataops.readers.canlog.asc_header import read_header
from avdataops.readers.canlog.found import Found, Mask, Places, in_order
from avdataops.readers.canlog.lines import whole_lines
from avdataops.readers.canlog.log import Faults, Piece
from avdataops.readers.canlog.reader import CanLogReader
from avdataops.readers.canlog.words import Lines, equals, integers, nanoseconds, split_words

_HEADER_WORDS = frozenset({b"date", b"base", b"internal", b"no", b"begin", b"end"})
_COMMENT = b"//"
_CHANNEL_DIGITS = 3
_MAX_ELAPSED_NS = 1 << 61
"""73 years; with a start before 2150 the sum fits into 64 bits."""


def open_asc(file: ReadableFile, sidecars: Sidecars) -> CanLogReader:
    """Open a log; raises ``UnreadableFile`` if it holds no whole line."""
    return CanLogReader(AscLog(file), sidecars)


class AscLog:
    """An ASC log."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._header = read_header(file)

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._file.name

    def label(self, channel: int) -> str:
        """Return ``CAN1`` for channel 1."""
        return f"CAN{channel}"

    def number(self, channel: int) -> int:
        """Return the channel."""
        return channel

    def pieces(self, faults: Faults) -> Iterator[Piece]:
        """Yield the frames of some megabytes of lines at a time."""
        start_ns = self._header.start_ns
        if start_ns is None:
            faults.note("no_start_time", "states no start that can be read; times count from 1970")
        else:
            faults.note("no_time_zone", "states its start without a zone; it is taken for UTC")
        clock = _Clock(start_ns or 0, is_relative=self._header.is_relative)
        for chunk in whole_lines(self._file, faults):
            lines = split_words(chunk.text)
            t_ns, timed = clock.times(lines)
            found, others = self._frames(lines, np.flatnonzero(timed))
            faults.others("events", others)
            bad = np.union1d(found.place[~found.good], _unknown_lines(lines, ~timed))
            if len(bad):
                faults.bad_lines(len(bad), chunk.first + int(bad[0]))
            yield found.piece(t_ns[found.place])

    def _frames(self, lines: Lines, rows: Places) -> tuple[Found, int]:
        """Return the frames among events, and how many other events there are."""
        base = self._header.base
        second = lines.word(1, rows)
        _, is_channel = integers(second, 10, _CHANNEL_DIGITS)
        classic = classic_frames(lines, rows[is_channel], base)
        fd = fd_frames(lines, rows[equals(second, "CANFD")], base)
        found = in_order([classic, fd])
        starts = int(equals(second, "Start").sum())
        return found, len(rows) - len(found.place) - starts


class _Clock:
    """Times of events, whether they count from the start or each from the one before."""

    def __init__(self, start_ns: int, *, is_relative: bool) -> None:
        self._start_ns = start_ns
        self._is_relative = is_relative
        self._elapsed_ns = 0

    def times(self, lines: Lines) -> tuple[Places, Mask]:
        """Return the time of each line, and which lines have one inside the range of int64."""
        t_ns, timed = nanoseconds(lines.word(0))
        if self._is_relative and len(t_ns):
            # The sum of floats shows where that of integers has left its range.
            reach = self._elapsed_ns + np.cumsum(t_ns, dtype=np.float64)
            t_ns = self._elapsed_ns + np.cumsum(t_ns)
            t_ns[reach >= _MAX_ELAPSED_NS] = _MAX_ELAPSED_NS
            self._elapsed_ns = int(t_ns[-1])
        timed &= t_ns < _MAX_ELAPSED_NS
        return np.where(timed, t_ns + self._start_ns, 0), timed


def _unknown_lines(lines: Lines, untimed: Mask) -> Places:
    """Return the lines that are neither events, nor comments, nor of the header."""
    rows = np.flatnonzero(untimed & (lines.count > 0))
    words = lines.word(0, rows)
    known = [_is_known(words.bytes_of(number)) for number in range(len(rows))]
    return rows[~np.array(known, dtype=np.bool_)]


def _is_known(word: bytes) -> bool:
    return word.startswith(_COMMENT) or word.removeprefix(b"\xef\xbb\xbf").lower() in _HEADER_WORDS
