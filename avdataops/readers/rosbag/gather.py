"""Values from many places of one buffer at once."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Octets = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_LARGE_BYTES = 192
"""Mean size from which a slice per piece is cheaper than an index per byte (measured)."""


def values_at(data: Octets, places: Places, kind: np.dtype[Any]) -> Array:
    """Return the values of type ``kind`` that begin at ``places``, aligned or not.

    Every place must leave room for a whole value.
    """
    if not len(places) or not kind.itemsize:
        return np.zeros(len(places), kind)
    # As opaque bytes, because NumPy copies structures field by field.
    opaque = np.dtype((np.void, kind.itemsize)) if kind.names else kind
    overlapping = np.ndarray((len(data) - kind.itemsize + 1,), opaque, data, 0, (1,))
    return overlapping[places].view(kind) if kind.names else overlapping[places]


def offsets_of(sizes: Places) -> Places:
    """Return where pieces of these sizes begin when joined, and where the last one ends."""
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def joined(data: Octets, starts: Places, sizes: Places) -> Octets:
    """Return the pieces ``data[start : start + size]`` behind each other."""
    count = len(starts)
    total = int(sizes.sum()) if count else 0
    if not total:
        return np.zeros(0, np.uint8)
    if count == 1:
        piece = data[starts[0] : starts[0] + total]
        # A small piece must not keep the whole buffer alive.
        return piece if total * 2 > len(data) else piece.copy()
    if total >= count * _LARGE_BYTES:
        view = data.data
        ends = (starts + sizes).tolist()
        parts = [view[start:end] for start, end in zip(starts.tolist(), ends, strict=True)]
        return np.frombuffer(b"".join(parts), np.uint8)
    first = int(sizes[0])
    if total == first * count and bool((sizes == first).all()):
        return values_at(data, starts, np.dtype((np.void, first))).view(np.uint8)
    begins = starts - offsets_of(sizes)[:-1]
    return data[np.repeat(begins, sizes) + np.arange(total)]
