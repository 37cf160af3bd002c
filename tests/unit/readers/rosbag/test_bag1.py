"""Tests of damaged, unindexed and unusual ROS 1 bags."""

import re
import struct

import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.readers.rosbag.bag1_records import Damaged, parse_fields, records_in, time_ns
from avdataops.testing.reader_cases import definitions, said
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import bag1_bytes, cuts

MAGIC = b"#ROSBAG V2.0\n"


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("a.bag", data))


def _codes(reader: Reader) -> list[str]:
    return [problem.code for problem in reader.problems()]


def _header(**fields: bytes) -> bytes:
    parts = [name.encode() + b"=" + value for name, value in fields.items()]
    joined = b"".join(struct.pack("<I", len(part)) + part for part in parts)
    return struct.pack("<I", len(joined)) + joined


def _record(data: bytes, **fields: bytes) -> bytes:
    return _header(**fields) + struct.pack("<I", len(data)) + data


def _u32(value: int) -> bytes:
    return struct.pack("<I", value)


def _u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def _connection(number: int, topic: str, kind: str, text: str) -> bytes:
    facts = _header(topic=topic.encode(), type=kind.encode(), message_definition=text.encode())
    return _record(facts[4:], op=b"\7", conn=_u32(number), topic=topic.encode())


def _message(number: int, seconds: int, data: bytes) -> bytes:
    return _record(data, op=b"\2", conn=_u32(number), time=_u32(seconds) + _u32(0))


def _chunk(content: bytes, codec: bytes = b"none") -> bytes:
    return _record(content, op=b"\5", compression=codec, size=_u32(len(content)))


HEADER = MAGIC + _record(
    b" " * 4027, op=b"\3", index_pos=_u64(0), conn_count=_u32(0), chunk_count=_u32(0)
)
NUMBER = _connection(0, "/n", "made/N", "int8 n")


def test_a_bag_without_index_is_read_in_order_of_time() -> None:
    first = _chunk(NUMBER + _message(0, 9, b"\1") + _message(0, 2, b"\2"))
    second = _chunk(_message(0, 5, b"\3") + _message(0, 2, b"\4"))
    with _open(HEADER + first + second) as reader:
        rows = tables_of(reader.batches())["/n"].to_pylist()
        assert _codes(reader) == ["unindexed"]
        assert [stream.rows for stream in reader.streams] == [None]
    assert [(row["t_ns"] // 10**9, row["n"]) for row in rows] == [(2, 2), (2, 4), (5, 3), (9, 1)]


def test_messages_outside_chunks_are_read() -> None:
    data = HEADER + NUMBER + _message(0, 1, b"\1") + _message(0, 2, b"\2")
    with _open(data) as reader:
        assert tables_of(reader.batches())["/n"]["n"].to_pylist() == [1, 2]


@pytest.mark.parametrize("compression", ["none", "bz2", "lz4"])
def test_a_bag_without_its_index_holds_the_same(compression: str) -> None:
    data = bag1_bytes(said(language="ros1msg"), definitions("ros1msg"), compression)
    with _open(data) as reader:
        whole = tables_of(reader.batches())
    position = re.search(rb"index_pos=(.{8})", data, re.DOTALL)
    assert position is not None
    unindexed = data[: position.start(1)] + bytes(8) + data[position.end(1) :]
    with _open(unindexed) as reader:
        assert tables_of(reader.batches()) == whole
        assert _codes(reader) == ["unindexed"]


def test_a_bag_cut_anywhere_gives_what_came_before() -> None:
    data = bag1_bytes(said(language="ros1msg"), definitions("ros1msg"))
    with _open(data) as reader:
        whole = tables_of(reader.batches())["/tracks"]
    counts = []
    for part in cuts(data, 25):
        try:
            reader = _open(part)
        except UnreadableFile:
            assert len(part) < 100
            continue
        with reader:
            table = tables_of(reader.batches()).get("/tracks")
            assert _codes(reader) == ["truncated"]
        # The chunk holds messages in the order of writing, which is nearly that of time.
        stamps = set(table["header_stamp_ns"].to_pylist()) if table is not None else set()
        assert stamps <= set(whole["header_stamp_ns"].to_pylist())
        counts.append(len(stamps))
    assert counts == sorted(counts)
    assert counts[-1] == whole.num_rows
    assert len(set(counts)) > 4


def test_a_cut_says_how_many_chunks_were_there() -> None:
    data = bag1_bytes(said(language="ros1msg"), definitions("ros1msg"))
    with _open(data[:-10]) as reader:
        assert "read 1 of 1 chunks" in reader.problems()[0].message


def test_a_chunk_that_cannot_be_decompressed_is_lost_alone() -> None:
    broken = _record(b"BZh9 no bzip", op=b"\5", compression=b"bz2", size=_u32(1000))
    data = HEADER + _chunk(NUMBER + _message(0, 1, b"\1")) + broken
    with _open(data) as reader:
        assert tables_of(reader.batches())["/n"]["n"].to_pylist() == [1]
        assert "truncated" in _codes(reader)


def test_spans_come_from_the_index_behind_the_chunks() -> None:
    data = bag1_bytes(said(language="ros1msg"), definitions("ros1msg"))
    times: dict[str, list[int]] = {"/tracks": [], "/short": []}
    for one in said(language="ros1msg"):
        times[one.topic].append(one.t_ns)
    with _open(data) as reader:
        for stream in reader.streams:
            if stream.parent is None:
                expected = (min(times[stream.topic]), max(times[stream.topic]) + 1)
                assert (stream.start_ns, stream.stop_ns) == expected
                assert stream.rows == len(times[stream.topic])
        everything = times["/tracks"] + times["/short"]
        assert reader.time == TimeRange(min(everything), max(everything) + 1)


@pytest.mark.parametrize(
    ("magic", "version"), [(b"#ROSBAG V1.2\n", "1.2"), (b"#ROSBAG V", "unknown")]
)
def test_other_versions_are_refused(magic: bytes, version: str) -> None:
    with pytest.raises(UnreadableFile, match=version):
        _open(magic + bytes(100))


def test_encrypted_bags_are_refused() -> None:
    header = _record(b"", op=b"\3", index_pos=_u64(0), encryptor=b"rosbag/AesCbcEncryptor")
    with pytest.raises(UnreadableFile, match="encrypted"):
        _open(MAGIC + header)


def test_an_index_that_counts_other_chunks_is_not_believed() -> None:
    data = bag1_bytes(said(4, "ros1msg"), definitions("ros1msg"))
    place = data.index(b"chunk_count=") + len(b"chunk_count=")
    with _open(data[:place] + _u32(7) + data[place + 4 :]) as reader:
        assert tables_of(reader.batches())["/tracks"].num_rows == 4
        assert _codes(reader) == ["unindexed"]


def test_records_break_off_with_their_offset() -> None:
    whole = _record(b"abc", op=b"\2")
    found = records_in(whole + whole[:-1])
    assert next(found).data == b"abc"
    with pytest.raises(Damaged) as caught:
        next(found)
    assert caught.value.at == len(whole)


@pytest.mark.parametrize("header", [b"\5\0\0\0ab", b"\2\0\0\0ab", b"\1\0", b"\xff\xff\xff\xff="])
def test_broken_headers_are_refused(header: bytes) -> None:
    with pytest.raises(UnreadableFile, match="header is broken"):
        parse_fields(header)


def test_a_value_may_hold_equals_signs() -> None:
    assert parse_fields(_header(a=b"b=c=d")[4:]) == {"a": b"b=c=d"}


def test_times_need_eight_bytes() -> None:
    assert time_ns(_u32(3) + _u32(4)) == 3_000_000_004
    with pytest.raises(UnreadableFile, match="instead of 8"):
        time_ns(b"\0")
