"""Tests of measured channels, damage and hostile files."""

import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from asammdf import MDF, Signal

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import cuts, mdf4_bytes, saved

START = datetime(2024, 2, 29, 12, tzinfo=UTC)
START_NS = int(START.timestamp()) * 10**9
SECONDS = np.arange(5) * 0.1


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("a.mf4", data))


def _codes(reader: Reader) -> list[str]:
    return [problem.code for problem in reader.problems()]


def _signal(samples: Any, name: str = "s", **facts: Any) -> Signal:
    values = np.asarray(samples)
    return Signal(samples=values, timestamps=SECONDS[: len(values)], name=name, **facts)


def _column(data: bytes, name: str = "s") -> pa.ChunkedArray:
    with _open(data) as reader:
        return next(iter(tables_of(reader.batches()).values()))[name]


@pytest.mark.parametrize(
    "code", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", ">u4", ">f8"]
)
def test_numbers_keep_their_type(code: str) -> None:
    values = np.array([0, 1, 100], dtype=code)
    column = _column(mdf4_bytes([[_signal(values)]]))
    assert column.type == pa.from_numpy_dtype(np.dtype(code).newbyteorder("="))
    assert column.to_pylist() == values.tolist()


def test_times_are_rounded_to_whole_nanoseconds_after_the_start() -> None:
    seconds = np.array([0.0, 1e-9, 0.1, 0.30000000000000004, 12345.678901234])
    signal = Signal(samples=np.arange(5), timestamps=seconds, name="s")
    column = _column(mdf4_bytes([[signal]], start_time=START), "t_ns")
    offsets = [0, 1, 100_000_000, 300_000_000, 12_345_678_901_234]
    assert column.to_pylist() == [START_NS + offset for offset in offsets]


def test_a_start_with_an_offset_is_an_instant() -> None:
    local = datetime(2024, 2, 29, 14, tzinfo=timezone(timedelta(hours=2)))
    data = mdf4_bytes([[_signal([1])]], start_time=local)
    assert _column(data, "t_ns").to_pylist() == [START_NS]


def test_invalid_samples_are_null() -> None:
    bits = np.array([False, True, False])
    column = _column(mdf4_bytes([[_signal([1, 2, 3], invalidation_bits=bits)]]))
    assert column.to_pylist() == [1, None, 3]


@pytest.mark.parametrize(
    ("conversion", "expected"),
    [
        ({"a": 2.0, "b": 1.0}, [1, 3, 5]),
        ({"P1": 0, "P2": 1, "P3": 5, "P4": 0, "P5": 0, "P6": 2}, [2.5, 3, 3.5]),
        ({"formula": "X1*X1 + 1"}, [1, 2, 5]),
        ({"raw_0": 0.0, "phys_0": 10.0, "raw_1": 2.0, "phys_1": 20.0}, [10, None, 20]),
    ],
)
def test_conversions_give_physical_values(conversion: Any, expected: list[float | None]) -> None:
    signal = _signal(np.array([0, 1, 2], np.uint8), conversion=conversion)
    got = _column(mdf4_bytes([[signal]])).to_pylist()
    for value, wanted in zip(got, expected, strict=True):
        assert wanted is None or value == pytest.approx(wanted)


def test_texts_of_values_keep_the_numbers_beside_them() -> None:
    conversion = {"val_0": 0, "text_0": "Aus", "val_1": 1, "text_1": "Ein"}
    signal = _signal(np.array([0, 1, 7], np.uint8), "Mode", conversion=conversion)
    data = mdf4_bytes([[signal]])
    assert _column(data, "mode").to_pylist() == ["Aus", "Ein", None]
    assert _column(data, "mode_raw").to_pylist() == [0, 1, 7]


def test_ranges_of_values_have_texts_too() -> None:
    conversion = {
        "lower_0": 0, "upper_0": 4, "text_0": "low", "lower_1": 5, "upper_1": 9, "text_1": "high",
    }  # fmt: skip
    signal = _signal(np.array([1, 6, 30], np.uint8), "Level", conversion=conversion)
    assert _column(mdf4_bytes([[signal]]), "level").to_pylist() == ["low", "high", None]


def test_strings_and_bytes_are_read() -> None:
    text = Signal(np.array([b"ab", b"c"]), SECONDS[:2], name="t", encoding="utf-8")
    raw = _signal(np.arange(6, dtype=np.uint8).reshape(2, 3), "r")
    data = mdf4_bytes([[text, raw]])
    assert _column(data, "t").to_pylist() == ["ab", "c"]
    got = _column(data, "r").to_pylist()
    assert [bytes(row) if isinstance(row, list) else row for row in got] == [
        b"\0\1\2",
        b"\3\4\5",
    ]


def test_invalid_samples_of_one_channel_do_not_move_another() -> None:
    bits = np.array([True, False, False])
    conversion = {"val_0": 1, "text_0": "one", "val_1": 3, "text_1": "three"}
    signals = [
        _signal([1, 2, 3], "a", invalidation_bits=bits, conversion=conversion),
        _signal([4, 5, 6], "b"),
        _signal([7.0, 8.0, 9.0], "c", invalidation_bits=~bits),
    ]
    with _open(mdf4_bytes([signals])) as reader:
        table = tables_of(reader.batches())["group 0"]
    assert table["a"].to_pylist() == [None, None, "three"]
    assert table["a_raw"].to_pylist() == [None, 2, 3]
    assert table["b"].to_pylist() == [4, 5, 6]
    assert table["c"].to_pylist() == [7.0, None, None]


def test_units_and_sources_are_in_the_metadata() -> None:
    with _open(mdf4_bytes([[_signal([1], "Wheel Speed", unit="km/h")]])) as reader:
        schema = next(iter(reader.batches())).rows.schema
    assert schema.field("wheel_speed").metadata == {b"source": b"Wheel Speed", b"unit": b"km/h"}


def test_groups_with_one_name_are_told_apart() -> None:
    data = mdf4_bytes([[_signal([1])], [_signal([2, 3])]], names=("10 ms", "10 ms"))
    with _open(data) as reader:
        assert [stream.name for stream in reader.streams] == ["10 ms", "10 ms#2"]
        assert [stream.topic for stream in reader.streams] == ["10 ms", "10 ms"]
        assert [table.num_rows for table in tables_of(reader.batches()).values()] == [1, 2]


def test_channels_with_one_name_are_told_apart() -> None:
    data = mdf4_bytes([[_signal([1], "Speed"), _signal([2], "speed"), _signal([3], "T_ns")]])
    with _open(data) as reader:
        names = next(iter(reader.batches())).rows.schema.names
    assert names == ["t_ns", "speed", "speed_2", "t_ns_2"]


def test_a_formula_bomb_ends_at_once() -> None:
    signal = _signal(np.array([1, 2], np.uint8), conversion={"formula": "10**10**8*X1"})
    column = _column(mdf4_bytes([[signal]]))
    assert column.to_pylist() == [float("inf")] * 2


def test_a_formula_that_is_not_evaluated_leaves_the_raw_values_and_says_so() -> None:
    signal = _signal(np.array([1, 2], np.uint8), conversion={"formula": "X1 if X1 else 2"})
    with _open(mdf4_bytes([[signal]])) as reader:
        assert _codes(reader) == ["bad_conversion"]
        assert tables_of(reader.batches())["group 0"]["s"].to_pylist() == [1, 2]


def test_times_that_are_no_times_are_dropped_with_their_reason() -> None:
    seconds = np.array([0.0, 1.0, 1e11])
    data = mdf4_bytes([[Signal(np.arange(3), seconds, name="s")]], start_time=START)
    with _open(data) as reader:
        batches = list(reader.batches())
        assert _codes(reader) == ["bad_time"]
    assert [batch.rows.num_rows for batch in batches] == [2]
    assert batches[0].dropped == {"bad_time": 1}


def test_a_file_without_groups_has_no_streams() -> None:
    with _open(saved(MDF(version="4.10"))) as reader:
        assert reader.streams == ()
        assert reader.time is None
        assert list(reader.batches()) == []


def test_attachments_are_named() -> None:
    mdf = MDF(version="4.10")
    mdf.append([_signal([1])])
    mdf.attach(b"content", file_name="notes.txt", mime="text/plain", comment="", embedded=True)
    with _open(saved(mdf)) as reader:
        assert reader.attachments == ("notes.txt",)


def test_a_file_cut_in_its_data_gives_the_records_before() -> None:
    seconds = np.arange(20_000) / 1000
    signal = Signal(np.arange(20_000, dtype=np.float64), seconds, name="s")
    data = mdf4_bytes([[signal]], names=("g",))
    rows = []
    for part in cuts(data, 12):
        try:
            reader = _open(part)
        except UnreadableFile:
            continue
        with reader:
            batches = list(reader.batches())
            assert "truncated" in _codes(reader)
            streams = reader.streams
        if not streams:
            continue
        table = tables_of(batches)["g"]
        assert table["s"].to_pylist() == list(range(table.num_rows))
        dropped = sum(sum(batch.dropped.values()) for batch in batches)
        assert table.num_rows + dropped == 20_000
        rows.append(table.num_rows)
    assert rows == sorted(rows)


def test_blocks_that_run_in_a_circle_are_refused() -> None:
    data = bytearray(mdf4_bytes([[_signal([1])], [_signal([2])]]))
    first = struct.unpack_from("<Q", data, 88)[0]
    second = struct.unpack_from("<Q", data, first + 24)[0]
    struct.pack_into("<Q", data, second + 24, first)
    with pytest.raises(HostileInput, match="circle"):
        _open(bytes(data))


@pytest.mark.parametrize("size", [8, 63, 64, 100])
def test_a_file_without_its_header_is_refused(size: int) -> None:
    data = mdf4_bytes([[_signal([1])]])
    with pytest.raises(UnreadableFile):
        _open(data[:size])


def test_nothing_is_left_behind_after_closing() -> None:
    data = mdf4_bytes([[_signal([1])]])
    with _open(data) as reader:
        tables_of(reader.batches())


def _many_groups(count: int, rows: int) -> bytes:
    seconds = np.arange(rows) * 0.01
    return mdf4_bytes(
        [
            [Signal(samples=np.arange(rows) * (1.0 + n), timestamps=seconds, name=f"s{n}")]
            for n in range(count)
        ]
    )


@pytest.mark.parametrize("max_rows", [1, 7, 100])
def test_the_last_batch_of_each_group_says_so(max_rows: int) -> None:
    with _open(_many_groups(count=12, rows=14)) as reader:
        names = [stream.name for stream in reader.streams]
        batches = list(reader.batches(max_rows=max_rows))
    last = [n for n, batch in enumerate(batches) if batch.is_last]
    assert [batches[n].stream for n in last] == names
    every = -(-14 // max_rows)
    assert last == [every * (n + 1) - 1 for n in range(12)]
    assert all(batch.rows.num_rows for batch in batches)


def test_groups_that_were_not_asked_for_end_nothing() -> None:
    with _open(_many_groups(count=4, rows=3)) as reader:
        asked = [stream.name for stream in reader.streams][1:3]
        batches = list(reader.batches(asked, max_rows=2))
    assert [batch.stream for batch in batches if batch.is_last] == asked


def test_a_cut_file_ends_its_groups_too_and_tells_losses_behind() -> None:
    data = _many_groups(count=3, rows=2_000)
    for cut in (len(data) // 3, len(data) // 2, 2 * len(data) // 3):
        ended: set[str] = set()
        with _open(data[:cut]) as reader:
            for batch in reader.batches(max_rows=100):
                assert batch.stream not in ended or not batch.rows.num_rows
                if batch.is_last:
                    ended.add(batch.stream)
            assert _codes(reader)
