"""Values of variable length, which records name by their offset in signal data (MDF 4.2, 5.14.3).

Signal data is a row of values, each behind its length in four bytes.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import HostileInput

LENGTH_BYTES = 4
MAX_SPAN_BYTES = 16 << 20
"""Of signal data that is read at once for neighbouring records."""
MAX_TOTAL_BYTES = 512 << 20
"""Of the values of one batch."""
_SLICED_BYTES = 256
"""Mean length over which values are cut one by one."""

_TOO_LONG = "the values of {} records have over {} bytes"

Offsets = npt.NDArray[np.int64]
ReadAt = Callable[[int, int], bytes]


def values_at(read: ReadAt, size: int, offsets: Offsets) -> pa.Array:
    """Return the values at ``offsets`` of signal data of ``size`` bytes, null where none is whole.

    Raises ``HostileInput`` for values that together have over 512 MB.
    """
    parts = [_span(read, size, offsets[start:stop]) for start, stop in _spans(offsets, size)]
    if sum(part.nbytes for part in parts) > MAX_TOTAL_BYTES:
        raise HostileInput(
            f"the values of {len(offsets)} records have over {MAX_TOTAL_BYTES} bytes"
        )
    return pa.concat_arrays(parts) if parts else pa.array([], pa.binary())


def _spans(offsets: Offsets, size: int) -> list[tuple[int, int]]:
    """Return neighbouring records whose values lie near each other."""
    found: list[tuple[int, int]] = []
    waiting = [(0, len(offsets))] if len(offsets) else []
    while waiting:
        start, stop = waiting.pop()
        part = offsets[start:stop]
        inside = part[(part >= 0) & (part < size)]
        is_near = not len(inside) or int(inside.max() - inside.min()) <= MAX_SPAN_BYTES
        if is_near or stop - start == 1:
            found.append((start, stop))
        else:
            middle = (start + stop) // 2
            waiting += [(middle, stop), (start, middle)]
    return found


def _span(read: ReadAt, size: int, offsets: Offsets) -> pa.Array:
    good = (offsets >= 0) & (offsets <= size - LENGTH_BYTES)
    if not good.any():
        return pa.nulls(len(offsets), pa.binary())
    low, high = int(offsets[good].min()), int(offsets[good].max())
    heads = np.frombuffer(read(low, high - low + LENGTH_BYTES), np.uint8)
    good &= offsets - low <= len(heads) - LENGTH_BYTES
    at = np.where(good, offsets - low, 0)
    lengths = _lengths(heads, at) if good.any() else np.zeros(len(at), np.int64)
    good &= offsets + LENGTH_BYTES + lengths <= size
    if int(lengths[good].sum()) > MAX_TOTAL_BYTES:
        raise HostileInput(
            f"the values of {len(offsets)} records have over {MAX_TOTAL_BYTES} bytes"
        )
    stop = int((at + LENGTH_BYTES + lengths)[good].max()) if good.any() else 0
    data = read(low, stop)
    good &= at + LENGTH_BYTES + lengths <= len(data)
    return cut_out(data, at + LENGTH_BYTES, np.where(good, lengths, 0), good)


def _lengths(data: npt.NDArray[np.uint8], at: Offsets) -> Offsets:
    length = np.zeros(len(at), np.int64)
    for number in range(LENGTH_BYTES):
        length |= data[at + number].astype(np.int64) << (8 * number)
    return length


def cut_out(
    data: bytes, starts: Offsets, lengths: Offsets, good: npt.NDArray[np.bool_]
) -> pa.Array:
    """Return ``lengths`` bytes from each start as one binary value, null where not good."""
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    total = int(offsets[-1])
    if total > _SLICED_BYTES * max(len(starts), 1):
        ends = starts + lengths
        view = memoryview(data)
        pieces = [view[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        content = b"".join(pieces)
    else:
        place = np.repeat(starts - offsets[:-1], lengths) + np.arange(total)
        content = np.frombuffer(data, np.uint8)[place].tobytes() if total else b""
    valid = None if good.all() else pa.py_buffer(np.packbits(good, bitorder="little"))
    buffers = [valid, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.binary(), len(starts), buffers)


class Window:
    """Values of a group of variable length as a stream passes: the latest ones by their offset."""

    def __init__(self, kept_bytes: int = MAX_SPAN_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._base = 0
        self._data = bytearray()

    @property
    def stop(self) -> int:
        """Return the offset behind the last value."""
        return self._base + len(self._data)

    def add(self, data: bytes, starts: Offsets) -> Offsets:
        """Take values with their lengths; return the offset of each."""
        offsets = np.empty(len(starts), np.int64)
        for number, start in enumerate(starts.tolist()):
            length = int.from_bytes(data[start : start + LENGTH_BYTES], "little")
            offsets[number] = self.stop
            self._data += data[start : start + LENGTH_BYTES + length]
        return offsets

    def values(self, offsets: Offsets) -> pa.Array:
        """Return the values at offsets; null for those that have passed or never came."""
        near = np.where(offsets >= self._base, offsets - self._base, -1)
        held = bytes(self._data)
        return values_at(lambda at, size: held[at : at + size], len(held), near)

    def forget(self) -> None:
        """Drop what is too far back."""
        surplus = len(self._data) - self._kept_bytes
        if surplus > 0:
            del self._data[:surplus]
            self._base += surplus
