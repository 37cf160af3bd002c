"""Vector BLF logs."""

import itertools
from pathlib import Path

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.stream import Problem
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Sidecars
from avdataops.readers.canlog import blf
from avdataops.readers.canlog.blf import open_blf
from avdataops.readers.canlog.reader import CanLogReader
from avdataops.testing.can_log_cases import sent
from avdataops.testing.can_logs import (
    START_NS,
    STORED,
    Sent,
    blf_bytes,
    blf_container,
    blf_file,
    blf_frame,
    blf_object,
    can_message,
)
from avdataops.testing.reader_suite import tables_of

Row = dict[str, object]
UNTOLD = {"no_dbc", "no_time_zone", "error_frame", "remote_frame"}


def opened(data: bytes) -> CanLogReader:
    return open_blf(BytesFile("drive.blf", data), Sidecars())


def rows_of(data: bytes) -> list[Row]:
    with opened(data) as reader:
        tables = tables_of(reader.batches())
    return [tables_row for table in tables.values() for tables_row in table.to_pylist()]


def problems_of(data: bytes) -> dict[str, Problem]:
    with opened(data) as reader:
        return {one.code: one for one in reader.problems() if one.code not in UNTOLD}


def keys(frames: list[Sent]) -> list[tuple[object, ...]]:
    return sorted(
        (START_NS + one.t_ns, one.channel, one.id, one.extended, one.data)
        for one in frames
        if one.kind == "data"
    )


def found_keys(data: bytes) -> list[tuple[object, ...]]:
    names = ("t_ns", "bus_channel", "id", "extended", "data")
    return sorted((tuple(row[name] for name in names) for row in rows_of(data)), key=str)


def test_a_frame() -> None:
    frame = Sent(t_ns=1_000, id=0x123, data=b"\x01\x02", channel=3, is_tx=True)
    assert rows_of(blf_bytes([frame])) == [
        {
            "t_ns": START_NS + 1_000,
            "bus_channel": 3,
            "id": 0x123,
            "extended": False,
            "dlc": 2,
            "data": b"\x01\x02",
            "direction": "tx",
        }
    ]
    with opened(blf_bytes([frame])) as reader:
        assert [stream.name for stream in reader.streams] == ["CAN3"]
        assert reader.clock == "canlog"


@pytest.mark.parametrize("each", [33, 48, 100, 1000, 1 << 20])
@pytest.mark.parametrize("method", [2, STORED])
def test_objects_may_go_on_in_the_next_container(each: int, method: int) -> None:
    frames = sent(100)
    data = blf_bytes(frames, each, method)
    assert found_keys(data) == sorted(keys(frames), key=str)
    assert problems_of(data) == {}


@pytest.mark.parametrize("piece_bytes", [1, 100, 1000])
def test_any_size_of_piece_gives_the_same(
    piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = sent(100)
    monkeypatch.setattr(blf, "PIECE_BYTES", piece_bytes)
    assert found_keys(blf_bytes(frames, 70)) == sorted(keys(frames), key=str)


def test_a_log_without_containers_is_read() -> None:
    frames = sent(30)
    data = blf_file(b"".join(blf_frame(frame) for frame in frames))
    assert found_keys(data) == sorted(keys(frames), key=str)


def test_frames_without_data_are_counted_by_channel() -> None:
    frames = sent(60)
    with opened(blf_bytes(frames)) as reader:
        batches = list(reader.batches())
        rows = {stream.name: stream.rows for stream in reader.streams}
    for channel in (1, 2):
        here = [frame for frame in frames if frame.channel == channel]
        dropped = [dict(one.dropped) for one in batches if one.stream == f"CAN{channel}"]
        kinds = [frame.kind for frame in here]
        expected = {
            "remote_frame": kinds.count("remote"),
            "error_frame": kinds.count("error"),
        }
        assert dropped == [{name: count for name, count in expected.items() if count}]
        assert rows[f"CAN{channel}"] == len(here)


def test_other_objects_are_counted_by_type() -> None:
    others = [blf_object(65, b"a text"), blf_object(96, bytes(40)), blf_object(65, b"more")]
    data = b"".join([others[0], blf_frame(sent(1)[0]), *others[1:]])
    problem = problems_of(blf_file(blf_container(data)))["not_can"]
    assert problem.message.endswith("left out: 2 objects of type 65, 1 objects of type 96")
    assert problem.lost_rows is None


def test_a_bad_object_costs_itself() -> None:
    frame = Sent(t_ns=0, data=b"\x01")
    bad = [blf_object(1, can_message(frame)[:9]), blf_object(1, can_message(frame), 1 << 62)]
    data = blf_file(blf_container(b"".join([blf_frame(frame), *bad, blf_frame(frame)])))
    assert len(rows_of(data)) == 2
    problems = problems_of(data)
    assert problems.keys() == {"bad_object"}
    assert problems["bad_object"].lost_rows == 2


def test_a_damaged_container_costs_itself_and_what_goes_on_in_it() -> None:
    frames = [Sent(t_ns=n * 1000, data=bytes([n])) for n in range(30)]
    objects = [blf_frame(frame) for frame in frames]
    size = len(objects[0])
    stream = b"".join(objects)
    # The second of three containers is lost, and with it the objects 10 and 19 that it shares.
    cuts = [0, 10 * size + 5, 19 * size + 5, len(stream)]
    parts = [
        blf_container(stream[start:stop], 9 if number == 1 else 2)
        for number, (start, stop) in enumerate(itertools.pairwise(cuts))
    ]
    data = blf_file(b"".join(parts))
    numbers = [row["data"] for row in rows_of(data)]
    assert numbers == [bytes([n]) for n in (*range(10), *range(20, 30))]
    with opened(data) as reader:
        told = [one.message for one in reader.problems() if one.code == "decode_failed"]
    assert "unknown way (9)" in told[0]
    assert f"has {size} bytes in its containers that are no whole object" in told[1]


def test_a_log_that_was_not_closed_says_so() -> None:
    data = bytearray(blf_bytes(sent(5)))
    data[16:24] = bytes(8)
    assert problems_of(bytes(data)).keys() == {"unfinalised"}


def test_a_log_without_a_start_counts_from_1970() -> None:
    data = blf_file(blf_container(blf_frame(Sent(t_ns=5_000))), start=None)
    assert problems_of(data).keys() == {"no_start_time"}
    assert rows_of(data)[0]["t_ns"] == 5_000


def test_a_log_without_objects_has_no_streams() -> None:
    with opened(blf_file(b"")) as reader:
        assert reader.streams == ()
        assert [one.code for one in reader.problems()] == ["no_time_zone"]


def test_a_cut_log_says_how_many_of_its_objects_it_still_holds() -> None:
    frames = sent(60)
    data = blf_bytes(frames, 200, STORED)
    cut = len(data) // 2
    problem = problems_of(data[:cut])["truncated"]
    found = len(found_keys(data[:cut]))
    assert 0 < found < len(keys(frames))
    assert f"breaks off at byte {cut}: read " in problem.message
    assert problem.message.endswith("of 60 objects")


def test_a_cut_between_two_containers_is_seen_by_the_stated_size() -> None:
    frames = [Sent(t_ns=n) for n in range(4)]
    parts = [blf_container(blf_frame(frame)) for frame in frames]
    data = blf_file(b"".join(parts), objects=4)
    problem = problems_of(data[: -len(parts[-1])])["truncated"]
    assert problem.message.endswith("read 3 of 4 objects")


def test_a_cut_header_is_seen() -> None:
    data = bytearray(blf_file(b""))
    data[16:24] = bytes(8)
    assert "truncated" in problems_of(bytes(data[:100]))


SOME = sent(40)


@given(st.integers(144, len(blf_bytes(SOME, 150))))
@settings(max_examples=80)
def test_cut_at_any_byte_everything_before_comes_out(cut: int) -> None:
    whole = blf_bytes(SOME, 150)
    found = found_keys(whole[:cut])
    all_keys = keys(SOME)
    assert set(found) <= set(all_keys)
    # What is gone is the end of the log: the first object that lacks ends it.
    count = len(found)
    in_order = [key for one in SOME for key in keys([one])]
    assert set(found) == set(in_order[:count])
    codes = problems_of(whole[:cut]).keys()
    assert ("truncated" in codes) == (cut < len(whole))


@given(
    st.lists(st.tuples(st.integers(144, 4000), st.integers(0, 255)), min_size=1, max_size=5),
    st.sampled_from([2, STORED]),
)
@settings(max_examples=80)
def test_damaged_logs_open_and_read_the_same_twice(
    damage: list[tuple[int, int]], method: int
) -> None:
    data = bytearray(blf_bytes(SOME, 500, method))
    for place, value in damage:
        data[place % len(data) if place >= len(data) else place] = value
    if not data.startswith(b"LOGG"):
        return
    with opened(bytes(data)) as reader:
        batches = list(reader.batches())
        counted = sum(stream.rows or 0 for stream in reader.streams)
        assert sum(one.messages + sum(one.dropped.values()) for one in batches) == counted
        assert tables_of(reader.batches()) == tables_of(batches)


def test_python_can_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.blf"
    path.write_bytes(blf_bytes(sent(200), 1000))
    with can.BLFReader(str(path)) as log:
        expected = [one for one in log if not one.is_error_frame and not one.is_remote_frame]
    found = rows_of(path.read_bytes())
    assert sorted(
        (str(row["id"]), row["extended"], row["data"], row["direction"], row["bus_channel"])
        for row in found
    ) == sorted(
        (
            str(one.arbitration_id),
            one.is_extended_id,
            bytes(one.data),
            "rx" if one.is_rx else "tx",
            int(str(one.channel)) + 1,
        )
        for one in expected
    )
    times = sorted(one.timestamp for one in expected)
    assert [int(str(row["t_ns"])) / 1e9 for row in sorted(found, key=_time)] == pytest.approx(times)


def _time(row: Row) -> int:
    return int(str(row["t_ns"]))


@pytest.mark.parametrize("level", [0, 1, 9])
def test_what_python_can_writes_is_read_back(tmp_path: Path, level: int) -> None:
    path = tmp_path / "a.blf"
    frames = sent(300)
    with can.BLFWriter(str(path), compression_level=level) as writer:
        writer.max_container_size = 1000
        for frame in frames:
            writer.on_message_received(
                can.Message(
                    timestamp=(START_NS + frame.t_ns) / 1e9,
                    arbitration_id=frame.id,
                    is_extended_id=frame.extended,
                    is_fd=frame.is_fd,
                    data=frame.data,
                    channel=frame.channel - 1,
                    is_rx=not frame.is_tx,
                    is_remote_frame=frame.kind == "remote",
                    is_error_frame=frame.kind == "error",
                )
            )
    data = path.read_bytes()
    assert problems_of(data) == {}
    found = sorted(rows_of(data), key=_time)
    expected = [frame for frame in frames if frame.kind == "data"]
    assert [row["data"] for row in found] == [frame.data for frame in expected]
    assert [row["id"] for row in found] == [frame.id for frame in expected]
    for row, frame in zip(found, expected, strict=True):
        # The writer's float of seconds holds a time to some hundred ns.
        assert abs(_time(row) - START_NS - frame.t_ns) < 1_000
