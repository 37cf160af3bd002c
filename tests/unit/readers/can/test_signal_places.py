"""Signals at every place of a frame against a reading bit by bit, and against cantools."""

import struct
from typing import Any

import cantools
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.readers.can.dbc import Message, Signal, load_dbc
from avdataops.readers.can.decode import decode_frames, raw_bits
from avdataops.readers.can.frames import Frames

HEAD = 'VERSION ""\nBS_:\nBU_: ECU\n'
PAYLOADS = [
    bytes.fromhex("00 00 00 00 00 00 00 00"),
    bytes.fromhex("FF FF FF FF FF FF FF FF"),
    bytes.fromhex("01 23 45 67 89 AB CD EF"),
    bytes.fromhex("80 00 00 00 00 00 00 01"),
    bytes.fromhex("A5 5A C3 3C 96 69 F0 0F"),
]


def _frames(payloads: list[bytes], width: int = 8) -> Frames:
    data = np.zeros((len(payloads), width), np.uint8)
    for row, payload in enumerate(payloads):
        data[row, : len(payload)] = np.frombuffer(payload, np.uint8)
    length = np.array([len(payload) for payload in payloads], np.int64)
    rows = np.arange(len(payloads), dtype=np.int64)
    some = np.zeros(len(payloads), np.bool_)
    return Frames(rows, rows, rows, some, length, length, data)


def _signal(start: int, bits: int, *, motorola: bool, signed: bool = False) -> Signal:
    return Signal(
        name="S",
        start=start,
        bits=bits,
        is_motorola=motorola,
        is_signed=signed,
        is_float=False,
        factor=1,
        offset=0,
        unit=None,
    )


def _bit(payload: bytes, number: int) -> int:
    """Return a bit as DBCs number them: eight per byte, least significant first."""
    return payload[number // 8] >> number % 8 & 1


def _reference(payload: bytes, start: int, bits: int, *, motorola: bool) -> int:
    """Return the value by walking from bit to bit."""
    value, at = 0, start
    for number in range(bits):
        if motorola:  # From the most significant bit down, then on at the top of the next byte.
            value = value << 1 | _bit(payload, at)
            at = at - 1 if at % 8 else at + 15
        else:
            value |= _bit(payload, start + number) << number
    return value


def _fits(start: int, bits: int, *, motorola: bool) -> bool:
    if not motorola:
        return start + bits <= 64
    return 8 * (start // 8) + 7 - start % 8 + bits <= 64


@pytest.mark.parametrize("motorola", [False, True], ids=["intel", "motorola"])
@pytest.mark.parametrize("bits", range(1, 65))
def test_every_length_at_every_start_bit(bits: int, motorola: bool) -> None:
    data = _frames(PAYLOADS).data
    starts = [start for start in range(64) if _fits(start, bits, motorola=motorola)]
    assert len(starts) == 65 - bits
    for start in starts:
        got = raw_bits(_signal(start, bits, motorola=motorola), data).tolist()
        want = [_reference(payload, start, bits, motorola=motorola) for payload in PAYLOADS]
        assert got == want, start


@pytest.mark.parametrize("motorola", [False, True], ids=["intel", "motorola"])
@pytest.mark.parametrize("bits", [1, 2, 7, 8, 9, 31, 32, 33, 53, 54, 63, 64])
def test_signed_values_of_every_kind_of_length_are_exact(bits: int, motorola: bool) -> None:
    signal = _signal(7 if motorola else 0, bits, motorola=motorola, signed=True)
    message = Message(name="M", id=1, extended=False, is_j1939=False, signals=(signal,), dbc="a")
    lowest, highest = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    values = sorted({lowest, (lowest + 1) // 2, -1, 0, highest})
    payloads = []
    for value in values:
        raw = value % (1 << bits)
        placed = (raw << (64 - bits)).to_bytes(8, "big") if motorola else raw.to_bytes(8, "little")
        payloads.append(placed)
    assert decode_frames(message, _frames(payloads))["s"].to_pylist() == values


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, int]:
    """Draw a DBC message of several signals and its length, CAN FD lengths too."""
    length = draw(st.sampled_from([1, 2, 5, 8, 12, 16, 20, 24, 32, 48, 64]))
    lines = [f"BO_ 1 M: {length} ECU"]
    for number in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, 8 * length - 1))
        bits = draw(st.integers(1, min(64, 8 * length - first)))
        is_intel = draw(st.booleans())
        start = first if is_intel else 8 * (first // 8) + 7 - first % 8
        sign = draw(st.sampled_from("+-"))
        factor = draw(st.sampled_from(["1", "0.5", "-2", "0.001", "1e-3"]))
        offset = draw(st.sampled_from(["0", "-40", "0.25"]))
        place = f"{start}|{bits}@{int(is_intel)}{sign}"
        lines.append(f' SG_ S{number} : {place} ({factor},{offset}) [0|0] "" ECU')
    return HEAD + "\n".join(lines) + "\n", length


@settings(max_examples=80, deadline=None)
@given(messages(), st.data())
def test_whole_messages_equal_cantools(message: tuple[str, int], data: st.DataObject) -> None:
    text, length = message
    payload = st.binary(min_size=length, max_size=length)
    payloads = data.draw(st.lists(payload, min_size=1, max_size=4))
    head, _, rest = text.partition(" SG_ ")
    # One signal at a time, because cantools does not decode those that overlap.
    alone: list[Any] = [
        cantools.database.load_string(f"{head} SG_ {line}", "dbc", strict=False)
        for line in rest.split(" SG_ ")
    ]
    batch = decode_frames(load_dbc("a.dbc", text.encode())[0], _frames(payloads, length))
    batch.validate(full=True)
    for row, one in zip(batch.to_pylist(), payloads, strict=True):
        del row["t_ns"]
        expected: dict[str, float] = {}
        for database in alone:
            expected |= database.messages[0].decode(one)
        assert row == pytest.approx({k.lower(): v for k, v in expected.items()}, rel=1e-14)


@settings(max_examples=80, deadline=None)
@given(messages(), st.data())
def test_a_short_frame_holds_just_the_signals_that_end_in_it(
    message: tuple[str, int], data: st.DataObject
) -> None:
    text, length = message
    cut = data.draw(st.integers(0, length))
    described = load_dbc("a.dbc", text.encode())[0]
    whole = decode_frames(described, _frames([bytes(range(length))], length)).to_pylist()[0]
    short = decode_frames(described, _frames([bytes(range(cut))], length)).to_pylist()[0]
    for signal in described.signals:
        bits = [signal.start + number for number in range(signal.bits)]
        if signal.is_motorola:
            bits, at = [], signal.start
            for _ in range(signal.bits):
                bits.append(at)
                at = at - 1 if at % 8 else at + 15
        name = signal.name.lower()
        is_inside = max(bits) // 8 < cut
        assert short[name] == (whole[name] if is_inside else None)


@pytest.mark.parametrize(("bits", "kind"), [(32, 1), (64, 2)])
@pytest.mark.parametrize("motorola", [False, True], ids=["intel", "motorola"])
def test_floats_of_both_byte_orders_equal_cantools(bits: int, kind: int, motorola: bool) -> None:
    place = f"7|{bits}@0-" if motorola else f"0|{bits}@1-"
    text = HEAD + f'BO_ 1 M: 8 ECU\n SG_ S : {place} (1,0) [0|0] "" ECU\n'
    text += f"SIG_VALTYPE_ 1 S : {kind};\n"
    code = (">" if motorola else "<") + ("f" if bits == 32 else "d")
    values = [0.0, -0.0, 1.5, -(2.0**-126), 2.0**100, float("inf"), float("-inf")]
    payloads = [struct.pack(code, value).ljust(8, b"\0") for value in values]
    got = decode_frames(load_dbc("a.dbc", text.encode())[0], _frames(payloads))["s"].to_pylist()
    database: Any = cantools.database.load_string(text, "dbc", strict=False)
    assert got == values == [database.messages[0].decode(payload)["S"] for payload in payloads]
