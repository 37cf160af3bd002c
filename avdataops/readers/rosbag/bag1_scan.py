"""Finds the messages in the records of a ROS 1 chunk: by its index where that is true."""

import struct
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.model.time import NS_PER_S
from avdataops.readers.rosbag.bag1_records import MESSAGE, Damaged, records_in
from avdataops.readers.rosbag.gather import Octets, Places, values_at
from avdataops.readers.rosbag.messages import Messages

_U32 = np.dtype("<u4")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class _Form:
    """The header that all messages of a writer share but for connection and time."""

    header: bytes
    connection_at: int
    time_at: int

    @property
    def kind(self) -> np.dtype[np.void]:
        """NumPy type of a record up to its data."""
        length = len(self.header)
        return np.dtype(
            {
                "names": ["length", "connection", "s", "ns", "size", "all"],
                "formats": ["<u4", "<u4", "<u4", "<u4", "<u4", ("u1", (length,))],
                "offsets": [
                    0,
                    4 + self.connection_at,
                    4 + self.time_at,
                    8 + self.time_at,
                    4 + length,
                    4,
                ],
                "itemsize": 8 + length,
            }
        )

    @property
    def is_fixed(self) -> npt.NDArray[np.bool_]:
        """Which bytes of the header are the same in every message."""
        fixed = np.ones(len(self.header), np.bool_)
        fixed[self.connection_at : self.connection_at + 4] = False
        fixed[self.time_at : self.time_at + 8] = False
        return fixed


def messages_in(data: Octets, at: int, indexed: Places | None) -> Messages:
    """Return the messages among the records of a chunk, in file order.

    ``indexed`` are the offsets of all messages by the chunk's index; they are taken only if the
    records themselves show that it left nothing out.  A chunk that is cut off gives what it has.
    """
    found = _by_index(data, at, np.sort(indexed)) if indexed is not None and len(indexed) else None
    return found or _walked(data, at)


def _walked(data: Octets, at: int) -> Messages:
    rows: list[tuple[int, int, int, int, int]] = []
    with suppress(Damaged):
        for record in records_in(data.tobytes()):
            if record.op == MESSAGE:
                facts = record.number("conn"), record.time_ns("time")
                rows.append((record.at, *facts, record.body_at, len(record.data)))
    inner, connection, t_ns, starts, sizes = np.array(rows, np.int64).reshape(-1, 5).T.copy()
    return _messages(data, at, inner, connection, t_ns, starts=starts, sizes=sizes)


def _messages(
    data: Octets,
    at: int,
    inner: Places,
    connection: Places,
    t_ns: Places,
    **where: Places,
) -> Messages:
    return Messages(
        data=data,
        t_ns=t_ns,
        publish_ns=t_ns,
        connection=connection,
        at=np.full(len(inner), at, np.int64),
        inner=inner,
        sequence=np.zeros(len(inner), np.int64),
        **where,
    )


def _form(data: Octets, at: int) -> _Form | None:
    """Return the form of the message record at ``at``, None if it is no common one."""
    if at + 4 > len(data):
        return None
    (length,) = _LENGTH.unpack_from(data.data, at)
    header = data[at + 4 : at + 4 + length].tobytes()
    if len(header) < length:
        return None
    places: dict[bytes, tuple[int, bytes]] = {}
    place = 0
    while place + 4 <= length:
        (size,) = _LENGTH.unpack_from(header, place)
        name, _, value = header[place + 4 : place + 4 + size].partition(b"=")
        places[name] = (place + 4 + len(name) + 1, value)
        place += 4 + size
    sizes = {name: len(value) for name, (_, value) in places.items()}
    if place != length or sizes != {b"op": 1, b"conn": 4, b"time": 8}:
        return None
    if places[b"op"][1] != bytes([MESSAGE]):
        return None
    return _Form(header, places[b"conn"][0], places[b"time"][0])


def _by_index(data: Octets, at: int, places: Places) -> Messages | None:
    """Return the messages at these places, None if they are not all messages there are."""
    form = _form(data, int(places[0])) if places[0] >= 0 else None
    if form is None:
        return None
    kind = form.kind
    if int(places[-1]) + kind.itemsize > len(data):
        return None
    heads = values_at(data, places, kind)
    like = np.frombuffer(form.header, np.uint8)
    is_like = (heads["all"] == like) | ~form.is_fixed
    stops = places + kind.itemsize + heads["size"]
    if not ((heads["length"] == len(like)).all() and is_like.all()):
        return None
    begins = np.append(places[1:], len(data))
    gaps = np.flatnonzero(stops != begins)
    firsts = [(0, int(places[0]))] if places[0] else []
    between = [*firsts, *zip(stops[gaps].tolist(), begins[gaps].tolist(), strict=True)]
    if not all(_is_without_messages(data, *gap) for gap in between):
        return None
    t_ns = heads["s"].astype(np.int64) * NS_PER_S + heads["ns"]
    return _messages(
        data,
        at,
        places,
        heads["connection"].astype(np.int64),
        t_ns,
        starts=places + kind.itemsize,
        sizes=heads["size"].astype(np.int64),
    )


def _is_without_messages(data: Octets, start: int, stop: int) -> bool:
    if not start <= stop:
        return False
    try:
        return all(one.op != MESSAGE for one in records_in(data[start:stop].tobytes()))
    except Damaged:
        return False
