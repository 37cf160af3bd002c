"""Objects in the stream of a BLF log: where they are, and CAN frames of many at once."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from avdataops.readers.canlog.blf_file import MAX_OBJECT_BYTES, OBJECT, OBJECT_HEADER
from avdataops.readers.canlog.dlc import CLASSIC_BYTES, FD_BYTES
from avdataops.readers.canlog.log import DATA, ERROR, REMOTE

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CAN_MESSAGE, CAN_MESSAGE2, CAN_FD_MESSAGE, CAN_FD_MESSAGE_64 = 1, 86, 100, 101
_CLASSIC_TYPES = (CAN_MESSAGE, CAN_MESSAGE2)
_ERROR_TYPES = (2, 73, 104)
"""CAN_ERROR, CAN_ERROR_EXT, CAN_FD_ERROR_64."""
FRAME_TYPES = (*_CLASSIC_TYPES, *_ERROR_TYPES, CAN_FD_MESSAGE, CAN_FD_MESSAGE_64)
_MAX_FILL = 4
"""Bytes between objects at most."""
_FLAGS_AT, _TIME_AT, _MIN_HEADER = 16, 24, 32
"""Both versions of the header have the unit of the time and the time here."""
_TEN_MICROSECONDS, _NS_PER_TICK = 1, 10_000
_MAX_ELAPSED_NS = 1 << 61
"""73 years; with a start before 2150 the sum fits into 64 bits."""
_ID_BITS, _EXTENDED_FLAG = (1 << 29) - 1, 1 << 31
_SENT_FLAG, _REMOTE_FLAG, _REMOTE_FLAG_64 = 0x01, 0x80, 0x10
_CLASSIC_SIZE, _ERROR_SIZE, _FD_SIZE, _FD_64_SIZE = 16, 2, 84, 40


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
    marks = np.flatnonzero(array[: max(len(data) - OBJECT_HEADER.size + 1, 0)] == OBJECT[0])
    marks = marks[number_at(array, marks, 4) == int.from_bytes(OBJECT, "little")]
    size = number_at(array, marks + 8, 4)
    is_sane = (size >= OBJECT_HEADER.size) & (size <= MAX_OBJECT_BYTES)
    marks, size = marks[is_sane], size[is_sane]
    ends = marks + size
    following = np.searchsorted(marks, ends)
    kept = _chain(following)
    whole = kept[ends[kept] <= len(data)]
    at, after = marks[whole], ends[whole]
    gaps = marks[kept] - np.concatenate([np.zeros(1, dtype=np.int64), after])[: len(kept)]
    skipped = int(gaps[gaps > _MAX_FILL].sum())
    if len(whole) < len(kept):
        return Walk(at, int(marks[kept[-1]]), skipped)
    end = int(after[-1]) if len(after) else 0
    # A mark may begin in the last bytes; anything before is lost.
    rest = max(end, len(data) - OBJECT_HEADER.size + 1)
    lost = rest - end if rest - end > _MAX_FILL else 0
    return Walk(at, end if not lost else rest, skipped + lost)


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


def number_at(array: Bytes, at: Places, width: int) -> Places:
    """Return the little-endian numbers of ``width`` bytes at some places; up to 7 bytes."""
    value = np.zeros(len(at), dtype=np.int64)
    for place in range(width):
        value |= array[at + place].astype(np.int64) << (8 * place)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFields:
    """Frames; what a bad one says means nothing."""

    at: Places
    """Where the object begins."""
    good: Mask
    elapsed_ns: Places
    """Since the start of the measurement."""
    kind: Bytes
    channel: Places
    sent: Mask
    id: Places
    extended: Mask
    dlc: Places
    length: Places
    data: Bytes
