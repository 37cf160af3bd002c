"""Messages longer than a frame, put together from their segments.

ISO-TP (ISO 15765-2) carries them under one id; J1939 (SAE J1939-21, 5.10) announces them in TP.CM
and carries them in TP.DT, to all (BAM) or to one (RTS); NMEA 2000 has fast packets under one id.
Only messages that a DBC names and that it says are longer than eight bytes are looked for, and
never those of CAN FD.

Messages of ISO-TP begin with their length, its lower eight bits: DBCs of diagnostics count bytes as
they stand in a single frame, where that length comes first.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.readers.can.dbc import Match, Message, parameter_group
from avdataops.readers.can.frames import Frames

_CLASSIC_BYTES = 8
_SINGLE, _FIRST, _CONSECUTIVE = range(3)
_TP_CM, _TP_DT = 0xEC, 0xEB
_ISO_FIXED = (0xDA, 0xDB)
"""PDU formats of ISO-TP under 29-bit ids (ISO 15765-2, normal fixed addressing)."""
_BAM, _RTS, _ABORT = 32, 16, 255
_PDU2_FIRST = 240
_PRIORITY = 6 << 26
_FAST_FIRST = 0x1F000
"""Parameter groups from here on are fast packets if they are long (NMEA 2000, appendix A)."""
MAX_BYTES = 4095
"""Of a message of ISO-TP without the escape of its later edition; J1939 ends at 1785."""
MAX_OPEN = 4096
"""Messages that may be under way at a time."""

Mask = npt.NDArray[np.bool_]
Whole = tuple[int, int, bytes]
"""Row of the last segment, id, content."""


@dataclass(slots=True)
class _Open:
    """A message under way."""

    size: int
    content: bytearray
    following: int
    """Number of the segment that comes next."""
    id: int = 0


def is_long(message: Message) -> bool:
    """Say whether a message may need a transport."""
    return message.length > _CLASSIC_BYTES and not message.is_fd


@dataclass(frozen=True, slots=True)
class Transport:
    """Which frames are segments; nothing here changes, so that any thread may ask."""

    iso_tp: frozenset[tuple[int, bool]]
    """Ids that carry segments of ISO-TP, with whether they are extended."""
    groups: Mapping[int, Message]
    """Long messages of J1939 by parameter group."""

    @property
    def is_needed(self) -> bool:
        """Say whether any message of the DBCs may need a transport."""
        return bool(self.iso_tp or self.groups)

    def of_messages(self, frames: Frames) -> Mask:
        """Return which frames belong to long messages alone: they are not decoded by themselves."""
        found = np.isin(frames.id | (frames.extended.astype(np.int64) << 32), self._codes())
        if self.groups:
            group = (frames.id >> 8) & 0x3FFFF
            group = np.where((group >> 8) & 0xFF < _PDU2_FIRST, group & 0x3FF00, group)
            found |= frames.extended & np.isin(group, list(self.groups))
        short: Mask = found & (frames.length <= _CLASSIC_BYTES)
        return short

    def of_carriers(self, frames: Frames) -> Mask:
        """Return which frames carry segments of J1939 for any message."""
        if not self.groups:
            return np.zeros(len(frames), np.bool_)
        form = (frames.id >> 16) & 0xFF
        carriers: Mask = frames.extended & np.isin(form, (_TP_CM, _TP_DT))
        return carriers

    def _codes(self) -> list[int]:
        return [number | (int(extended) << 32) for number, extended in sorted(self.iso_tp)]


NO_TRANSPORT = Transport(frozenset(), {})


def find_transport(match: Match) -> Transport:
    """Return what DBCs need in transports."""
    iso_tp, groups = set(), {}
    for key, message in match.exact.items():
        if not is_long(message):
            continue
        if message.extended and (message.id >> 16) & 0xFF not in _ISO_FIXED:
            groups[parameter_group(message.id)] = message
        else:
            iso_tp.add(key)
    return Transport(frozenset(iso_tp), groups)


class Assembler:
    """Puts segments together as they come; one for each pass over a log."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._open: dict[tuple[object, ...], _Open] = {}
        self.broken: Counter[int] = Counter()
        """Messages that lack a segment, by bus channel."""

    def feed(self, frames: Frames) -> Frames:
        """Take segments, and frames that are long messages by themselves, in their order.

        Returns the messages that are whole now, each at the time of its last segment and under
        the id that the DBC knows.
        """
        found: list[Whole] = []
        ids, buses = frames.id.tolist(), frames.bus.tolist()
        extended, lengths = frames.extended.tolist(), frames.length.tolist()
        for row, data in enumerate(map(bytes, frames.data)):
            content = data[: lengths[row]]
            key = (ids[row], extended[row])
            if key in self._transport.iso_tp:
                whole = self._iso_tp(buses[row], key, content)
                found += [(row, ids[row], one) for one in whole]
            elif extended[row]:
                found += [(row, *one) for one in self._j1939(buses[row], ids[row], content)]
        return _as_frames(frames, found)

    def _iso_tp(self, bus: int, key: tuple[int, bool], content: bytes) -> Iterator[bytes]:
        if len(content) < 2:  # noqa: PLR2004 - a length and something of that length
            return
        kind, low = content[0] >> 4, content[0] & 0xF
        place = (bus, *key)
        under_way = self._open.get(place)
        if kind == _SINGLE:
            yield content[: 1 + low]
        elif kind == _FIRST:
            if self._open.pop(place, None) is not None:
                self.broken[bus] += 1
            size = (low << 8) | content[1]
            if size > _CLASSIC_BYTES - 2:
                self._begin(place, _Open(1 + size, bytearray(content[1:]), 1))
        elif kind == _CONSECUTIVE and under_way is not None:
            if low != under_way.following & 0xF:
                del self._open[place]
                self.broken[bus] += 1
                return
            under_way.following += 1
            under_way.content += content[1:]
            if len(under_way.content) >= under_way.size:
                del self._open[place]
                yield bytes(under_way.content[: under_way.size])

    def _j1939(self, bus: int, number: int, content: bytes) -> Iterator[tuple[int, bytes]]:
        form, to, sender = (number >> 16) & 0xFF, (number >> 8) & 0xFF, number & 0xFF
        place = (bus, sender, to)
        if form == _TP_CM and len(content) >= _CLASSIC_BYTES:
            self._announced(bus, place, content)
        elif form == _TP_DT and content:
            yield from self._carried(bus, place, content)
        elif parameter_group(number) in self._transport.groups:
            if parameter_group(number) >= _FAST_FIRST:
                yield from self._fast(bus, number, content)
            else:
                yield number, content

    def _fast(self, bus: int, number: int, content: bytes) -> Iterator[tuple[int, bytes]]:
        """Take a fast packet: sequence and segment in the first byte, the size in the second."""
        if len(content) < 2:  # noqa: PLR2004 - sequence and size
            return
        place = (bus, number, content[0] >> 5, "fast")
        segment = content[0] & 0x1F
        under_way = self._open.get(place)
        if segment == 0:
            if self._open.pop(place, None) is not None:
                self.broken[bus] += 1
            under_way = _Open(content[1], bytearray(content[2:]), 1)
            self._begin(place, under_way)
        elif under_way is None:
            return
        elif segment != under_way.following:
            del self._open[place]
            self.broken[bus] += 1
            return
        else:
            under_way.following += 1
            under_way.content += content[1:]
        if len(under_way.content) >= under_way.size:
            self._open.pop(place, None)
            yield number, bytes(under_way.content[: under_way.size])

    def _announced(self, bus: int, place: tuple[int, int, int], content: bytes) -> None:
        control = content[0]
        if control not in (_BAM, _RTS, _ABORT):
            return
        if self._open.pop(place, None) is not None:
            self.broken[bus] += 1
        group = int.from_bytes(content[5:8], "little")
        if control == _ABORT or group not in self._transport.groups:
            return
        is_addressed = (group >> 8) & 0xFF < _PDU2_FIRST
        _, sender, to = place
        number = _PRIORITY | (group << 8) | (to << 8 if is_addressed else 0) | sender
        size = int.from_bytes(content[1:3], "little")
        if size > _CLASSIC_BYTES:
            self._begin(place, _Open(size, bytearray(), 1, number))

    def _carried(
        self, bus: int, place: tuple[int, int, int], content: bytes
    ) -> Iterator[tuple[int, bytes]]:
        under_way = self._open.get(place)
        if under_way is None:
            return
        if content[0] != under_way.following:
            del self._open[place]
            self.broken[bus] += 1
            return
        under_way.following += 1
        under_way.content += content[1:]
        if len(under_way.content) >= under_way.size:
            del self._open[place]
            yield under_way.id, bytes(under_way.content[: under_way.size])

    def _begin(self, place: tuple[object, ...], message: _Open) -> None:
        if len(self._open) >= MAX_OPEN:
            del self._open[next(iter(self._open))]
        if message.size <= MAX_BYTES:
            self._open[place] = message

    def end(self) -> Counter[int]:
        """Return how many messages are not whole, those that nothing ended among them."""
        for place in self._open:
            self.broken[int(str(place[0]))] += 1
        self._open.clear()
        return self.broken


def _as_frames(frames: Frames, found: list[Whole]) -> Frames:
    rows = np.array([row for row, _, _ in found], np.int64)
    length = np.array([len(content) for _, _, content in found], np.int64)
    width = int(length.max()) if len(length) else 0
    data = np.frombuffer(b"".join(one.ljust(width, b"\0") for _, _, one in found), np.uint8)
    return Frames(
        t_ns=frames.t_ns[rows],
        bus=frames.bus[rows],
        id=np.array([number for _, number, _ in found], np.int64),
        extended=frames.extended[rows],
        dlc=length,
        length=length,
        data=data.reshape(len(found), width),
    )
