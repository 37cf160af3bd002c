"""Tests of the index over segments: what files promise, and what limits keep them in bounds."""

import struct
import time
from collections.abc import Iterator

import pytest

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.readers.tdms import segments as module
from avdataops.readers.tdms.index import Index, Object
from avdataops.readers.tdms.metadata import Entry, entries
from avdataops.readers.tdms.segments import read_index
from avdataops.testing import tdms_bytes as b
from avdataops.testing.reader_suite import CountingFile
from avdataops.testing.tdms_bytes import AsBefore, Daqmx, NoData, Obj, Plain, segment

MORE = b.METADATA | b.RAW_DATA
A, C = "/'g'/'a'", "/'g'/'c'"


def _index(data: bytes) -> Index:
    return read_index(BytesFile("f.tdms", data))


def _channel(index: Index, name: str) -> Object:
    return next(one for one in index.objects if one.parts == ("g", name))


def _rows(index: Index, name: str) -> int:
    one = _channel(index, name)
    return sum(
        index.spans[span].chunks * values
        for span, values in zip(one.spans, one.values, strict=True)
    )


def _refused(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as caught:
        _index(data)
    assert "f.tdms breaks off in the segment at byte 0" in caught.value.message


def test_chunks_are_counted_and_not_read() -> None:
    data = segment([Obj(A, Plain(b.I32, 10))], bytes(4_000_000))
    file = CountingFile(BytesFile("f.tdms", data))
    index = read_index(file)
    assert _rows(index, "a") == 1_000_000
    assert file.bytes_read < 200_000
    assert not index.damage


def test_neighbouring_segments_of_one_layout_are_one_span() -> None:
    first = segment([Obj(A, Plain(b.I32, 2))], bytes(8))
    data = first + segment(data=bytes(16), toc=b.RAW_DATA) + first
    data += segment([Obj(A, AsBefore())], bytes(8), toc=MORE)
    index = _index(data)
    assert [span.chunks for span in index.spans] == [5]
    assert list(index.chunks_before) == [0, 1, 3, 4, 5]
    assert index.listings == 1


def test_segments_without_data_hold_properties_only() -> None:
    data = segment([Obj("/", NoData(), {"wf_x": (b.I8, 1)})], toc=b.METADATA | b.NEW_LIST)
    data += segment([Obj("/'g'"), Obj(A, NoData(), {"NI_x": (b.STRING, "s")})], toc=b.METADATA)
    index = _index(data)
    assert [(one.parts, one.properties) for one in index.objects] == [
        ((), {"wf_x": 1}),
        (("g",), {}),
        (("g", "a"), {"NI_x": "s"}),
    ]
    assert not index.spans


def test_the_last_value_of_a_property_counts() -> None:
    data = segment([Obj(A, Plain(b.I8, 1), {"wf_increment": (b.F64, 1.0)})], b"\1")
    data += segment([Obj(A, AsBefore(), {"wf_increment": (b.F64, 2.0)})], b"\2", toc=MORE)
    assert _channel(_index(data), "a").properties == {"wf_increment": 2.0}


def test_a_start_that_is_written_anew_among_samples_is_noted() -> None:
    def start(ns: int) -> dict[str, b.Property]:
        return {"wf_start_time": (b.STAMP, ns)}

    first = segment([Obj(A, Plain(b.I8, 1), start(0))], b"\1")
    again = segment([Obj(A, AsBefore(), start(0))], b"\1", toc=MORE)
    other = segment([Obj(A, AsBefore(), start(5))], b"\1", toc=MORE)
    assert not _channel(_index(first + again), "a").is_restamped
    assert _channel(_index(first + again + other), "a").is_restamped


def test_only_properties_that_readers_use_are_kept() -> None:
    texts: dict[str, b.Property] = {
        "comment": (b.STRING, "long story"),
        "unit_string": (b.STRING, "V" * 10_000),
        "rate": (b.F64, 5.0),
        "x" * 5000: (b.F64, 5.0),
    }
    (one,) = _index(segment([Obj(A, NoData(), texts)])).objects
    assert one.properties == {"unit_string": "V" * 4096, "rate": 5.0}


def test_metadata_that_repeat_are_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def counting(data: bytes, order: str) -> Iterator[Entry]:
        parsed.append(data)
        return entries(data, order)

    monkeypatch.setattr(module, "entries", counting)
    one = segment([Obj(A, Plain(b.I8, 1))], b"\1")
    two = segment([Obj(A, Plain(b.I8, 2))], b"\1\2")
    index = _index(one * 50 + two + one)
    assert len(parsed) == 3
    assert _rows(index, "a") == 53


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"TDSm", "the file ends in its lead-in"),
        (b"TDSm" + bytes(20), "the file ends in its lead-in"),
        (b"TDSx" + bytes(40), "begins with b'TDSx'"),
        (segment(data=b"\1", toc=b.RAW_DATA), "has no metadata"),
        (segment([Obj(A, Plain(b.I8, 1))])[:-1], "the file ends in its metadata"),
        (segment([Obj(A, AsBefore())]), "said to be as before"),
        (segment([Obj("/'g'", Plain(b.I8, 1))], b"\1"), "is no channel and has data"),
        (segment([Obj("/", Plain(b.I8, 1))], b"\1"), "is no channel and has data"),
        (segment([Obj("g")]), "no path"),
        (segment([Obj(A)], b"\1\2"), "2 bytes of data belong to no channel"),
        (segment([Obj(A, Plain(b.F64, 0))], b"\1"), "belong to no channel"),
        (
            segment([Obj(A, Plain(b.I8, 1)), Obj(C, Daqmx(1, [(1, 0, 0, 0)], [1], b.I8))], b"\1\2"),
            "mixes DAQmx",
        ),
        (
            segment(
                [
                    Obj(A, Daqmx(1, [(1, 0, 0, 0)], [1], b.I8)),
                    Obj(C, Daqmx(1, [(1, 0, 0, 0)], [2], b.I8)),
                ],
                b"\1\2",
            ),
            "mixes DAQmx",
        ),
        (
            segment(
                [Obj(A, Plain(b.I8, 1)), Obj(C, Plain(b.I8, 2))],
                b"\1\2\3",
                toc=b.ALL | b.INTERLEAVED,
            ),
            "channels of different lengths",
        ),
        (
            segment(
                [Obj(A, Plain(b.I8, 1)), Obj(C, Plain(b.STRING, 1, 5))],
                b"\1" + b.strings(["x"]),
                toc=b.ALL | b.INTERLEAVED,
            ),
            "interleaves strings",
        ),
    ],
)
def test_a_damaged_first_segment_is_refused_with_the_reason(data: bytes, words: str) -> None:
    _refused(data, words)


def test_a_segment_smaller_than_its_metadata_is_refused() -> None:
    data = bytearray(segment([Obj(A, Plain(b.I8, 1))], b"\1"))
    data[12:20] = struct.pack("<Q", 3)
    _refused(bytes(data), "more than the segment")


@pytest.mark.parametrize(
    "bad",
    [
        b"junk that is no segment at all",
        b"TDSm",
        segment([Obj(A, Plain(b.I16, 1))], b"\1\2"),
        segment([Obj("no path")]),
        segment([Obj("/'g'/'n'", AsBefore())]),
    ],
)
def test_damage_later_on_keeps_what_was_before(bad: bytes) -> None:
    good = segment([Obj(A, Plain(b.I8, 3))], b"\1\2\3")
    index = _index(good + bad + good)
    assert _rows(index, "a") == 3
    assert len(index.damage) == 1
    assert f"f.tdms breaks off in the segment at byte {len(good)}" in index.damage[0]


@pytest.mark.parametrize(
    ("promised", "there", "rows", "missing"),
    [
        (12, 12, 6, 0),
        (12, 11, 5, 1),
        (12, 9, 4, 2),
        (12, 8, 4, 2),
        (12, 1, 0, 6),
        (12, 0, 0, 6),
        (b.UNKNOWN, 9, 4, 2),
        (b.UNKNOWN, 8, 4, 0),
        (b.UNKNOWN, 1, 0, 2),
        (b.UNKNOWN, 0, 0, 0),
        (2**62, 9, 4, 2),
        (40_000, 8, 4, 19_996),
    ],
)
def test_what_a_cut_segment_lacks_is_counted(
    promised: int, there: int, rows: int, missing: int
) -> None:
    data = segment([Obj(A, Plain(b.U16, 2))], bytes(there), promised=promised)
    index = _index(data)
    assert _rows(index, "a") == rows
    assert _channel(index, "a").missing == missing
    assert len(index.damage) == (promised != there)


def test_a_chunk_that_was_written_short_is_shared_out() -> None:
    objects = [Obj(A, Plain(b.U16, 4)), Obj(C, Plain(b.U16, 4))]
    index = _index(segment(objects, bytes(16 + 8)))
    assert (_rows(index, "a"), _rows(index, "c")) == (6, 6)
    assert not index.damage


def test_a_short_chunk_of_strings_is_said_to_be_lost() -> None:
    objects = [Obj(A, Plain(b.STRING, 2, 10)), Obj(C, Plain(b.U16, 4))]
    index = _index(segment(objects, bytes(18 + 6)))
    assert (_rows(index, "a"), _rows(index, "c")) == (2, 4)
    assert "6 bytes at" in index.damage[0]


@pytest.mark.parametrize(("there", "rows"), [(3, 0), (12, 0), (13, 1), (14, 1), (15, 2), (18, 3)])
def test_whole_strings_of_a_cut_chunk_are_counted(there: int, rows: int) -> None:
    data = b.strings(["a", "bc", "def"])
    objects = [Obj(A, Plain(b.STRING, 3, len(data)))]
    index = _index(segment(objects, data[:there], promised=len(data)))
    assert _rows(index, "a") == rows
    assert _channel(index, "a").missing == 3 - rows


def test_void_channels_get_their_type_later() -> None:
    data = segment([Obj(A, Plain(0, 0)), Obj(C, Plain(b.I8, 1))], b"\1")
    data += segment([Obj(A, Plain(b.I16, 1))], b"\1\0")
    assert _rows(_index(data), "a") == 1


def test_a_list_of_channels_may_change_without_end_only_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_LISTINGS", 20)
    one = segment([Obj(A, Plain(b.I8, 1))], b"\1")
    other = segment([Obj(A, Plain(b.I8, 2))], b"\1\2")
    assert _rows(_index((one + other) * 5), "a") == 15
    with pytest.raises(HostileInput, match="lists its channels anew"):
        _index((one + other) * 20)


def test_too_many_objects_properties_or_bytes_are_hostile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objects = [Obj(f"/'g'/'{n}'", NoData(), {"wf_a": (b.I8, n)}) for n in range(20)]
    data = segment(objects)
    for name in ("MAX_OBJECTS", "MAX_PROPERTIES", "MAX_METADATA_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, 10)
            with pytest.raises(HostileInput, match=r"f\.tdms"):
                _index(data)
    assert len(_index(data).objects) == 20


def test_a_hundred_thousand_empty_segments_take_seconds() -> None:
    data = segment([Obj(A, Plain(b.I8, 1))], b"\1")
    data += segment(toc=b.RAW_DATA) * 100_000
    start = time.perf_counter()
    index = _index(data)
    assert time.perf_counter() - start < 5.0
    assert len(index.starts) == 1


def test_segments_that_change_their_byte_order_each_time_are_hostile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MAX_WORK", 10_000)
    data = segment([Obj(f"/'g'/'{n}'", Plain(b.I8, 1)) for n in range(100)], bytes(100))
    turns = segment(data=bytes(100), toc=b.RAW_DATA | b.BIG_ENDIAN)
    turns += segment(data=bytes(100), toc=b.RAW_DATA)
    with pytest.raises(HostileInput, match="all changes"):
        _index(data + turns * 200)
