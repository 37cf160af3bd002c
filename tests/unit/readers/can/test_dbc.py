"""Tests of reading DBC texts and matching their messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.readers.can.dbc import Message, load_dbc, match_messages, parameter_group

TEXT = """VERSION ""
BS_:
BU_: ECU
BO_ 256 Speed: 8 ECU
 SG_ Velocity : 0|16@1+ (0.01,-10) [0|0] "km/h" ECU
 SG_ Gear : 23|4@0- (1,0) [0|0] "" ECU
BO_ 2566844926 EngineJ: 8 ECU
 SG_ Rpm : 24|16@1+ (0.125,0) [0|0] "rpm" ECU
BO_ 2147484672 Wide: 64 ECU
 SG_ Far : 500|12@1+ (1,0) [0|0] "" ECU
VAL_ 256 Gear 0 "Park" 1 "Drive" -1 "Reverse" ;
BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";
BA_DEF_DEF_ "VFrameFormat" "StandardCAN";
BA_ "VFrameFormat" BO_ 2566844926 3;
"""


def _load(text: str = TEXT, name: str = "a.dbc") -> dict[str, Message]:
    return {message.name: message for message in load_dbc(name, text.encode())}


def test_messages_and_signals_are_described() -> None:
    speed = _load()["Speed"]
    assert (speed.id, speed.extended, speed.is_j1939, speed.dbc) == (256, False, False, "a.dbc")
    velocity, gear = speed.signals
    assert (velocity.start, velocity.bits, velocity.factor, velocity.offset) == (0, 16, 0.01, -10)
    assert (velocity.is_motorola, velocity.is_signed, velocity.unit) == (False, False, "km/h")
    assert (gear.is_motorola, gear.is_signed, gear.unit) == (True, True, None)
    assert gear.labels == {0: "Park", 1: "Drive", -1: "Reverse"}


def test_extended_and_j1939_ids_are_told_apart() -> None:
    messages = _load()
    assert (messages["EngineJ"].id, messages["EngineJ"].extended) == (0x18FEF1FE, True)
    assert messages["EngineJ"].is_j1939
    assert (messages["Wide"].id, messages["Wide"].extended) == (0x400, True)
    assert not messages["Wide"].is_j1939


def test_the_last_byte_of_a_signal_depends_on_its_byte_order() -> None:
    messages = _load()
    velocity, gear = messages["Speed"].signals
    assert (velocity.last_byte, gear.last_byte) == (1, 2)
    assert messages["Wide"].signals[0].last_byte == 63


def test_texts_in_old_encodings_are_read() -> None:
    text = TEXT.replace('"rpm"', '"°C"')
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "latin-1"):
        messages = {m.name: m for m in load_dbc("a.dbc", text.encode(encoding))}
        assert messages["EngineJ"].signals[0].unit == "°C"


@pytest.mark.parametrize("text", [b"not a dbc at all {", b"\x00\x01\x02", b"BO_ x y z"])
def test_other_texts_are_refused_by_name(text: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"brake\.dbc cannot be read"):
        load_dbc("brake.dbc", text)


def test_a_huge_text_is_refused_unread() -> None:
    with pytest.raises(HostileInput, match="bytes"):
        load_dbc("a.dbc", b" " * ((16 << 20) + 1))


@pytest.mark.parametrize(
    ("frame_id", "group"),
    [
        (0x0CF00400, 0xF004),
        (0x18FEF1FE, 0xFEF1),
        (0x18EAFF00, 0xEA00),
        (0x18EA2100, 0xEA00),
        (0x1CECFF00, 0xEC00),
        (0x09F80123, 0x1F801),
        (0x1DEFFF00, 0x1EF00),
    ],
)
def test_parameter_groups_leave_out_priority_source_and_destination(
    frame_id: int, group: int
) -> None:
    assert parameter_group(frame_id) == group


@given(st.integers(0, 7), st.integers(0, 0x3FFFF), st.integers(0, 255), st.integers(0, 255))
def test_priority_and_source_never_change_the_group(
    priority: int, group: int, source: int, other: int
) -> None:
    frames = [(priority << 26) | (group << 8) | source, (3 << 26) | (group << 8) | other]
    assert parameter_group(frames[0]) == parameter_group(frames[1])


def test_frames_are_matched_by_id_then_by_parameter_group() -> None:
    match = match_messages([tuple(_load().values())])
    assert _name(match.find(256, extended=False)) == "Speed"
    assert match.find(256, extended=True) is None
    assert _name(match.find(0x18FEF1FE, extended=True)) == "EngineJ"
    assert _name(match.find(0x0CFEF131, extended=True)) == "EngineJ"
    assert match.find(0x18FEF300, extended=True) is None
    # A message that is not J1939 is found by its own id only.
    assert match.find(0x401, extended=True) is None


def _name(message: Message | None) -> str | None:
    return message.name if message else None


def test_of_two_databases_the_first_counts_and_the_other_is_told() -> None:
    first = tuple(_load(name="a.dbc").values())
    second = tuple(_load(TEXT.replace("Speed", "Other"), name="b.dbc").values())
    match = match_messages([first, second])
    assert _name(match.find(256, extended=False)) == "Speed"
    assert [_name(one) for one in match.shadowed[256, False]] == ["Other"]
