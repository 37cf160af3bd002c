"""Long messages are put together from their segments, whatever comes between."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.readers.can.dbc import load_dbc, match_messages
from avdataops.readers.can.frames import Frames
from avdataops.readers.can.transport import MAX_OPEN, Assembler, Transport, find_transport

DBC = """VERSION ""
BS_:
BU_: ECU
BO_ 2024 Diagnosis: 60 ECU
 SG_ Service : 8|8@1+ (1,0) [0|0] "" ECU
BO_ 2566841342 Engine: 40 ECU
 SG_ Speed : 96|16@1+ (0.125,0) [0|0] "rpm" ECU
BO_ 2583167267 Position: 43 ECU
 SG_ Sid : 0|8@1+ (1,0) [0|0] "" ECU
BO_ 256 Short: 8 ECU
 SG_ A : 0|8@1+ (1,0) [0|0] "" ECU
"""
DIAGNOSIS = (2024, False)
ENGINE_GROUP, POSITION = 0xFEE3, 2583167267 & 0x1FFFFFFF
Sent = tuple[int, tuple[int, bool], bytes]


def transport() -> Transport:
    return find_transport(match_messages([load_dbc("a.dbc", DBC.encode())]))


def frames(sent: Sequence[Sent]) -> Frames:
    """Return frames a millisecond apart: bus, id, content."""
    data = np.zeros((len(sent), 8), np.uint8)
    for row, (_, _, content) in enumerate(sent):
        data[row, : len(content)] = np.frombuffer(content, np.uint8)
    length = np.array([len(content) for _, _, content in sent], np.int64)
    return Frames(
        t_ns=np.arange(len(sent), dtype=np.int64) * 10**6,
        bus=np.array([bus for bus, _, _ in sent], np.int64),
        id=np.array([number for _, (number, _), _ in sent], np.int64),
        extended=np.array([extended for _, (_, extended), _ in sent], np.bool_),
        dlc=length,
        length=length,
        data=data,
    )


def iso_tp(content: bytes, bus: int = 1) -> list[Sent]:
    """Return the frames that ISO-TP makes of a message."""
    if len(content) < 8:
        return [(bus, DIAGNOSIS, bytes([len(content)]) + content)]
    head = bytes([0x10 | len(content) >> 8, len(content) & 0xFF])
    rest = [content[at : at + 7] for at in range(6, len(content), 7)]
    following = [bytes([0x20 | (n + 1) % 16]) + one for n, one in enumerate(rest)]
    return [(bus, DIAGNOSIS, one) for one in (head + content[:6], *following)]


def bam(content: bytes, sender: int = 7, bus: int = 1) -> list[Sent]:
    """Return the frames that J1939 makes of a message to all."""
    parts = [content[at : at + 7] for at in range(0, len(content), 7)]
    head = bytes([32]) + len(content).to_bytes(2, "little") + bytes([len(parts), 255])
    announced = (bus, (0x1CECFF00 | sender, True), head + ENGINE_GROUP.to_bytes(3, "little"))
    data = [
        (bus, (0x1CEBFF00 | sender, True), bytes([number]) + one.ljust(7, b"\xff"))
        for number, one in enumerate(parts, 1)
    ]
    return [announced, *data]


def fast(content: bytes, sequence: int = 3) -> list[Sent]:
    """Return the frames that NMEA 2000 makes of a message."""
    rest = [content[at : at + 7] for at in range(6, len(content), 7)]
    first = bytes([sequence << 5, len(content)]) + content[:6]
    following = [bytes([sequence << 5 | n]) + one for n, one in enumerate(rest, 1)]
    return [(1, (POSITION, True), one) for one in (first, *following)]


def whole(sent: Sequence[Sent], cut: int | None = None) -> list[tuple[int, int, bytes]]:
    """Return row, id and content of the messages, fed in two parts if ``cut`` says so."""
    assembler = Assembler(transport())
    every = frames(sent)
    parts = [every] if cut is None else [every.slice(0, cut), every.slice(cut, len(sent))]
    found = []
    for part in parts:
        got = assembler.feed(part)
        for row, content in enumerate(got.data):
            size = int(got.length[row])
            row_of = int(got.t_ns[row]) // 10**6
            found.append((row_of, int(got.id[row]), content[:size].tobytes()))
    return found


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.integers(0, 20))
def test_iso_tp_gives_what_was_sent_behind_its_length(content: bytes, cut: int) -> None:
    sent = iso_tp(content)
    ((row, number, got),) = whole(sent, min(cut, len(sent)))
    assert (row, number) == (len(sent) - 1, 2024)
    assert got == bytes([len(content) & 0xFF]) + content


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=9, max_size=1785), st.integers(0, 20))
def test_a_broadcast_of_j1939_gives_what_was_sent(content: bytes, cut: int) -> None:
    sent = bam(content)
    ((row, number, got),) = whole(sent, min(cut, len(sent)))
    assert (row, got) == (len(sent) - 1, content)
    assert number == 6 << 26 | ENGINE_GROUP << 8 | 7


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=7, max_size=223))
def test_a_fast_packet_gives_what_was_sent(content: bytes) -> None:
    sent = fast(content)
    assert whole(sent) == [(len(sent) - 1, POSITION, content)]


def test_messages_of_several_senders_and_buses_may_come_at_once() -> None:
    one, two, three = bam(b"a" * 20, 1), bam(b"b" * 20, 2), bam(b"c" * 20, 1, bus=2)
    mixed = [frame for some in zip(one, two, three, strict=True) for frame in some]
    assert [got[2] for got in whole(mixed)] == [b"a" * 20, b"b" * 20, b"c" * 20]


@pytest.mark.parametrize("sent", [iso_tp(b"x" * 40), bam(b"x" * 40), fast(b"x" * 40)])
def test_a_message_that_lacks_a_segment_is_left_out_and_counted(sent: list[Sent]) -> None:
    assembler = Assembler(transport())
    assert len(assembler.feed(frames(sent[:2] + sent[3:]))) == 0
    assert assembler.end() == {1: 1}


def test_a_message_without_an_end_is_counted_at_the_end() -> None:
    assembler = Assembler(transport())
    assert len(assembler.feed(frames(iso_tp(b"x" * 40)[:3]))) == 0
    assert assembler.end() == {1: 1}


def test_a_new_first_frame_ends_what_was_under_way() -> None:
    sent = [*iso_tp(b"x" * 40)[:3], *iso_tp(b"y" * 30)]
    assembler = Assembler(transport())
    got = assembler.feed(frames(sent))
    assert got.data[0, :31].tobytes() == bytes([30]) + b"y" * 30
    assert assembler.end() == {1: 1}


def test_an_abort_ends_a_message() -> None:
    sent = bam(b"x" * 40)
    abort = (1, (0x1CECFF07, True), bytes([255]) + bytes(7))
    assert whole([*sent[:3], abort, *sent[3:]]) == []


def test_a_message_that_no_dbc_names_is_not_put_together() -> None:
    sent = bam(b"x" * 40)
    other = (1, sent[0][1], sent[0][2][:5] + (0xFECA).to_bytes(3, "little"))
    assert whole([other, *sent[1:]]) == []


def test_a_long_message_of_j1939_may_come_in_one_frame() -> None:
    number = 6 << 26 | ENGINE_GROUP << 8 | 9
    assert whole([(1, (number, True), b"12345678")]) == [(0, number, b"12345678")]


def test_segments_are_told_from_frames() -> None:
    short = (1, (256, False), b"12345678")
    every = frames([short, *iso_tp(b"x" * 20), *bam(b"y" * 20)])
    found = transport()
    assert found.is_needed
    assert found.of_messages(every).tolist() == [False] + [True] * 3 + [False] * 4
    assert found.of_carriers(every).tolist() == [False] * 4 + [True] * 4


def test_without_long_messages_nothing_is_needed() -> None:
    short = DBC[: DBC.index("BO_ 2024")] + DBC[DBC.index("BO_ 256 ") :]
    found = find_transport(match_messages([load_dbc("a.dbc", short.encode())]))
    assert not found.is_needed
    assert not found.of_carriers(frames(bam(b"y" * 20))).any()


def test_first_frames_without_end_do_not_fill_the_memory() -> None:
    assembler = Assembler(transport())
    heads = [(bus, DIAGNOSIS, iso_tp(b"x" * 4000)[0][2]) for bus in range(MAX_OPEN + 100)]
    assembler.feed(frames(heads))
    assert sum(assembler.end().values()) <= MAX_OPEN + 100


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.binary(max_size=8)), max_size=60))
def test_any_frames_are_taken(sent: list[tuple[int, bytes]]) -> None:
    ids = (DIAGNOSIS, (0x1CECFF07, True), (0x1CEBFF07, True))
    for _, _, content in whole([(1, ids[kind], content) for kind, content in sent]):
        assert len(content) <= 4096
