"""Tests of damaged, unusual and hostile MCAP files."""

import struct
import zlib

import pyarrow as pa
import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.testing.reader_cases import SHORT, TRACKS, definitions, said
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, cuts, mcap_bytes, with_flipped_byte

MAGIC = b"\x89MCAP0\r\n"
CHUNK, CHUNK_INDEX = 6, 8


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("a.mcap", data))


def _codes(reader: Reader) -> list[str]:
    return [problem.code for problem in reader.problems()]


def _records(data: bytes) -> list[tuple[int, int, int]]:
    """Return (opcode, offset, length) of the records of a whole file."""
    found, at = [], len(MAGIC)
    while at + 9 <= len(data) - len(MAGIC):
        opcode, size = struct.unpack_from("<BQ", data, at)
        found.append((opcode, at, 9 + size))
        at += 9 + size
    return found


def _record(opcode: int, body: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(body)) + body


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode()


def _chunk(codec: str, size: int, packed: bytes, crc: int = 0) -> bytes:
    head = struct.pack("<QQQI", 0, 10, size, crc) + _text(codec)
    return _record(CHUNK, head + struct.pack("<Q", len(packed)) + packed)


def _message(channel: int, t_ns: int, data: bytes) -> bytes:
    return _record(5, struct.pack("<HIQQ", channel, 0, t_ns, t_ns) + data)


HEADER = MAGIC + _record(1, _text("ros2") + _text("made by hand"))
SCHEMA = _record(
    3, struct.pack("<H", 1) + _text("made_msgs/msg/N") + _text("ros2msg") + _text("int8 n")
)
CHANNEL = _record(4, struct.pack("<HH", 1, 1) + _text("/n") + _text("cdr") + struct.pack("<I", 0))
END = _record(15, bytes(4)) + _record(2, bytes(20)) + MAGIC
SEVEN = b"\0\1\0\0\7"


def test_a_file_written_by_hand_is_read() -> None:
    data = HEADER + SCHEMA + CHANNEL + _message(1, 5, SEVEN) + END
    with _open(data) as reader:
        tables = tables_of(reader.batches())
        assert _codes(reader) == ["unindexed"]
        assert reader.time == TimeRange(5, 6)
    assert tables["/n"].to_pylist() == [{"t_ns": 5, "publish_ns": 5, "n": 7}]


def test_a_flipped_byte_costs_its_chunk_and_nothing_else() -> None:
    data = mcap_bytes(said(), definitions(), McapStyle(compression="none", chunk_bytes=400))
    with _open(data) as reader:
        whole = tables_of(reader.batches())
    chunks = [(at, size) for opcode, at, size in _records(data) if opcode == CHUNK]
    at, size = chunks[len(chunks) // 2]
    with _open(with_flipped_byte(data, at + size - 20)) as reader:
        batches = list(reader.batches())
        damaged = tables_of(batches)
        problems = [one for one in reader.problems() if one.code == "bad_chunk"]
        rows = {stream.name: stream.rows for stream in reader.streams if not stream.parent}
    assert len(problems) == 1
    assert "checksum" in problems[0].message
    assert str(at) in problems[0].message
    dropped = dict.fromkeys(rows, 0)
    for batch in batches:
        for reason, count in batch.dropped.items():
            assert reason == "bad_chunk"
            dropped[batch.stream] += count
    assert sum(dropped.values()) == problems[0].lost_rows
    assert sum(dropped.values()) > 0
    for name, total in rows.items():
        assert damaged[name].num_rows + dropped[name] == total
        kept = set(damaged[name]["publish_ns"].to_pylist())
        assert kept <= set(whole[name]["publish_ns"].to_pylist())
    # Row numbers count the lost messages too, so they still join with the same children.
    survivors = {tuple(row.items()) for row in _plain(damaged["/tracks.parts"].to_pylist())}
    assert survivors <= {tuple(row.items()) for row in _plain(whole["/tracks.parts"].to_pylist())}


def _plain(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{key: str(value) for key, value in row.items() if key != "row"} for row in rows]


@pytest.mark.parametrize("style", ["zstd", "lz4", "none", "unchunked"])
def test_a_file_cut_anywhere_gives_what_came_before(style: str) -> None:
    options = (
        McapStyle(is_chunked=False)
        if style == "unchunked"
        else McapStyle(compression=style, chunk_bytes=500)
    )
    data = mcap_bytes(said(), definitions(), options)
    with _open(data) as reader:
        whole = tables_of(reader.batches())["/tracks"]["publish_ns"].to_pylist()
    counts = []
    for part in cuts(data, 25):
        try:
            reader = _open(part)
        except UnreadableFile:
            assert len(part) < 200
            continue
        with reader:
            table = tables_of(reader.batches()).get("/tracks")
            assert set(_codes(reader)) & {"truncated", "unindexed"}
        got = table["publish_ns"].to_pylist() if table is not None else []
        assert set(got) <= set(whole)
        counts.append(len(got))
    assert counts == sorted(counts)
    assert counts[-1] == len(whole)
    assert len(set(counts)) > 5


def test_a_cut_says_where() -> None:
    data = mcap_bytes(said(), definitions(), McapStyle(chunk_bytes=300))
    with _open(data[: len(data) // 2]) as reader:
        problem = reader.problems()[0]
        assert all(stream.rows is None for stream in reader.streams)
    assert problem.code == "truncated"
    assert f"of {len(data) // 2}" in problem.message


def test_a_damaged_summary_is_told_and_rebuilt() -> None:
    data = mcap_bytes(said(), definitions())
    first_index = next(at for opcode, at, _ in _records(data) if opcode == CHUNK_INDEX)
    with _open(data) as whole, _open(with_flipped_byte(data, first_index + 12)) as reader:
        assert tables_of(reader.batches()) == tables_of(whole.batches())
        assert _codes(reader) == ["bad_crc"]


def test_a_decompression_bomb_costs_its_chunk() -> None:
    import zstandard

    bomb = _chunk("zstd", 16, zstandard.compress(bytes(1 << 26)))
    giant = _chunk("zstd", 1 << 40, zstandard.compress(bytes(100)))
    data = HEADER + SCHEMA + CHANNEL + bomb + giant + _message(1, 50, SEVEN) + END
    with _open(data) as reader:
        tables = tables_of(reader.batches())
        assert _codes(reader) == ["unindexed", "bad_chunk", "bad_chunk"]
    assert tables["/n"]["t_ns"].to_pylist() == [50]


def test_a_chunk_without_checksum_is_trusted() -> None:
    content = _message(1, 3, SEVEN)
    data = HEADER + SCHEMA + CHANNEL + _chunk("", len(content), content) + END
    with _open(data) as reader:
        assert tables_of(reader.batches())["/n"]["t_ns"].to_pylist() == [3]


def test_a_chunk_with_its_checksum_is_checked() -> None:
    content = _message(1, 3, SEVEN)
    for crc, rows in ((zlib.crc32(content), [3]), (zlib.crc32(content) ^ 1, [])):
        data = HEADER + SCHEMA + CHANNEL + _chunk("", len(content), content, crc) + END
        with _open(data) as reader:
            assert tables_of(reader.batches())["/n"]["t_ns"].to_pylist() == rows
            assert ("bad_chunk" in _codes(reader)) is (not rows)


def test_messages_beside_the_indexed_chunks_are_found() -> None:
    data = mcap_bytes(said(9), definitions())
    tables = _with_stray_message(data)
    stray = tables["/tracks"]["t_ns"].to_pylist()
    assert stray.count(7) == 1


def _with_stray_message(data: bytes) -> dict[str, pa.Table]:
    """Put a message in front of the first chunk, and move what the index says accordingly."""
    records = _records(data)
    chunk_at = next(at for opcode, at, _ in records if opcode == CHUNK)
    one = said(1)[0]
    stray = _message(1, 7, one.data)
    body = bytearray(data[:chunk_at] + stray + data[chunk_at:])
    for opcode, at, _ in _records(bytes(body)):
        if opcode == CHUNK_INDEX:
            start = struct.unpack_from("<Q", body, at + 9 + 16)[0]
            struct.pack_into("<Q", body, at + 9 + 16, start + len(stray))
            offsets = struct.unpack_from("<I", body, at + 9 + 32)[0]
            for place in range(at + 9 + 36, at + 9 + 36 + offsets, 10):
                old = struct.unpack_from("<Q", body, place + 2)[0]
                struct.pack_into("<Q", body, place + 2, old + len(stray))
        if opcode == 2:
            start = struct.unpack_from("<Q", body, at + 9)[0]
            struct.pack_into("<QQI", body, at + 9, start + len(stray), 0, 0)
    with _open(bytes(body)) as reader:
        return tables_of(reader.batches())


def test_two_types_on_one_topic_are_two_streams() -> None:
    mixed = [Said("/x", one.type, one.t_ns, one.data) for one in said(12)]
    with _open(mcap_bytes(mixed, definitions())) as reader:
        names = [stream.name for stream in reader.streams]
        topics = {stream.topic for stream in reader.streams}
        tables = tables_of(reader.batches())
    assert f"/x#{TRACKS}" in names
    assert f"/x#{SHORT}" in names
    assert topics == {"/x"}
    assert tables[f"/x#{TRACKS}"].num_rows == 12
    assert tables[f"/x#{SHORT}"].num_rows == 4


def test_a_topic_that_looks_like_a_path_is_only_a_name() -> None:
    names = ["/../../x", "C:\\x", "a\0b", "", "x" * 3000, "%2e%2e/"]
    messages = [Said(name, SHORT, 1, said(1)[1].data) for name in names]
    with _open(mcap_bytes(messages, definitions())) as reader:
        assert [stream.topic for stream in reader.streams] == names
        assert len({stream.name for stream in reader.streams}) == len(names)
        assert all(table.num_rows == 1 for table in tables_of(reader.batches()).values())


@pytest.mark.parametrize("encoding", ["json", "cbor", "flatbuffer"])
def test_other_encodings_stay_bytes_and_are_told(encoding: str) -> None:
    style = McapStyle(encoding=encoding, language=encoding)
    with _open(mcap_bytes([Said("/x", "pkg.T", 3, b"{}")], {}, style)) as reader:
        assert _codes(reader) == ["unsupported_encoding"]
        rows = tables_of(reader.batches())["/x"].to_pylist()
        assert reader.streams[0].type == "pkg.T"
    assert rows == [{"t_ns": 3, "publish_ns": 3, "data": b"{}"}]


def test_ros1_messages_in_mcap_are_read() -> None:
    style = McapStyle(encoding="ros1", language="ros1msg")
    data = mcap_bytes(said(language="ros1msg"), definitions("ros1msg"), style)
    with _open(data) as reader:
        table = tables_of(reader.batches())["/tracks"]
    assert table["header_seq"].to_pylist() == list(dict.fromkeys(table["header_seq"].to_pylist()))


def test_attachments_are_named() -> None:
    style = McapStyle(attachments=("notes.txt", "../../evil"))
    with _open(mcap_bytes(said(2), definitions(), style)) as reader:
        assert reader.attachments == ("notes.txt", "../../evil")
    style = McapStyle(attachments=("notes.txt",), is_indexed=False)
    with _open(mcap_bytes(said(2), definitions(), style)) as reader:
        assert reader.attachments == ("notes.txt",)


def test_a_time_beyond_int64_is_dropped_with_its_reason() -> None:
    messages = [Said("/n", SHORT, t, said(1)[1].data) for t in (5, 2**63, 2**64 - 1)]
    with _open(mcap_bytes(messages, definitions(), McapStyle(is_indexed=False))) as reader:
        batches = list(reader.batches())
        assert "bad_time" in _codes(reader)
    assert [batch.rows.num_rows for batch in batches] == [1]
    assert batches[0].dropped == {"bad_time": 2}


def test_only_the_header_is_an_empty_recording_that_was_cut() -> None:
    with _open(HEADER) as reader:
        assert reader.streams == ()
        assert list(reader.batches()) == []
        assert _codes(reader) == ["truncated"]


@pytest.mark.parametrize("rest", [b"", b"\0", bytes(40), b"\1" + b"\xff" * 8])
def test_nothing_readable_behind_the_magic_is_refused(rest: bytes) -> None:
    with pytest.raises(UnreadableFile, match="no record"):
        _open(MAGIC + rest)
