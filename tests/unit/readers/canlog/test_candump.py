"""candump logs."""

import re
from pathlib import Path

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.model.stream import Problem
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Sidecars
from avdataops.readers.canlog import lines as lines_module
from avdataops.readers.canlog.candump import open_candump
from avdataops.readers.canlog.reader import CanLogReader
from avdataops.testing.can_log_cases import sent
from avdataops.testing.can_logs import START_NS, Sent, candump_bytes, candump_line
from avdataops.testing.reader_suite import tables_of

GOOD = b"(1700000000.000001) can0 123#11\n"
Row = dict[str, object]


def opened(data: bytes) -> CanLogReader:
    return open_candump(BytesFile("drive.log", data), Sidecars())


def rows_of(data: bytes) -> list[Row]:
    with opened(data) as reader:
        return [row for table in tables_of(reader.batches()).values() for row in table.to_pylist()]


def row_of(line: str) -> Row:
    (row,) = rows_of(line.encode() + b"\n")
    return row


def problems_of(data: bytes) -> dict[str, Problem]:
    with opened(data) as reader:
        return {one.code: one for one in reader.problems() if one.code != "no_dbc"}


def test_a_classic_frame() -> None:
    assert row_of("(1581670628.161550) can0 123#DEADbeef") == {
        "t_ns": 1_581_670_628_161_550_000,
        "bus_channel": 0,
        "id": 0x123,
        "extended": False,
        "dlc": 4,
        "data": b"\xde\xad\xbe\xef",
        "direction": None,
    }


@pytest.mark.parametrize(
    ("frame", "number", "extended", "dlc", "data"),
    [
        ("000#", 0, False, 0, b""),
        ("7FF#0102030405060708", 0x7FF, False, 8, bytes(range(1, 9))),
        ("00000123#01", 0x123, True, 1, b"\x01"),
        ("1FFFFFFF#01", 0x1FFFFFFF, True, 1, b"\x01"),
        ("123##0", 0x123, False, 0, b""),
        ("123##3" + "AB" * 12, 0x123, False, 9, b"\xab" * 12),
        ("12345678##1" + "01" * 64, 0x12345678, True, 15, b"\x01" * 64),
        ("123#0102030405060708_9", 0x123, False, 9, bytes(range(1, 9))),
        ("123#0102030405060708_F", 0x123, False, 15, bytes(range(1, 9))),
    ],
)
def test_frames_of_all_kinds(
    frame: str, number: int, extended: bool, dlc: int, data: bytes
) -> None:
    row = row_of(f"(1.5) can0 {frame}")
    found = (row["id"], row["extended"], row["dlc"], row["data"])
    assert found == (number, extended, dlc, data)


@pytest.mark.parametrize(
    "line",
    [
        "(1.5) can0 800#",  # above 11 bits
        "(1.5) can0 40000001#",  # above 29 bits and the flag of errors
        "(1.5) can0 80000001#",
        "(1.5) can0 12#00",
        "(1.5) can0 1234567#00",
        "(1.5) can0 123#0",
        "(1.5) can0 123#0g",
        "(1.5) can0 123#010203040506070809",  # nine bytes in a classic frame
        "(1.5) can0 123##",
        "(1.5) can0 123##x00",
        "(1.5) can0 123##1" + "01" * 9,  # no frame has nine bytes
        "(1.5) can0 123##1" + "01" * 65,
        "(1.5) can0 123#01_9",
        "(1.5) can0 123#0102030405060708_8",
        "(1.5) can0 123#0102030405060708_G",
        "(1.5) can0 123#R10",
        "(1.5) can0 123#Rx",
        "(1.5) can0 123",
        "(1.5) can0",
        "(1.5) can0 123#00 X",
        "(1.5) can0 123#00 R R",
        "1.5 can0 123#00",
        "(1.5 can0 123#00",
        "1.5) can0 123#00",
        "() can0 123#00",
        "( can0 123#00",
        "(15) can0 123#00",
        "(99999999999.0) can0 123#00",
        "(-1.5) can0 123#00",
        "(1.5) sixteen_letters_ 123#00",
        "# a comment",
    ],
)
def test_a_line_that_is_no_frame_costs_itself(line: str) -> None:
    data = GOOD + line.encode() + b"\n" + GOOD
    assert len(rows_of(data)) == 2
    problems = problems_of(data)
    assert problems.keys() == {"bad_line"}
    assert problems["bad_line"].lost_rows == 1
    assert problems["bad_line"].message.endswith("the first is line 2")


def test_bad_lines_are_counted_over_all_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_lines = lines_module.whole_lines
    monkeypatch.setattr(
        "avdataops.readers.canlog.candump.whole_lines",
        lambda file, faults: whole_lines(file, faults, 50),
    )
    data = GOOD * 5 + b"bad\n" + GOOD * 3 + b"worse\n\n" + GOOD
    problem = problems_of(data)["bad_line"]
    assert problem.lost_rows == 2
    assert "2 lines" in problem.message
    assert problem.message.endswith("the first is line 6")
    assert len(rows_of(data)) == 9


def test_empty_lines_and_other_line_ends_cost_nothing() -> None:
    data = b"\r\n" + GOOD.replace(b"\n", b"\r\n") + b"\n" + GOOD
    assert len(rows_of(data)) == 2
    assert problems_of(data) == {}


def test_a_frame_that_is_cut_off_is_not_believed() -> None:
    # "123#11" might have been "123#1122".
    data = GOOD + GOOD[:-1]
    assert len(rows_of(data)) == 1
    problem = problems_of(data)["truncated"]
    assert problem.lost_rows == 1
    assert "line 2" in problem.message


def test_a_log_without_a_whole_line_is_unreadable() -> None:
    with pytest.raises(UnreadableFile, match=r"drive\.log breaks off in its first line"):
        opened(GOOD[:-1])


def test_interfaces_are_streams_in_the_order_of_their_first_frame() -> None:
    lines = ["(1700000000.1) can1 001#", "(1700000000.2) vcan 002#", "(1700000000.3) can1 003#"]
    data = "".join(f"{line}\n" for line in [*lines, "(1700000000.4) can0 004#"]).encode()
    with opened(data) as reader:
        assert [stream.name for stream in reader.streams] == ["can1", "vcan", "can0"]
        tables = tables_of(reader.batches())
    assert tables["can1"]["id"].to_pylist() == [1, 3]
    assert tables["can1"]["bus_channel"].to_pylist() == [1, 1]
    assert tables["vcan"]["bus_channel"].to_pylist() == [1]
    assert tables["can0"]["bus_channel"].to_pylist() == [0]


def test_interfaces_of_one_number_stay_apart() -> None:
    data = b"(1700000000.1) can0 001#\n(1700000000.2) vcan0 002#\n"
    with opened(data) as reader:
        tables = tables_of(reader.batches())
    assert tables["can0"]["id"].to_pylist() == [1]
    assert tables["vcan0"]["id"].to_pylist() == [2]


def test_too_many_interfaces_are_refused() -> None:
    data = "".join(f"(1.0) i{number} 123#\n" for number in range(1025)).encode()
    with pytest.raises(HostileInput, match="1024"):
        opened(data)


def test_too_many_identifiers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avdataops.readers.canlog.reader.MAX_IDS", 3)
    data = "".join(f"(1.0) can0 00{number}#\n" for number in range(4)).encode()
    with pytest.raises(HostileInput, match="4 identifiers"):
        opened(data)


def test_directions_are_null_only_where_they_are_not_said() -> None:
    data = b"(1.0) can0 001#\n(1.0) can0 002# R\n(1.0) can0 003# T\n"
    assert [row["direction"] for row in rows_of(data)] == [None, "rx", "tx"]


def test_frames_without_data_are_counted_and_leave_no_row() -> None:
    frames = ["123#R", "123#R8 R", "20000080#0000000000000000", "123#"]
    data = "".join(f"(1700000000.0) can0 {frame}\n" for frame in frames).encode()
    with opened(data) as reader:
        assert reader.streams[0].rows == 4
        (batch,) = reader.batches()
    assert batch.dropped == {"remote_frame": 2, "error_frame": 1}
    assert batch.messages == batch.rows.num_rows == 1
    problems = problems_of(data)
    assert problems["error_frame"].stream == "can0"
    assert problems["error_frame"].lost_rows is None
    assert "2 frames on can0" in problems["remote_frame"].message


def test_times_from_before_2000_say_that_the_clock_was_not_set() -> None:
    assert problems_of(b"(46408.584930) can0 260#08\n" + GOOD).keys() == {"clock_not_set"}
    assert problems_of(GOOD) == {}


def test_python_can_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(candump_bytes(sent(200)))
    expected = [one for one in can.CanutilsLogReader(str(path)) if not one.is_error_frame]
    expected = [one for one in expected if not one.is_remote_frame]
    found = rows_of(path.read_bytes())
    assert len(found) == len(expected)
    key = [(row["id"], row["extended"], row["data"], row["direction"]) for row in found]
    assert sorted(key, key=str) == sorted(
        (
            (one.arbitration_id, one.is_extended_id, bytes(one.data), "rx" if one.is_rx else "tx")
            for one in expected
        ),
        key=str,
    )


def test_what_python_can_writes_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with can.CanutilsLogWriter(str(path)) as writer:
        for frame in sent(100):
            writer.on_message_received(
                can.Message(
                    timestamp=(START_NS + frame.t_ns) / 1e9,
                    arbitration_id=frame.id,
                    is_extended_id=frame.extended,
                    is_fd=frame.is_fd,
                    data=frame.data,
                    channel=frame.channel,
                    is_rx=not frame.is_tx,
                    is_remote_frame=frame.kind == "remote",
                    is_error_frame=frame.kind == "error",
                )
            )
    expected = sorted(
        (START_NS + one.t_ns, one.id, one.extended, one.data, "tx" if one.is_tx else "rx")
        for one in sent(100)
        if one.kind == "data"
    )
    found = rows_of(path.read_bytes())
    columns = ("t_ns", "id", "extended", "data", "direction")
    assert sorted((tuple(row[name] for name in columns) for row in found), key=str) == sorted(
        expected, key=str
    )


frames = st.builds(
    Sent,
    t_ns=st.integers(0, 10**12).map(lambda t: t * 1000),
    id=st.integers(0, 0x7FF),
    data=st.sampled_from([0, 1, 8, 12, 64]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    channel=st.integers(1, 4),
    extended=st.booleans(),
    is_fd=st.just(value=True),
    is_tx=st.booleans(),
)


@given(st.lists(frames, min_size=1, max_size=12), st.data())
@settings(max_examples=60)
def test_cut_at_any_byte_everything_before_comes_out(
    given_frames: list[Sent], data: st.DataObject
) -> None:
    written = [candump_line(frame) for frame in given_frames]
    log = "".join(written).encode()
    cut = data.draw(st.integers(len(written[0]), len(log)))
    whole = log[:cut].count(b"\n")
    with opened(log[:cut]) as reader:
        rows = [row for one in tables_of(reader.batches()).values() for row in one.to_pylist()]
        codes = {problem.code for problem in reader.problems()}
    expected = [(START_NS + one.t_ns, one.data) for one in given_frames[:whole]]
    assert sorted((row["t_ns"], row["data"]) for row in rows) == sorted(expected)
    is_cut = log[cut - 1 : cut] != b"\n"
    assert ("truncated" in codes) == is_cut
    assert "bad_line" not in codes


HEX = "[0-9A-Fa-f]"
GRAMMAR = re.compile(
    r"\((\d{1,10})\.\d{1,9}\) [^ ]{1,15} "
    rf"(?:[0-7]{HEX}{{2}}|[0-3]{HEX}{{7}})#(?:"
    rf"[Rr]{HEX}?|(?:{HEX}{{2}}){{0,8}}|{HEX}{{16}}_[9A-Fa-f]"
    rf"|#{HEX}(?:(?:{HEX}{{2}}){{0,8}}|{HEX}{{24}}|{HEX}{{32}}|{HEX}{{40}}|{HEX}{{48}}))"
    r"(?: [RrTt])?",
    re.ASCII,
)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("0123456789ABCDEFRTxg#_() .\t\x00\xff")),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["123#1122", "1ABCDEF0##1112233", "123#R", "123#1122334455667788_A"]),
)
@settings(max_examples=300)
def test_a_damaged_line_is_a_frame_or_a_bad_line_as_the_grammar_says(
    damage: list[tuple[int, str]], frame: str
) -> None:
    line = list(f"(1700000000.123456) can0 {frame} R")
    for place, letter in damage:
        line[place % len(line)] = letter
    text = "".join(line)
    data = GOOD + text.encode("latin-1") + b"\n" + GOOD
    with opened(data) as reader:
        counted = sum(stream.rows or 0 for stream in reader.streams)
        lost = sum(problem.lost_rows or 0 for problem in reader.problems())
        out = sum(batch.messages for batch in reader.batches())
    assert counted + lost == 3
    assert out >= 2
    clean = " ".join("".join(max(" ", c) for c in text).split())
    match = GRAMMAR.fullmatch(clean)
    is_frame = match is not None and int(match[1]) <= 9_000_000_000
    assert lost == (0 if is_frame or not clean else 1)
