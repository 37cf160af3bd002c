"""Values of channels by row number, from as few and as small reads as the layout allows."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.tdms.index import Index, Object
from avdataops.readers.tdms.kinds import BOOLEAN, STAMP, Kind
from avdataops.readers.tdms.layout import Field, Layout, Place, Text

BLOCK_BYTES = 8 << 20
"""A chunk up to this size is read at once; of a larger one only what is asked for."""
_AHEAD_BYTES = 1 << 20
_KEPT_BYTES = 64 << 20
"""More than the blocks of one window; the last one is kept whatever its size."""
_LAYOUTS = 64
MAX_STRING_BYTES = 16 << 20
"""One string longer than this is null."""
STAMPS = np.dtype([("seconds", "i8"), ("fractions", "u8")])
"""Moments as they are stored, in the byte order of this machine."""

_Numbers = npt.NDArray[np.int64]
Raw = dict[int | None, npt.NDArray[Any]]
"""Values by the number of the DAQmx scaler; plain values under None."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring rows inside one segment."""

    layout: Layout
    at: int
    """Offset of the first chunk of the segment."""
    chunk: int
    row: int
    """First row, counted from the start of that chunk."""
    rows: int


class Runs:
    """In which spans the rows of one or more channels lie."""

    def __init__(self, index: Index, one: Object) -> None:
        self._index = index
        self._spans = np.frombuffer(one.spans, np.int64)
        self._values = np.frombuffer(one.values, np.int64)
        chunks = np.array([index.spans[span].chunks for span in one.spans], np.int64)
        self._until = np.cumsum(chunks * self._values)
        self._chunks_before = np.frombuffer(index.chunks_before, np.int64)

    @property
    def rows(self) -> int:
        """Count of values."""
        return int(self._until[-1]) if len(self._until) else 0

    def layouts(self) -> Iterator[tuple[Layout, int, int]]:
        """Yield each span's layout, the values in one of its chunks, and its chunks."""
        for number, values in zip(self._spans.tolist(), self._values.tolist(), strict=True):
            span = self._index.spans[number]
            yield span.layout, values, span.chunks

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """Yield the rows ``start <= row < stop``, cut at the ends of segments."""
        number = int(np.searchsorted(self._until, start, side="right"))
        while start < stop:
            values = int(self._values[number])
            span = self._index.spans[int(self._spans[number])]
            first = int(self._until[number]) - span.chunks * values
            chunk, row = divmod(start - first, values)
            chunk += self._index.chunks_before[span.first_segment]
            segment = int(np.searchsorted(self._chunks_before, chunk, side="right")) - 1
            inside = chunk - self._index.chunks_before[segment]
            left = (self._index.chunks_before[segment + 1] - chunk) * values - row
            rows = min(stop - start, left)
            yield Piece(span.layout, self._index.starts[segment], inside, row, rows)
            start += rows
            if start >= self._until[number]:
                number += 1


class Samples:
    """Reads values of channels; keeps a few blocks of bytes."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self.is_direct = False
        """Read only what is asked for; otherwise small chunks are read whole."""
        self._blocks: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._kept = 0
        self._places: OrderedDict[int, tuple[Layout, dict[int, Place]]] = OrderedDict()

    def numbers(self, channel: int, pieces: list[Piece]) -> Raw:
        """Return the values of a channel with a fixed size, as they are stored."""
        parts: dict[int | None, list[npt.NDArray[Any]]] = {}
        for piece in pieces:
            place = self._place(piece.layout, channel)
            for one in place.fields:
                parts.setdefault(one.scale, []).extend(self._field(piece, place.values, one))
        return {
            scale: found[0] if len(found) == 1 else np.concatenate(found)
            for scale, found in parts.items()
        }

    def first(self, channel: int, piece: Piece) -> npt.NDArray[Any]:
        """Return the first value of a piece alone, in one small read."""
        one = self._place(piece.layout, channel).fields[0]
        at = piece.at + piece.chunk * piece.layout.chunk_bytes
        at += one.base + piece.row * one.stride + one.inner
        data = self._file.read_at(at, one.kind.size)
        return _native(_view(_dtype(one.kind, piece.layout.order), (data, 0), (1,), (0,)), one)

    def _field(self, piece: Piece, values: int, one: Field) -> Iterator[npt.NDArray[Any]]:
        size = piece.layout.chunk_bytes
        if size <= BLOCK_BYTES and not (self.is_direct and not piece.layout.rows_are_mixed):
            chunks = -(-(piece.row + piece.rows) // values)
            start = piece.at + piece.chunk * size
            data, at = self._block(start, start + chunks * size)
            shape, strides = (chunks, values), (size, one.stride)
            kind = _dtype(one.kind, piece.layout.order)
            found = _view(kind, (data, at + one.base + one.inner), shape, strides)
            flat = found[0] if chunks == 1 else found.reshape(-1)
            yield _native(flat[piece.row : piece.row + piece.rows], one)
            return
        for chunk, row, rows in _by_chunk(piece, values):
            base = piece.at + chunk * size + one.base
            data, at = self._block(base + row * one.stride, base + (row + rows) * one.stride)
            kind = _dtype(one.kind, piece.layout.order)
            found = _view(kind, (data, at + one.inner), (rows,), (one.stride,))
            yield _native(found, one)

    def _block(self, start: int, stop: int) -> tuple[bytes, int]:
        """Return bytes that hold the range, and where in them it begins.

        Blocks are kept, oldest out first: all channels of a window ask for the same ones.
        """
        stop = max(min(stop, self._file.size), start)
        if self.is_direct:
            return self._file.read_at(start, stop - start), 0
        for (low, high), data in self._blocks.items():
            if low <= start and stop <= high:
                return data, start - low
        stop = max(stop, min(start + _AHEAD_BYTES, self._file.size))
        data = self._file.read_at(start, stop - start)
        self._blocks[start, stop] = data
        self._kept += len(data)
        while self._kept > _KEPT_BYTES and len(self._blocks) > 1:
            _, old = self._blocks.popitem(last=False)
            self._kept -= len(old)
        return data, 0

    def _place(self, layout: Layout, channel: int) -> Place:
        known = self._places.get(id(layout))
        if known is None:
            known = self._places[id(layout)] = (layout, layout.places())
            if len(self._places) > _LAYOUTS:
                self._places.popitem(last=False)
        return known[1][channel]

    def text_bytes(self, channel: int, pieces: list[Piece]) -> int:
        """Return how many bytes the strings of some rows have."""
        return sum(
            int(np.where(bad, 0, lengths).sum())
            for _, _, lengths, bad in self._strings(channel, pieces)
        )

    def texts(self, channel: int, pieces: list[Piece]) -> tuple[pa.Array, int]:
        """Return the strings of a channel, and how many of them are null.

        A string is null if its ends contradict each other or the size of its chunk, or if it is
        longer than ``MAX_STRING_BYTES``.
        """
        parts: list[pa.Array] = [pa.array([], pa.string())]
        lost = 0
        for at, starts, lengths, bad in self._strings(channel, pieces):
            lost += int(bad.sum())
            edges = np.flatnonzero(np.diff(bad.astype(np.int8), prepend=2, append=2)).tolist()
            for low, high in pairwise(edges):
                if bad[low]:
                    parts.append(pa.nulls(high - low, pa.string()))
                    continue
                data = self._file.read_at(
                    at + int(starts[low]), int(starts[high - 1] + lengths[high - 1] - starts[low])
                )
                parts.append(_text_array(data, lengths[low:high]))
        return pa.concat_arrays(parts), lost

    def _strings(
        self, channel: int, pieces: list[Piece]
    ) -> Iterator[tuple[int, _Numbers, _Numbers, npt.NDArray[np.bool_]]]:
        """Yield by chunk: offset of the bytes, starts in them, lengths, and which are no strings.

        A chunk stores the end of each string, then the bytes of all.
        """
        for piece in pieces:
            place = self._place(piece.layout, channel)
            text = place.text or Text(0, 0, 0)
            for chunk, row, rows in _by_chunk(piece, place.values):
                at = piece.at + chunk * piece.layout.chunk_bytes + text.base
                first = max(row - 1, 0)
                data = self._file.read_at(at + 4 * first, 4 * (row + rows - first))
                if len(data) < 4 * (row + rows - first):
                    raise UnreadableFile("the file ended inside a chunk of strings")
                ends = np.frombuffer(data, f"{piece.layout.order}u4").astype(np.int64)
                if row == 0:
                    ends = np.concatenate([[0], ends])
                lengths = np.diff(ends)
                room = text.size - 4 * text.values
                bad = (lengths < 0) | (lengths > MAX_STRING_BYTES) | (ends[1:] > room)
                yield at + 4 * text.values, ends[:-1], lengths, bad


def _by_chunk(piece: Piece, values: int) -> Iterator[tuple[int, int, int]]:
    """Yield chunk, first row and rows of the parts of a piece."""
    chunk, row, left = piece.chunk, piece.row, piece.rows
    while left:
        rows = min(left, values - row)
        yield chunk, row, rows
        chunk, row, left = chunk + 1, 0, left - rows


def _view(
    kind: npt.DTypeLike,
    where: tuple[bytes, int],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
) -> npt.NDArray[Any]:
    data, at = where
    if not data:  # NumPy would make up values for an empty buffer.
        raise UnreadableFile("the file ended before a chunk")
    try:
        return np.ndarray(shape, kind, data, at, strides)
    except (TypeError, ValueError) as error:
        raise UnreadableFile("the file ended inside a chunk") from error


def _dtype(kind: Kind, order: str) -> npt.DTypeLike:
    if kind is not STAMP:
        return kind.code if kind.size == 1 else f"{order}{kind.code}"
    if order == "<":
        return np.dtype([("fractions", "<u8"), ("seconds", "<i8")])
    return np.dtype([("seconds", ">i8"), ("fractions", ">u8")])


def _native(values: npt.NDArray[Any], one: Field) -> npt.NDArray[Any]:
    """Return values in the byte order of this machine, one after the other."""
    if one.kind is STAMP:
        found = np.empty(len(values), STAMPS)
        for name in ("seconds", "fractions"):
            found[name] = values[name]
        return found
    plain: npt.NDArray[Any] = np.require(values, values.dtype.newbyteorder("="), ["C", "A"])
    if one.kind is BOOLEAN:
        plain = plain != 0
    elif one.bit is not None:
        plain = (plain >> one.bit) & 1
    return plain


def _text_array(data: bytes, lengths: _Numbers) -> pa.Array:
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    if int(ends[-1]) > len(data):
        raise UnreadableFile("the file ended inside a string")
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(data)]
    found = pa.Array.from_buffers(pa.string(), len(lengths), buffers)
    try:
        found.validate(full=True)
    except pa.ArrowInvalid:  # Some are no UTF-8.
        plain = pa.Array.from_buffers(pa.binary(), len(lengths), buffers)
        return pa.array([one.decode("utf-8", "replace") for one in plain.to_pylist()], pa.string())
    return found
