"""Byte layouts of the encodings: ROS 1, and CDR with its encapsulation headers."""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag.layout import NUMBERS, Leaf, Run

Array = npt.NDArray[Any]

HEADER_BYTES = 4
MAX_PADDING = 3


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """How one encoding places values."""

    name: str
    order: str
    """``<`` or ``>``."""
    align: int
    """Largest alignment; values align to their own size up to it, counted from ``origin``."""
    origin: int
    """Bytes before the first value."""
    trailing_nul: bool
    time: tuple[str, str]
    """Types of seconds and nanoseconds of a time."""
    count: struct.Struct = field(repr=False)

    def pad(self, position: int, size: int) -> int:
        """Return ``position`` moved up to the alignment of a value of ``size`` bytes."""
        size = min(size, self.align)
        return position + (self.origin - position) % size

    def number(self, base: str) -> np.dtype[Any]:
        """Return the NumPy type of a number as it stands in the message."""
        return np.dtype(self.order + NUMBERS[base])


def _cdr(name: str, order: str, align: int) -> Wire:
    return Wire(name, order, align, HEADER_BYTES, True, ("i4", "u4"), struct.Struct(order + "I"))


ROS1 = Wire("ros1", "<", 1, 0, False, ("u4", "u4"), struct.Struct("<I"))
_CDR = {
    0x0000: _cdr("cdr", ">", 8),
    0x0001: _cdr("cdr", "<", 8),
    0x0006: _cdr("cdr2", ">", 4),
    0x0007: _cdr("cdr2", "<", 4),
}
"""Plain encapsulations of OMG DDS-XTYPES 1.3, table 60.  Parameter lists and delimited ones
(mutable and appendable types) are not read."""


def wire_of(encoding: str, message: bytes) -> Wire | None:
    """Return the layout of one message by its encoding and header, None if it is not read here."""
    if encoding == "ros1":
        return ROS1
    if len(message) < HEADER_BYTES:
        return None
    return _CDR.get(int.from_bytes(message[:2], "big"))


@dataclass(frozen=True, slots=True)
class RunLayout:
    """Where the values of a run stand when it begins at one phase of the alignment."""

    dtype: np.dtype[np.void]
    size: int
    repeats: bool
    """True if another run right behind begins at the same phase."""


def run_layout(run: Run, wire: Wire, phase: int) -> RunLayout:
    """Lay out ``run`` from a position that is ``phase`` past the largest alignment."""
    at = wire.origin + phase
    names: list[str] = []
    formats: list[np.dtype[Any]] = []
    offsets: list[int] = []
    for leaf in run.leaves:
        kind = _format(leaf, wire)
        at = wire.pad(at, _alignment(leaf, wire)) if leaf.length != 0 else at
        names.append(leaf.column)
        formats.append(kind)
        offsets.append(at - wire.origin - phase)
        at += kind.itemsize
    total = at - wire.origin - phase
    dtype = np.dtype(
        {"names": names, "formats": formats, "offsets": offsets, "itemsize": max(total, 0)}
    )
    return RunLayout(dtype, total, (at - wire.origin) % wire.align == phase % wire.align)


def _alignment(leaf: Leaf, wire: Wire) -> int:
    return 4 if leaf.base in ("time", "duration") else wire.number(leaf.base).itemsize


def _format(leaf: Leaf, wire: Wire) -> np.dtype[Any]:
    single = element_type(leaf.base, wire)
    return np.dtype((single, (leaf.length,))) if leaf.is_list else single


def element_type(base: str, wire: Wire) -> np.dtype[Any]:
    """Return the NumPy type of a number, or of a time as its seconds and nanoseconds."""
    if base == "time":
        seconds, nanoseconds = wire.time
        return np.dtype([("s", wire.order + seconds), ("ns", wire.order + nanoseconds)])
    if base == "duration":
        nanoseconds = "i4" if wire is ROS1 else "u4"
        return np.dtype([("s", wire.order + "i4"), ("ns", wire.order + nanoseconds)])
    return wire.number(base)


def native(values: Array, base: str) -> Array:
    """Return times as int64 ns, truth values as bool, and numbers in this machine's order."""
    if base in ("time", "duration"):
        return values["s"].astype(np.int64) * 1_000_000_000 + values["ns"].astype(np.int64)
    if base == "bool":
        return np.not_equal(values, 0)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def check_end(wire: Wire, position: int, message: bytes) -> None:
    """Raise ``SchemaMismatch`` if bytes are left that no padding explains."""
    left = len(message) - position
    if left > (MAX_PADDING if wire.align > 1 else 0):
        raise SchemaMismatch(f"{left} of {len(message)} bytes are not in the definition")
