"""Frames in MDF bus logging (ASAM MDF 4 associated standard "Bus Logging")."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.readers.can.frames import Frames, matrix_of
from avdataops.readers.mdf4.facts import Channel, Group, Invalid, Piece, Times

FRAMES = {"CAN": "CAN_DataFrame", "LIN": "LIN_Frame"}
"""Name of the structure that holds frames, by kind of bus."""
_FIELDS = ("BusChannel", "ID", "IDE", "DLC", "DataLength", "DataBytes", "Dir")
COUNTED = ("BusChannel", "ID", "IDE")
CARRIED = (*COUNTED, "DataLength", "DataBytes")
"""What must be read to count messages that a transport puts together."""
_FLAG_EXTENDED = 1 << 31
_ID_BITS = (1 << 29) - 1


def bus_kind(group: Group) -> str | None:
    """Return which bus a group holds frames of, None if it is measured."""
    names = {channel.name for channel in group.channels}
    for kind, frame in FRAMES.items():
        if {f"{frame}.ID", f"{frame}.DataBytes"} <= names:
            return kind
    return None


def frame_channels(group: Group, wanted: Sequence[str] = _FIELDS) -> dict[str, Channel]:
    """Return the channels of the parts of a frame, by the last part of their names."""
    frame = FRAMES[bus_kind(group) or "CAN"]
    by_name = {channel.name: channel for channel in group.channels}
    return {one: by_name[f"{frame}.{one}"] for one in wanted if f"{frame}.{one}" in by_name}


def frames_of(parts: Mapping[str, Channel], piece: Piece, t_ns: Times) -> Frames:
    """Return the frames of neighbouring records; without payloads if ``parts`` has none."""
    count = len(t_ns)

    def numbers(name: str, default: int) -> npt.NDArray[np.int64]:
        if name not in parts:
            return np.full(count, default, dtype=np.int64)
        values, _ = piece.samples[parts[name].index]
        if isinstance(values, pa.Array) or values.dtype.kind not in "iu" or values.ndim > 1:
            return np.full(count, default, dtype=np.int64)
        return values.astype(np.int64)

    matrix, held = _payloads(parts, piece, count)
    length = numbers("DataLength", matrix.shape[1])
    identifier = numbers("ID", 0)
    extended = numbers("IDE", 0).astype(np.bool_) | ((identifier & _FLAG_EXTENDED) != 0)
    return Frames(
        t_ns=t_ns,
        bus=numbers("BusChannel", 0),
        id=identifier & _ID_BITS,
        extended=extended,
        dlc=numbers("DLC", 0) if "DLC" in parts else length,
        length=np.minimum(length, held),
        data=matrix,
        transmitted=numbers("Dir", 0).astype(np.bool_) if "Dir" in parts else None,
    )


def _payloads(
    parts: Mapping[str, Channel], piece: Piece, count: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return payloads, one row per frame, and how many bytes of each row there are."""
    if "DataBytes" not in parts:
        return np.zeros((count, 0), np.uint8), np.zeros(count, np.int64)
    data, _ = piece.samples[parts["DataBytes"].index]
    if isinstance(data, pa.Array):
        return matrix_of(data)
    matrix = data.reshape(count, -1).view(np.uint8) if data.size else np.zeros((count, 0), np.uint8)
    return matrix, np.full(count, matrix.shape[1], np.int64)


def without_payload(parts: Mapping[str, Channel], piece: Piece) -> Invalid | None:
    """Return which frames lack their payload, None if all have one."""
    data, _ = piece.samples[parts["DataBytes"].index]
    if not isinstance(data, pa.Array) or not data.null_count:
        return None
    lacking: Invalid = data.is_null().to_numpy(zero_copy_only=False)
    return lacking
