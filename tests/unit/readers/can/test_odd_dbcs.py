"""DBC texts as they are found: several levels of pages, odd letters, doubles, and very many."""

import time
from typing import Any

import cantools
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError, UnreadableFile
from avdataops.readers.can.dbc import Message, load_dbc, match_messages, parameter_group
from avdataops.readers.can.decode import decode_frames, schema_of
from avdataops.readers.can.frames import Frames

HEAD = 'VERSION ""\nBS_:\nBU_: ECU\n'
LEVELS = (
    HEAD
    + """BO_ 1 M: 8 ECU
 SG_ Top M : 0|8@1+ (1,0) [0|0] "" ECU
 SG_ Mid m1M : 8|8@1+ (1,0) [0|0] "" ECU
 SG_ Low m2M : 16|8@1+ (1,0) [0|0] "" ECU
 SG_ Leaf m3 : 24|8@1+ (1,0) [0|0] "" ECU
 SG_ Wide m0 : 24|8@1+ (1,0) [0|0] "" ECU
SG_MUL_VAL_ 1 Mid Top 1-1;
SG_MUL_VAL_ 1 Low Mid 2-2;
SG_MUL_VAL_ 1 Leaf Low 3-3, 7-9, 250-255;
SG_MUL_VAL_ 1 Wide Top 0-0, 100-200;
"""
)


def _load(text: str) -> Message:
    return load_dbc("a.dbc", text.encode())[0]


def _rows(text: str, payloads: list[bytes]) -> list[dict[str, Any]]:
    count = len(payloads)
    data = np.zeros((count, 8), np.uint8)
    for row, payload in enumerate(payloads):
        data[row, : len(payload)] = np.frombuffer(payload, np.uint8)
    length = np.array([len(payload) for payload in payloads], np.int64)
    rows = np.arange(count, dtype=np.int64)
    frames = Frames(rows, rows, rows, np.zeros(count, np.bool_), length, length, data)
    got: list[dict[str, Any]] = decode_frames(_load(text), frames).drop_columns("t_ns").to_pylist()
    return got


@pytest.mark.parametrize(
    ("payload", "names"),
    [
        ([1, 2, 3, 9], {"top", "mid", "low", "leaf"}),
        ([1, 2, 8, 9], {"top", "mid", "low", "leaf"}),
        ([1, 2, 255, 9], {"top", "mid", "low", "leaf"}),
        ([1, 2, 4, 9], {"top", "mid", "low"}),
        ([1, 9, 3, 9], {"top", "mid"}),
        ([9, 2, 3, 9], {"top"}),
        ([0, 2, 3, 9], {"top", "wide"}),
        ([100, 2, 3, 9], {"top", "wide"}),
        ([200, 2, 3, 9], {"top", "wide"}),
        ([201, 2, 3, 9], {"top"}),
    ],
)
def test_pages_in_pages_are_there_when_all_above_choose_them(
    payload: list[int], names: set[str]
) -> None:
    row = _rows(LEVELS, [bytes(payload) + bytes(4)])[0]
    assert {name for name, value in row.items() if value is not None} == names


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 3, 7, 9, 100, 255]), min_size=4, max_size=4))
def test_pages_in_pages_equal_cantools(first: list[int]) -> None:
    payload = bytes(first) + bytes(4)
    row = {name: value for name, value in _rows(LEVELS, [payload])[0].items() if value is not None}
    database: Any = cantools.database.load_string(LEVELS, "dbc", strict=False)
    try:
        expected = database.messages[0].decode(payload)
    except cantools.database.DecodeError:
        # cantools refuses a frame whose page has no signals; what stands above the page is there.
        assert row.items() <= {"top": first[0], "mid": first[1], "low": first[2]}.items()
        return
    assert row == {name.lower(): value for name, value in expected.items()}


@pytest.mark.parametrize("length", range(5))
def test_a_page_selector_that_the_frame_lacks_hides_its_pages(length: int) -> None:
    row = _rows(LEVELS, [bytes([1, 2, 3, 9])[:length]])[0]
    present = [name for name, value in row.items() if value is not None]
    assert present == ["top", "mid", "low", "leaf"][:length]


def test_value_tables_name_negative_and_leave_unknown_values() -> None:
    text = HEAD + 'BO_ 1 M: 8 ECU\n SG_ S : 0|8@1- (0.5,10) [0|0] "" ECU\n'
    text += 'VAL_ 1 S -128 "lowest" -1 "error" 0 "off" 127 "\u00e9t\u00e9" ;\n'
    rows = _rows(text, [b"\x80", b"\xff", b"\0", b"\x7f", b"\x05", b""])
    assert [row["s_label"] for row in rows] == ["lowest", "error", "off", "été", None, None]
    assert [row["s"] for row in rows] == [-54, 9.5, 10, 73.5, 12.5, None]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "iso8859-15", "utf-8-sig"])
def test_units_and_labels_come_in_the_encodings_that_tools_write(encoding: str) -> None:
    text = HEAD + 'BO_ 1 M: 8 ECU\n SG_ S : 0|8@1+ (1,0) [0|0] "°C" ECU\n'
    text += 'CM_ SG_ 1 S "größer";\nVAL_ 1 S 1 "übrig" ;\n'
    signal = load_dbc("a.dbc", text.encode(encoding))[0].signals[0]
    assert (signal.unit, dict(signal.labels)) == ("°C", {1: "übrig"})


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\t", "\x07", "\x0b", "\x1b[31m", "\\n", ";", "  "])
def test_comments_may_hold_any_mark(mark: str) -> None:
    text = HEAD + 'BO_ 1 M: 8 ECU\n SG_ S : 0|8@1+ (1,0) [0|0] "" ECU\n'
    text += f'CM_ BO_ 1 "first{mark}second";\nCM_ SG_ 1 S "{mark}";\nCM_ "{mark}";\n'
    assert [signal.name for signal in _load(text).signals] == ["S"]


def test_signals_of_one_name_have_columns_of_their_own_names() -> None:
    text = HEAD + "BO_ 1 M: 8 ECU\n"
    for number, name in enumerate(("Speed", "SPEED", "speed_2", "source_address")):
        text += f' SG_ {name} : {8 * number}|8@1+ (1,0) [0|0] "" ECU\n'
    names = schema_of(_load(text)).names
    assert names == ["t_ns", "speed", "speed_2", "speed_2_2", "source_address_2"]
    assert list(_rows(text, [bytes([1, 2, 3, 4])])[0].values()) == [1, 2, 3, 4]


def test_messages_of_one_name_and_of_one_id_are_kept_apart() -> None:
    text = HEAD + "".join(f"BO_ {number} M: 8 ECU\n" for number in (1, 2))
    one = load_dbc("a.dbc", text.encode())
    assert sorted((message.name, message.id) for message in one) == [("M", 1), ("M", 2)]
    same = load_dbc("b.dbc", text.replace(" M:", " N:").encode())
    match = match_messages([one, same])
    assert {message.name for message in match.exact.values()} == {"M"}
    assert {key: [m.dbc for m in some] for key, some in match.shadowed.items()} == {
        (1, False): ["b.dbc"],
        (2, False): ["b.dbc"],
    }


def test_twenty_thousand_messages_are_read_in_seconds() -> None:
    started = time.process_time()
    body = "".join(
        f'BO_ {number | 1 << 31} M{number}: 8 ECU\n SG_ S : 0|8@1+ (1,0) [0|0] "" ECU\n'
        for number in range(20_000)
    )
    messages = load_dbc("a.dbc", (HEAD + body).encode())
    match = match_messages([messages])
    assert len(match.exact) == 20_000
    found = match.find(19_999, extended=True)
    assert found is not None
    assert found.name == "M19999"
    assert time.process_time() - started < 15


@pytest.mark.parametrize(
    "text",
    [
        b"<?xml version='1.0'?><NETWORK-DEFINITION/>",
        b"PK\x03\x04" + bytes(40),
        b"BO_ 1 M: 8",
        b"BO_ 99999999999999999999 M: 8 ECU\n SG_ S",
        b'SG_ S : 0|8@1+ (1,0) [0|0] "" ECU',
        b'BO_ 1 M: 8 ECU\n SG_ S : 0|8@1+ (a,b) [0|0] "" ECU\n',
        b"\xff\xfe" + 'VERSION ""'.encode("utf-16-le"),
        b'CM_ "never closed',
    ],
)
def test_what_is_no_dbc_is_refused_by_name(text: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"odd\.dbc"):
        load_dbc("odd.dbc", text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(LEVELS)))
def test_a_text_with_any_bytes_put_in_is_read_or_refused(new: bytes, at: int) -> None:
    raw = LEVELS.encode()
    try:
        messages = load_dbc("a.dbc", raw[:at] + new + raw[at + len(new) :])
    except InputError:
        return
    for message in messages:
        assert schema_of(message).names[0] == "t_ns"


J1939 = (
    HEAD
    + 'BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";\n'
    + 'BA_DEF_DEF_ "VFrameFormat" "J1939PG";\n'
)


def _id(priority: int, group: int, last: int, source: int) -> int:
    """Return a 29-bit id; ``last`` is the group extension or the destination."""
    return priority << 26 | group << 16 | last << 8 | source


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 7), st.integers(0, 0x3FF), st.integers(0, 255), st.integers(0, 255))
def test_the_second_byte_counts_only_where_it_is_no_destination(
    priority: int, group: int, last: int, source: int
) -> None:
    is_addressed = group & 0xFF < 240
    frame = _id(priority, group, last, source)
    assert parameter_group(frame) == group << 8 | (0 if is_addressed else last)


@pytest.mark.parametrize(
    ("group", "last", "is_found"),
    [
        (0xEA, 0xFF, True),
        (0xEA, 0x31, True),
        (0xEB, 0xFF, False),
        (0x1EA, 0xFF, False),
        (0xFE, 0xF1, True),
        (0xFE, 0xF2, False),
    ],
)
def test_frames_of_any_sender_and_priority_belong_to_their_group(
    group: int, last: int, is_found: bool
) -> None:
    text = HEAD + "".join(
        f"BO_ {_id(6, pgn, ext, 0xFE) | 1 << 31} {name}: 8 ECU\n"
        ' SG_ S : 0|8@1+ (1,0) [0|0] "" ECU\n'
        for name, pgn, ext in (("Request", 0xEA, 0xFF), ("Speed", 0xFE, 0xF1))
    )
    text += J1939[len(HEAD) :]
    match = match_messages([load_dbc("a.dbc", text.encode())])
    for priority, source in ((0, 0), (3, 0x31), (7, 0xFF)):
        found = match.find(_id(priority, group, last, source), extended=True)
        assert (found is not None) is is_found
        assert match.find(_id(priority, group, last, source), extended=False) is None
