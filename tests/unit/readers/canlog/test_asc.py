"""Vector ASC logs."""

from datetime import UTC, datetime
from pathlib import Path

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.stream import Problem
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Sidecars
from avdataops.readers.canlog import lines as lines_module
from avdataops.readers.canlog.asc import open_asc
from avdataops.readers.canlog.reader import CanLogReader
from avdataops.testing.can_log_cases import sent
from avdataops.testing.can_logs import DECIMAL, START_NS, Sent, asc_bytes, asc_line
from avdataops.testing.reader_suite import tables_of

DATE = "date Fri Feb 14 08:51:20.250 am 2020\n"
HEX = DATE + "base hex  timestamps absolute\n"
DEC = DATE + "base dec  timestamps absolute\n"
RELATIVE = DATE + "base hex  timestamps relative\n"
Row = dict[str, object]
UNTOLD = {"no_dbc", "no_time_zone"}


def opened(text: str | bytes) -> CanLogReader:
    data = text.encode("cp1252") if isinstance(text, str) else text
    return open_asc(BytesFile("drive.asc", data), Sidecars())


def rows_of(text: str | bytes) -> list[Row]:
    with opened(text) as reader:
        return [row for table in tables_of(reader.batches()).values() for row in table.to_pylist()]


def row_of(line: str, head: str = HEX) -> Row:
    (row,) = rows_of(f"{head}{line}\n")
    return row


def problems_of(text: str | bytes) -> dict[str, Problem]:
    with opened(text) as reader:
        return {one.code: one for one in reader.problems() if one.code not in UNTOLD}


def test_a_classic_frame() -> None:
    assert row_of("   1.000250 2  1F3x            Tx   d 3 0A 0b FF") == {
        "t_ns": START_NS + 1_000_250_000,
        "bus_channel": 2,
        "id": 0x1F3,
        "extended": True,
        "dlc": 3,
        "data": b"\x0a\x0b\xff",
        "direction": "tx",
    }


@pytest.mark.parametrize(
    ("head", "line", "number", "dlc", "data"),
    [
        (HEX, "1.0 1 123 Rx d 0", 0x123, 0, b""),
        (HEX, "1.0 1 123 Rx d 0 ", 0x123, 0, b""),
        (HEX, "1.0 1 7FF Rx d 1 12 Length = 240015 BitCount = 64 ID = 291", 0x7FF, 1, b"\x12"),
        (HEX, "1.0 1 10 Rx d 8 01 02 03 04 05 06 07 08", 0x10, 8, bytes(range(1, 9))),
        (HEX, "1.0 1 10 Rx d a 01 02 03 04 05 06 07 08", 0x10, 10, bytes(range(1, 9))),
        (HEX, "1.0 1 10 Rx d 9" + " 01" * 12, 0x10, 9, b"\x01" * 12),
        (HEX, "1.0 1 10 Rx d F" + " 01" * 64, 0x10, 15, b"\x01" * 64),
        (HEX, "1.0 1 10 Rx d 15" + " 01" * 64, 0x10, 15, b"\x01" * 64),
        (DEC, "1.0 1 291 Rx d 3 7 18 255", 291, 3, bytes([7, 18, 255])),
        (DEC, "1.0 1 100 Rx d 1 007  Length = 1", 100, 1, b"\x07"),
        (HEX, "1.0 CANFD 1 Rx 123 1 0 8 8" + " 01" * 8 + " 1 1 3000 0", 0x123, 8, b"\x01" * 8),
        (HEX, "1.0 CANFD 1 Rx 123 Name 0 0 9 12" + " 02" * 12, 0x123, 9, b"\x02" * 12),
        (HEX, "1.0 CANFD 1 Rx 123 Name 1 1 f 64" + " 03" * 64 + " 0", 0x123, 15, b"\x03" * 64),
        (HEX, "1.0 CANFD 1 Rx 123 0 0 0 0 130 13 3000 0", 0x123, 0, b""),
        (DEC, "1.0 CANFD 1 Rx 291 0 0 2 2 16 255 130 13 3000", 291, 2, b"\x10\xff"),
    ],
)
def test_frames_of_all_kinds(head: str, line: str, number: int, dlc: int, data: bytes) -> None:
    row = row_of(line, head)
    assert (row["id"], row["dlc"], row["data"]) == (number, dlc, data)
    assert problems_of(f"{head}{line}\n") == {}


@pytest.mark.parametrize(
    "line",
    [
        "1.0 1 800 Rx d 0",
        "1.0 1 20000000x Rx d 0",
        "1.0 1 12G Rx d 0",
        "1.0 1 x Rx d 0",
        "1.0 1 123 Rx",
        "1.0 1 123 Rx d",
        "1.0 1 123 Rx d 1",
        "1.0 1 123 Rx d 1 1",
        "1.0 1 123 Rx d 1 123",
        "1.0 1 123 Rx d 1 1G",
        "1.0 1 123 Rx d 2 11",
        "1.0 1 123 Rx d 1 11 22",
        "1.0 1 123 Rx d 16 11",
        "1.0 1 123 Rx d g 11",
        "1.0 1 123 Rx s 1 11",
        "1.0 1 123 Xx d 1 11",
        "1.0 1 123 d 1 11",
        "1.0 1 EngineData Rx d 1 11",
        "1.0 CANFD 1 Rx 123 1 0 9 12" + " 01" * 11,
        "1.0 CANFD 1 Rx 123 1 0 9 12" + " 01" * 11 + " 1",
        "1.0 CANFD 1 Rx 123 1 0 9 65" + " 01" * 65,
        "1.0 CANFD 1 Rx 123 1 x 9 12" + " 01" * 12,
        "1.0 CANFD 1 Rx 123 1",
        "1.0 CANFD 1 Xx 123 1 0 1 1 01",
        "1.0 CANFD z Rx 123 1 0 1 1 01",
        "1.0 CANFD",
        "what is this",
        "-1.0 1 123 Rx d 0",
        "1,0 1 123 Rx d 0",
    ],
)
def test_a_line_that_is_no_event_costs_itself(line: str) -> None:
    text = f"{HEX}1.0 1 123 Rx d 0\n{line}\n2.0 1 123 Rx d 0\n"
    assert len(rows_of(text)) == 2
    problems = problems_of(text)
    assert problems.keys() == {"bad_line"}
    assert problems["bad_line"].lost_rows == 1
    assert problems["bad_line"].message.endswith("the first is line 4")


def test_a_byte_over_255_is_bad_in_decimal() -> None:
    assert problems_of(f"{DEC}1.0 1 123 Rx d 1 256\n").keys() == {"bad_line"}


@pytest.mark.parametrize(
    "line",
    [
        "// a comment",
        "//and another",
        "Begin Triggerblock Fri Feb 14 08:51:20 am 2020",
        "End TriggerBlock",
        "internal events logged",
        "no internal events logged",
        "base hex timestamps absolute",
        "   0.000000 Start of measurement",
        "",
        " \t ",
    ],
)
def test_what_belongs_to_the_format_is_no_problem(line: str) -> None:
    assert problems_of(f"{HEX}{line}\n1.0 1 123 Rx d 0\n") == {}


@pytest.mark.parametrize(
    "line",
    [
        "1.0 CAN 1 Status:chip status error active",
        "1.0 1  Statistic: D 1 R 0 XD 0 XR 0 E 0 O 0 B 0.01%",
        "1.0 1 123 TxRq d 1 11",
        "1.0 CANFD 1 TxRq 123 1 0 1 1 01",
        "1.0 1 OverloadFrame",
        "1.0 J1939TP FEE3p 6 0 0 - Rx d 23 A0 0F",
        "1.0 L1 12 Rx 8 00 00",
        "1.0",
    ],
)
def test_other_events_are_counted_and_left_out(line: str) -> None:
    text = f"{HEX}1.0 1 123 Rx d 0\n{line}\n{line}\n"
    assert len(rows_of(text)) == 1
    problems = problems_of(text)
    assert problems.keys() == {"not_can"}
    assert problems["not_can"].message.endswith("left out: 2 events")
    assert problems["not_can"].lost_rows is None


def test_frames_without_data_are_counted_and_leave_no_row() -> None:
    lines = [
        "1.0 1 ErrorFrame",
        "1.0 1 ErrorFrame\tECC: 10100010",
        "1.0 CANFD 1 Rx ErrorFrame Not Acknowledge error, dominant error flag fffe c7 31ca",
        "1.0 1 123 Rx r",
        "1.0 1 123 Rx r 8 Length = 0",
        "1.0 CANFD 1 Rx 123 0 0 8 0 130 13 10 0",
        "1.0 CANFD 1 Rx 123 0 0 0 0 130 13 10 0",
        "1.0 1 123 Rx d 0",
    ]
    text = HEX + "".join(f"{line}\n" for line in lines)
    with opened(text) as reader:
        assert reader.streams[0].rows == 8
        (batch,) = reader.batches()
    assert batch.dropped == {"error_frame": 3, "remote_frame": 4}
    assert batch.messages == 1
    assert problems_of(text).keys() == {"error_frame", "remote_frame"}


def test_a_channel_of_nothing_but_errors_is_an_empty_stream() -> None:
    with opened(f"{HEX}1.0 3 ErrorFrame\n2.0 3 ErrorFrame\n") as reader:
        (stream,) = reader.streams
        (batch,) = reader.batches()
        assert reader.time is None
    assert (stream.name, stream.rows, stream.start_ns) == ("CAN3", 2, None)
    assert (batch.rows.num_rows, batch.dropped) == (0, {"error_frame": 2})


def test_a_log_without_frames_has_no_streams() -> None:
    with opened(f"{HEX}Begin Triggerblock\nEnd Triggerblock\n") as reader:
        assert reader.streams == ()
        assert list(reader.batches()) == []
        assert [one.code for one in reader.problems()] == ["no_time_zone"]


def test_relative_times_add_up_over_all_events() -> None:
    lines = [
        "0.5 1 1 Rx d 0",
        "0.25 Some event",
        "0.25 1 2 Rx d 0",
        "// no event",
        "1.0 1 3 Rx d 0",
    ]
    rows = rows_of(RELATIVE + "".join(f"{line}\n" for line in lines))
    elapsed = [int(str(row["t_ns"])) - START_NS for row in rows]
    assert elapsed == [500_000_000, 1_000_000_000, 2_000_000_000]


def test_relative_times_add_up_over_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_lines = lines_module.whole_lines
    frames = sent(40)
    expected = rows_of(asc_bytes(frames))
    monkeypatch.setattr(
        "avdataops.readers.canlog.asc.whole_lines",
        lambda file, faults: whole_lines(file, faults, 97),
    )
    assert rows_of(asc_bytes(frames, is_relative=True)) == expected


def test_relative_times_that_leave_the_range_are_bad_lines() -> None:
    text = RELATIVE + "1.0 1 1 Rx d 0\n" + "2000000000.0 1 1 Rx d 0\n" * 3
    assert len(rows_of(text)) == 2
    assert problems_of(text)["bad_line"].lost_rows == 2


def test_absolute_times_that_leave_the_range_are_bad_lines() -> None:
    text = HEX + "1.0 1 1 Rx d 0\n9000000000.0 1 1 Rx d 0\n"
    assert len(rows_of(text)) == 1
    assert problems_of(text)["bad_line"].lost_rows == 1


def test_a_start_without_a_zone_is_taken_for_utc_and_told() -> None:
    with opened(f"{HEX}1.0 1 1 Rx d 0\n") as reader:
        told = {one.code: one.message for one in reader.problems()}
    assert "taken for UTC" in told["no_time_zone"]


def test_a_start_that_cannot_be_read_is_told_and_times_count_from_1970() -> None:
    text = "date 08:51:20 someday\nbase hex timestamps absolute\n1.5 1 1 Rx d 0\n"
    assert problems_of(text).keys() == {"no_start_time"}
    assert rows_of(text)[0]["t_ns"] == 1_500_000_000


def test_decimal_logs_hold_the_same_frames() -> None:
    frames = sent(100)
    assert rows_of(asc_bytes(frames, DECIMAL)) == rows_of(asc_bytes(frames))


def test_python_can_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.asc"
    # The comparison takes no classic DLC over 8 and no empty CAN FD frame.
    frames = [one for one in sent(200) if not one.is_fd or one.data]
    path.write_bytes(asc_bytes(frames))
    with can.ASCReader(str(path)) as log:
        expected = [one for one in log if not one.is_error_frame and not one.is_remote_frame]
    found = rows_of(path.read_bytes())
    assert len(found) == len(expected)
    assert sorted(
        ((row["id"], row["extended"], row["data"], row["bus_channel"]) for row in found), key=str
    ) == sorted(
        (
            (one.arbitration_id, one.is_extended_id, bytes(one.data), int(str(one.channel)) + 1)
            for one in expected
        ),
        key=str,
    )


def test_what_python_can_writes_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.asc"
    frames = [one for one in sent(100) if one.kind != "remote"]
    # Its writer states local time, and milliseconds without their zeros.
    start = datetime(2024, 3, 3, 12, 0, 0, tzinfo=UTC).replace(tzinfo=None).timestamp()
    with can.ASCWriter(str(path)) as writer:
        for frame in frames:
            writer.on_message_received(
                can.Message(
                    timestamp=start + frame.t_ns / 1e9,
                    arbitration_id=frame.id,
                    is_extended_id=frame.extended,
                    is_fd=frame.is_fd,
                    data=frame.data,
                    channel=frame.channel - 1,
                    is_rx=not frame.is_tx,
                    is_error_frame=frame.kind == "error",
                )
            )
    start_ns = int(datetime(2024, 3, 3, 12, 0, 0, tzinfo=UTC).timestamp()) * 10**9
    expected = sorted(
        (start_ns + (one.t_ns - frames[0].t_ns), one.channel, one.id, one.data)
        for one in frames
        if one.kind == "data"
    )
    rows = rows_of(path.read_bytes())
    found = [tuple(row[name] for name in ("t_ns", "bus_channel", "id", "data")) for row in rows]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert problems_of(path.read_bytes()).keys() == {"error_frame"}


frames = st.builds(
    Sent,
    t_ns=st.integers(0, 10**12).map(lambda t: t * 1000),
    id=st.integers(0, 0x7FF),
    data=st.sampled_from([0, 1, 3, 8]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    channel=st.integers(1, 4),
    extended=st.booleans(),
    is_fd=st.booleans(),
    is_tx=st.booleans(),
)


@given(st.lists(frames, min_size=1, max_size=8), st.data())
@settings(max_examples=60)
def test_cut_at_any_byte_everything_before_comes_out(
    given_frames: list[Sent], data: st.DataObject
) -> None:
    log = HEX + "".join(asc_line(frame, frame.t_ns) for frame in given_frames)
    cut = data.draw(st.integers(len(HEX), len(log)))
    whole = log[len(HEX) : cut].count("\n")
    rows = rows_of(log[:cut])
    expected = [(START_NS + one.t_ns, one.data) for one in given_frames[:whole]]
    assert sorted((int(str(row["t_ns"])), row["data"]) for row in rows) == sorted(expected)
    assert ("truncated" in problems_of(log[:cut])) == bool(
        log[len(HEX) : cut].split("\n")[-1].strip()
    )


@given(
    frames,
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from("019AFdrx .\t\x00G:/")),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=300)
def test_a_damaged_line_costs_at_most_itself(frame: Sent, damage: list[tuple[int, str]]) -> None:
    line = list(asc_line(frame, frame.t_ns).rstrip("\n"))
    for place, letter in damage:
        line[place % len(line)] = letter
    good = "1.000000 4 7FF Rx d 1 AA\n"
    with opened(HEX + good + "".join(line) + "\n" + good) as reader:
        counted = sum(stream.rows or 0 for stream in reader.streams)
        lost = sum(one.lost_rows or 0 for one in reader.problems())
        others = sum(one.code == "not_can" for one in reader.problems())
        rows = [row for one in tables_of(reader.batches()).values() for row in one.to_pylist()]
    is_comment = "".join(line).replace("\x00", " ").split()[:1]
    known = not is_comment or is_comment[0].startswith("//")
    assert counted + lost + others + known == 3
    assert sum(row["data"] == b"\xaa" and row["id"] == 0x7FF for row in rows) >= 2
