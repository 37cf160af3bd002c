"""Finds the messages in the records of an MCAP chunk: by its index where that is true."""

from typing import Any

import numpy as np

from avdataops.readers.rosbag import mcap_records as records
from avdataops.readers.rosbag.gather import Octets, Places, values_at
from avdataops.readers.rosbag.mcap_records import RECORD
from avdataops.readers.rosbag.messages import Messages

_HEAD = np.dtype(
    {
        "names": ["op", "size", "channel", "sequence", "log_ns", "publish_ns"],
        "formats": ["u1", "<u8", "<u2", "<u4", "<u8", "<u8"],
        "offsets": [0, 1, 9, 11, 15, 23],
        "itemsize": 31,
    }
)
_FIELDS_BYTES = _HEAD.itemsize - RECORD.size


def messages_in(data: Octets, at: int, indexed: Places | None) -> Messages:
    """Return the messages among the records of a chunk, in file order.

    ``indexed`` are the offsets of all messages by the chunk's index.  They are taken only if
    the records between and behind them show that the index left nothing out; else, and without
    an index, every record is visited.
    """
    if indexed is not None and len(indexed):
        heads = _heads(data, np.sort(indexed))
        if heads is not None:
            return _messages(data, at, np.sort(indexed), heads)
    places = _walked(data)
    return _messages(data, at, places, values_at(data, places, _HEAD))


def _messages(data: Octets, at: int, places: Places, heads: "np.ndarray[Any, Any]") -> Messages:
    return Messages(
        data=data,
        t_ns=np.ascontiguousarray(heads["log_ns"]),
        publish_ns=np.ascontiguousarray(heads["publish_ns"]),
        connection=heads["channel"].astype(np.int64),
        at=np.full(len(places), at, np.int64),
        inner=places,
        sequence=heads["sequence"].astype(np.int64),
        starts=places + _HEAD.itemsize,
        sizes=heads["size"].astype(np.int64) - _FIELDS_BYTES,
    )


def _heads(data: Octets, places: Places) -> "np.ndarray[Any, Any] | None":
    """Return the heads of the messages, None if these places are not all messages there are."""
    if int(places[0]) < 0 or int(places[-1]) > len(data) - _HEAD.itemsize:
        return None
    heads = values_at(data, places, _HEAD)
    size = heads["size"]
    is_sound = (heads["op"] == records.MESSAGE) & (size >= _FIELDS_BYTES) & (size <= len(data))
    if not is_sound.all():
        return None
    stops = places + size.astype(np.int64) + RECORD.size
    begins = np.append(places[1:], len(data))
    gaps = np.flatnonzero(stops != begins)
    firsts = [(0, int(places[0]))] if places[0] else []
    between = [*firsts, *zip(stops[gaps].tolist(), begins[gaps].tolist(), strict=True)]
    return heads if all(_is_without_messages(data, *gap) for gap in between) else None


def _is_without_messages(data: Octets, start: int, stop: int) -> bool:
    """Say whether whole records that are no messages lead from ``start`` to ``stop``."""
    at = start
    while at + RECORD.size <= stop:
        opcode, size = RECORD.unpack_from(data.data, at)
        if opcode == records.MESSAGE:
            return False
        at += RECORD.size + size
    return at == stop


def _walked(data: Octets) -> Places:
    """Return where message records begin; the last record may be cut off."""
    view = data.data
    found: list[int] = []
    at, stop = 0, len(data)
    while at + RECORD.size <= stop:
        opcode, size = RECORD.unpack_from(view, at)
        after = at + RECORD.size + size
        if after > stop:
            break
        if opcode == records.MESSAGE and size >= _FIELDS_BYTES:
            found.append(at)
        at = after
    return np.array(found, np.int64)
