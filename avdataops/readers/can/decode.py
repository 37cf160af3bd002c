"""CAN signals of many frames at once: shift and mask on uint64."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.readers.can.dbc import Message, Signal
from avdataops.readers.can.frames import Frames
from avdataops.readers.names import RESERVED, UniqueNames, snake_case

_EXACT_FLOAT_BITS = 53
_WORD = 64
_WORD_BYTES = 8
_FLOATS = {16: ("u2", "f2"), 32: ("u4", "f4")}

Bits = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


def schema_of(message: Message) -> pa.Schema:
    """Return the columns of a decoded message.

    Each signal has one column with its physical value, and one more, ``<signal>_label``, if the
    DBC names values.  J1939 messages have the sender's ``source_address``.
    """
    fields = [pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})]
    unique = UniqueNames((*RESERVED, "source_address"))
    if message.is_j1939:
        fields.append(pa.field("source_address", pa.int64(), metadata={"unit": "1"}))
    for signal in message.signals:
        name = unique.claim(snake_case(signal.name))
        metadata = {"source": signal.name} | ({"unit": signal.unit} if signal.unit else {})
        fields.append(pa.field(name, _value_type(signal), metadata=metadata))
        if signal.labels:
            fields.append(
                pa.field(
                    unique.claim(f"{name}_label"), pa.string(), metadata={"source": signal.name}
                )
            )
    return pa.schema(fields)


def _value_type(signal: Signal) -> pa.DataType:
    is_count = signal.factor == 1 and signal.offset == 0 and not signal.is_float
    if is_count and signal.bits > _EXACT_FLOAT_BITS:
        return pa.int64() if signal.is_signed else pa.uint64()
    return pa.float64()


def decode_frames(
    message: Message, frames: Frames, schema: pa.Schema | None = None
) -> pa.RecordBatch:
    """Decode frames of one message; signals that a frame does not hold are null.

    ``schema`` is what ``schema_of`` gives for the message, if that is at hand.
    """
    schema = schema_of(message) if schema is None else schema
    columns: list[pa.Array] = [pa.array(frames.t_ns)]
    if message.is_j1939:
        columns.append(pa.array(frames.id & 0xFF))
    raw = {signal.name: raw_bits(signal, frames.data) for signal in message.signals}
    present = _presence(message, frames, raw)
    for signal in message.signals:
        here = present[signal.name]
        absent = None if here.all() else ~here
        kind = schema.field(len(columns)).type
        columns.append(pa.array(_physical(signal, raw[signal.name], kind), kind, mask=absent))
        if signal.labels:
            columns.append(_labels(signal, raw[signal.name], absent))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def raw_bits(signal: Signal, data: npt.NDArray[np.uint8]) -> Bits:
    """Return the bits of a signal in each row of ``data``, unsigned."""
    first, last, shift = _span(signal)
    if last - first < _WORD_BYTES:
        word = _words(data, first, signal)
        if word is not None:
            return word
    window = np.zeros((len(data), last - first + 1), dtype=np.uint64)
    have = data[:, first : last + 1]
    window[:, : have.shape[1]] = have
    if signal.is_motorola:
        window = window[:, ::-1]
    value = np.zeros(len(data), dtype=np.uint64)
    for number in range(window.shape[1]):
        at = 8 * number - shift
        byte = window[:, number]
        if at < 0:
            value |= byte >> np.uint64(-at)
        elif at < _WORD:
            value |= byte << np.uint64(at)
    if signal.bits < _WORD:
        value &= np.uint64((1 << signal.bits) - 1)
    return value


def _words(data: npt.NDArray[np.uint8], first: int, signal: Signal) -> Bits | None:
    """Return the bits of a signal out of one 64-bit number per row, None if there is none.

    The number begins where the signal does, or earlier in short payloads.
    """
    width = data.shape[1]
    if width < _WORD_BYTES or data.strides[1] != 1:
        return None
    start = min(first, width - _WORD_BYTES)
    if signal.last_byte >= start + _WORD_BYTES:
        return None
    kind = np.dtype(">u8" if signal.is_motorola else "<u8")
    words = np.ndarray((len(data),), kind, data, start, (data.strides[0],)) if len(data) else None
    if words is None:
        return np.zeros(0, np.uint64)
    if signal.is_motorola:
        above = 8 * (signal.start // 8 - start) + 7 - signal.start % 8
        shift = _WORD - above - signal.bits
    else:
        shift = signal.start - 8 * start
    value = words.astype(np.uint64)
    if shift:
        value >>= np.uint64(shift)
    if signal.bits < _WORD:
        value &= np.uint64((1 << signal.bits) - 1)
    return value


def _span(signal: Signal) -> tuple[int, int, int]:
    """Return first byte, last byte, and bits below the signal in its least significant byte."""
    if not signal.is_motorola:
        return signal.start // 8, signal.last_byte, signal.start % 8
    least = 8 * (signal.start // 8) + 7 - signal.start % 8 + signal.bits - 1
    return signal.start // 8, least // 8, 7 - least % 8


def _presence(message: Message, frames: Frames, raw: Mapping[str, Bits]) -> Mapping[str, Mask]:
    by_name = {signal.name: signal for signal in message.signals}
    found: dict[str, Mask] = {}

    def present(name: str, depth: int) -> Mask:
        if name in found:
            return found[name]
        signal = by_name[name]
        mask = frames.length > signal.last_byte
        selector = signal.selector
        if selector in by_name and selector is not None and depth < len(by_name):
            chosen = np.isin(raw[selector], np.array(signal.selector_values, dtype=np.uint64))
            mask = mask & chosen & present(selector, depth + 1)
        found[name] = mask
        return mask

    for signal in message.signals:
        present(signal.name, 0)
    return found


def _signed(signal: Signal, raw: Bits) -> npt.NDArray[np.int64]:
    if signal.bits == _WORD:
        return raw.view(np.int64)
    sign = np.int64(1 << (signal.bits - 1))
    return (raw.view(np.int64) ^ sign) - sign


def _physical(signal: Signal, raw: Bits, kind: pa.DataType) -> npt.NDArray[Any]:
    if signal.is_float:
        whole, real = _FLOATS.get(signal.bits, ("u8", "f8"))
        return _scaled(signal, raw.astype(whole).view(real))
    number = _signed(signal, raw) if signal.is_signed else raw
    return number if kind != pa.float64() else _scaled(signal, number)


def _scaled(signal: Signal, number: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    scaled = number.astype(np.float64)
    if signal.factor != 1:
        scaled *= signal.factor
    if signal.offset:
        scaled += signal.offset
    return scaled


def _labels(signal: Signal, raw: Bits, absent: Mask | None) -> pa.Array:
    numbers = _signed(signal, raw) if signal.is_signed else raw
    values, place = np.unique(numbers, return_inverse=True)
    texts = pa.array([signal.labels.get(int(value)) for value in values], pa.string())
    return texts.take(pa.array(place.astype(np.int64), mask=absent))
