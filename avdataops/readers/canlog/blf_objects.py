"""Objects in the stream of a BLF log: where they are, and CAN frames of many at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from avdataops.readers.canlog.blf_file import MAX_FILL, OBJECT, OBJECT_HEADER
from avdataops.readers.canlog.dlc import CLASSIC_BYTES, FD_BYTES
from avdataops.readers.canlog.found import Bytes, Found, Mask, Places, in_order
from avdataops.readers.canlog.log import DATA, ERROR, REMOTE

_HEADER = OBJECT_HEADER.size
_MAX_OBJECT_BYTES = 16 << 20
_MAX_FRAME_BYTES = 4096
"""Of an object with a frame; so a wrong size costs little."""
_FLAGS_AT, _TIME_AT, _MIN_HEADER = 16, 24, 32
"""Both versions of the object header have the unit of the time and the time here."""
_TEN_MICROSECONDS, _TICK_NS = 1, 10_000
_MAX_ELAPSED_NS = 1 << 61
"""73 years; with a start before 2150 the sum fits into 64 bits."""
_ID_BITS, _EXTENDED_FLAG = (1 << 29) - 1, 1 << 31
_SENT_FLAG, _REMOTE_FLAG, _REMOTE_FLAG_64 = 0x01, 0x80, 0x10
_CLASSIC_SIZE, _FD_HEAD, _FD_64_HEAD, _ERROR_SIZE = 16, 20, 40, 2
_PAD = bytes(256)
"""Follows the objects, so that a short one can be looked at like a whole one."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Whole objects at the beginning of some bytes."""

    at: Places
    """Where each begins."""
    rest: int
    """Where the first byte is that belongs to none of them, and may to one that is not whole."""
    skipped: int
    """Bytes that belong to no object."""


def walk(data: bytes) -> Walk:
    """Find the objects of ``data``, which begins with one."""
    array = np.frombuffer(data, dtype=np.uint8)
    marks = np.flatnonzero(array[: max(len(data) - _HEADER + 1, 0)] == OBJECT[0])
    marks = marks[_number(array, marks, 4) == int.from_bytes(OBJECT, "little")]
    size, kind = _number(array, marks + 8, 4), _number(array, marks + 12, 4)
    most = np.where(np.isin(kind, list(_READERS)), _MAX_FRAME_BYTES, _MAX_OBJECT_BYTES)
    is_sane = (size >= _HEADER) & (size <= most)
    marks, ends = marks[is_sane], (marks + size)[is_sane]
    kept = _chain(np.searchsorted(marks, ends))
    at, ends = marks[kept], ends[kept]
    before = np.concatenate([np.zeros(1, dtype=np.int64), ends])[: len(at)]
    gaps = at - before
    skipped = int(gaps[gaps > MAX_FILL].sum())
    if len(at) and ends[-1] > len(data):
        return Walk(at[:-1], int(at[-1]), skipped)
    end = int(ends[-1]) if len(ends) else 0
    if len(data) - end < _HEADER + MAX_FILL:
        return Walk(at, end, skipped)
    # Only the last bytes may still become an object.
    rest = len(data) - _HEADER + 1
    return Walk(at, rest, skipped + rest - end)


def _chain(following: Places) -> Places:
    """Return the marks that are met when going from the first to the one that follows it."""
    count = len(following)
    if (following == np.arange(1, count + 1)).all():
        return np.arange(count)
    # Some marks are inside objects: payloads that look like one.
    steps, kept, number = following.tolist(), [], 0
    while number < count:
        kept.append(number)
        number = steps[number]
    return np.array(kept, dtype=np.int64)


def _number(array: Bytes, at: Places, width: int) -> Places:
    """Return the little-endian numbers of ``width`` bytes at some places; up to 7 bytes."""
    value = np.zeros(len(at), dtype=np.int64)
    for place in range(width):
        value |= array[at + place].astype(np.int64) << (8 * place)
    return value


def types_of(data: bytes, at: Places) -> Places:
    """Return the types of objects."""
    return _number(np.frombuffer(data, dtype=np.uint8), at + 12, 4)


def is_frame(types: Places) -> Mask:
    """Say which types are data, remote and error frames."""
    return np.isin(types, list(_READERS))


def read_frames(data: bytes, at: Places) -> tuple[Found, Places]:
    """Return the frames at ``at``, and the ns of each since the start of the measurement.

    An object too short for its type, or with a time out of range, is a bad one.
    """
    array = np.frombuffer(data + _PAD, dtype=np.uint8)
    types = types_of(data, at)
    parts = [
        read(_Objects(array, at[types == kind], kind))
        for kind, read in _READERS.items()
        if kind in types
    ]
    found = in_order(parts or [_read_error(_Objects(array, at[:0], 0))])
    ticks = _number(array, found.place + _TIME_AT, 7)
    is_coarse = _number(array, found.place + _FLAGS_AT, 4) == _TEN_MICROSECONDS
    unit = np.where(is_coarse, _TICK_NS, 1)
    is_late = (array[found.place + _TIME_AT + 7] != 0) | (ticks >= _MAX_ELAPSED_NS // unit)
    found = replace(found, good=found.good & ~is_late)
    return found, np.where(found.good, ticks * unit, 0)


@dataclass(frozen=True, slots=True)
class _Objects:
    """Objects of one type."""

    array: Bytes
    at: Places
    kind: int

    @property
    def body(self) -> Places:
        """Where their own parts begin."""
        return self.at + _number(self.array, self.at + 4, 2)

    @property
    def end(self) -> Places:
        """Where they end."""
        return self.at + _number(self.array, self.at + 8, 4)

    def have(self, size: int) -> Mask:
        """Say which are as long as ``size`` bytes behind their header."""
        is_whole = (self.body >= self.at + _MIN_HEADER) & (self.body + size <= self.end)
        return np.asarray(is_whole, dtype=np.bool_)

    def number(self, offset: int, width: int, good: Mask) -> Places:
        """Return a part of the good ones, 0 of the others."""
        return _number(self.array, np.where(good, self.body + offset, len(self.array) - 8), width)

    def payload(self, offset: int, length: Places, width: int) -> Bytes:
        """Return ``length`` bytes of each, in ``width`` columns."""
        data = np.zeros((len(self.at), width), dtype=np.uint8)
        for column in range(min(width, int(length.max(initial=0)))):
            here = np.flatnonzero(length > column)
            data[here, column] = self.array[self.body[here] + offset + column]
        return data


def _read_classic(objects: _Objects) -> Found:
    """CAN_MESSAGE and CAN_MESSAGE2: channel, flags, dlc, id, 8 bytes."""
    good = objects.have(_CLASSIC_SIZE)
    flags, dlc = objects.number(2, 1, good), objects.number(3, 1, good)
    number = objects.number(4, 4, good)
    length = np.minimum(dlc, CLASSIC_BYTES)
    return Found(
        place=objects.at,
        good=good,
        kind=_kind(flags & _REMOTE_FLAG != 0),
        channel=objects.number(0, 2, good),
        sent=flags & _SENT_FLAG != 0,
        id=number & _ID_BITS,
        extended=number & _EXTENDED_FLAG != 0,
        dlc=dlc,
        length=length,
        data=objects.payload(8, length, CLASSIC_BYTES),
    )


def _read_fd(objects: _Objects) -> Found:
    """CAN_FD_MESSAGE: channel, flags, dlc, id, frame length, bits, FD flags, valid bytes, data."""
    good = objects.have(_FD_HEAD)
    flags, number = objects.number(2, 1, good), objects.number(4, 4, good)
    length = objects.number(14, 1, good)
    good &= (length <= FD_BYTES) & (objects.body + _FD_HEAD + length <= objects.end)
    return Found(
        place=objects.at,
        good=good,
        kind=_kind(flags & _REMOTE_FLAG != 0),
        channel=objects.number(0, 2, good),
        sent=flags & _SENT_FLAG != 0,
        id=number & _ID_BITS,
        extended=number & _EXTENDED_FLAG != 0,
        dlc=objects.number(3, 1, good),
        length=length,
        data=objects.payload(_FD_HEAD, np.where(good, length, 0), FD_BYTES),
    )


def _read_fd_64(objects: _Objects) -> Found:
    """CAN_FD_MESSAGE_64: channel, dlc, valid bytes, ..., id, ..., flags, ..., direction, data.

    Zeros at the end of the payload may lack, as Vector's own library writes them.
    """
    good = objects.have(_FD_64_HEAD)
    number, flags = objects.number(4, 4, good), objects.number(12, 4, good)
    length, extension = objects.number(2, 1, good), objects.number(35, 1, good)
    good &= length <= FD_BYTES
    stop = np.where(extension > 0, np.minimum(objects.at + extension, objects.end), objects.end)
    stored = np.clip(stop - objects.body - _FD_64_HEAD, 0, length)
    return Found(
        place=objects.at,
        good=good,
        kind=_kind(flags & _REMOTE_FLAG_64 != 0),
        channel=objects.number(0, 1, good),
        sent=objects.number(34, 1, good) != 0,
        id=number & _ID_BITS,
        extended=number & _EXTENDED_FLAG != 0,
        dlc=objects.number(1, 1, good),
        length=length,
        data=objects.payload(_FD_64_HEAD, np.where(good, stored, 0), FD_BYTES),
    )


def _read_error(objects: _Objects) -> Found:
    """CAN_ERROR, CAN_ERROR_EXT and CAN_FD_ERROR_64: only their channel counts."""
    good = objects.have(_ERROR_SIZE)
    none = np.zeros(len(objects.at), dtype=np.int64)
    return Found(
        place=objects.at,
        good=good,
        kind=np.full(len(none), ERROR, dtype=np.uint8),
        channel=objects.number(0, 1 if objects.kind == _FD_ERROR_64 else 2, good),
        sent=none != 0,
        id=none,
        extended=none != 0,
        dlc=none,
        length=none,
        data=np.zeros((len(none), CLASSIC_BYTES), dtype=np.uint8),
    )


def _kind(is_remote: Mask) -> Bytes:
    return np.where(is_remote, REMOTE, DATA).astype(np.uint8)


_FD_ERROR_64 = 104
_READERS: dict[int, Callable[[_Objects], Found]] = {
    1: _read_classic,
    86: _read_classic,
    100: _read_fd,
    101: _read_fd_64,
    2: _read_error,
    73: _read_error,
    _FD_ERROR_64: _read_error,
}
"""By object type."""
