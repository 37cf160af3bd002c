"""MDF 4 values of every make, written block by block and read in every way readers promise."""

import struct
from datetime import UTC as UTC_ZONE
from datetime import datetime

import pyarrow as pa
import pytest

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing import mdf4_by_hand as h
from avdataops.testing.reader_suite import Case, ReaderSuite, tables_of
from tests.unit.readers.mdf4.making import UTC, case, group, length_and, seconds, table

VALUES = [b"one", b"", b"a longer one", b"x" * 300]


def _signal_data() -> tuple[bytes, list[int]]:
    stored, offsets = b"", []
    for value in VALUES:
        offsets.append(len(stored))
        stored += length_and(value)
    return stored, offsets


def bytes_of_any_length() -> Case:
    stored, offsets = _signal_data()
    channel = h.Channel(
        name="Raw", kind=h.VLSD, byte=8, bits=64, data_type=h.BYTES, signal_data=stored
    )
    order = [3, 0, 1, 2, 3, 3]
    rests = [struct.pack("<Q", offsets[number]) for number in order]
    expected = table(range(6), raw=pa.array([VALUES[number] for number in order], pa.binary()))
    return case("bytes", h.mdf4([group([channel], rests)], UTC), {"g": expected})


def values_that_are_not_in_their_signal_data() -> Case:
    stored, offsets = _signal_data()
    channel = h.Channel(
        name="Raw", kind=h.VLSD, byte=8, bits=64, data_type=h.BYTES, signal_data=stored
    )
    places = [offsets[2], 2**63, len(stored) - 2, offsets[3] + 2, offsets[0]]
    rests = [struct.pack("<Q", at) for at in places]
    held = [VALUES[2], None, None, None, VALUES[0]]
    expected = table(range(5), raw=pa.array(held, pa.binary()))
    data = h.mdf4([group([channel], rests)], UTC)
    return case("lost-values", data, {"g": expected}, "truncated")


def values_in_a_group_of_their_own() -> Case:
    channel = h.Channel(
        name="Free", kind=h.VLSD, byte=8, bits=32, data_type=h.TEXT_UTF8, values_in="values"
    )
    one = h.Group(channels=[h.SECONDS, channel], data_bytes=12, cycles=4, name="g", record_id=1)
    values = h.Group(channels=[], data_bytes=0, cycles=4, name="values", record_id=2, flags=1)
    _, offsets = _signal_data()
    records = b""
    for number, time in enumerate(seconds(0, 1, 2, 3)):
        record = b"\1" + time + struct.pack("<I", offsets[number])
        value = b"\2" + length_and(VALUES[number])
        records += record + value if number % 2 else value + record
    data = h.mdf4([h.DataGroup(groups=[one, values], records=records, id_bytes=1)], UTC)
    expected = table(range(4), free=pa.array([value.decode() for value in VALUES]))
    return case("own-group", data, {"g": expected})


def offsets_that_the_logger_never_wrote() -> Case:
    channel = h.Channel(
        name="Free", kind=h.VLSD, byte=8, bits=64, data_type=h.BYTES, values_in="values"
    )
    one = h.Group(channels=[h.SECONDS, channel], data_bytes=16, cycles=0, name="g", record_id=1)
    values = h.Group(channels=[], data_bytes=0, cycles=0, name="values", record_id=2, flags=1)
    records = b"".join(
        b"\1" + time + bytes(8) + b"\2" + length_and(value)
        for time, value in zip(seconds(0, 1, 2, 3), VALUES, strict=True)
    )
    header = h.Header(start_ns=UTC.start_ns, unfinalised=1 | 4 | 64)
    shared = h.DataGroup(groups=[one, values], records=records, id_bytes=1, storage="open")
    expected = table(range(4), free=pa.array(VALUES, pa.binary()))
    return case("by-number", h.mdf4([shared], header), {"g": expected}, "unfinalised")


def bytes_as_long_as_another_channel_says() -> Case:
    payload = h.Channel(
        name="Payload", kind=h.MLSD, byte=9, bits=32, data_type=h.BYTES, values_in="Length"
    )
    length = h.Channel(name="Length", byte=8)
    rests = [bytes([size]) + b"abcd" for size in (4, 0, 2, 9)]
    expected = table(
        range(4),
        payload=pa.array([b"abcd", b"", b"ab", b"abcd"], pa.binary()),
        length=pa.array([4, 0, 2, 9], pa.uint8()),
    )
    return case("mlsd", h.mdf4([group([payload, length], rests)], UTC), {"g": expected})


def arrays_in_their_records() -> Case:
    rows = h.Channel(name="Rows", byte=8, bits=16, array=h.Array((2, 3), 2))
    columns = h.Channel(name="Columns", byte=8, bits=16, array=h.Array((2, 3), 2, is_inverse=True))
    spread = h.Channel(
        name="Spread", byte=8, bits=8, data_type=h.LITTLE_INT, array=h.Array((3,), 4)
    )
    nibbles = h.Channel(name="Nibbles", byte=8, bit=4, bits=4, array=h.Array((2,), 1))
    doubled = h.Channel(
        name="Doubled", byte=8, bits=16, array=h.Array((2,), 2), conversion=h.Conversion(1, (1, 2))
    )
    rest = struct.pack("<6H", 0x10, 0x21, 0xFF, 4, 5, 6)
    expected = table(
        [0],
        rows=pa.array([[[16, 33, 255], [4, 5, 6]]], pa.list_(pa.list_(pa.uint16(), 3), 2)),
        columns=pa.array([[[16, 255, 5], [33, 4, 6]]], pa.list_(pa.list_(pa.uint16(), 3), 2)),
        spread=pa.array([[16, -1, 5]], pa.list_(pa.int8(), 3)),
        nibbles=pa.array([[1, 0]], pa.list_(pa.uint8(), 2)),
        doubled=pa.array([[33.0, 67.0]], pa.list_(pa.float64(), 2)),
    )
    data = h.mdf4([group([rows, columns, spread, nibbles, doubled], [rest])], UTC)
    return case("arrays", data, {"g": expected})


def members_of_a_structure() -> Case:
    inner = h.Channel(name="S.Inner.a", byte=9)
    middle = h.Channel(name="S.Inner", byte=9, bits=8, data_type=h.BYTES, members=[inner])
    first = h.Channel(name="S.First", byte=8)
    whole = h.Channel(name="S", byte=8, bits=16, data_type=h.BYTES, members=[first, middle])
    after = h.Channel(name="After", byte=10)
    expected = table(
        [0, 1],
        s_first=pa.array([1, 4], pa.uint8()),
        s_inner_a=pa.array([2, 5], pa.uint8()),
        after=pa.array([3, 6], pa.uint8()),
    )
    data = h.mdf4([group([whole, after], [b"\1\2\3", b"\4\5\6"])], UTC)
    return case("structure", data, {"g": expected})


def dates_and_times_of_canopen() -> Case:
    date = h.Channel(name="Date", byte=8, bits=56, data_type=h.DATE)
    time = h.Channel(name="Time", byte=15, bits=48, data_type=h.TIME)
    when = datetime(2024, 2, 29, 13, 37, tzinfo=UTC_ZONE)
    days = (when.replace(hour=0, minute=0) - datetime(1984, 1, 1, tzinfo=UTC_ZONE)).days
    ms = (13 * 60 + 37) * 60_000 + 1500
    rest = struct.pack("<HBBBBB", 1500, 37, 13, 29, 2, 24) + struct.pack("<IH", ms, days)
    t_ns = int(when.timestamp()) * 10**9 + 1_500_000_000
    expected = table([0], date=pa.array([t_ns]), time=pa.array([t_ns]))
    return case("canopen", h.mdf4([group([date, time], [rest])], UTC), {"g": expected})


def texts_of_every_encoding() -> Case:
    channels = [
        h.Channel(name="latin", byte=8, bits=32, data_type=h.TEXT_LATIN),
        h.Channel(name="little", byte=12, bits=64, data_type=h.TEXT_UTF16_LITTLE),
        h.Channel(name="big", byte=20, bits=64, data_type=h.TEXT_UTF16_BIG),
    ]
    rest = "ä\0x".encode("latin-1").ljust(4, b"\0")
    rest += "äé\0z".encode("utf-16-le") + "äé\0z".encode("utf-16-be")
    expected = table([0], latin=pa.array(["ä"]), little=pa.array(["äé"]), big=pa.array(["äé"]))
    return case("encodings", h.mdf4([group(channels, [rest])], UTC), {"g": expected})


def complex_and_half_numbers_and_wide_ones() -> Case:
    channels = [
        h.Channel(name="c", byte=8, bits=64, data_type=h.COMPLEX),
        h.Channel(name="h", byte=16, bits=16, data_type=h.LITTLE_REAL),
        h.Channel(name="w", byte=8, bits=80),
        h.Channel(name="n", kind=h.VIRTUAL, byte=0, bits=0),
    ]
    rest = struct.pack("<ffe", 1.5, -2.0, 0.25)
    expected = table(
        [0, 1],
        c=pa.array([[1.5, -2.0]] * 2, pa.list_(pa.float64(), 2)),
        h=pa.array([0.25] * 2, pa.float32()).cast(pa.float16()),
        w=pa.array([rest] * 2, pa.binary()),
        n=pa.array([0, 1], pa.uint64()),
    )
    return case("numbers", h.mdf4([group(channels, [rest, rest])], UTC), {"g": expected})


def a_group_with_several_masters() -> Case:
    angle = h.Channel(name="Angle", kind=h.MASTER, sync=2, byte=8)
    data = h.mdf4([group([angle], [b"\7", b"\x0a"])], UTC)
    expected = table([0, 1], angle=pa.array([7, 10], pa.uint8()))
    return case("masters", data, {"g": expected})


def parts_of_a_bitfield_by_name() -> Case:
    door = h.Conversion(7, (1, 2), ("open", "ajar", None))
    bits = h.Conversion(11, (1.0, 6.0), ("lit", door))
    channel = h.Channel(name="Bits", conversion=bits)
    rests = [bytes([value]) for value in (0, 1, 2, 3)]
    said = [None, "lit", "ajar", "lit|ajar"]
    expected = table(range(4), bits=pa.array(said), bits_raw=pa.array([0, 1, 2, 3], pa.uint8()))
    return case("bitfield", h.mdf4([group([channel], rests)], UTC), {"g": expected})


SCENARIOS = (
    bytes_of_any_length,
    values_that_are_not_in_their_signal_data,
    values_in_a_group_of_their_own,
    offsets_that_the_logger_never_wrote,
    bytes_as_long_as_another_channel_says,
    arrays_in_their_records,
    members_of_a_structure,
    dates_and_times_of_canopen,
    texts_of_every_encoding,
    complex_and_half_numbers_and_wide_ones,
    a_group_with_several_masters,
    parts_of_a_bitfield_by_name,
)


class TestMdf4Values(ReaderSuite):
    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return made


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        (h.Channel(name="x", byte=200), "outside its record of 9 bytes"),
        (h.Channel(name="x", byte=8, bits=24), "outside its record"),
        (h.Channel(name="x", byte=8, array=h.Array((100,), 1)), "outside its record"),
        (h.Channel(name="x", byte=8, array=h.Array((2,), -9)), "outside its record"),
        (h.Channel(name="x", byte=8, bits=8, data_type=h.LITTLE_REAL), "no value of type 4"),
        (h.Channel(name="x", byte=8, bits=8, data_type=77), "no value of type 77"),
    ],
)
def test_a_channel_that_cannot_be_read_is_null_and_told(channel: h.Channel, why: str) -> None:
    good = h.Channel(name="good")
    with open_recording(BytesFile("a.mf4", h.mdf4([group([channel, good], [b"\5"])]))) as reader:
        rows = tables_of(reader.batches())["g"]
        told = [one.message for one in reader.problems() if one.code == "bad_conversion"]
    assert rows["good"].to_pylist() == [5]
    assert rows["x"].null_count == 1
    assert len(told) == 1
    assert why in told[0]
