"""candump logs (can-utils, ``candump -l`` and ``-L``): one frame per line, absolute times.

``(1581670628.161550) can0 123#DEADBEEF``, ``12345678#`` for 29 bits, ``##<flags>`` for CAN FD,
``#R`` for a remote frame, ``_9`` to ``_F`` for the DLC of a classic frame of eight bytes, and R or
T at the end where the direction is known (can-utils, lib.h, "CAN log file format").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import Sidecars
from avdataops.readers.can.frames import Frames
from avdataops.readers.canlog.dlc import CLASSIC_BYTES, FD_BYTES, LENGTHS, dlc_of
from avdataops.readers.canlog.found import Bytes, Mask, Places
from avdataops.readers.canlog.lines import whole_lines
from avdataops.readers.canlog.log import DATA, ERROR, MAX_CHANNELS, REMOTE, Faults, Piece
from avdataops.readers.canlog.reader import CanLogReader
from avdataops.readers.canlog.words import (
    DIGITS,
    Lines,
    Words,
    equals,
    first_mark,
    hex_bytes,
    integers,
    nanoseconds,
    split_words,
)

_STANDARD_DIGITS, _EXTENDED_DIGITS = 3, 8
_MAX_STANDARD, _MAX_EXTENDED = (1 << 11) - 1, (1 << 29) - 1
_ERROR_FLAG = 1 << 29
"""CAN_ERR_FLAG of linux/can.h."""
_MAX_NAME = 15
"""Bytes of an interface's name (IFNAMSIZ of linux/if.h, less the end)."""
_WORDS = 3
_HEX = 16
_TRAILING_NUMBER = re.compile(r"([0-9]{1,9})$")
_YEAR_2000_NS = 946_684_800_000_000_000


def open_candump(file: ReadableFile, sidecars: Sidecars) -> CanLogReader:
    """Open a log; raises ``UnreadableFile`` if it holds no whole line."""
    return CanLogReader(CandumpLog(file), sidecars)


class CandumpLog:
    """A candump log."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._names: list[bytes] = []

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._file.name

    def label(self, channel: int) -> str:
        """Return the name of the interface."""
        return self._names[channel].decode("ascii", "backslashreplace")

    def number(self, channel: int) -> int:
        """Return the number at the end of the interface's name, else its place in the log."""
        found = _TRAILING_NUMBER.search(self.label(channel))
        return int(found[1]) if found else channel

    def pieces(self, faults: Faults) -> Iterator[Piece]:
        """Yield the frames of some megabytes of lines at a time."""
        earliest: int | None = None
        is_empty = True
        for chunk in whole_lines(self._file, faults):
            is_empty = False
            lines = split_words(chunk.text)
            piece, bad = self._parse(lines)
            if len(bad):
                faults.bad_lines(len(bad), chunk.first + int(bad[0]))
            if len(piece.kind):
                least = int(piece.frames.t_ns.min())
                earliest = least if earliest is None else min(least, earliest)
            yield piece
        if is_empty:
            raise UnreadableFile(f"{self.name} breaks off in its first line")
        if earliest is not None and earliest < _YEAR_2000_NS:
            faults.note("clock_not_set", "has times before 2000: the recorder's clock was not set")

    def _parse(self, lines: Lines) -> tuple[Piece, Places]:
        """Return the frames of lines, and the numbers of those lines that are none."""
        full = np.flatnonzero(lines.count > 0)
        words = lines.count[full]
        stamp = lines.word(0, full)
        t_ns, has_time = nanoseconds(stamp.between(stamp.start + 1, stamp.stop - 1))
        in_brackets = (stamp.at(0) == ord("(")) & (stamp.text[stamp.stop - 1] == ord(")"))
        sent, is_said = _direction(lines.word(3, full))
        fields = _fields(lines.word(2, full))
        good = has_time & in_brackets & fields.good
        good &= (words == _WORDS) | ((words == _WORDS + 1) & is_said)
        good &= lines.word(1, full).length <= _MAX_NAME
        kept = np.flatnonzero(good)
        frames = Frames(
            t_ns=t_ns[kept],
            bus=self._channels(lines.word(1, full[kept])),
            id=fields.id[kept],
            extended=fields.extended[kept],
            dlc=fields.dlc[kept],
            length=fields.length[kept],
            data=fields.data[kept],
            transmitted=_known(sent[kept], is_said[kept]),
        )
        return Piece(frames, fields.kind[kept]), full[~good]

    def _channels(self, names: Words) -> Places:
        """Return the number of each interface by its first appearance in the log."""
        inside = np.arange(_MAX_NAME + 1) < names.length[:, None]
        at = names.start[:, None] + np.arange(_MAX_NAME + 1)
        keys = np.where(inside, names.text[at], 0).astype(np.uint8).view(np.uint64)
        found = np.full(len(names), -1, dtype=np.int64)
        known = 0
        while True:
            for number in range(known, len(self._names)):
                key = np.frombuffer(self._names[number].ljust(16, b"\0"), dtype=np.uint64)
                found[(keys == key).all(axis=1)] = number
            known = len(self._names)
            missing = np.flatnonzero(found < 0)
            if not len(missing):
                return found
            if known == MAX_CHANNELS:
                raise HostileInput(f"{self.name} names over {MAX_CHANNELS} interfaces")
            self._names.append(names.bytes_of(int(missing[0])))


def _direction(words: Words) -> tuple[Mask, Mask]:
    """Return which frames were transmitted, and of which that is known."""
    sent = equals(words, "T")
    return sent, sent | equals(words, "R")


def _known(transmitted: Mask, said: Mask) -> npt.NDArray[np.bool_] | None:
    if said.all() and len(said):
        return transmitted
    if not said.any():
        return None
    # Only a masked array can say "unknown" of single frames.
    return np.ma.MaskedArray(transmitted, mask=~said)


@dataclass(frozen=True, slots=True)
class _Fields:
    """The parts of ``<id>#<data>`` in many lines; those of a bad one mean nothing."""

    good: Mask
    kind: Bytes
    id: Places
    extended: Mask
    dlc: Places
    length: Places
    data: Bytes


def _fields(words: Words) -> _Fields:
    mark = first_mark(words, "#")
    number = words.between(words.start, mark)
    raw, good = integers(number, 16, _EXTENDED_DIGITS)
    extended = number.length == _EXTENDED_DIGITS
    good &= (extended | (number.length == _STANDARD_DIGITS)) & (mark < words.stop)
    good &= raw <= np.where(extended, _MAX_EXTENDED | _ERROR_FLAG, _MAX_STANDARD)
    rest = words.between(mark + 1, words.stop)
    is_fd = (rest.length > 0) & (rest.at(0) == ord("#"))
    is_remote = (rest.length > 0) & equals(rest.between(rest.start, rest.start + 1), "R")
    good &= ~is_fd | ((rest.length > 1) & (DIGITS[rest.at(1)] < _HEX))
    good &= ~is_remote | _ends_in_a_digit(rest)
    has_code, code = _dlc_suffix(rest, is_fd | is_remote)
    start = rest.start + np.where(is_fd, 2, 0)
    stop = np.where(is_remote, start, rest.stop - np.where(has_code, 2, 0))
    payload = rest.between(start, stop)
    data, is_hex = hex_bytes(payload, FD_BYTES if is_fd.any() else CLASSIC_BYTES)
    length = payload.length // 2
    good &= is_hex & np.where(is_fd, np.isin(length, LENGTHS), length <= CLASSIC_BYTES)
    kind = np.select([extended & (raw & _ERROR_FLAG != 0), is_remote], [ERROR, REMOTE], DATA)
    return _Fields(
        good=good,
        kind=kind.astype(np.uint8),
        id=raw & _MAX_EXTENDED,
        extended=extended,
        dlc=np.where(has_code, code, dlc_of(length)),
        length=length,
        data=data,
    )


def _ends_in_a_digit(rest: Words) -> Mask:
    """Say which are a letter with at most the length of the frame that it asks for."""
    asked = rest.between(rest.start + 1, rest.stop)
    _, is_digit = integers(asked, _HEX, 1)
    return np.asarray((asked.length == 0) | is_digit, dtype=np.bool_)


def _dlc_suffix(rest: Words, elsewhere: Mask) -> tuple[Mask, Places]:
    """Return which classic frames of eight bytes say another DLC, and which."""
    code = DIGITS[rest.text[rest.stop - 1]].astype(np.int64)
    is_mark = rest.text[rest.stop - 2] == ord("_")
    is_full = rest.length == 2 * CLASSIC_BYTES + 2
    return ~elsewhere & is_full & is_mark & (code > CLASSIC_BYTES) & (code < _HEX), code
