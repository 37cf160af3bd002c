"""Tests of decoding signals in bulk, against cantools frame by frame."""

from dataclasses import replace
from typing import Any

import cantools
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.readers.can.dbc import Message, Signal, load_dbc
from avdataops.readers.can.decode import decode_frames, raw_bits, schema_of
from avdataops.readers.can.frames import FRAMES_SCHEMA, Frames

HEAD = 'VERSION ""\nBS_:\nBU_: ECU\n'
MULTIPLEXED = (
    HEAD
    + """BO_ 1 M: 8 ECU
 SG_ Page M : 0|4@1+ (1,0) [0|0] "" ECU
 SG_ A m0 : 8|12@1+ (0.5,1) [0|0] "V" ECU
 SG_ B m1M : 8|4@1+ (1,0) [0|0] "" ECU
 SG_ C m2 : 16|16@1- (1,0) [0|0] "" ECU
 SG_ D m3 : 24|8@1+ (1,0) [0|0] "" ECU
 SG_ Plain : 56|8@1+ (1,0) [0|0] "" ECU
SG_MUL_VAL_ 1 A Page 0-0, 5-6;
SG_MUL_VAL_ 1 B Page 1-1;
SG_MUL_VAL_ 1 C B 2-3;
SG_MUL_VAL_ 1 D Page 3-3;
"""
)


def _message(text: str) -> Message:
    return load_dbc("a.dbc", text.encode())[0]


def _reference(text: str) -> Any:
    database: Any = cantools.database.load_string(text, "dbc", strict=False)
    return database.messages[0]


def _frames(payloads: list[bytes], width: int = 8) -> Frames:
    count = len(payloads)
    data = np.zeros((count, width), np.uint8)
    for row, payload in enumerate(payloads):
        data[row, : len(payload)] = np.frombuffer(payload, np.uint8)
    length = np.array([len(payload) for payload in payloads], dtype=np.int64)
    numbers = np.arange(count, dtype=np.int64)
    return Frames(
        t_ns=numbers,
        bus=np.ones(count, np.int64),
        id=np.full(count, 0x18F00431, np.int64),
        extended=np.ones(count, np.bool_),
        dlc=length,
        length=length,
        data=data,
    )


def _signal_text(start: int, bits: int, order: int, sign: str) -> str:
    return HEAD + f'BO_ 1 M: 8 ECU\n SG_ S : {start}|{bits}@{order}{sign} (0.1,-7) [0|0] "" ECU\n'


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int, int]:
    """Draw start bit, length and byte order of a signal that fits into eight bytes."""
    first = draw(st.integers(0, 63))
    bits = draw(st.integers(1, 64 - first))
    if draw(st.booleans()):
        return first, bits, 1
    return 8 * (first // 8) + 7 - first % 8, bits, 0


@settings(max_examples=150, deadline=None)
@given(places(), st.sampled_from("+-"), st.lists(st.binary(min_size=8, max_size=8), min_size=1))
def test_any_signal_equals_cantools(
    place: tuple[int, int, int], sign: str, payloads: list[bytes]
) -> None:
    text = _signal_text(*place, sign)
    batch = decode_frames(_message(text), _frames(payloads))
    reference = _reference(text)
    expected = [reference.decode(payload)["S"] for payload in payloads]
    assert batch["s"].to_pylist() == pytest.approx(expected, rel=1e-15)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=20))
def test_multiplexed_signals_equal_cantools(payloads: list[bytes]) -> None:
    reference = _reference(MULTIPLEXED)
    batch = decode_frames(_message(MULTIPLEXED), _frames(payloads))
    rows = batch.to_pylist()
    for row, payload in zip(rows, payloads, strict=True):
        got = {key: value for key, value in row.items() if value is not None and key != "t_ns"}
        expected: dict[str, Any] = {}
        try:
            expected = reference.decode(payload, decode_choices=False)
        except cantools.database.DecodeError:
            # cantools refuses the whole frame if no signal belongs to its page.
            assert set(got) <= {"page", "b", "plain"}
            continue
        assert got == {name.lower(): value for name, value in expected.items()}


def test_absent_pages_are_null() -> None:
    payloads = [bytes([page, 0x12, 3, 4, 5, 6, 7, 8]) for page in (0, 1, 3, 5, 9)]
    batch = decode_frames(_message(MULTIPLEXED), _frames(payloads))
    assert batch["page"].to_pylist() == [0, 1, 3, 5, 9]
    present = {name: [v is not None for v in batch[name].to_pylist()] for name in "abcd"}
    assert present == {
        "a": [True, False, False, True, False],
        "b": [False, True, False, False, False],
        "c": [False, True, False, False, False],
        "d": [False, False, True, False, False],
    }


@pytest.mark.parametrize(("bits", "code"), [(32, "<f4"), (64, "<f8")])
def test_float_signals_are_read(bits: int, code: str) -> None:
    text = _signal_text(0, bits, 1, "-") + f"SIG_VALTYPE_ 1 S : {1 if bits == 32 else 2};\n"
    text = text.replace("(0.1,-7)", "(2,1)")
    values = np.array([0.5, -3.25, np.inf], code)
    payloads = [value.tobytes().ljust(8, b"\0") for value in values]
    batch = decode_frames(_message(text), _frames(payloads))
    assert batch["s"].to_pylist() == [2.0, -5.5, np.inf]


def test_value_tables_give_labels_beside_the_numbers() -> None:
    text = _signal_text(0, 8, 1, "-").replace("(0.1,-7)", "(0.5,0)")
    text += 'VAL_ 1 S 0 "off" 1 "on" -1 "invalid" ;\n'
    batch = decode_frames(_message(text), _frames([b"\0", b"\1", b"\xff", b"\7"]))
    assert batch["s"].to_pylist() == [0.0, 0.5, -0.5, 3.5]
    assert batch["s_label"].to_pylist() == ["off", "on", "invalid", None]


def test_a_short_frame_has_no_value_for_what_it_lacks() -> None:
    batch = decode_frames(_message(_signal_text(8, 16, 1, "+")), _frames([bytes(8), bytes(2), b""]))
    assert [value is None for value in batch["s"].to_pylist()] == [False, True, True]


def test_can_fd_frames_hold_signals_beyond_eight_bytes() -> None:
    text = _signal_text(500, 12, 1, "+").replace("M: 8", "M: 64").replace("(0.1,-7)", "(1,0)")
    payload = bytes(62) + bytes([0xA0, 0xBC])
    batch = decode_frames(_message(text), _frames([payload], width=64))
    assert batch["s"].to_pylist() == [_reference(text).decode(payload)["S"]] == [0xBCA]


def test_whole_64_bit_counters_stay_exact() -> None:
    text = _signal_text(0, 64, 1, "+").replace("(0.1,-7)", "(1,0)")
    batch = decode_frames(_message(text), _frames([b"\xff" * 8]))
    assert batch["s"].to_pylist() == [2**64 - 1]
    assert schema_of(_message(text)).field("s").type == pa.uint64()


def test_j1939_messages_tell_their_sender() -> None:
    message = Message(name="E", id=1, extended=True, is_j1939=True, signals=(), dbc="a")
    batch = decode_frames(message, _frames([bytes(8)]))
    assert batch.to_pylist() == [{"t_ns": 0, "source_address": 0x31}]


def test_columns_have_units_and_sources_and_never_collide() -> None:
    text = HEAD + (
        "BO_ 1 M: 8 ECU\n"
        ' SG_ T_ns : 0|8@1+ (1,0) [0|0] "" ECU\n'
        ' SG_ WheelSpeed : 8|8@1+ (1,0) [0|0] "km/h" ECU\n'
        ' SG_ wheel_speed : 16|8@1+ (1,0) [0|0] "" ECU\n'
    )
    schema = schema_of(_message(text))
    assert schema.names == ["t_ns", "t_ns_2", "wheel_speed", "wheel_speed_2"]
    assert schema.field("wheel_speed").metadata == {b"source": b"WheelSpeed", b"unit": b"km/h"}


def test_a_selector_that_selects_itself_ends() -> None:
    signal = Signal(
        name="S",
        start=0,
        bits=8,
        is_motorola=False,
        is_signed=False,
        is_float=False,
        factor=1,
        offset=0,
        unit=None,
        selector="S",
        selector_values=(7,),
    )
    message = Message(name="M", id=1, extended=False, is_j1939=False, signals=(signal,), dbc="a")
    batch = decode_frames(message, _frames([b"\7", b"\10"]))
    assert batch["s"].to_pylist() == [7, None]


def test_no_frames_give_an_empty_batch() -> None:
    batch = decode_frames(_message(MULTIPLEXED), _frames([]))
    assert batch.num_rows == 0
    assert batch.schema == schema_of(_message(MULTIPLEXED))


def test_raw_bits_of_bytes_beyond_the_matrix_are_zero() -> None:
    signal = _message(_signal_text(56, 8, 1, "+")).signals[0]
    assert raw_bits(signal, np.ones((2, 3), np.uint8)).tolist() == [0, 0]


def test_frames_become_a_batch_with_their_payloads() -> None:
    frames = _frames([b"abc", b"", b"defgh"])
    batch = frames.to_batch()
    assert batch.schema == FRAMES_SCHEMA
    assert batch["data"].to_pylist() == [b"abc", b"", b"defgh"]
    assert batch["direction"].to_pylist() == [None, None, None]
    assert batch["id"].to_pylist() == [0x18F00431] * 3
    batch.validate(full=True)


def test_directions_are_rx_and_tx() -> None:
    plain = _frames([b"a", b"b"])
    frames = replace(plain, transmitted=np.array([False, True]))
    assert frames.take(np.array([1, 0])).to_batch()["direction"].to_pylist() == ["tx", "rx"]
