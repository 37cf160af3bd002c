"""The metadata of one segment, parsed inside its own bytes and nowhere else."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from avdataops.model.errors import UnreadableFile
from avdataops.readers.tdms.kinds import (
    DAQMX,
    DAQMX_KINDS,
    KINDS,
    STAMP,
    STRING,
    VOID,
    Kind,
    Stamp,
    Value,
)

NO_DATA = 0xFFFFFFFF
AS_BEFORE = 0
_FORMAT_CHANGING, _DIGITAL_LINE = 0x1269, 0x126A
_MAX_SCALERS = 1024
_MAX_TEXT_BYTES = 1 << 20
"""Of a name or property; what is longer is cut."""
_BITS = 8
_MAX_PARTS = 2


@dataclass(frozen=True, slots=True)
class Scaler:
    """Where one raw value of a DAQmx channel lies in the row of its card."""

    scale: int
    kind: Kind
    buffer: int
    byte: int
    bit: int | None
    """Bit in the value, for a digital line."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The raw data index of one object: what one chunk holds of it."""

    kind: Kind
    values: int
    size: int
    """Bytes of one chunk when stored by itself; 0 for DAQmx."""
    scalers: tuple[Scaler, ...] = ()
    widths: tuple[int, ...] = ()
    """Bytes of one row of each DAQmx card."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a segment lists it."""

    path: str
    shape: Shape | int
    """``NO_DATA`` and ``AS_BEFORE`` stand for themselves."""
    properties: Mapping[str, Value]


class Cursor:
    """Takes values from the front of some bytes; raises ``UnreadableFile`` at their end."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data = data
        self._at = 0
        self._order = order
        self._u32 = struct.Struct(f"{order}I")

    def take(self, length: int) -> bytes:
        """Return the next ``length`` bytes."""
        stop = self._at + length
        if stop > len(self._data):
            raise UnreadableFile(f"metadata wants {length} bytes where {self.left} are left")
        found = self._data[self._at : stop]
        self._at = stop
        return found

    @property
    def left(self) -> int:
        """Count of bytes not taken yet."""
        return len(self._data) - self._at

    def u32(self) -> int:
        """Return the next unsigned 32-bit number."""
        return int(self._u32.unpack(self.take(4))[0])

    def unpack(self, form: str) -> tuple[int, ...]:
        """Return the next numbers of a struct format without byte order."""
        packed = struct.Struct(self._order + form)
        return packed.unpack(self.take(packed.size))

    def text(self) -> str:
        """Return the next string; bytes that are no UTF-8 become replacement characters."""
        return self.take(self.u32())[:_MAX_TEXT_BYTES].decode("utf-8", "replace")

    def value(self) -> Value | None:
        """Return the next typed value of a property; None for a property without value."""
        code = self.u32()
        kind = KINDS.get(code)
        if kind is STRING:
            return self.text()
        if kind is STAMP:
            return _stamp(self.take(16), self._order)
        if kind is VOID:
            return None
        if kind is None or kind is DAQMX or kind.code.startswith("c"):
            raise UnreadableFile(f"a property has the data type 0x{code:x}, which is not known")
        form = _FORMS[kind.name]
        number: Value = struct.unpack(self._order + form, self.take(kind.size))[0]
        return number


_FORMS = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
    "boolean": "?",
}


def _stamp(data: bytes, order: str) -> Stamp:
    if order == "<":
        fractions, seconds = struct.unpack("<Qq", data)
    else:
        seconds, fractions = struct.unpack(">qQ", data)
    return Stamp(seconds, fractions)


def entries(data: bytes, order: str) -> Iterator[Entry]:
    """Yield the objects that a segment lists; raises ``UnreadableFile`` where they break off."""
    cursor = Cursor(data, order)
    for _ in range(cursor.u32()):
        path = cursor.text()
        header = cursor.u32()
        shape = header if header in (NO_DATA, AS_BEFORE) else _shape(cursor, header)
        found: dict[str, Value] = {}
        for _ in range(cursor.u32()):
            name = cursor.text()
            value = cursor.value()
            if value is not None:
                found[name] = value
        yield Entry(path, shape, found)


def _shape(cursor: Cursor, header: int) -> Shape:
    code, dimension, values = cursor.unpack("IIQ")
    kind = KINDS.get(code)
    if kind is None:
        raise UnreadableFile(f"an object has the data type 0x{code:x}, which is not known")
    if dimension != 1:
        raise UnreadableFile(f"an object has {dimension} dimensions; TDMS has 1")
    if header in (_FORMAT_CHANGING, _DIGITAL_LINE):
        return _daqmx(cursor, kind, values, is_digital=header == _DIGITAL_LINE)
    if kind is DAQMX or (kind is VOID and values):
        raise UnreadableFile(f"an object claims {values} values of type {kind.name}")
    if kind is not STRING:
        return Shape(kind, values, values * kind.size)
    (size,) = cursor.unpack("Q")
    if size < 4 * values:
        raise UnreadableFile(f"{values} strings cannot lie in {size} bytes")
    return Shape(kind, values, size)


def _daqmx(cursor: Cursor, kind: Kind, values: int, *, is_digital: bool) -> Shape:
    count = cursor.u32()
    if count > _MAX_SCALERS:
        raise UnreadableFile(f"a DAQmx channel claims {count} scalers")
    scalers = tuple(_scaler(cursor, is_digital=is_digital) for _ in range(count))
    cards = cursor.u32()
    if 4 * cards > cursor.left:
        raise UnreadableFile(f"a DAQmx channel claims {cards} cards")
    widths = cursor.unpack(f"{cards}I")
    if not scalers or len({one.scale for one in scalers}) < len(scalers):
        raise UnreadableFile("a DAQmx channel has no scaler, or two with one number")
    for one in scalers:
        if one.buffer >= cards or one.byte + one.kind.size > widths[one.buffer]:
            raise UnreadableFile("a DAQmx scaler lies outside the row of its card")
    if kind is not DAQMX and (len(scalers) > 1 or scalers[0].kind != kind):
        raise UnreadableFile(f"a DAQmx channel of type {kind.name} has other scalers")
    return Shape(kind, values, 0, scalers, widths)


def _scaler(cursor: Cursor, *, is_digital: bool) -> Scaler:
    code, buffer, place, _, scale = cursor.unpack("IIIBI" if is_digital else "IIIII")
    kind = DAQMX_KINDS.get(code)
    if kind is None:
        raise UnreadableFile(f"a DAQmx scaler has the data type {code}, which is not known")
    if is_digital:
        return Scaler(scale, kind, buffer, place // _BITS, place % _BITS)
    return Scaler(scale, kind, buffer, place, None)


def path_parts(path: str) -> tuple[str, ...]:
    """Return the names in an object's path: none for the file, group, or group and channel.

    Raises ``UnreadableFile`` for a path that is not ``/``, ``/'group'`` or ``/'group'/'channel'``;
    a quote in a name is written twice.
    """
    parts: list[str] = []
    rest = "" if path == "/" else path
    while rest.startswith("/'") and len(parts) < _MAX_PARTS:
        end = 2
        while (end := rest.find("'", end)) >= 0 and rest[end + 1 : end + 2] == "'":
            end += 2
        if end < 0:
            break
        parts.append(rest[2:end].replace("''", "'"))
        rest = rest[end + 1 :]
    if rest:
        raise UnreadableFile(f"{path[:80]!a} is no path of an object")
    return tuple(parts)
