"""Times of an MP4 film: every frame gets its own duration, and the index goes to the front.

A writer of constant rate has spaced the frames evenly; cameras do not.  Source of the boxes:
ISO/IEC 14496-12, 8.2.2 mvhd, 8.3.2 tkhd, 8.4.2 mdhd, 8.6.1.2 stts, 8.7.5 stco.
"""

import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import NS_PER_S

TIMESCALE = 90_000
"""Ticks per second of the film: 11 us each."""
_HEAD = struct.Struct(">I4s")
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_EDITS = b"edts"
"""Would shift the film against its own times."""
_MAX_INDEX_BYTES = 64 << 20


def retime(source: Path, target: Path, times_ns: Sequence[int]) -> None:
    """Write ``source``, a film of one track, with frame ``i`` shown from ``times_ns[i]`` on.

    The first frame is at 0; the last stays as long as frames do in the median.  Raises
    ``UnreadableFile`` if the film has another number of frames or is no MP4 as written here.
    """
    boxes = dict(_top(source))
    if not {b"ftyp", b"mdat", b"moov"} <= set(boxes) or boxes[b"moov"][1] > _MAX_INDEX_BYTES:
        raise UnreadableFile(f"{source.name}: no MP4 with one index behind its data")
    deltas = _deltas(times_ns)
    with source.open("rb") as film:
        index = _taken(film.read, film.seek, boxes[b"moov"])
        head = _taken(film.read, film.seek, boxes[b"ftyp"])
        moved = _rebuilt(index, deltas, 0)
        # The data move behind the index, whose size no longer changes.
        start, size = boxes[b"mdat"]
        shift = len(head) + len(moved) - start
        with target.open("wb") as out:
            out.write(head)
            out.write(_rebuilt(index, deltas, shift))
            film.seek(start)
            shutil.copyfileobj(_Limited(film.read, size), out)


def _deltas(times_ns: Sequence[int]) -> list[int]:
    """Return how many ticks each frame stays."""
    ticks = [(t_ns - times_ns[0]) * TIMESCALE // NS_PER_S for t_ns in times_ns]
    gaps = [max(after - before, 1) for before, after in pairwise(ticks)]
    return [*gaps, sorted(gaps)[len(gaps) // 2] if gaps else TIMESCALE // 10]


def _top(path: Path) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield kind, offset and size of the boxes of a file."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while at + _HEAD.size <= size:
            file.seek(at)
            length, kind = _HEAD.unpack(file.read(_HEAD.size))
            if length == 1:
                (length,) = struct.unpack(">Q", file.read(8))
            if length < _HEAD.size:
                raise UnreadableFile(f"{path.name}: a box of {length} bytes at {at}")
            yield kind, (at, length)
            at += length


def _taken(
    read: Callable[[int], bytes], seek: Callable[[int], int], place: tuple[int, int]
) -> bytes:
    seek(place[0])
    return read(place[1])


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _HEAD.size <= len(data):
        length, kind = _HEAD.unpack_from(data, at)
        if not _HEAD.size <= length <= len(data) - at:
            raise UnreadableFile(f"a box of {length} bytes in an index of {len(data)}")
        yield kind, data[at + _HEAD.size : at + length]
        at += length


def _box(kind: bytes, content: bytes) -> bytes:
    return _HEAD.pack(_HEAD.size + len(content), kind) + content


def _rebuilt(data: bytes, deltas: Sequence[int], shift: int) -> bytes:
    """Return boxes with new times, and places of data ``shift`` bytes further on."""
    made = b""
    for kind, content in _boxes(data):
        if kind in _CONTAINERS:
            made += _box(kind, _rebuilt(content, deltas, shift))
        elif kind == b"stts":
            made += _box(kind, _time_table(content, deltas))
        elif kind == b"stco":
            (count,) = struct.unpack_from(">I", content, 4)
            places = [place + shift for place in struct.unpack_from(f">{count}I", content, 8)]
            made += _box(kind, content[:8] + struct.pack(f">{count}I", *places))
        elif kind in _HEADERS:
            made += _box(kind, _HEADERS[kind](content, sum(deltas)))
        elif kind != _EDITS:
            made += _box(kind, content)
    return made


def _time_table(content: bytes, deltas: Sequence[int]) -> bytes:
    (entries,) = struct.unpack_from(">I", content, 4)
    frames = sum(count for count, _ in struct.iter_unpack(">II", content[8 : 8 + 8 * entries]))
    if frames != len(deltas):
        raise UnreadableFile(f"a film of {frames} frames has {len(deltas)} times")
    runs = [(len(list(same)), delta) for delta, same in groupby(deltas)]
    packed = b"".join(struct.pack(">II", *run) for run in runs)
    return content[:4] + struct.pack(">I", len(runs)) + packed


def _track_header(content: bytes, ticks: int) -> bytes:
    """Track header: its duration is in the timescale of the film, which becomes ours."""
    return content[:20] + struct.pack(">I", ticks) + content[24:]


def _timed_header(content: bytes, ticks: int) -> bytes:
    """Film and media headers: timescale and duration stand side by side."""
    return content[:12] + struct.pack(">II", TIMESCALE, ticks) + content[20:]


_HEADERS = {b"tkhd": _track_header, b"mvhd": _timed_header, b"mdhd": _timed_header}
"""All in their version 0, which is what films below 4 GiB and 68 years have."""


class _Limited:
    """The next so many bytes of a file."""

    def __init__(self, read: Callable[[int], bytes], size: int) -> None:
        self._read = read
        self._left = size

    def read(self, size: int = 0, /) -> bytes:
        """Return the next bytes, empty at the end."""
        data = self._read(min(size, self._left))
        self._left -= len(data)
        return data
