"""Data types of TDMS, and the moment type that only TDMS has."""

from dataclasses import dataclass
from fractions import Fraction

EPOCH_S = 2_082_844_800
"""Seconds from 1904-01-01 UTC, where TDMS counts from, to the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment: whole seconds since 1904-01-01 UTC and fractions of 2**-64 s."""

    seconds: int
    fractions: int

    @property
    def is_set(self) -> bool:
        """Say whether it is a moment; LabVIEW writes zero where nobody set one."""
        return bool(self.seconds or self.fractions)

    @property
    def unix_ns(self) -> Fraction:
        """Return the exact time in ns since the Unix epoch."""
        return (self.seconds - EPOCH_S + Fraction(self.fractions, 1 << 64)) * 1_000_000_000


Value = int | float | str | bool | Stamp
"""What a property may hold."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One data type as it lies in the file."""

    name: str
    code: str
    """NumPy code without byte order; empty for strings and for nothing."""
    size: int
    """Bytes of one value; 0 for strings, whose values differ, and for nothing."""


VOID = Kind("void", "", 0)
STRING = Kind("string", "", 0)
BOOLEAN = Kind("boolean", "u1", 1)
STAMP = Kind("timestamp", "V16", 16)
DAQMX = Kind("daqmx", "", 0)

_I8, _I16, _I32, _I64 = (Kind(f"int{8 * n}", f"i{n}", n) for n in (1, 2, 4, 8))
_U8, _U16, _U32, _U64 = (Kind(f"uint{8 * n}", f"u{n}", n) for n in (1, 2, 4, 8))
_SINGLE, _DOUBLE = Kind("float32", "f4", 4), Kind("float64", "f8", 8)

KINDS = {
    0x00: VOID,
    0x01: _I8,
    0x02: _I16,
    0x03: _I32,
    0x04: _I64,
    0x05: _U8,
    0x06: _U16,
    0x07: _U32,
    0x08: _U64,
    0x09: _SINGLE,
    0x0A: _DOUBLE,
    0x19: _SINGLE,
    0x1A: _DOUBLE,
    0x20: STRING,
    0x21: BOOLEAN,
    0x44: STAMP,
    0x08000C: Kind("complex64", "c8", 8),
    0x10000D: Kind("complex128", "c16", 16),
    0xFFFFFFFF: DAQMX,
}
"""By type code (NI, "TDMS File Format Internal Structure", tdsDataType)."""

DAQMX_KINDS = {
    0: _U8,
    1: _I8,
    2: _U16,
    3: _I16,
    4: _U32,
    5: _I32,
    6: _U64,
    7: _I64,
    8: _SINGLE,
    9: _DOUBLE,
    0xFFFFFFFF: STAMP,
}
"""By the other type code that DAQmx scalers use."""
