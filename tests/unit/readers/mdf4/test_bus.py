"""Tests of bus logging in MDF 4."""

from typing import Any

import numpy as np
import pytest
from asammdf import MDF, Signal
from asammdf.blocks.source_utils import Source
from asammdf.blocks.v4_constants import BUS_TYPE_CAN, SOURCE_BUS

from avdataops.model.errors import HostileInput
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader, Sidecars
from avdataops.readers import open_recording
from avdataops.readers.mdf4 import plan
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import saved

DBC = b"""VERSION ""
BS_:
BU_: ECU
BO_ 256 Speed: 8 ECU
 SG_ Velocity : 0|16@1+ (0.01,0) [0|0] "m/s" ECU
 SG_ Gear : 16|8@1+ (1,0) [0|0] "" ECU
BO_ 2566844926 EngineJ: 8 ECU
 SG_ Rpm : 24|16@1+ (0.125,0) [0|0] "rpm" ECU
VAL_ 256 Gear 0 "Park" 1 "Drive" ;
BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";
BA_DEF_DEF_ "VFrameFormat" "StandardCAN";
BA_ "VFrameFormat" BO_ 2566844926 3;
"""
SPEED = (256, False)
ENGINE = (0x18FEF131, True)
STRANGE = (0x7FF, False)


def _log(frames: list[tuple[int, tuple[int, bool], bytes]], width: int = 8) -> bytes:
    """Return a log of (bus channel, (id, extended), payload), a frame per millisecond."""
    count = len(frames)
    dtype = np.dtype(
        [
            ("CAN_DataFrame.BusChannel", "u1"),
            ("CAN_DataFrame.ID", "<u4"),
            ("CAN_DataFrame.IDE", "u1"),
            ("CAN_DataFrame.DLC", "u1"),
            ("CAN_DataFrame.DataLength", "u1"),
            ("CAN_DataFrame.DataBytes", f"({width},)u1"),
            ("CAN_DataFrame.Dir", "u1"),
        ]
    )
    samples = np.zeros(count, dtype)
    for row, (bus, (number, extended), payload) in enumerate(frames):
        data = np.zeros(width, np.uint8)
        data[: len(payload)] = np.frombuffer(payload, np.uint8)
        samples[row] = (bus, number, extended, len(payload), len(payload), data, row % 2)
    source = Source("CAN", "CAN", "", SOURCE_BUS, BUS_TYPE_CAN)
    signal = Signal(samples, np.arange(count) / 1000, name="CAN_DataFrame", source=source)
    mdf: Any = MDF(version="4.10")
    mdf.start_time = np.datetime64(0, "ns").astype("datetime64[us]").item()
    mdf.append([signal], acq_source=source)
    mdf.groups[0].channel_group.acq_name = "CAN"
    return saved(mdf)


def _open(data: bytes, **dbc: bytes) -> Reader:
    texts = {f"{name}.dbc": text for name, text in dbc.items()}
    return open_recording(BytesFile("a.mf4", data), Sidecars(dbc=texts))


def _speed(value: int, gear: int = 0) -> bytes:
    return value.to_bytes(2, "little") + bytes([gear]) + bytes(5)


MIXED = [
    (1, SPEED, _speed(100)),
    (2, STRANGE, b"abc"),
    (1, ENGINE, bytes(3) + (8000).to_bytes(2, "little") + bytes(3)),
    (1, SPEED, _speed(250, 1)),
    (1, STRANGE, b""),
    (1, SPEED, _speed(300, 7)),
]


def test_each_bus_channel_is_a_stream_of_frames() -> None:
    with _open(_log(MIXED)) as reader:
        tables = tables_of(reader.batches())
        streams = {one.name: one for one in reader.streams}
        start = reader.streams[0].start_ns
        assert [one.code for one in reader.problems() if one.code != "local_time"] == ["no_dbc"]
    assert start is not None
    assert [(one.name, one.type, one.rows) for one in streams.values()] == [
        ("CAN1", "can/frames", 5),
        ("CAN2", "can/frames", 1),
    ]
    rows = tables["CAN1"].to_pylist()
    assert [(row["t_ns"] - start) // 1_000_000 for row in rows] == [0, 2, 3, 4, 5]
    assert [row["id"] for row in rows] == [256, ENGINE[0], 256, 0x7FF, 256]
    assert [row["extended"] for row in rows] == [False, True, False, False, False]
    assert [len(row["data"]) for row in rows] == [8, 8, 8, 0, 8]
    assert [row["direction"] for row in rows] == ["rx", "rx", "tx", "rx", "tx"]
    assert tables["CAN2"]["data"].to_pylist() == [b"abc"]


def test_messages_of_the_dbc_are_streams_beside_the_frames() -> None:
    with _open(_log(MIXED), a=DBC) as reader:
        tables = tables_of(reader.batches())
        streams = {one.name: one for one in reader.streams}
    assert list(streams) == ["CAN1", "CAN1.Speed", "CAN1.EngineJ", "CAN2"]
    speed = streams["CAN1.Speed"]
    assert (speed.type, speed.rows) == ("can/Speed", 3)
    assert speed.attributes == {"bus": "CAN1", "can_id": "0x100", "dbc": "a.dbc"}
    table = tables["CAN1.Speed"]
    assert table["velocity"].to_pylist() == [1.0, 2.5, 3.0]
    assert table["gear"].to_pylist() == [0, 1, 7]
    assert table["gear_label"].to_pylist() == ["Park", "Drive", None]
    assert tables["CAN1.EngineJ"].drop_columns("t_ns").to_pylist() == [
        {"source_address": 0x31, "rpm": 1000.0}
    ]


def test_frames_that_no_dbc_names_are_counted() -> None:
    with _open(_log(MIXED), a=DBC) as reader:
        problems = [one for one in reader.problems() if one.code == "undecoded_ids"]
    assert [one.stream for one in problems] == ["CAN1", "CAN2"]
    assert "1 of 3 ids on CAN1 (1 frames)" in problems[0].message
    assert "0x7FF" in problems[0].message


def test_a_broken_dbc_is_told_and_the_others_are_used() -> None:
    with _open(_log(MIXED), a=b"no dbc {", b=DBC) as reader:
        codes = [one.code for one in reader.problems()]
        assert "CAN1.Speed" in [one.name for one in reader.streams]
    assert "bad_dbc" in codes


def test_of_two_databases_with_one_id_the_first_is_used_and_it_is_told() -> None:
    with _open(_log(MIXED), a=DBC, b=DBC.replace(b"Speed", b"Pace")) as reader:
        names = [one.name for one in reader.streams]
        told = [one.message for one in reader.problems() if one.code == "ambiguous_ids"]
    assert "CAN1.Speed" in names
    assert "CAN1.Pace" not in names
    assert len(told) == 1
    assert "a.dbc is used, not b.dbc" in told[0]


def test_one_message_from_two_senders_is_one_stream_in_order() -> None:
    payload = bytes(8)
    frames = [(1, (0x18FEF100 + sender, True), payload) for sender in (1, 2, 1, 2)]
    with _open(_log(frames), a=DBC) as reader:
        table = tables_of(reader.batches())["CAN1.EngineJ"]
        assert [one.rows for one in reader.streams] == [4, 4]
    assert table["source_address"].to_pylist() == [1, 2, 1, 2]
    assert table["t_ns"].to_pylist() == sorted(table["t_ns"].to_pylist())


def test_can_fd_payloads_are_kept_whole() -> None:
    payload = bytes(range(64))
    with _open(_log([(1, STRANGE, payload), (1, STRANGE, payload[:12])], width=64)) as reader:
        table = tables_of(reader.batches())["CAN1"]
    assert table["data"].to_pylist() == [payload, payload[:12]]


@pytest.mark.parametrize("max_rows", [1, 2, 100])
def test_batches_and_streams_can_be_chosen(max_rows: int) -> None:
    with _open(_log(MIXED), a=DBC) as reader:
        whole = tables_of(reader.batches())
        batches = list(reader.batches(["CAN1.Speed"], max_rows=max_rows))
    assert max(batch.rows.num_rows for batch in batches) <= max_rows
    assert tables_of(batches) == {"CAN1.Speed": whole["CAN1.Speed"]}


def test_times_can_be_chosen() -> None:
    with _open(_log(MIXED), a=DBC) as reader:
        whole = tables_of(reader.batches())["CAN1"]
        times = whole["t_ns"].to_pylist()
        part = tables_of(reader.batches(time=TimeRange(times[1], times[3])))
    assert part["CAN1"] == whole.slice(1, 2)
    assert part["CAN1.Speed"].num_rows == 1
    assert part["CAN2"].num_rows == 0


def test_spans_are_those_of_the_frames() -> None:
    with _open(_log(MIXED), a=DBC) as reader:
        tables = tables_of(reader.batches())
        for stream in reader.streams:
            times = tables[stream.name]["t_ns"].to_pylist()
            assert (stream.start_ns, stream.stop_ns) == (times[0], times[-1] + 1)


def test_an_extended_flag_inside_the_id_is_understood() -> None:
    frames: Any = [(1, (ENGINE[0] | 1 << 31, False), bytes(8))]
    with _open(_log(frames), a=DBC) as reader:
        tables = tables_of(reader.batches())
    assert tables["CAN1"]["id"].to_pylist() == [ENGINE[0]]
    assert tables["CAN1"]["extended"].to_pylist() == [True]
    assert tables["CAN1.EngineJ"].num_rows == 1


LONG = b"""VERSION ""
BS_:
BU_: ECU
BO_ 2024 Diagnosis: 60 ECU
 SG_ Service : 8|8@1+ (1,0) [0|0] "" ECU
 SG_ Last : 312|8@1+ (1,0) [0|0] "" ECU
BO_ 256 Speed: 8 ECU
 SG_ Velocity : 0|16@1+ (0.01,0) [0|0] "m/s" ECU
"""


def _segmented(count: int) -> list[tuple[int, tuple[int, bool], bytes]]:
    """Return messages of 39 bytes in segments, and a frame of another message between each."""
    found = []
    for number in range(count):
        content = bytes([98]) + bytes(37) + bytes([number])
        parts = [content[at : at + 7] for at in range(6, 39, 7)]
        segments = [bytes([0x10, 39]) + content[:6]]
        segments += [bytes([0x20 | (n + 1)]) + one for n, one in enumerate(parts)]
        for segment in segments:
            found += [(1, (2024, False), segment), (1, SPEED, _speed(number))]
    return found


def test_long_messages_are_put_together_over_all_batches() -> None:
    log = _log(_segmented(30))
    for max_rows in (1, 7, 1000):
        with _open(log, a=LONG) as reader:
            streams = {one.name: one.rows for one in reader.streams}
            table = tables_of(reader.batches(max_rows=max_rows))["CAN1.Diagnosis"]
        assert streams == {"CAN1": 360, "CAN1.Speed": 180, "CAN1.Diagnosis": 30}
        assert table["service"].to_pylist() == [98] * 30
        assert table["last"].to_pylist() == list(range(30))


def test_long_messages_can_be_asked_for_alone_and_by_time() -> None:
    with _open(_log(_segmented(10)), a=LONG) as reader:
        whole = tables_of(reader.batches())["CAN1.Diagnosis"]
        assert tables_of(reader.batches(["CAN1.Diagnosis"])) == {"CAN1.Diagnosis": whole}
        times = whole["t_ns"].to_pylist()
        part = tables_of(reader.batches(["CAN1.Diagnosis"], time=TimeRange(times[2], times[5])))
    assert part["CAN1.Diagnosis"] == whole.slice(2, 3)


def test_a_long_message_that_lacks_a_segment_is_told() -> None:
    frames = _segmented(3)
    del frames[4]
    with _open(_log(frames), a=LONG) as reader:
        assert tables_of(reader.batches())["CAN1.Diagnosis"].num_rows == 2
        told = [one.message for one in reader.problems() if one.code == "broken_transport"]
    assert len(told) == 1
    assert "1 messages of bus channel 1" in told[0]


LIN_DBC = b"""VERSION ""
BS_:
BU_: ECU
BO_ 17 Wiper: 4 ECU
 SG_ Angle : 0|12@1+ (0.1,0) [0|0] "deg" ECU
BA_DEF_ "BusType" STRING ;
BA_DEF_DEF_ "BusType" "";
BA_ "BusType" "LIN";
"""
CAN_OF_THE_SAME_ID = LIN_DBC.replace(b'"LIN"', b'"CAN"').replace(b"Wiper", b"Engine")


def _lin_log(payloads: list[bytes]) -> bytes:
    """Return a log of LIN frames with the identifier 17, one per millisecond."""
    dtype = np.dtype(
        [
            ("LIN_Frame.BusChannel", "u1"),
            ("LIN_Frame.ID", "u1"),
            ("LIN_Frame.DataLength", "u1"),
            ("LIN_Frame.DataBytes", "(8,)u1"),
        ]
    )
    samples = np.zeros(len(payloads), dtype)
    for row, payload in enumerate(payloads):
        data = np.zeros(8, np.uint8)
        data[: len(payload)] = np.frombuffer(payload, np.uint8)
        samples[row] = (3, 17, len(payload), data)
    signal = Signal(samples, np.arange(len(payloads)) / 1000, name="LIN_Frame")
    mdf: Any = MDF(version="4.10")
    mdf.append([signal])
    return saved(mdf)


def test_frames_of_lin_are_decoded_by_a_database_for_lin_alone() -> None:
    log = _lin_log([b"\x0a\x00\x00\x00", b"\xff\x0f\x00\x00", b""])
    with _open(log, a=CAN_OF_THE_SAME_ID, b=LIN_DBC) as reader:
        tables = tables_of(reader.batches())
        names = {one.name: one.type for one in reader.streams}
    assert names == {"LIN3": "can/frames", "LIN3.Wiper": "can/Wiper"}
    assert tables["LIN3"]["data"].to_pylist() == [b"\x0a\0\0\0", b"\xff\x0f\0\0", b""]
    assert tables["LIN3.Wiper"]["angle"].to_pylist() == pytest.approx([1.0, 409.5, None])
    with _open(log, a=CAN_OF_THE_SAME_ID) as reader:
        assert [one.name for one in reader.streams] == ["LIN3"]


def test_more_identifiers_than_any_bus_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MAX_IDS", 10)
    frames: Any = [(1, (number, False), b"") for number in range(11)]
    with pytest.raises(HostileInput, match="identifiers"):
        _open(_log(frames))


def test_a_log_may_be_looked_at_without_counting_it_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan, "FRAME_ROWS", 100)
    log = BytesFile("a.mf4", _log([(1, SPEED, _speed(n)) for n in range(1000)]))
    look = Sidecars(dbc={"a.dbc": DBC}, look_at=150)
    with open_recording(log, look) as reader:
        assert [(one.name, one.rows) for one in reader.streams] == [
            ("CAN1", None),
            ("CAN1.Speed", None),
        ]
        assert {one.attributes["rate_hz"] for one in reader.streams} == {"1000.000"}
        assert "sampled" in [one.code for one in reader.problems()]
        assert tables_of(reader.batches())["CAN1.Speed"].num_rows == 1000
    with open_recording(log, Sidecars(dbc={"a.dbc": DBC}, look_at=5000)) as reader:
        assert [one.rows for one in reader.streams] == [1000, 1000]
        assert "sampled" not in [one.code for one in reader.problems()]
