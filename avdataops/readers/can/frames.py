"""Raw CAN frames as columns."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FRAMES_TYPE = "can/frames"
_NS = {"unit": "ns"}
_ONE = {"unit": "1"}
_WORD_BYTES = 8

FRAMES_SCHEMA = pa.schema(
    [
        pa.field("t_ns", pa.int64(), nullable=False, metadata=_NS),
        pa.field("bus_channel", pa.int64(), nullable=False, metadata=_ONE),
        pa.field("id", pa.int64(), nullable=False, metadata=_ONE),
        pa.field("extended", pa.bool_(), nullable=False),
        pa.field("dlc", pa.int64(), metadata=_ONE),
        pa.field("data", pa.binary(), nullable=False),
        pa.field("direction", pa.string()),
    ]
)
"""``direction`` is ``rx`` or ``tx``, null where the recording does not say."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames in the order of the recording; all arrays have one row per frame."""

    t_ns: npt.NDArray[np.int64]
    bus: npt.NDArray[np.int64]
    id: npt.NDArray[np.int64]
    """Identifier without flag bits."""
    extended: npt.NDArray[np.bool_]
    dlc: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    """Valid bytes of each row of ``data``."""
    data: npt.NDArray[np.uint8]
    """Payloads, one row per frame, padded."""
    transmitted: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.t_ns)

    def take(self, which: npt.NDArray[np.generic]) -> "Frames":
        """Return some frames, by mask or by number."""
        return Frames(
            self.t_ns[which],
            self.bus[which],
            self.id[which],
            self.extended[which],
            self.dlc[which],
            self.length[which],
            _rows(self.data, which),
            None if self.transmitted is None else self.transmitted[which],
        )

    def slice(self, start: int, stop: int) -> "Frames":
        """Return neighbouring frames without copying them."""
        part = slice(start, stop)
        return Frames(
            self.t_ns[part],
            self.bus[part],
            self.id[part],
            self.extended[part],
            self.dlc[part],
            self.length[part],
            self.data[part],
            None if self.transmitted is None else self.transmitted[part],
        )

    def to_batch(self) -> pa.RecordBatch:
        """Return the frames with the columns of ``FRAMES_SCHEMA``."""
        columns = [
            pa.array(self.t_ns),
            pa.array(self.bus),
            pa.array(self.id),
            pa.array(self.extended),
            pa.array(self.dlc),
            binary_column(self.data, self.length),
            self._direction(),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=FRAMES_SCHEMA)

    def _direction(self) -> pa.Array:
        if self.transmitted is None:
            return pa.nulls(len(self), pa.string())
        words = pa.array(["rx", "tx"])
        return words.take(pa.array(self.transmitted.astype(np.int8)))


def _rows(data: npt.NDArray[np.uint8], which: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Return some payloads; those of eight bytes are moved as one number each."""
    if data.shape[1] != _WORD_BYTES:
        chosen: npt.NDArray[np.uint8] = data[which]
        return chosen
    words = np.ascontiguousarray(data).view(np.uint64).reshape(-1)
    moved: npt.NDArray[np.uint64] = words[which]
    return moved.view(np.uint8).reshape(-1, _WORD_BYTES)


MAX_PAYLOAD_BYTES = 2048
"""Of a CAN XL frame; longer values are no frames."""


def matrix_of(
    payloads: pa.Array,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return binary values as rows of equal width, padded with zeros, and their lengths.

    A null has length 0; of a value over 2048 bytes the rest is left out.
    """
    offsets = np.frombuffer(payloads.buffers()[1], np.int32)[
        payloads.offset : payloads.offset + len(payloads) + 1
    ].astype(np.int64)
    lengths = np.minimum(np.diff(offsets), MAX_PAYLOAD_BYTES)
    width = int(lengths.max()) if len(lengths) else 0
    content = payloads.buffers()[2]
    if not width or content is None:
        return np.zeros((len(payloads), width), np.uint8), lengths
    flat = np.frombuffer(content, np.uint8)
    if len(lengths) and (np.diff(offsets) == width).all():
        return flat[offsets[0] : offsets[-1]].reshape(len(lengths), width), lengths
    inside = np.arange(width) < lengths[:, None]
    place = np.minimum(offsets[:-1, None] + np.arange(width), len(flat) - 1)
    return np.where(inside, flat[place], 0).astype(np.uint8), lengths


def binary_column(data: npt.NDArray[np.uint8], length: npt.NDArray[np.int64]) -> pa.Array:
    """Return the first ``length`` bytes of each row of ``data`` as one binary column."""
    length = np.clip(length, 0, data.shape[1])
    offsets = np.zeros(len(length) + 1, dtype=np.int32)
    np.cumsum(length, out=offsets[1:])
    if len(length) and offsets[-1] == len(length) * data.shape[1]:
        flat = np.ascontiguousarray(data).reshape(-1)
    else:
        flat = np.ascontiguousarray(data[np.arange(data.shape[1]) < length[:, None]])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(flat)]
    return pa.Array.from_buffers(pa.binary(), len(length), buffers)
