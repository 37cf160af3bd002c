"""Values of a channel out of many records at once (ASAM MDF 4.2, 5.14: data types)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.mdf4.facts import Samples
from avdataops.readers.mdf4.structure import Place

Records = npt.NDArray[np.uint8]
"""One row of bytes per record."""

UINT_LE, UINT_BE, INT_LE, INT_BE, REAL_LE, REAL_BE = range(6)
LATIN, UTF8, UTF16_LE, UTF16_BE, BYTES, SAMPLE, STREAM = range(6, 13)
DATE, TIME, COMPLEX_LE, COMPLEX_BE = range(13, 17)
ENCODINGS = {LATIN: "latin-1", UTF8: "utf-8", UTF16_LE: "utf-16-le", UTF16_BE: "utf-16-be"}
OPAQUE = (BYTES, SAMPLE, STREAM)
_SIGNED = (INT_LE, INT_BE)
_BIG = (UINT_BE, INT_BE, REAL_BE, COMPLEX_BE)
_REALS = (REAL_LE, REAL_BE)
_COMPLEX = (COMPLEX_LE, COMPLEX_BE)
_WORD = 64
_NS_PER_MS, _MS_PER_DAY = 10**6, 86_400_000
_EPOCH_1984_MS = 441_763_200_000
"""1984-01-01 UTC, where the days of CANopen times begin (CiA 301, 7.1.6)."""


def dtype_of(place: Place) -> np.dtype[Any]:
    """Return the type of single raw samples; raises ``SchemaMismatch`` for a width that none has.

    Texts and bytes are ``object``; dates and times are nanoseconds since the epoch.
    """
    bits, kind = place.bits, place.data_type
    if kind in ENCODINGS or kind in OPAQUE:
        return np.dtype(object)
    if kind in (DATE, TIME):
        return np.dtype(np.int64)
    if kind in _REALS and bits in (16, 32, 64):
        return np.dtype(f"f{bits // 8}")
    if kind in _COMPLEX and bits in (64, 128):
        return np.dtype(f"c{bits // 8}")
    if kind <= INT_BE and 0 <= bits <= _WORD:
        size = next(size for size in (8, 16, 32, 64) if bits <= size)
        return np.dtype(f"{'i' if kind in _SIGNED else 'u'}{size // 8}")
    raise SchemaMismatch(f"no value of type {kind} has {bits} bits")


def last_byte(place: Place) -> int:
    """Return the byte behind the last that the channel touches in a record."""
    size = (place.bit + place.bits + 7) // 8
    spread = [(n - 1) * step for n, step in zip(place.shape, place.strides, strict=True)]
    return place.byte + size + sum(max(step, 0) for step in spread)


def first_byte(place: Place) -> int:
    """Return the first byte that the channel touches, negative if it is not in the record."""
    spread = [(n - 1) * step for n, step in zip(place.shape, place.strides, strict=True)]
    return place.byte + sum(min(step, 0) for step in spread)


def samples(place: Place, records: Records) -> Samples | pa.Array:
    """Return the raw samples of a channel in its native type, shape (records, *array)."""
    if place.data_type in ENCODINGS or place.data_type in OPAQUE:
        return _opaque(place, records)
    if place.data_type == DATE:
        return _dates(_field(place, records))
    if place.data_type == TIME:
        return _times(_field(place, records))
    kind = dtype_of(place)
    is_plain = place.bit == 0 and place.bits == 8 * kind.itemsize
    if is_plain:
        return _view(place, records, kind.newbyteorder(">" if place.data_type in _BIG else "<"))
    return _integers(place, records, kind)


def _view(place: Place, records: Records, kind: np.dtype[Any]) -> Samples:
    if not len(records):
        return np.zeros((0, *place.shape), kind)
    return np.ndarray(
        (len(records), *place.shape),
        kind,
        buffer=records,
        offset=place.byte,
        strides=(records.strides[0], *place.strides),
    )


def _field(place: Place, records: Records) -> Records:
    return records[:, place.byte : place.byte + (place.bits + 7) // 8]


def _integers(place: Place, records: Records, kind: np.dtype[Any]) -> Samples:
    """Return integers of any width at any bit, sign extended."""
    size = (place.bit + place.bits + 7) // 8
    value = np.zeros((len(records), *place.shape), np.uint64)
    is_big = place.data_type in _BIG
    for number in range(size):
        at = place.byte + (size - 1 - number if is_big else number)
        part = _bytes_at(place, records, at)
        shift = 8 * number - place.bit
        if shift < 0:
            value |= part >> np.uint64(-shift)
        elif shift < _WORD:
            value |= part << np.uint64(shift)
    if place.bits < _WORD:
        value &= np.uint64((1 << place.bits) - 1)
    if place.data_type in _SIGNED and 0 < place.bits < _WORD:
        sign = np.uint64(1 << (place.bits - 1))
        value = (value ^ sign) - sign
    return value.astype(kind)


def _bytes_at(place: Place, records: Records, at: int) -> npt.NDArray[np.uint64]:
    if not place.shape:
        return records[:, at].astype(np.uint64)
    one = Place(data_type=UINT_LE, byte=at, bit=0, bits=8, shape=place.shape, strides=place.strides)
    return _view(one, records, np.dtype(np.uint8)).astype(np.uint64)


def _opaque(place: Place, records: Records) -> pa.Array:
    field = np.ascontiguousarray(_field(place, records))
    if place.data_type not in ENCODINGS:
        return fixed_bytes(field)
    return decoded(fixed_bytes(field), place.data_type)


def fixed_bytes(rows: Records) -> pa.Array:
    """Return one binary value per row of bytes."""
    offsets = np.arange(len(rows) + 1, dtype=np.int64) * rows.shape[1]
    if offsets[-1] > np.iinfo(np.int32).max:
        raise SchemaMismatch(f"{offsets[-1]} bytes are too many for one column of a batch")
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(rows)]
    return pa.Array.from_buffers(pa.binary(), len(rows), buffers)


def decoded(values: pa.Array, data_type: int) -> pa.Array:
    """Return texts of bytes; each ends at its first NUL."""
    encoding = ENCODINGS[data_type]
    end = "\0"
    encoded = values.dictionary_encode()
    texts = [
        one.decode(encoding, "replace").partition(end)[0] for one in encoded.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _dates(field: Records) -> npt.NDArray[np.int64]:
    """Return CANopen dates of 7 bytes as ns since the epoch (MDF 4.2, 5.14, data type 13)."""
    part = field.astype(np.int64)
    ms = part[:, 0] | (part[:, 1] << 8)
    minute, hour, day = part[:, 2] & 63, part[:, 3] & 31, part[:, 4] & 31
    month, year = part[:, 5] & 63, 2000 + (part[:, 6] & 127)
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    days = months.astype("M8[M]").astype("M8[D]").astype(np.int64) + np.maximum(day, 1) - 1
    whole: npt.NDArray[np.int64] = days * _MS_PER_DAY + (hour * 60 + minute) * 60_000 + ms
    return whole * _NS_PER_MS


def _times(field: Records) -> npt.NDArray[np.int64]:
    """Return CANopen times of 6 bytes as ns since the epoch (MDF 4.2, 5.14, data type 14)."""
    part = field.astype(np.int64)
    ms = (part[:, 0] | part[:, 1] << 8 | part[:, 2] << 16 | part[:, 3] << 24) & 0xFFF_FFFF
    days = part[:, 4] | part[:, 5] << 8
    whole: npt.NDArray[np.int64] = _EPOCH_1984_MS + days * _MS_PER_DAY + ms
    return whole * _NS_PER_MS


def invalid(place: Place, records: Records, data_bytes: int) -> npt.NDArray[np.bool_] | None:
    """Return which samples are marked invalid, None if the channel has no mark."""
    if place.invalid_bit is None:
        return None
    at = data_bytes + place.invalid_bit // 8
    if at >= records.shape[1]:
        return None
    marks = records[:, at] >> np.uint8(place.invalid_bit % 8)
    return (marks & 1).astype(np.bool_)
