"""CAN frames in MDF bus logging (ASAM MDF 4 associated standard "Bus Logging")."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from avdataops.model.time import TimeRange
from avdataops.readers.can.census import Seen
from avdataops.readers.can.frames import Frames
from avdataops.readers.mdf4.facts import Channel, Group, Piece
from avdataops.readers.mdf4.source import Source

FRAME = "CAN_DataFrame"
_FIELDS = ("BusChannel", "ID", "IDE", "DLC", "DataLength", "DataBytes", "Dir")
_FLAG_EXTENDED = 1 << 31
_ID_BITS = (1 << 29) - 1

Key = tuple[int, int, bool]
"""Bus channel, identifier, extended."""


def is_frames(group: Group) -> bool:
    """Say whether a group holds CAN data frames."""
    names = {channel.name for channel in group.channels}
    return {f"{FRAME}.ID", f"{FRAME}.DataBytes"} <= names


def frame_channels(group: Group, wanted: tuple[str, ...] = _FIELDS) -> dict[str, Channel]:
    """Return the channels of the parts of a frame, by the last part of their names."""
    by_name = {channel.name: channel for channel in group.channels}
    return {one: by_name[f"{FRAME}.{one}"] for one in wanted if f"{FRAME}.{one}" in by_name}


def frames_of(parts: dict[str, Channel], piece: Piece, t_ns: npt.NDArray[np.int64]) -> Frames:
    """Return the frames of neighbouring records."""
    count = len(t_ns)

    def numbers(name: str, default: int) -> npt.NDArray[np.int64]:
        if name not in parts:
            return np.full(count, default, dtype=np.int64)
        return piece.samples[parts[name].index][0].astype(np.int64)

    data = piece.samples[parts["DataBytes"].index][0]
    matrix = data.reshape(count, -1).view(np.uint8) if data.size else _no_bytes(count)
    length = numbers("DataLength", matrix.shape[1])
    identifier = numbers("ID", 0)
    extended = numbers("IDE", 0).astype(np.bool_) | ((identifier & _FLAG_EXTENDED) != 0)
    return Frames(
        t_ns=t_ns,
        bus=numbers("BusChannel", 0),
        id=identifier & _ID_BITS,
        extended=extended,
        dlc=numbers("DLC", 0) if "DLC" in parts else length,
        length=np.minimum(length, matrix.shape[1]),
        data=matrix,
        transmitted=numbers("Dir", 0).astype(np.bool_) if "Dir" in parts else None,
    )


def _no_bytes(count: int) -> npt.NDArray[np.uint8]:
    return np.zeros((count, 0), dtype=np.uint8)


def take_census(source: Source, group: Group, max_rows: int) -> dict[Key, Seen]:
    """Count the frames of each identifier on each bus channel by reading all identifiers.

    Which messages a log holds is stated nowhere else.
    """
    parts = frame_channels(group, ("BusChannel", "ID", "IDE"))
    found: dict[Key, Seen] = {}
    for piece in source.pieces(group, list(parts.values()), max_rows):
        for key, seen in _count(source, parts, piece):
            found[key] = found[key].plus(seen) if key in found else seen
    return found


def _count(source: Source, parts: dict[str, Channel], piece: Piece) -> Iterator[tuple[Key, Seen]]:
    def column(name: str) -> npt.NDArray[np.uint64]:
        if name not in parts:
            return np.zeros(len(piece.seconds), dtype=np.uint64)
        return piece.samples[parts[name].index][0].astype(np.uint64)

    identifier = column("ID")
    extended = (column("IDE") != 0) | (identifier >> 31 != 0)
    codes = (
        (column("BusChannel") << np.uint64(32))
        | (extended.astype(np.uint64) << np.uint64(31))
        | (identifier & np.uint64(_ID_BITS))
    )
    values, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    t_ns, kept = source.times_ns(piece.seconds)
    first = np.full(len(values), np.iinfo(np.int64).max)
    last = np.full(len(values), np.iinfo(np.int64).min)
    np.minimum.at(first, place[kept], t_ns)
    np.maximum.at(last, place[kept], t_ns)
    for number, code in enumerate(values.tolist()):
        span = None
        if first[number] <= last[number]:
            span = TimeRange(int(first[number]), int(last[number]) + 1)
        key = (code >> 32, code & _ID_BITS, bool(code & _FLAG_EXTENDED))
        yield key, Seen(int(counts[number]), span)
