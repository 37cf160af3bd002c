"""Tests of what one segment's metadata may say."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import UnreadableFile
from avdataops.readers.tdms.kinds import DAQMX_KINDS, EPOCH_S, KINDS, Stamp
from avdataops.readers.tdms.metadata import (
    AS_BEFORE,
    NO_DATA,
    Cursor,
    Entry,
    Scaler,
    Shape,
    entries,
    path_parts,
)
from avdataops.testing import tdms_bytes as b
from avdataops.testing.tdms_bytes import AsBefore, Daqmx, NoData, Obj, Plain, Property

PROPERTIES: dict[str, Property] = {
    "i8": (b.I8, -5),
    "i16": (b.I16, -500),
    "i32": (b.I32, -50_000),
    "i64": (b.I64, -5_000_000_000),
    "u8": (b.U8, 200),
    "u16": (b.U16, 60_000),
    "u32": (b.U32, 4_000_000_000),
    "u64": (b.U64, 2**64 - 1),
    "f32": (b.F32, 0.5),
    "f64": (b.F64, 0.1),
    "text": (b.STRING, "Größe"),
    "yes": (b.BOOLEAN, 1),
    "when": (b.STAMP, (EPOCH_S, 2**63)),
}
VALUES = {name: value for name, (_, value) in PROPERTIES.items()} | {"when": Stamp(EPOCH_S, 2**63)}


def _entries(*objects: Obj, order: str = "<", claimed: int | None = None) -> list[Entry]:
    data = struct.pack(f"{order}I", len(objects) if claimed is None else claimed)
    return list(entries(data + b"".join(one.encode(order) for one in objects), order))


def _shape(index: Plain | Daqmx, order: str = "<") -> Shape | int:
    (found,) = _entries(Obj("/'g'/'c'", index), order=order)
    return found.shape


@pytest.mark.parametrize("order", ["<", ">"])
def test_properties_of_all_types_are_read_in_both_byte_orders(order: str) -> None:
    (found,) = _entries(Obj("/", NoData(), PROPERTIES), order=order)
    assert found.path == "/"
    assert found.properties == VALUES
    assert found.shape == NO_DATA


@pytest.mark.parametrize("order", ["<", ">"])
def test_raw_data_indexes_say_type_values_and_bytes(order: str) -> None:
    assert _shape(Plain(b.F64, 7), order) == Shape(KINDS[b.F64], 7, 56)
    assert _shape(Plain(b.STRING, 2, 30), order) == Shape(KINDS[b.STRING], 2, 30)
    assert _shape(Plain(b.STAMP, 3), order) == Shape(KINDS[b.STAMP], 3, 48)
    assert _entries(Obj("/'g'/'c'", AsBefore()), order=order)[0].shape == AS_BEFORE


@pytest.mark.parametrize("order", ["<", ">"])
def test_daqmx_indexes_say_where_scalers_lie(order: str) -> None:
    index = Daqmx(5, [(3, 0, 2, 1), (9, 1, 0, 4)], [4, 8])
    scalers = (Scaler(1, DAQMX_KINDS[3], 0, 2, None), Scaler(4, DAQMX_KINDS[9], 1, 0, None))
    assert _shape(index, order) == Shape(KINDS[b.RAW_DAQMX], 5, 0, scalers, (4, 8))


def test_digital_lines_are_bits_of_bytes() -> None:
    index = Daqmx(1, [(0, 0, 13, 0)], [2], b.U8, is_digital=True)
    assert _shape(index) == Shape(KINDS[b.U8], 1, 0, (Scaler(0, DAQMX_KINDS[0], 0, 1, 5),), (2,))


def test_a_property_of_no_type_has_no_value() -> None:
    data = struct.pack("<I", 1) + b.text("/") + struct.pack("<II", NO_DATA, 2)
    data += b.text("void") + struct.pack("<I", 0) + b.text("n") + struct.pack("<Ib", b.I8, 3)
    (found,) = entries(data, "<")
    assert found.properties == {"n": 3}


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (Plain(0x7777, 1), "data type 0x7777"),
        (Plain(0x4F, 1), "data type 0x4f"),
        (Plain(11, 1), "data type 0xb"),
        (Plain(b.I8, 1, dimension=2), "2 dimensions"),
        (Plain(0, 5), "5 values of type void"),
        (Plain(b.RAW_DAQMX, 5), "5 values of type daqmx"),
        (Plain(b.STRING, 10, 39), "10 strings cannot lie in 39 bytes"),
        (Plain(b.STRING, 2**63, 39), "strings cannot lie"),
        (Daqmx(1, [(3, 0, 0, 0)], []), "outside the row"),
        (Daqmx(1, [(3, 1, 0, 0)], [2]), "outside the row"),
        (Daqmx(1, [(3, 0, 1, 0)], [2]), "outside the row"),
        (Daqmx(1, [(3, 0, 2**32 - 1, 0)], [2]), "outside the row"),
        (Daqmx(1, [(77, 0, 0, 0)], [2]), "data type 77"),
        (Daqmx(1, [], [2]), "no scaler"),
        (Daqmx(1, [(3, 0, 0, 0), (3, 0, 0, 0)], [2]), "two with one number"),
        (Daqmx(1, [(3, 0, 0, 0)], [2], b.I32), "has other scalers"),
        (Daqmx(1, [(3, 0, 0, 0)], [2], 0x99), "data type 0x99"),
    ],
)
def test_indexes_that_cannot_be_are_refused_with_the_reason(
    index: Plain | Daqmx, words: str
) -> None:
    with pytest.raises(UnreadableFile, match=words):
        _shape(index)


def test_counts_of_billions_end_with_the_bytes() -> None:
    with pytest.raises(UnreadableFile, match="metadata wants 4 bytes where 0 are left"):
        _entries(Obj("/"), claimed=2**32 - 1)
    path = struct.pack("<I", 1) + struct.pack("<I", 2**32 - 1) + b"/"
    with pytest.raises(UnreadableFile, match="wants 4294967295 bytes where 1 are left"):
        list(entries(path, "<"))
    many = struct.pack("<I", 1) + b.text("/") + struct.pack("<II", NO_DATA, 2**32 - 1)
    with pytest.raises(UnreadableFile, match="0 are left"):
        list(entries(many, "<"))


@pytest.mark.parametrize(("scalers", "cards"), [(2**32 - 1, 0), (1, 2**32 - 1)])
def test_daqmx_counts_of_billions_end_at_once(scalers: int, cards: int) -> None:
    data = struct.pack("<I", 1) + b.text("/'g'/'c'")
    data += struct.pack("<IIIQI", 0x1269, b.RAW_DAQMX, 1, 1, scalers)
    data += struct.pack("<IIIII", 3, 0, 0, 0, 0) + struct.pack("<I", cards)
    with pytest.raises(UnreadableFile, match="claims"):
        list(entries(data, "<"))


@pytest.mark.parametrize("code", [0x7777, 11, 0x4F, b.COMPLEX64, b.RAW_DAQMX])
def test_a_property_of_unknown_type_ends_the_metadata(code: int) -> None:
    data = struct.pack("<I", 1) + b.text("/") + struct.pack("<II", NO_DATA, 1)
    data += b.text("p") + struct.pack("<I", code) + bytes(64)
    with pytest.raises(UnreadableFile, match=f"data type 0x{code:x}"):
        list(entries(data, "<"))


def test_a_text_of_megabytes_is_cut_and_what_follows_is_read() -> None:
    cursor = Cursor(b.text("x" * (3 << 20)) + b.text("next"), "<")
    assert cursor.text() == "x" * (1 << 20)
    assert cursor.text() == "next"
    assert cursor.left == 0


def test_text_that_is_no_utf_8_is_replaced() -> None:
    assert Cursor(b"\x02\0\0\0\xffa", "<").text() == "\ufffda"


@given(st.binary(max_size=200), st.sampled_from("<>"))
def test_any_bytes_are_read_or_refused(data: bytes, order: str) -> None:
    try:
        found = list(entries(data, order))
    except UnreadableFile:
        return
    assert isinstance(found, list)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/", ()),
        ("", ()),
        ("/'g'", ("g",)),
        ("/'g'/'c'", ("g", "c")),
        ("/''", ("",)),
        ("/'it''s'/'a/b'", ("it's", "a/b")),
        ("/''''", ("'",)),
        ("/'a'/'''b'''", ("a", "'b'")),
    ],
)
def test_paths_are_names_in_quotes(path: str, parts: tuple[str, ...]) -> None:
    assert path_parts(path) == parts


@pytest.mark.parametrize(
    "path", ["g", "/g", "/'g", "'g'", "/'g'x", "/'g'/", "/'a'/'b'/'c'", "/'a''", "//", "/'a'/b"]
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(UnreadableFile, match="no path of an object"):
        path_parts(path)


@given(st.lists(st.text(max_size=20), max_size=2))
def test_every_name_survives_its_path(names: list[str]) -> None:
    path = "/" + "/".join("'" + name.replace("'", "''") + "'" for name in names)
    assert path_parts(path) == tuple(names)


def test_a_path_of_quotes_is_read_in_no_time() -> None:
    with pytest.raises(UnreadableFile):
        path_parts("/'" + "''" * 500_000)
    with pytest.raises(UnreadableFile):
        path_parts("/'a'" * 300_000)


def test_moments_know_their_time_since_1970() -> None:
    assert Stamp(EPOCH_S, 0).unix_ns == 0
    assert Stamp(EPOCH_S + 1, 2**63).unix_ns == 1_500_000_000
    assert not Stamp(0, 0).is_set
    assert Stamp(0, 1).is_set
