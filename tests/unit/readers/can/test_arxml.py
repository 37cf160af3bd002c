"""ARXML gives what the DBC that it was made of gives."""

import io
from typing import Any

import canmatrix.formats
import pytest

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.readers.can.arxml import load_arxml
from avdataops.readers.can.buses import load_databases, load_dbcs, match_for
from avdataops.readers.can.dbc import MAX_DBC_BYTES, load_dbc

DBC = b"""VERSION ""
BS_:
BU_: ECU
BO_ 256 Speed: 8 ECU
 SG_ Velocity : 0|16@1+ (0.01,0) [0|655.35] "m/s" ECU
 SG_ Torque : 23|12@0- (0.5,-10) [-1034|1013.5] "Nm" ECU
 SG_ Gear : 32|3@1+ (1,0) [0|7] "" ECU
BO_ 2566844926 Engine: 8 ECU
 SG_ Rpm : 24|16@1+ (0.125,0) [0|8191.875] "rpm" ECU
VAL_ 256 Gear 0 "Park" 1 "Drive" ;
"""
LIN = DBC.replace(b"BU_: ECU\n", b"BU_: ECU\n", 1) + (
    b'BA_DEF_ "BusType" STRING ;\nBA_DEF_DEF_ "BusType" "";\nBA_ "BusType" "LIN";\n'
)


def _arxml() -> bytes:
    given: Any = canmatrix.formats.load(io.BytesIO(DBC), "dbc")
    out = io.BytesIO()
    canmatrix.formats.dump(given, out, "arxml", arVersion="4.0.0")
    return out.getvalue()


def test_messages_and_signals_are_those_of_the_dbc() -> None:
    theirs = {message.name: message for message in load_dbc("a.dbc", DBC)}
    # The writer puts the kind before the name.
    ours = {one.name.removeprefix("FRAME_"): one for one in load_arxml("a.arxml", _arxml())}
    assert ours.keys() == theirs.keys()
    for name, message in ours.items():
        wanted = theirs[name]
        assert (message.id, message.extended, message.length) == (
            wanted.id,
            wanted.extended,
            wanted.length,
        )
        signals = {one.name: one for one in wanted.signals}
        assert {one.name for one in message.signals} == signals.keys()
        for one in message.signals:
            same = signals[one.name]
            place = (one.start, one.bits, one.is_motorola, one.is_signed)
            assert place == (same.start, same.bits, same.is_motorola, same.is_signed), one.name
            assert (one.factor, one.offset) == (same.factor, same.offset), one.name


@pytest.mark.parametrize(
    "text", [b"", b"no xml", b"<AUTOSAR></AUTOSAR>", b"\xff\xfe<\0A\0", b"<A><B></A>"]
)
def test_what_is_no_arxml_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.arxml"):
        load_arxml("a.arxml", text)


def test_entities_are_refused_before_they_are_parsed() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbb">]><AUTOSAR>&b;</AUTOSAR>'
    with pytest.raises(HostileInput, match="declares a document type"):
        load_arxml("a.arxml", bomb)
    with pytest.raises(HostileInput, match="bytes"):
        load_arxml("a.arxml", b"<" * (MAX_DBC_BYTES + 1))


def test_files_are_told_apart_by_their_names() -> None:
    match, problems = load_dbcs({"a.arxml": _arxml(), "b.dbc": DBC, "c.arxml": b"nothing"})
    assert match.exact[256, False].dbc == "a.arxml"
    assert [one.dbc for one in match.shadowed[256, False]] == ["b.dbc"]
    assert [one.code for one in problems] == ["bad_dbc"]


def test_a_dbc_for_lin_decodes_no_can() -> None:
    databases, _ = load_databases({"a.dbc": DBC, "b.dbc": LIN})
    assert match_for(databases, "CAN").exact[256, False].dbc == "a.dbc"
    assert match_for(databases, "LIN").exact[256, False].dbc == "b.dbc"
    assert not match_for(databases, "CAN").shadowed
