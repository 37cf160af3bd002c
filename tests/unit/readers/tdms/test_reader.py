"""Tests of opened files: streams, times, what is cut off, and what hostile files may cost."""

import math
import random
import tracemalloc
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import HostileInput, InputError, UnreadableFile
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile, ReadableFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.readers.tdms import passes, samples
from avdataops.testing import tdms_bytes as b
from avdataops.testing.reader_suite import CountingFile, tables_of
from avdataops.testing.tdms_bytes import AsBefore, Daqmx, NoData, Obj, Plain, segment, waveform
from avdataops.testing.tdms_cases import SCENARIOS, START

A, C = "/'g'/'a'", "/'g'/'c'"
WAVE = waveform(START, 0.1)


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("f.tdms", data))


def _tables(data: bytes, max_rows: int = 65_536) -> dict[str, pa.Table]:
    with _open(data) as reader:
        return tables_of(reader.batches(max_rows=max_rows))


def _problems(data: bytes) -> list[Problem]:
    with _open(data) as reader:
        list(reader.batches())
        return list(reader.problems())


def _codes(data: bytes) -> list[str]:
    return [problem.code for problem in _problems(data)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_chunks_read_whole_or_in_part_give_the_same_rows(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = SCENARIOS[name]()
    whole = _tables(data)
    monkeypatch.setattr(samples, "BLOCK_BYTES", 1)
    monkeypatch.setattr(samples, "_AHEAD_BYTES", 1)
    monkeypatch.setattr(samples, "_KEPT_BYTES", 1)
    assert _tables(data) == whole
    assert _tables(data, max_rows=2) == whole


@pytest.mark.parametrize("name", SCENARIOS)
def test_windows_bounded_in_bytes_give_the_same_rows(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = SCENARIOS[name]()
    whole = _tables(data)
    monkeypatch.setattr(passes, "BATCH_BYTES", 40)
    monkeypatch.setattr(passes, "_TEXT_BYTES", 3)
    with _open(data) as reader:
        batches = list(reader.batches())
    assert tables_of(batches) == whole
    assert max(batch.rows.num_rows for batch in batches) <= 2


@settings(deadline=None)
@given(name=st.sampled_from(sorted(SCENARIOS)), share=st.floats(0, 1))
def test_a_file_cut_anywhere_gives_a_prefix(name: str, share: float) -> None:
    data, expected = SCENARIOS[name]()
    cut = data[: int(share * len(data))]
    try:
        reader = open_recording(BytesFile("cut.tdms", cut))
    except UnreadableFile:
        return
    whole = _tables(data)
    with reader:
        batches = list(reader.batches())
        streams = {stream.name: stream for stream in reader.streams}
    for stream, table in tables_of(batches).items():
        own = [batch for batch in batches if batch.stream == stream]
        out = sum(batch.messages + sum(batch.dropped.values()) for batch in own)
        assert out == streams[stream].rows
        for field in table.schema:
            values = [one for one in table[field.name].to_pylist() if one is not None]
            assert any(
                values == other[field.name].to_pylist()[: len(values)]
                for other in whole.values()
                if field.name in other.schema.names
            )
    assert expected


def test_cut_files_say_n_of_m_for_each_stream() -> None:
    objects = [Obj(A, Plain(b.I16, 10), WAVE), Obj("/'h'/'c'", Plain(b.I16, 10), WAVE)]
    data = segment(objects, bytes(40 + 30), promised=120)
    found = _problems(data)
    assert [problem.code for problem in found] == ["truncated"] * 3
    assert found[0].message == (
        "f.tdms breaks off: its last segment promises 120 bytes of data, 70 are there"
    )
    assert found[1].message == "'g' in f.tdms: read 20 of 30 samples"
    assert (found[1].stream, found[1].lost_rows) == ("g", 10)
    assert found[2].message == "'h' in f.tdms: read 15 of 30 samples"


def test_channels_that_end_early_are_null_and_that_is_said() -> None:
    data, expected = SCENARIOS["truncated"]()
    assert _tables(data)["g"].to_pylist() == expected["g"].to_pylist()
    told = [problem.message for problem in _problems(data)]
    assert told[1] == "'g' in f.tdms: read 6 of 9 samples, and of some channels only 4"


def test_a_cut_stream_states_no_time_that_would_make_a_false_rate() -> None:
    data, _ = SCENARIOS["truncated"]()
    with _open(data) as reader:
        (stream,) = reader.streams
        assert (stream.rows, stream.start_ns, stream.stop_ns, stream.rate_hz) == (
            9,
            None,
            None,
            None,
        )
        assert reader.time == TimeRange(START, START + 500_000_001)
    whole, _ = SCENARIOS["plain"]()
    with _open(whole) as reader:
        assert reader.streams[0].rate_hz == pytest.approx(10.0)


def test_lost_rows_are_dropped_with_a_reason_once() -> None:
    data, _ = SCENARIOS["truncated"]()
    with _open(data) as reader:
        batches = list(reader.batches(max_rows=2))
        some = list(reader.batches(time=TimeRange(START, START + 1)))
    assert [dict(batch.dropped) for batch in batches] == [{"missing": 3}, {}, {}]
    assert [dict(batch.dropped) for batch in some] == [{}]


def test_a_stream_of_which_nothing_is_left_says_what_it_lost() -> None:
    data = segment([Obj(A, Plain(b.I32, 4), WAVE)], b"", promised=64)
    with _open(data) as reader:
        (batch,) = reader.batches()
    assert (batch.rows.num_rows, dict(batch.dropped)) == (0, {"missing": 16})


def test_units_and_sources_are_in_the_fields() -> None:
    data, _ = SCENARIOS["scaled"]()
    schema = _tables(data)["g"].schema
    assert schema.field("v").metadata == {b"source": b"v", b"unit": b"km/h"}
    assert schema.field("p").metadata == {b"source": b"p"}
    assert schema.field("t_ns").metadata == {b"unit": b"ns"}


def test_names_that_become_alike_are_numbered() -> None:
    names = ("A b", "a_b", "A-B", "t_ns", "Größe", "длина", "широта")
    objects = [Obj(f"/'g'/'{name}'", Plain(b.U8, 1), WAVE) for name in names]
    table = _tables(segment(objects, bytes(range(7))))["g"]
    columns = ["a_b", "a_b_2", "a_b_3", "t_ns_2", "gr_e", "x", "x_2"]
    assert table.schema.names == ["t_ns", *columns]
    assert [table[name][0].as_py() for name in columns] == list(range(7))


def test_thousands_of_names_alike_are_numbered_in_no_time() -> None:
    objects = [Obj(f"/'g'/'{'ü' * n}'", Plain(b.U8, 1), WAVE) for n in range(1, 3000)]
    table = _tables(segment(objects, bytes(2999)))["g"]
    assert table.schema.names[-1] == "x_2999"


def test_streams_say_their_kind_and_topic() -> None:
    data, _ = SCENARIOS["classes"]()
    with _open(data) as reader:
        told = [(one.name, one.topic, one.type, one.rows) for one in reader.streams]
        assert reader.clock == "tdms"
        assert reader.attachments == ()
    assert told == [
        ("g", "g", "tdms/waveform", 4),
        ("g/2", "g", "tdms/waveform", 2),
        ("g/3", "g", "tdms/index", 4),
        ("g/4", "g", "tdms/waveform", 0),
    ]
    assert _codes(data) == ["no_time"]


def test_the_channel_of_moments_is_the_time_of_channels_of_its_length() -> None:
    data, _ = SCENARIOS["types"]()
    with _open(data) as reader:
        (stream,) = reader.streams
    assert stream.type == "tdms/timestamped"
    assert stream.attributes == {"time_channel": "when"}
    assert (stream.start_ns, stream.stop_ns) == (START - 5, START + 1)
    assert _codes(data) == []


def test_rows_without_a_time_are_dropped_and_counted() -> None:
    stamps = [START, (2**62, 0), START + 10]
    objects = [Obj(A, Plain(b.STAMP, 3)), Obj(C, Plain(b.U8, 3))]
    data = segment(objects, b"".join(map(b.stamp, stamps)) + bytes([1, 2, 3]))
    with _open(data) as reader:
        batches = list(reader.batches(max_rows=1))
        assert [problem.code for problem in reader.problems()] == ["bad_time"]
        assert reader.problems()[0].lost_rows == 1
    assert tables_of(batches)["g"].to_pydict() == {"t_ns": [START, START + 10], "c": [1, 3]}
    assert [dict(batch.dropped) for batch in batches] == [{}, {"bad_time": 1}]


def test_moments_that_go_backwards_leave_the_span_open() -> None:
    objects = [Obj(A, Plain(b.STAMP, 2)), Obj(C, Plain(b.U8, 2))]
    data = segment(objects, b.stamp(START) + b.stamp(START - 1) + bytes(2))
    with _open(data) as reader:
        assert reader.streams[0].start_ns is None
        assert reader.time is None
        assert tables_of(reader.batches())["g"]["t_ns"].to_pylist() == [START, START - 1]


def test_a_channel_of_moments_alone_is_a_stream_of_times() -> None:
    data = segment([Obj(A, Plain(b.STAMP, 2))], b.stamp(START) + b.stamp(START + 1))
    assert _tables(data)["g"].to_pydict() == {"t_ns": [START, START + 1]}


def test_moments_too_far_for_a_column_are_null() -> None:
    objects = [Obj(A, Plain(b.STAMP, 2), WAVE)]
    data = segment(objects, b.stamp(START) + b.stamp((-(2**60), 0)))
    table = _tables(data)["g"]
    assert table["a"].to_pylist() == [START, None]
    assert table.schema.field("a").metadata[b"unit"] == b"ns"


def test_a_waveform_that_leaves_64_bits_is_numbered_and_said() -> None:
    data = segment([Obj(A, Plain(b.U8, 2), waveform(START, 1e300))], bytes(2))
    assert _tables(data)["g"]["t_ns"].to_pylist() == [0, 1]
    (problem,) = _problems(data)
    assert problem.code == "no_time"
    assert "leaves the years 1823 to 2116" in problem.message


def test_a_start_written_anew_is_said() -> None:
    data = segment([Obj(A, Plain(b.U8, 1), WAVE)], b"\1")
    data += segment([Obj(A, AsBefore(), waveform(START + 5, 0.1))], b"\2")
    assert _tables(data)["g"]["t_ns"].to_pylist() == [START + 5, START + 5 + 100_000_000]
    assert _codes(data) == ["restamped"]


def test_scales_that_cannot_be_leave_the_stored_values_without_unit() -> None:
    bad: dict[str, b.Property] = {
        "NI_Number_Of_Scales": (b.U32, 2**31),
        "unit_string": (b.STRING, "V"),
    }
    data = segment([Obj(A, Plain(b.I16, 1), {**WAVE, **bad})], b"\5\0")
    table = _tables(data)["g"]
    assert table["a"].to_pylist() == [5]
    assert table["a"].type == pa.int16()
    assert b"unit" not in table.schema.field("a").metadata
    (problem,) = _problems(data)
    assert problem.code == "no_scaling"
    assert "the scales of 'a' are not used: they are more than 256" in problem.message


def test_unscaled_daqmx_channels_give_a_column_for_each_scaler() -> None:
    index = Daqmx(2, [(3, 0, 0, 0), (0, 0, 2, 7)], [3])
    data = segment([Obj(A, index, WAVE)], b"\1\0\7\2\0\x08", toc=b.ALL | b.DAQMX)
    table = _tables(data)["g"]
    assert table.schema.names == ["t_ns", "a_scaler_0", "a_scaler_7"]
    assert table["a_scaler_7"].to_pylist() == [7, 8]


def test_cut_daqmx_cards_give_what_is_whole() -> None:
    widths = [2, 1]
    one = Obj(A, Daqmx(3, [(3, 0, 0, 0)], widths), WAVE)
    two = Obj(C, Daqmx(3, [(0, 1, 0, 0)], widths), WAVE)
    data = segment([one, two], b"\1\0\2\0\3\0\4", toc=b.ALL | b.DAQMX, promised=9)
    table = _tables(data)["g"]
    assert table["a"].to_pylist() == [1, 2, 3]
    assert table["c"].to_pylist() == [4, None, None]


def test_strings_whose_ends_contradict_each_other_are_null() -> None:
    texts = b.strings(["ab", "cd", "ef", "gh"])
    bad = texts[:4] + b"\xff\xff\xff\x7f" + texts[8:]
    data = segment([Obj(A, Plain(b.STRING, 4, len(bad)), WAVE)], bad)
    assert _tables(data)["g"]["a"].to_pylist() == ["ab", None, None, "gh"]
    assert _tables(data, max_rows=1) == _tables(data)
    (problem,) = _problems(data)
    assert (problem.code, problem.stream) == ("decode_failed", "g")
    assert problem.message.startswith("2 values of 'g' in f.tdms could not be decoded")


def test_strings_longer_than_anybody_needs_are_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MAX_STRING_BYTES", 3)
    texts = b.strings(["abc", "abcd", ""])
    data = segment([Obj(A, Plain(b.STRING, 3, len(texts)), WAVE)], texts)
    assert _tables(data)["g"]["a"].to_pylist() == ["abc", None, ""]


def test_strings_that_are_no_utf_8_are_replaced() -> None:
    raw = b"\1\0\0\0\3\0\0\0" + b"\xffok"
    data = segment([Obj(A, Plain(b.STRING, 2, len(raw)), WAVE)], raw)
    assert _tables(data)["g"]["a"].to_pylist() == ["\ufffd", "ok"]


def test_a_group_without_values_is_a_stream_without_rows() -> None:
    data = segment([Obj("/'g'"), Obj(A, NoData(), WAVE)])
    assert _tables(data)["g"].to_pydict() == {"t_ns": []}
    assert _tables(segment([Obj("/")])) == {}


def test_a_group_without_name_is_called_group() -> None:
    data = segment([Obj("/''/'a'", Plain(b.U8, 1), WAVE)], b"\1")
    assert list(_tables(data)) == ["group"]


def test_groups_that_differ_only_in_case_are_two_streams() -> None:
    objects = [Obj("/'G'/'a'", Plain(b.U8, 1), WAVE), Obj("/'g'/'a'", Plain(b.U8, 1), WAVE)]
    assert list(_tables(segment(objects, b"\1\2"))) == ["G", "g#2"]


def test_a_time_filter_reads_only_what_it_needs() -> None:
    values = np.arange(3_000_000, dtype="<f8")
    data = segment([Obj(A, Plain(b.F64, 3_000_000), waveform(START, 0.001))], values.tobytes())
    file = CountingFile(BytesFile("f.tdms", data))
    with open_recording(file) as reader:
        late = TimeRange(START + 2_000 * 10**9, START + 2_001 * 10**9)
        table = tables_of(reader.batches(time=late))["g"]
    assert table["a"].to_pylist() == list(range(2_000_000, 2_001_000))
    assert file.bytes_read < 3_000_000


def test_one_of_many_streams_reads_only_its_own_bytes() -> None:
    objects = [Obj(f"/'g{n}'/'a'", Plain(b.F64, 50_000 + n), WAVE) for n in range(20)]
    data = segment(objects, bytes(sum(8 * (50_000 + n) for n in range(20))))
    file = CountingFile(BytesFile("f.tdms", data))
    with open_recording(file) as reader:
        rows = sum(batch.messages for batch in reader.batches(["g7"]))
    assert rows == 50_007
    assert file.bytes_read < 500_000


class _Shrinking:
    """A file that ends sooner than it said when it was opened."""

    name = "shrinks.tdms"

    def __init__(self, data: bytes, after: int) -> None:
        self._data = data
        self.size = len(data)
        self.after = after

    def read_at(self, offset: int, length: int) -> bytes:
        """Return what is left of the bytes."""
        return self._data[: self.after][offset : offset + length]


def test_a_file_that_shrinks_while_it_is_read_is_truncated() -> None:
    data = segment([Obj(A, Plain(b.F64, 1000), WAVE)], bytes(8_000) * 10)
    file = _Shrinking(data, len(data))
    typed: ReadableFile = file
    with open_recording(typed) as reader:
        file.after = 400
        (batch,) = reader.batches()
        assert [problem.code for problem in reader.problems()] == ["truncated"]
    assert (batch.rows.num_rows, dict(batch.dropped)) == (0, {"missing": 10_000})


@pytest.mark.parametrize(
    "index", [Plain(b.F64, 2**60), Plain(b.STRING, 2**20, 2**62), Plain(b.U8, 2**63)]
)
@pytest.mark.parametrize("toc", [b.ALL, b.ALL | b.INTERLEAVED])
def test_sizes_that_lie_cost_no_memory(index: Plain, toc: int) -> None:
    data = segment([Obj(A, index, WAVE)], bytes(100_000), toc=toc, promised=2**61)
    tracemalloc.start()
    try:
        tables = _tables(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tables["g"].num_rows in (0, 12_500, 100_000)
    assert peak < 64 << 20


def test_streams_that_share_interleaved_chunks_too_often_are_hostile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passes, "_SPARE_BYTES", 0)
    monkeypatch.setattr(passes, "_MAX_AMPLIFICATION", 2)
    data = b""
    for number in range(12):
        data += segment([Obj(f"/'g{number}'/'a'", Plain(b.U8, 1), WAVE)], b"\1")
    objects = [Obj(f"/'g{number}'/'a'", Plain(b.U8, 5_000), WAVE) for number in range(12)]
    data += segment(objects, bytes(60_000), toc=b.ALL | b.INTERLEAVED)
    with pytest.raises(HostileInput, match="read too often"):
        _open(data)


def test_streams_in_too_many_segments_are_hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = SCENARIOS["segments"]()
    monkeypatch.setattr(passes, "_MAX_WALKS", 3)
    with pytest.raises(HostileInput, match="2 kinds of streams"):
        _open(data)


def test_long_waveforms_keep_exact_times_in_every_batch() -> None:
    increment = 1 / 44_100
    data = segment([Obj(A, Plain(b.U8, 200_000), waveform(START, increment))], bytes(200_000))
    times = _tables(data, max_rows=777)["g"]["t_ns"].to_pylist()
    step = Fraction(increment) * 10**9
    stored = Fraction(-(-(START % 10**9) * 2**64 // 10**9) * 10**9, 2**64) + START // 10**9 * 10**9
    rows = [0, 1, 99_999, 199_999]
    assert [times[row] for row in rows] == [
        math.floor(stored + row * step + Fraction(1, 2)) for row in rows
    ]


@pytest.mark.parametrize("seed", range(4))
def test_files_with_flipped_bytes_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible damage, no secret
    files = [make()[0] for make in SCENARIOS.values()]
    for _ in range(150):
        data = bytearray(chance.choice(files))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(4, len(data))
            data[at : at + chance.choice((1, 4, 8))] = chance.choice(
                (b"\xff", b"\0", b"\xff" * 4, b"\0" * 8, b"\xff" * 7 + b"\x3f", b"\1")
            )
        try:
            with _open(bytes(data)) as reader:
                for batch in reader.batches(max_rows=chance.choice((1, 3, 65_536))):
                    batch.rows.validate(full=True)
        except InputError:
            continue
