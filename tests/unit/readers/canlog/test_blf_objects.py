"""Objects of BLF logs, and the frames in them."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.readers.canlog.blf_objects import is_frame, read_frames, types_of, walk
from avdataops.readers.canlog.log import DATA, ERROR, REMOTE
from avdataops.testing.can_logs import (
    TEN_MICROSECONDS,
    Sent,
    blf_object,
    can_error_ext,
    can_fd_message,
    can_fd_message_64,
    can_message,
    can_message2,
)

CLASSIC = Sent(t_ns=5, id=0x1ABCDEF0, data=b"\x01\x02\x03", channel=2, extended=True, is_tx=True)
FD = Sent(t_ns=7, id=0x7FF, data=bytes(range(48)), channel=9, is_fd=True)
TEXT = 65


def read(*objects: bytes) -> dict[str, list[object]]:
    """Return the parts of the frames in some objects, as lists."""
    data = b"".join(objects)
    at = walk(data).at
    found, t_ns = read_frames(data, at[is_frame(types_of(data, at))])
    piece = found.piece(t_ns)
    frames = piece.frames
    rows = zip(frames.data, frames.length, strict=True)
    assert frames.transmitted is not None
    return {
        "good": found.good.tolist(),
        "t_ns": frames.t_ns.tolist(),
        "kind": piece.kind.tolist(),
        "channel": frames.bus.tolist(),
        "id": frames.id.tolist(),
        "extended": frames.extended.tolist(),
        "dlc": frames.dlc.tolist(),
        "data": [row[:length].tobytes() for row, length in rows],
        "sent": frames.transmitted.tolist(),
    }


def one_of(frame: Sent) -> dict[str, list[object]]:
    return {
        "good": [True],
        "t_ns": [frame.t_ns],
        "kind": [{"data": DATA, "remote": REMOTE}[frame.kind]],
        "channel": [frame.channel],
        "id": [frame.id],
        "extended": [frame.extended],
        "dlc": [frame.dlc],
        "data": [frame.data],
        "sent": [frame.is_tx],
    }


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("kind", "body", "frame"),
    [
        (1, can_message(CLASSIC), CLASSIC),
        (86, can_message2(CLASSIC), CLASSIC),
        (100, can_fd_message(CLASSIC), CLASSIC),
        (100, can_fd_message(FD), FD),
        (101, can_fd_message_64(CLASSIC), CLASSIC),
        (101, can_fd_message_64(FD), FD),
    ],
)
def test_each_type_of_frame_in_both_headers(
    kind: int, body: bytes, frame: Sent, version: int
) -> None:
    assert read(blf_object(kind, body, frame.t_ns, version=version)) == one_of(frame)


@pytest.mark.parametrize(
    ("kind", "make"),
    [(1, can_message), (86, can_message2), (100, can_fd_message), (101, can_fd_message_64)],
)
def test_remote_frames_are_told_apart(kind: int, make: object) -> None:
    assert callable(make)
    remote = Sent(t_ns=1, id=0x10, kind="remote")
    assert read(blf_object(kind, make(remote), 1))["kind"] == [REMOTE]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (2, struct.pack("<HH", 3, 0)),
        (73, can_error_ext(Sent(t_ns=0, channel=3))),
        (104, bytes([3]) + bytes(50)),
    ],
)
def test_error_frames_have_a_channel_and_a_time(kind: int, body: bytes) -> None:
    found = read(blf_object(kind, body, 42))
    assert (found["kind"], found["channel"], found["t_ns"]) == ([ERROR], [3], [42])


def test_frames_of_many_types_come_in_their_order() -> None:
    frames = [CLASSIC, FD, CLASSIC, FD]
    found = read(
        blf_object(1, can_message(frames[0]), 1),
        blf_object(101, can_fd_message_64(frames[1]), 2),
        blf_object(TEXT, b"a text of odd length!"),
        blf_object(86, can_message2(frames[2]), 3),
        blf_object(100, can_fd_message(frames[3]), 4),
    )
    assert found["t_ns"] == [1, 2, 3, 4]
    assert found["data"] == [frame.data for frame in frames]


def test_times_in_ten_microseconds() -> None:
    found = read(blf_object(1, can_message(CLASSIC), 1_230_000, unit=TEN_MICROSECONDS))
    assert found["t_ns"] == [1_230_000]


@pytest.mark.parametrize("ticks", [1 << 61, 1 << 63, (1 << 64) - 1])
def test_a_time_out_of_range_makes_a_frame_bad(ticks: int) -> None:
    found = read(blf_object(1, can_message(CLASSIC), ticks), blf_object(1, can_message(CLASSIC), 7))
    assert found["good"] == [False, True]
    assert found["t_ns"] == [7]


def test_a_coarse_time_out_of_range_makes_a_frame_bad() -> None:
    ticks = ((1 << 61) // 10_000 + 1) * 10_000
    found = read(blf_object(1, can_message(CLASSIC), ticks, unit=TEN_MICROSECONDS))
    assert found["good"] == [False]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (1, can_message(CLASSIC)[:-1]),
        (86, can_message(CLASSIC)[:4]),
        (100, can_fd_message(FD)[:30]),
        (100, can_fd_message(FD)[:10]),
        (101, can_fd_message_64(FD)[:39]),
        (2, b"\x01"),
        (73, b""),
    ],
)
def test_an_object_too_short_for_its_type_is_bad(kind: int, body: bytes) -> None:
    good = blf_object(1, can_message(CLASSIC))
    assert read(good, blf_object(kind, body), good)["good"] == [True, False, True]


@pytest.mark.parametrize("kind", [100, 101])
def test_more_than_64_bytes_are_bad(kind: int) -> None:
    make = can_fd_message if kind == 100 else can_fd_message_64
    body = bytearray(make(FD))
    body[14 if kind == 100 else 2] = 65
    assert read(blf_object(kind, bytes(body)))["good"] == [False]


def test_zeros_that_were_not_written_are_filled_up() -> None:
    frame = Sent(t_ns=0, data=b"\x01\x02" + bytes(62), is_fd=True)
    found = read(blf_object(101, can_fd_message_64(frame, stored=2)))
    assert found["data"] == [frame.data]


def test_what_follows_the_payload_is_no_part_of_it() -> None:
    frame = Sent(t_ns=0, data=b"\x01\x02" + bytes(62), is_fd=True)
    body = bytearray(can_fd_message_64(frame, stored=2) + b"\xee" * 20)
    body[35] = 32 + 40 + 2
    assert read(blf_object(101, bytes(body)))["data"] == [frame.data]


def test_a_classic_dlc_over_8_has_8_bytes() -> None:
    body = bytearray(can_message(Sent(t_ns=0, data=bytes(range(8)))))
    body[3] = 15
    found = read(blf_object(1, bytes(body)))
    assert (found["dlc"], found["data"]) == ([15], [bytes(range(8))])


def test_no_frames_are_no_rows() -> None:
    assert read(blf_object(TEXT, b"text"))["t_ns"] == []


class TestWalk:
    def test_objects_are_found_with_the_bytes_between_them(self) -> None:
        parts = [blf_object(TEXT, b"x" * size) for size in range(9)]
        found = walk(b"".join(parts))
        assert found.at.tolist() == [sum(map(len, parts[:n])) for n in range(9)]
        assert found.skipped == 0

    def test_an_object_that_is_not_whole_is_the_rest(self) -> None:
        first, second = blf_object(TEXT, b"abcd"), blf_object(TEXT, b"efgh")
        for cut in range(len(first) + 16, len(first) + len(second)):
            found = walk((first + second)[:cut])
            assert found.at.tolist() == [0]
            assert found.rest == len(first)

    @pytest.mark.parametrize("more", range(16))
    def test_a_header_that_is_not_whole_is_the_rest(self, more: int) -> None:
        first = blf_object(TEXT, b"abcd")
        found = walk(first + blf_object(TEXT, b"")[:more])
        assert (found.at.tolist(), found.rest, found.skipped) == ([0], len(first), 0)

    def test_a_payload_that_looks_like_an_object_is_none(self) -> None:
        inner = blf_object(1, can_message(CLASSIC))
        parts = [blf_object(TEXT, inner + b"LOBJ"), blf_object(TEXT, b"LOBJLOBJ" * 4)]
        found = walk(b"".join(parts))
        assert found.at.tolist() == [0, len(parts[0])]
        assert found.skipped == 0

    def test_damage_costs_the_bytes_up_to_the_next_object(self) -> None:
        first, second = blf_object(TEXT, b"abcd"), blf_object(TEXT, b"efgh")
        found = walk(first + b"#" * 10 + second)
        assert found.at.tolist() == [0, len(first) + 10]
        assert found.skipped == 10

    def test_damage_at_the_beginning_is_skipped(self) -> None:
        found = walk(b"#" * 7 + blf_object(TEXT, b"efgh"))
        assert (found.at.tolist(), found.skipped) == ([7], 7)

    @pytest.mark.parametrize("size", [0, 15, 5000, 1 << 31])
    def test_a_frame_with_a_lying_size_costs_itself(self, size: int) -> None:
        good = blf_object(1, can_message(CLASSIC))
        bad = bytearray(good)
        bad[8:12] = struct.pack("<L", size)
        found = walk(good + bytes(bad) + good)
        assert found.at.tolist() == [0, 2 * len(good)]
        assert found.skipped == len(bad)

    def test_bytes_without_any_object_are_skipped_but_the_last(self) -> None:
        found = walk(b"#" * 100)
        assert (found.at.tolist(), found.rest, found.skipped) == ([], 85, 85)

    def test_nothing_holds_nothing(self) -> None:
        found = walk(b"")
        assert (found.at.tolist(), found.rest, found.skipped) == ([], 0, 0)

    @given(st.binary(max_size=200))
    def test_any_bytes_can_be_walked(self, data: bytes) -> None:
        found = walk(data)
        assert 0 <= found.rest <= len(data)
        assert found.at.tolist() == sorted(found.at.tolist())

    @given(st.lists(st.binary(max_size=40), max_size=6), st.integers(0, 300))
    def test_a_cut_stream_goes_on_where_it_was_cut(self, bodies: list[bytes], cut: int) -> None:
        stream = b"".join(blf_object(TEXT, body) for body in bodies)
        cut = min(cut, len(stream))
        first = walk(stream[:cut])
        second = walk(stream[first.rest : cut] + stream[cut:])
        at = [*first.at.tolist(), *(second.at + first.rest).tolist()]
        assert at == walk(stream).at.tolist()


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_objects_never_raise(damage: list[tuple[int, int]]) -> None:
    data = bytearray(
        blf_object(101, can_fd_message_64(FD), 1)
        + blf_object(86, can_message2(CLASSIC), 2)
        + blf_object(100, can_fd_message(FD), 3)
    )
    for place, value in damage:
        data[place] = value
    at = walk(bytes(data)).at
    found, t_ns = read_frames(bytes(data), at[is_frame(types_of(bytes(data), at))])
    piece = found.piece(t_ns)
    assert len(piece.kind) <= 3
    assert (piece.frames.length <= piece.frames.data.shape[1]).all()
    assert (np.abs(piece.frames.t_ns) < 1 << 61).all()
