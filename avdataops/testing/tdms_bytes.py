"""TDMS files byte by byte, as the format's description puts them together.

``segment`` is one segment; a file is the sum of its segments.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

I8, I16, I32, I64, U8, U16, U32, U64, F32, F64 = range(1, 11)
STRING, BOOLEAN, STAMP = 0x20, 0x21, 0x44
COMPLEX64, COMPLEX128 = 0x08000C, 0x10000D
RAW_DAQMX = 0xFFFFFFFF

METADATA, NEW_LIST, RAW_DATA = 1 << 1, 1 << 2, 1 << 3
INTERLEAVED, BIG_ENDIAN, DAQMX = 1 << 5, 1 << 6, 1 << 7
ALL = METADATA | NEW_LIST | RAW_DATA
UNKNOWN = 0xFFFFFFFFFFFFFFFF
EPOCH_S = 2_082_844_800
"""Seconds from 1904 to 1970."""

_NUMBERS = {I8: "b", I16: "h", I32: "i", I64: "q", U8: "B", U16: "H", U32: "I", U64: "Q"} | {
    F32: "f",
    F64: "d",
    BOOLEAN: "B",
}
Property = tuple[int, object]


@dataclass(frozen=True, slots=True)
class NoData:
    """The object has no values in this segment."""

    def encode(self, order: str) -> bytes:
        """Return the raw data index."""
        return struct.pack(f"{order}I", 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class AsBefore:
    """The object has as many values as in the segment before."""

    def encode(self, order: str) -> bytes:
        """Return the raw data index."""
        return struct.pack(f"{order}I", 0)


@dataclass(frozen=True, slots=True)
class Plain:
    """Values of one type in each chunk; strings state their bytes."""

    type: int
    values: int
    size: int | None = None
    dimension: int = 1

    def encode(self, order: str) -> bytes:
        """Return the raw data index."""
        facts = struct.pack(f"{order}IIQ", self.type, self.dimension, self.values)
        if self.size is None:
            return struct.pack(f"{order}I", 20) + facts
        return struct.pack(f"{order}I", 28) + facts + struct.pack(f"{order}Q", self.size)


@dataclass(frozen=True, slots=True)
class Daqmx:
    """Values in rows of DAQmx cards: scalers (type, buffer, place, scale) and row widths."""

    values: int
    scalers: Sequence[tuple[int, int, int, int]]
    widths: Sequence[int]
    type: int = RAW_DAQMX
    is_digital: bool = False

    def encode(self, order: str) -> bytes:
        """Return the raw data index."""
        head = 0x126A if self.is_digital else 0x1269
        found = struct.pack(f"{order}IIIQI", head, self.type, 1, self.values, len(self.scalers))
        form = f"{order}IIIBI" if self.is_digital else f"{order}IIIII"
        for kind, buffer, place, scale in self.scalers:
            found += struct.pack(form, kind, buffer, place, 0, scale)
        return found + struct.pack(f"{order}I{len(self.widths)}I", len(self.widths), *self.widths)


Index = NoData | AsBefore | Plain | Daqmx


@dataclass(frozen=True, slots=True)
class Obj:
    """One object in the metadata of a segment."""

    path: str
    index: Index = field(default_factory=NoData)
    properties: Mapping[str, Property] = field(default_factory=dict)

    def encode(self, order: str) -> bytes:
        """Return path, raw data index and properties."""
        found = text(self.path, order) + self.index.encode(order)
        found += struct.pack(f"{order}I", len(self.properties))
        for name, (kind, value) in self.properties.items():
            found += (
                text(name, order) + struct.pack(f"{order}I", kind) + value_of(kind, value, order)
            )
        return found


def text(value: str, order: str = "<") -> bytes:
    """Return a string as metadata have it: its length, then its bytes."""
    data = value.encode()
    return struct.pack(f"{order}I", len(data)) + data


def value_of(kind: int, value: object, order: str = "<") -> bytes:
    """Return one value; a moment is given in ns since 1970, or as (seconds, fractions)."""
    if kind == STRING:
        return text(str(value), order)
    if kind == STAMP:
        return stamp(value, order)
    return struct.pack(order + _NUMBERS[kind], value)


def stamp(value: object, order: str = "<") -> bytes:
    """Return a moment: fractions of 2**-64 s and seconds since 1904, swapped if big-endian."""
    if isinstance(value, tuple):
        seconds, fractions = value
    else:
        seconds, ns = divmod(int(str(value)), 10**9)
        seconds, fractions = seconds + EPOCH_S, -(-ns * 2**64 // 10**9)
    if order == "<":
        return struct.pack("<Qq", fractions, seconds)
    return struct.pack(">qQ", seconds, fractions)


def numbers(kind: int, values: Sequence[float], order: str = "<") -> bytes:
    """Return raw data of numbers."""
    return struct.pack(f"{order}{len(values)}{_NUMBERS[kind]}", *values)


def strings(values: Sequence[str], order: str = "<") -> bytes:
    """Return raw data of strings: the end of each, then all bytes."""
    parts = [value.encode() for value in values]
    ends = [sum(map(len, parts[: number + 1])) for number in range(len(parts))]
    return struct.pack(f"{order}{len(ends)}I", *ends) + b"".join(parts)


def segment(
    objects: Sequence[Obj] = (), data: bytes = b"", *, toc: int = ALL, promised: int | None = None
) -> bytes:
    """Return a segment; ``promised`` is the size of its data if it is to lie about that."""
    order = ">" if toc & BIG_ENDIAN else "<"
    metadata = b""
    if toc & METADATA:
        metadata = struct.pack(f"{order}I", len(objects))
        metadata += b"".join(one.encode(order) for one in objects)
    size = len(data) if promised is None else promised
    following = UNKNOWN if size == UNKNOWN else len(metadata) + size
    lead = b"TDSm" + struct.pack("<I", toc)
    return lead + struct.pack(f"{order}IQQ", 4713, following, len(metadata)) + metadata + data


def waveform(start_ns: int, increment_s: float, **more: Property) -> dict[str, Property]:
    """Return the properties of a waveform."""
    return {
        "wf_start_time": (STAMP, start_ns),
        "wf_start_offset": (F64, 0.0),
        "wf_increment": (F64, increment_s),
        **more,
    }
