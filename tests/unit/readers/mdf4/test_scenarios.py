"""MDF 4 files written block by block, read in every way that readers promise."""

import struct

import pyarrow as pa
import pytest

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing import mdf4_by_hand as h
from avdataops.testing.reader_suite import Case, ReaderSuite, tables_of
from tests.unit.readers.mdf4.making import (
    BYTE,
    FOUR,
    FOUR_ROWS,
    START_NS,
    UTC,
    S,
    case,
    group,
    seconds,
    table,
)


def plain_records() -> Case:
    data = h.mdf4([group([BYTE], FOUR)], UTC)
    return case("plain", data, {"g": table(range(4), byte=FOUR_ROWS)})


def deflated_records() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="DZ")], UTC)
    return case("deflate", data, {"g": table(range(4), byte=FOUR_ROWS)})


def transposed_records() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="DZ-transposed")], UTC)
    return case("transposed", data, {"g": table(range(4), byte=FOUR_ROWS)})


def a_list_of_blocks_that_cuts_records() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="DL")], UTC)
    return case("list", data, {"g": table(range(4), byte=FOUR_ROWS)})


def a_list_of_deflated_blocks() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="HL")], UTC)
    return case("deflated-list", data, {"g": table(range(4), byte=FOUR_ROWS)})


def a_group_without_records() -> Case:
    empty = h.Group(channels=[h.SECONDS, BYTE], data_bytes=9, cycles=0)
    none = h.DataGroup(groups=[empty], records=b"", storage="none")
    data = h.mdf4([none, group([BYTE], FOUR)], UTC)
    expected = {
        "g": table([], byte=pa.array([], pa.uint8())),
        "g#2": table(range(4), byte=FOUR_ROWS),
    }
    return case("empty", data, expected)


def integers_of_odd_sizes() -> Case:
    channels = [
        h.Channel(name="u3", byte=8, bit=1, bits=3),
        h.Channel(name="i5", byte=8, bit=3, bits=5, data_type=h.LITTLE_INT),
        h.Channel(name="u24", byte=9, bits=24),
        h.Channel(name="i24", byte=9, bits=24, data_type=h.LITTLE_INT),
        h.Channel(name="m24", byte=9, bits=24, data_type=h.BIG_UINT),
        h.Channel(name="n24", byte=9, bits=24, data_type=h.BIG_INT),
        h.Channel(name="u12", byte=9, bit=4, bits=12),
        h.Channel(name="u40", byte=8, bits=40),
    ]
    rests = [bytes.fromhex("A6 01 02 83 04"), bytes.fromhex("0F FF 00 7F 00")]
    data = h.mdf4([group(channels, rests)], UTC)
    expected = table(
        range(2),
        u3=pa.array([3, 7], pa.uint8()),
        i5=pa.array([-12, 1], pa.int8()),
        u24=pa.array([0x830201, 0x7F00FF], pa.uint32()),
        i24=pa.array([0x830201 - (1 << 24), 0x7F00FF], pa.int32()),
        m24=pa.array([0x010283, 0xFF007F], pa.uint32()),
        n24=pa.array([0x010283, 0xFF007F - (1 << 24)], pa.int32()),
        u12=pa.array([0x020, 0x00F], pa.uint16()),
        u40=pa.array([0x04830201A6, 0x007F00FF0F], pa.uint64()),
    )
    return case("odd-integers", data, {"g": expected})


def numbers_of_both_byte_orders() -> Case:
    values = struct.pack("<f", 1.5) + struct.pack(">f", -2.5) + struct.pack(">d", 0.1)
    channels = [
        h.Channel(name="a", byte=8, bits=32, data_type=h.LITTLE_REAL),
        h.Channel(name="b", byte=12, bits=32, data_type=h.BIG_REAL),
        h.Channel(name="c", byte=16, bits=64, data_type=h.BIG_REAL),
        h.Channel(name="d", byte=24, bits=16, data_type=h.BIG_INT),
        h.Channel(name="e", byte=26, bits=64, data_type=h.BIG_UINT),
    ]
    rest = values + struct.pack(">hQ", -2, 2**64 - 2)
    expected = table(
        [0],
        a=pa.array([1.5], pa.float32()),
        b=pa.array([-2.5], pa.float32()),
        c=pa.array([0.1], pa.float64()),
        d=pa.array([-2], pa.int16()),
        e=pa.array([2**64 - 2], pa.uint64()),
    )
    return case("orders", h.mdf4([group(channels, [rest])], UTC), {"g": expected})


def invalidation_bits() -> Case:
    channels = [
        h.Channel(name="a", byte=8, flags=2, invalid_bit=0),
        h.Channel(name="b", byte=9, flags=2, invalid_bit=9),
        h.Channel(name="c", byte=10),
        h.Channel(name="d", byte=8, flags=1),
    ]
    rests = [
        bytes.fromhex("01 02 03  00 00"),
        bytes.fromhex("04 05 06  01 00"),
        bytes.fromhex("07 08 09  00 02"),
        bytes.fromhex("0A 0B 0C  FF FF"),
    ]
    expected = table(
        range(4),
        a=pa.array([1, None, 7, None], pa.uint8()),
        b=pa.array([2, 5, None, None], pa.uint8()),
        c=pa.array([3, 6, 9, 12], pa.uint8()),
        d=pa.array([None] * 4, pa.uint8()),
    )
    data = h.mdf4([group(channels, rests, invalid_bytes=2)], UTC)
    return case("invalid", data, {"g": expected})


def texts_of_fixed_and_of_any_length() -> Case:
    texts = ["é", "a longer one", ""]
    stored, offsets = b"", []
    for text in texts:
        raw = text.encode() + b"\0"
        offsets.append(len(stored))
        stored += struct.pack("<I", len(raw)) + raw
    channels = [
        h.Channel(name="Fixed", byte=8, bits=32, data_type=h.TEXT_UTF8),
        h.Channel(
            name="Free", kind=h.VLSD, byte=12, bits=64, data_type=h.TEXT_UTF8, signal_data=stored
        ),
        h.Channel(name="Raw", byte=8, bits=24, data_type=h.BYTES),
    ]
    fixed = [b"ab\0\0", b"wxyz", b"\xc3\xa9\0\0"]
    rests = [one + struct.pack("<Q", at) for one, at in zip(fixed, offsets, strict=True)]
    expected = table(
        range(3),
        fixed=pa.array(["ab", "wxyz", "é"]),
        free=pa.array(texts),
        raw=pa.array([one[:3] for one in fixed], pa.binary()),
    )
    return case("texts", h.mdf4([group(channels, rests)], UTC), {"g": expected})


def groups_that_share_their_records() -> Case:
    first = h.Group(channels=[h.SECONDS, BYTE], data_bytes=9, cycles=3, name="one", record_id=1)
    wide = h.Channel(name="Wide", bits=16, data_type=h.BIG_UINT)
    second = h.Group(channels=[h.SECONDS, wide], data_bytes=10, cycles=2, name="two", record_id=7)
    a, b, c, d, e = seconds(0, 0.25, 0.5, 1, 2)
    records = b"".join(
        (b"\1" + a + b"\1", b"\7" + b + b"\1\2", b"\1" + c + b"\2", b"\1" + d + b"\3")
    )
    records += b"\7" + e + b"\3\4"
    data = h.mdf4([h.DataGroup(groups=[first, second], records=records, id_bytes=1)], UTC)
    expected = {
        "one": table([0, 0.5, 1], byte=pa.array([1, 2, 3], pa.uint8())),
        "two": table([0.25, 2], wide=pa.array([0x0102, 0x0304], pa.uint16())),
    }
    return case("unsorted", data, expected)


def a_master_that_counts_ticks() -> Case:
    ticks = h.Conversion(1, (10.0, 0.001))
    master = h.Channel(name="t", kind=h.MASTER, sync=1, byte=0, bits=32, conversion=ticks)
    one = h.Group(channels=[master, h.Channel(byte=4)], data_bytes=5, cycles=3)
    records = b"".join(struct.pack("<IB", tick, tick % 7) for tick in (0, 1, 4_000_000_000))
    data = h.mdf4([h.DataGroup(groups=[one], records=records)], UTC)
    expected = table([10, 10.001, 4_000_010], x=pa.array([0, 1, 4_000_000_000 % 7], pa.uint8()))
    return case("ticks", data, {"g": expected})


def a_virtual_master() -> Case:
    step = h.Conversion(1, (0.0, 0.5))
    master = h.Channel(name="t", kind=h.VIRTUAL_MASTER, sync=1, byte=0, bits=0, conversion=step)
    one = h.Group(channels=[master, h.Channel(byte=0)], data_bytes=1, cycles=4)
    data = h.mdf4([h.DataGroup(groups=[one], records=b"\4\3\2\1")], UTC)
    expected = table([0, 0.5, 1, 1.5], x=pa.array([4, 3, 2, 1], pa.uint8()))
    return case("virtual", data, {"g": expected})


def times_before_the_start() -> Case:
    one = h.Group(channels=[h.SECONDS, BYTE], data_bytes=9, cycles=2)
    records = b"".join(time + b"\1" for time in seconds(-2.5, -1e-9))
    data = h.mdf4([h.DataGroup(groups=[one], records=records)], UTC)
    expected = table([-2.5, -1e-9], byte=pa.array([1, 1], pa.uint8()))
    return case("before", data, {"g": expected})


SCENARIOS = (
    plain_records,
    deflated_records,
    transposed_records,
    a_list_of_blocks_that_cuts_records,
    a_list_of_deflated_blocks,
    a_group_without_records,
    integers_of_odd_sizes,
    numbers_of_both_byte_orders,
    invalidation_bits,
    texts_of_fixed_and_of_any_length,
    groups_that_share_their_records,
    a_master_that_counts_ticks,
    a_virtual_master,
    times_before_the_start,
)


class TestMdf4Scenarios(ReaderSuite):
    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return made


@pytest.mark.parametrize(
    ("header", "offset_s", "codes"),
    [
        (h.Header(start_ns=START_NS), 0, set()),
        (h.Header(start_ns=START_NS, time_flags=1), 0, {"local_time"}),
        (h.Header(start_ns=START_NS, time_flags=2, zone=60, summer=60), 0, set()),
    ],
)
def test_the_start_is_taken_as_its_flags_say(
    header: h.Header, offset_s: int, codes: set[str]
) -> None:
    with open_recording(BytesFile("a.mf4", h.mdf4([group([BYTE], FOUR)], header))) as reader:
        times = tables_of(reader.batches())["g"]["t_ns"].to_pylist()
        assert {one.code for one in reader.problems()} == codes
    assert times[0] == START_NS + offset_s * S


@pytest.mark.parametrize(("sync", "kind"), [(2, "angle"), (3, "distance"), (4, "index")])
def test_masters_that_are_no_time_give_no_rows_and_are_told(sync: int, kind: str) -> None:
    master = h.Channel(name="m", kind=h.MASTER, sync=sync, data_type=h.LITTLE_REAL, byte=0, bits=64)
    one = h.Group(channels=[master, BYTE], data_bytes=9, cycles=2)
    records = b"".join(place + b"\1" for place in seconds(1, 2))
    data = h.mdf4([h.DataGroup(groups=[one], records=records)], UTC)
    with open_recording(BytesFile("a.mf4", data)) as reader:
        batches = list(reader.batches())
        assert reader.streams[0].type == f"mdf/{kind}"
        assert [one.code for one in reader.problems()] == ["no_time"]
    assert [(batch.rows.num_rows, batch.dropped) for batch in batches] == [(0, {"no_time": 2})]


@pytest.mark.parametrize("storage", ["DT", "DZ", "DL"])
@pytest.mark.parametrize("cycles", [5, 1000, 2**40])
def test_cycles_that_the_records_do_not_hold_are_missing(storage: str, cycles: int) -> None:
    data = h.mdf4([group([BYTE], FOUR, storage=storage, cycles=cycles)], UTC)
    with open_recording(BytesFile("a.mf4", data)) as reader:
        batches = list(reader.batches())
        problems = [(one.code, one.lost_rows) for one in reader.problems()]
    assert sum(batch.rows.num_rows for batch in batches) == 4
    assert sum(sum(batch.dropped.values()) for batch in batches) == cycles - 4
    assert problems == [("truncated", cycles - 4)]


def test_a_file_that_was_not_closed_is_told_and_read() -> None:
    header = h.Header(start_ns=START_NS, unfinalised=1)
    data = h.mdf4([group([BYTE], FOUR, cycles=0)], header)
    with open_recording(BytesFile("a.mf4", data)) as reader:
        rows = tables_of(reader.batches())["g"]
        assert "unfinalised" in {one.code for one in reader.problems()}
    assert rows["byte"].to_pylist() == [1, 2, 250, 0]
