"""CAN logs built line by line and byte by byte, in every format, from the same frames."""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
START = datetime(2020, 2, 14, 8, 51, 20, 250_000, tzinfo=UTC)
START_NS = int(START.timestamp()) * 10**9 + 250_000_000
DEFLATED, STORED = 2, 0
TEN_MICROSECONDS, NANOSECONDS = 1, 2
HEX, DECIMAL = 16, 10
_ERROR_FLAG = 0x20000000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One frame on a bus."""

    t_ns: int
    """Since the start of the measurement, whole microseconds."""
    id: int = 0x123
    data: bytes = b""
    channel: int = 1
    extended: bool = False
    is_fd: bool = False
    is_tx: bool = False
    kind: str = "data"
    """``data``, ``remote`` or ``error``."""

    @property
    def dlc(self) -> int:
        """Data length code."""
        return LENGTHS.index(len(self.data))


def candump_line(frame: Sent, *, with_direction: bool = True) -> str:
    """Return one line of ``candump -L``, on ``can0`` for channel 1."""
    seconds, ns = divmod(START_NS + frame.t_ns, 10**9)
    name = f"{frame.id:08X}" if frame.extended else f"{frame.id:03X}"
    rest = {"data": frame.data.hex().upper(), "remote": "R", "error": "0" * 16}[frame.kind]
    if frame.kind == "error":
        name = f"{_ERROR_FLAG | 0x80:08X}"
    mark = "##1" if frame.is_fd else "#"
    way = (" T" if frame.is_tx else " R") if with_direction else ""
    return f"({seconds}.{ns // 1000:06d}) can{frame.channel - 1} {name}{mark}{rest}{way}\n"


def candump_bytes(frames: Iterable[Sent], *, with_direction: bool = True) -> bytes:
    """Return a candump log."""
    lines = (candump_line(frame, with_direction=with_direction) for frame in frames)
    return "".join(lines).encode()


def asc_line(frame: Sent, t_ns: int, base: int = HEX) -> str:
    """Return one line of an ASC log; ``t_ns`` is what its time says."""
    stamp = f"{t_ns // 10**9:4d}.{t_ns % 10**9 // 1000:06d}"
    way = "Tx" if frame.is_tx else "Rx"
    number = f"{frame.id:X}" if base == HEX else f"{frame.id}"
    name = f"{number}x" if frame.extended else number
    data = " ".join(f"{one:02X}" if base == HEX else f"{one}" for one in frame.data)
    if frame.is_fd:
        size = f"1 0 {frame.dlc:x} {len(frame.data):2d}"
        tail = "130000 130 3000 0 0 0 0 0"
        return f"{stamp} CANFD   {frame.channel} {way}   {name:>8}  Speeds {size} {data} {tail}\n"
    if frame.kind == "error":
        return f"{stamp} {frame.channel}  ErrorFrame\n"
    if frame.kind == "remote":
        return f"{stamp} {frame.channel}  {name:<15} {way}   r\n"
    tail = "  Length = 240015 BitCount = 124 ID = 291"
    return f"{stamp} {frame.channel}  {name:<15} {way}   d {frame.dlc} {data}{tail}\n"


def asc_bytes(frames: Sequence[Sent], base: int = HEX, *, is_relative: bool = False) -> bytes:
    """Return an ASC log with the head and the events that loggers write around frames."""
    date = "Fri Feb 14 08:51:20.250 am 2020"
    head = (
        f"date {date}\n"
        f"base {'hex' if base == HEX else 'dec'}  timestamps "
        f"{'relative' if is_relative else 'absolute'}\n"
        "internal events logged\n"
        "// version 9.0.0\n"
        f"Begin Triggerblock {date}\n"
        "   0.000000 Start of measurement\n"
    )
    before, lines = 0, []
    for frame in frames:
        lines.append(asc_line(frame, frame.t_ns - before, base))
        before = frame.t_ns if is_relative else 0
    return (head + "".join(lines) + "End TriggerBlock\n").encode()


def blf_object(
    kind: int, body: bytes, t_ns: int = 0, *, version: int = 1, unit: int = NANOSECONDS
) -> bytes:
    """Return an object with its header; ``unit`` is that of its time."""
    ticks = t_ns if unit == NANOSECONDS else t_ns // 10_000
    if version == 1:
        facts = struct.pack("<LHHQ", unit, 0, 0, ticks)
    else:
        facts = struct.pack("<LBxHQ8x", unit, 0, 0, ticks)
    size = 16 + len(facts) + len(body)
    head = struct.pack("<4sHHLL", b"LOBJ", 16 + len(facts), version, size, kind)
    return head + facts + body + bytes(size % 4)


def can_message(frame: Sent) -> bytes:
    """Return the body of CAN_MESSAGE (1): channel, flags, dlc, id, eight bytes."""
    flags = (0x01 if frame.is_tx else 0) | (0x80 if frame.kind == "remote" else 0)
    number = frame.id | (0x80000000 if frame.extended else 0)
    return struct.pack("<HBBL8s", frame.channel, flags, frame.dlc, number, frame.data)


def can_message2(frame: Sent) -> bytes:
    """Return the body of CAN_MESSAGE2 (86): frame length, bits, reserved behind that of 1."""
    return can_message(frame) + struct.pack("<LBBH", 240_015, 124, 0, 0)


def can_fd_message(frame: Sent) -> bytes:
    """Return the body of CAN_FD_MESSAGE (100), with room for 64 bytes of data."""
    flags = (0x01 if frame.is_tx else 0) | (0x80 if frame.kind == "remote" else 0)
    number = frame.id | (0x80000000 if frame.extended else 0)
    head = (frame.channel, flags, frame.dlc, number, 0, 0, 0x03, len(frame.data))
    return struct.pack("<HBBLLBBB5x64s", *head, frame.data)


def can_fd_message_64(frame: Sent, stored: int | None = None) -> bytes:
    """Return the body of CAN_FD_MESSAGE_64 (101) with the first ``stored`` bytes of its data."""
    number = frame.id | (0x80000000 if frame.extended else 0)
    flags = 0x3000 | (0x10 if frame.kind == "remote" else 0)
    head = (frame.channel, frame.dlc, len(frame.data), 0, number, 0, flags, 0, 0, 0, 0, 0)
    facts = struct.pack("<BBBBLLLLLLLHBBL", *head, int(frame.is_tx), 0, 0)
    return facts + frame.data[:stored]


def can_error_ext(frame: Sent) -> bytes:
    """Return the body of CAN_ERROR_EXT (73), of which only the channel is set."""
    return struct.pack("<HHLBBBxLLH2x8s", frame.channel, 0, 0, 0, 0, 0, 0, 0, 0, b"")


def blf_frame(frame: Sent) -> bytes:
    """Return the object that today's loggers write for a frame."""
    if frame.kind == "error":
        return blf_object(73, can_error_ext(frame), frame.t_ns)
    if frame.is_fd:
        return blf_object(101, can_fd_message_64(frame), frame.t_ns)
    return blf_object(86, can_message2(frame), frame.t_ns)


def blf_container(data: bytes, method: int = DEFLATED, declared: int | None = None) -> bytes:
    """Return a container (10) of a stretch of the stream of objects."""
    packed = zlib.compress(data) if method == DEFLATED else data
    facts = struct.pack("<H6xL4x", method, len(data) if declared is None else declared)
    size = 16 + len(facts) + len(packed)
    return struct.pack("<4sHHLL", b"LOBJ", 16, 1, size, 10) + facts + packed + bytes(size % 4)


def blf_containers(data: bytes, each: int, method: int = DEFLATED) -> bytes:
    """Return containers of ``each`` bytes; objects go on from one to the next."""
    parts = (data[at : at + each] for at in range(0, len(data), each))
    return b"".join(blf_container(part, method) for part in parts)


def blf_file(body: bytes, *, objects: int = 0, start: datetime | None = START) -> bytes:
    """Return a whole file, closed by its logger."""
    when = bytes(16)
    if start is not None:
        date = (start.year, start.month, start.isoweekday() % 7, start.day)
        clock = (start.hour, start.minute, start.second, start.microsecond // 1000)
        when = struct.pack("<8H", *date, *clock)
    sizes = struct.pack("<QQLL", 144 + len(body), 144 + len(body), objects, 0)
    head = struct.pack("<4sL8B", b"LOGG", 144, 5, 0, 0, 0, 2, 6, 8, 1) + sizes + when + when
    return head.ljust(144, b"\0") + body


def blf_bytes(frames: Sequence[Sent], each: int = 1 << 17, method: int = DEFLATED) -> bytes:
    """Return a BLF log in containers of ``each`` bytes."""
    data = b"".join(blf_frame(frame) for frame in frames)
    return blf_file(blf_containers(data, each, method), objects=len(frames))
