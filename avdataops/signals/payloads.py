"""What a message's payload tells, so that nobody must read it again: hash, and for pictures more.

Four columns stand for the payload in the thinned table: ``payload_hash`` (equal payloads have equal
hashes), ``phash``, ``luma`` and ``sharpness`` (pictures only, null where they cannot be decoded).
Of a point cloud one point per cell of a grid may stay in ``voxels_x_m``, ``voxels_y_m``,
``voxels_z_m`` and ``voxels_intensity``.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from avdataops.signals.arrays import Floats
from avdataops.signals.pictures import Grey, PictureFacts, decoded, facts_of, unpacked
from avdataops.signals.voxels import voxel_grid

FACTS = (
    pa.field("payload_hash", pa.int64(), metadata={"unit": "1"}),
    pa.field("phash", pa.int64(), metadata={"unit": "1"}),
    pa.field("luma", pa.float64(), metadata={"unit": "1"}),
    pa.field("sharpness", pa.float64(), metadata={"unit": "1"}),
)
FACT_NAMES = tuple(field.name for field in FACTS)
VOXELS = tuple(
    pa.field(f"voxels_{name}", pa.list_(pa.float32()), metadata={"unit": unit})
    for name, unit in (("x_m", "m"), ("y_m", "m"), ("z_m", "m"), ("intensity", "1"))
)
_POINTS = ("points_x_m", "points_y_m", "points_z_m")
_INTENSITY = "points_intensity"
_RAW = ("height", "width", "step", "encoding")
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is to be told of the payload of a stream's messages."""

    payload: tuple[str, ...]
    """Its columns."""
    pictures: bool
    """The messages are pictures of a camera."""
    voxel_m: float = 0.0
    """Edge of the cells of a point cloud; 0 for no cloud."""

    def at(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with the payload columns replaced by what they tell."""
        kept = [field for field in batch.schema if field.name not in self.payload]
        told: list[PictureFacts | None] = [None] * batch.num_rows
        if self.pictures:
            told = list(_pictures(batch, self.payload))
        arrays = [
            *(batch.column(field.name) for field in kept),
            pa.array(_hashes(batch, self.payload), pa.int64()),
            pa.array([fact.phash if fact else None for fact in told], pa.int64()),
            pa.array([fact.luma if fact else None for fact in told], pa.float64()),
            pa.array([fact.sharpness if fact else None for fact in told], pa.float64()),
        ]
        fields = [*kept, *FACTS]
        if self.voxel_m > 0 and set(_POINTS).issubset(self.payload):
            arrays += _voxels(batch, self.voxel_m)
            fields += VOXELS
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _voxels(batch: pa.RecordBatch, cell_m: float) -> list[pa.Array]:
    """Return the thinned cloud of each row, as lists of x, y, z and intensity."""
    columns: list[list[NDArray[np.float32]]] = [[] for _ in VOXELS]
    for row in range(batch.num_rows):
        x, y, z = (_numbers(batch.column(name)[row]) for name in _POINTS)
        known = _INTENSITY in batch.schema.names
        bright = _numbers(batch.column(_INTENSITY)[row]) if known else np.full(x.size, np.nan)
        thin = voxel_grid(np.column_stack((x, y, z)), bright, cell_m)
        for column, values in zip(columns, (*thin.points.T, thin.values), strict=True):
            column.append(values.astype(np.float32))
    return [pa.array(column, VOXELS[0].type) for column in columns]


def _numbers(scalar: pa.ListScalar) -> Floats:
    if scalar.values is None:
        return np.empty(0)
    return np.asarray(scalar.values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _hashes(batch: pa.RecordBatch, payload: tuple[str, ...]) -> Iterator[int | None]:
    """Yield the hash of all payload of each row; None for a row whose payload is null or empty."""
    takers = [_bytes_of(batch.column(name)) for name in payload]
    for row in range(batch.num_rows):
        digest, size = hashlib.blake2b(digest_size=_HASH_BYTES), 0
        for take in takers:
            part = take(row)
            size += len(part)
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        yield int.from_bytes(digest.digest(), "big", signed=True) if size else None


def _bytes_of(column: pa.Array) -> Callable[[int], bytes]:
    """Return a function from row to the bytes of its value; lists of text and lists have none."""
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return lambda row: column[row].as_py() or b""
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if (is_list or pa.types.is_fixed_size_list(kind)) and pa.types.is_primitive(kind.value_type):
        return lambda row: _list_bytes(column[row])
    return lambda _: b""


def _list_bytes(scalar: pa.ListScalar) -> bytes:
    values = scalar.values
    if values is None:
        return b""
    return bytes(values.to_numpy(zero_copy_only=False).tobytes())


def _pictures(batch: pa.RecordBatch, payload: tuple[str, ...]) -> Iterator[PictureFacts | None]:
    """Yield what each row's picture tells; its bytes are the first payload column of bytes."""
    name = next((n for n in payload if pa.types.is_binary(batch.schema.field(n).type)), None)
    for row in range(batch.num_rows):
        grey = None if name is None else _grey(batch, name, row)
        yield None if grey is None else facts_of(grey)


def _grey(batch: pa.RecordBatch, name: str, row: int) -> Grey | None:
    data = batch.column(name)[row].as_py() or b""
    if not set(_RAW).issubset(batch.schema.names):
        return decoded(data)
    height, width, step, encoding = (batch.column(key)[row].as_py() for key in _RAW)
    if None in (height, width, step, encoding):
        return None
    return unpacked(data, height, width, step, encoding)
