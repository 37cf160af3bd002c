"""MDF 4 records stored in every way, written block by block and read as readers promise."""

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
    case,
    group,
    length_and,
    seconds,
    table,
)

OPEN = h.Header(start_ns=START_NS, unfinalised=1 | 4)


def records_packed_by_zstd() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="DZ-zstd")], UTC)
    return case("zstd", data, {"g": table(range(4), byte=FOUR_ROWS)})


def records_packed_by_lz4() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="DZ-lz4")], UTC)
    return case("lz4", data, {"g": table(range(4), byte=FOUR_ROWS)})


def records_whose_length_was_never_written() -> Case:
    data = h.mdf4([group([BYTE], FOUR, storage="open", cycles=0)], OPEN)
    return case("open", data, {"g": table(range(4), byte=FOUR_ROWS)}, "unfinalised")


def _shared(count: int, id_bytes: int, header: h.Header, storage: str = "DT") -> Case:
    """Return two groups in one stream, in long runs and in turns."""
    cycles = (count, count // 10) if header is UTC else (0, 0)
    one = h.Group(channels=[h.SECONDS, BYTE], data_bytes=9, cycles=cycles[0], name="one")
    wide = h.Channel(name="Wide", bits=16)
    two = h.Group(
        channels=[h.SECONDS, wide], data_bytes=10, cycles=cycles[1], name="two", record_id=7
    )
    ids = {0: (0).to_bytes(id_bytes, "little"), 7: (7).to_bytes(id_bytes, "little")}
    records = b""
    for number in range(count):
        time = struct.pack("<d", number)
        records += ids[0] + time + bytes([number % 256])
        if number < count // 10:
            records += ids[7] + time + struct.pack("<H", number)
    shared = h.DataGroup(groups=[one, two], records=records, id_bytes=id_bytes, storage=storage)
    expected = {
        "one": table(range(count), byte=pa.array([n % 256 for n in range(count)], pa.uint8())),
        "two": table(range(count // 10), wide=pa.array(range(count // 10), pa.uint16())),
    }
    codes = () if header is UTC else ("unfinalised",)
    return case(f"shared-{id_bytes}", h.mdf4([shared], header), expected, *codes)


def ids_of_one_byte() -> Case:
    return _shared(400, 1, UTC)


def ids_of_two_bytes_in_blocks_that_cut_records() -> Case:
    return _shared(400, 2, UTC, "DL")


def ids_of_four_bytes_in_packed_blocks() -> Case:
    return _shared(100, 4, UTC, "HL")


def ids_of_eight_bytes() -> Case:
    return _shared(100, 8, UTC)


def shared_records_that_were_never_counted() -> Case:
    return _shared(200, 1, OPEN, "open")


def a_file_with_attachments() -> Case:
    header = h.Header(start_ns=START_NS, attachments=("a.txt", "b.bin"))
    data = h.mdf4([group([BYTE], FOUR)], header)
    return case("attachments", data, {"g": table(range(4), byte=FOUR_ROWS)})


def records_stored_by_column_with_their_times_elsewhere() -> Case:
    lone = h.Group(
        channels=[h.Channel(name="v", byte=0)],
        data_bytes=1,
        cycles=20,
        name="lone",
        flags=8,
        master_in="clock",
    )
    clock = h.Group(channels=[h.SECONDS], data_bytes=8, cycles=20, name="clock")
    times = [number / 4 for number in range(20)]
    lone_records = h.DataGroup(groups=[lone], records=bytes(range(20)), storage="LD")
    clock_records = h.DataGroup(groups=[clock], records=b"".join(seconds(*times)), storage="DZ")
    expected = {"lone": table(times, v=pa.array(range(20), pa.uint8())), "clock": table(times)}
    return case("by-column", h.mdf4([lone_records, clock_records], UTC), expected)


SCENARIOS = (
    records_stored_by_column_with_their_times_elsewhere,
    records_packed_by_zstd,
    records_packed_by_lz4,
    records_whose_length_was_never_written,
    ids_of_one_byte,
    ids_of_two_bytes_in_blocks_that_cut_records,
    ids_of_four_bytes_in_packed_blocks,
    ids_of_eight_bytes,
    shared_records_that_were_never_counted,
    a_file_with_attachments,
)


class TestMdf4Storage(ReaderSuite):
    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return made


def test_attachments_are_listed_in_their_order() -> None:
    with a_file_with_attachments().open() as reader:
        assert reader.attachments == ("a.txt", "b.bin")


def test_shared_records_end_at_an_unknown_id_and_say_so() -> None:
    one = h.Group(channels=[h.SECONDS, BYTE], data_bytes=9, cycles=3, record_id=1)
    a, b, c = seconds(0, 1, 2)
    records = b"\1" + a + b"\5" + b"\1" + b + b"\6" + b"\x09" + c + b"\7"
    data = h.mdf4([h.DataGroup(groups=[one], records=records, id_bytes=1)], UTC)
    with open_recording(BytesFile("a.mf4", data)) as reader:
        batches = list(reader.batches())
        told = {one.message: one.lost_rows for one in reader.problems()}
    assert tables_of(batches)["g"]["byte"].to_pylist() == [5, 6]
    assert sum(sum(batch.dropped.values()) for batch in batches) == 1
    assert any("no group has the record id 9" in text for text in told)
    assert 1 in told.values()


def test_records_without_their_values_at_the_end_are_left_out_and_counted() -> None:
    channel = h.Channel(
        name="Free", kind=h.VLSD, byte=8, bits=64, data_type=h.BYTES, values_in="values"
    )
    one = h.Group(channels=[h.SECONDS, channel], data_bytes=16, cycles=2, name="g", record_id=1)
    values = h.Group(channels=[], data_bytes=0, cycles=1, name="values", record_id=2, flags=1)
    a, b = seconds(0, 1)
    records = b"\1" + a + bytes(8) + b"\2" + length_and(b"abc") + b"\1" + b + struct.pack("<Q", 7)
    data = h.mdf4([h.DataGroup(groups=[one, values], records=records, id_bytes=1)], UTC)
    with open_recording(BytesFile("a.mf4", data)) as reader:
        batches = list(reader.batches())
        told = [one.message for one in reader.problems()]
    assert tables_of(batches)["g"]["free"].to_pylist() == [b"abc"]
    assert batches[-1].dropped == {"missing": 1}
    assert any("1 records lack their values" in text for text in told)


def test_one_damaged_block_costs_its_records_and_no_others() -> None:
    rests = [bytes([number % 256]) for number in range(1000)]
    data = bytearray(h.mdf4([group([BYTE], rests, storage="HL")], UTC))
    second = [at for at in range(0, len(data), 8) if data[at : at + 4] == b"##DZ"][1]
    data[second + 60] ^= 0xFF
    with open_recording(BytesFile("a.mf4", bytes(data))) as reader:
        batches = list(reader.batches())
        told = [one.message for one in reader.problems()]
    got = tables_of(batches)["g"]["byte"].to_pylist()
    assert got[:300] == [number % 256 for number in range(300)]
    assert got[-300:] == [number % 256 for number in range(700, 1000)]
    assert len(got) + sum(sum(batch.dropped.values()) for batch in batches) == 1000
    assert any(f"the DZ block at byte {second} is damaged" in text for text in told)


@pytest.mark.parametrize("storage", ["DT", "DZ", "DZ-transposed", "DL", "HL"])
def test_a_file_cut_anywhere_gives_the_records_before_and_says_n_of_m(storage: str) -> None:
    rests = [struct.pack("<Id", number, number / 7) for number in range(3000)]
    channels = [h.Channel(name="n", bits=32), h.Channel(name="x", byte=12, bits=64, data_type=4)]
    data = h.mdf4([group(channels, rests, storage=storage)], UTC)
    seen = []
    for cut in range(len(data) - 1, len(data) // 2, -(len(data) // 37)):
        with open_recording(BytesFile("a.mf4", data[:cut])) as reader:
            batches = list(reader.batches())
            problems = reader.problems()
        if not batches:
            continue
        rows = tables_of(batches)["g"]
        count = rows.num_rows
        assert rows["n"].to_pylist() == list(range(count))
        assert sum(sum(batch.dropped.values()) for batch in batches) == 3000 - count
        assert any(one.code == "truncated" for one in problems) or count == 3000
        seen.append(count)
    assert seen == sorted(seen, reverse=True)
    assert seen
