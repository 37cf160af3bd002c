"""Tests of damaged and unusual rosbag2 databases."""

import sqlite3

import pyarrow as pa
import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.readers.rosbag.sqlite import declared_bytes
from avdataops.readers.rosbag.sqlite_pages import Pages
from avdataops.testing.reader_cases import SHORT, definitions, said, serialised, typestore
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import Said, cuts, db3_bytes


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("a.db3", data))


def _codes(reader: Reader) -> list[str]:
    return [problem.code for problem in reader.problems()]


def _database(*statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def _long_texts(count: int, size: int) -> list[Said]:
    kind = typestore("ros2msg").types[SHORT]
    return [
        Said("/s", SHORT, n, serialised(kind(text=str(n) * size, number=n), SHORT, "ros2msg"))
        for n in range(count)
    ]


def test_standard_types_need_no_definition() -> None:
    data = db3_bytes([Said("/a", "std_msgs/msg/Int8", 3, b"\0\1\0\0\7")])
    with _open(data) as reader:
        assert reader.streams[0].attributes["definition"] == "default"
        assert tables_of(reader.batches())["/a"].to_pylist() == [{"t_ns": 3, "data": 7}]


def test_unknown_types_stay_bytes_with_a_problem() -> None:
    with _open(db3_bytes([Said("/a", "made_msgs/msg/What", 3, b"\0\1\0\0\7")])) as reader:
        assert _codes(reader) == ["no_definition"]
        rows = tables_of(reader.batches())["/a"].to_pylist()
    assert rows == [{"t_ns": 3, "data": b"\0\1\0\0\7"}]


@pytest.mark.parametrize("size", [10, 300, 2_000])
def test_a_database_cut_anywhere_gives_what_its_pages_hold(size: int) -> None:
    messages = _long_texts(150, size)
    data = db3_bytes(messages, definitions())
    texts = {n: str(n) * size for n in range(150)}
    counts = []
    for part in cuts(data, 15):
        try:
            reader = _open(part)
        except UnreadableFile:
            continue
        with reader:
            batches = list(reader.batches())
            assert set(_codes(reader)) == {"truncated"}
            assert all(stream.rows is None for stream in reader.streams)
        rows = [row for batch in batches for row in batch.rows.to_pylist()]
        assert all(texts[row["number"]] == row["text"] for row in rows)
        times = [row["t_ns"] for row in rows]
        assert times == sorted(times)
        counts.append(len(rows))
    assert counts == sorted(counts)
    assert counts[-1] > 100


def test_a_message_whose_pages_are_lost_is_counted() -> None:
    data = db3_bytes(_long_texts(3, 3_000), definitions())
    last_leaf = max(one.payload_at for one in Pages(BytesFile("a.db3", data)).messages()) // 1024
    overflow = (last_leaf - 2) * 1024
    with _open(data[:overflow] + bytes(1024) + data[overflow + 1024 :]) as reader:
        batches = list(reader.batches())
        assert "truncated" in _codes(reader)
    dropped = {key: count for one in batches for key, count in one.dropped.items()}
    assert dropped == {"damaged": 1}
    assert sum(batch.messages for batch in batches) == 2


def test_pages_hold_the_rows_that_the_tree_gives() -> None:
    messages = said(60)
    data = db3_bytes(messages, definitions())
    pages = Pages(BytesFile("a.db3", data))
    found = sorted(pages.messages(), key=lambda one: one.id)
    assert [one.t_ns for one in found] == [one.t_ns for one in messages]
    assert [pages.data(one) for one in found] == [one.data for one in messages]


def test_the_header_states_the_size() -> None:
    data = db3_bytes(said(9), definitions())
    assert declared_bytes(BytesFile("a.db3", data)) == len(data)


def test_messages_with_equal_times_come_by_id() -> None:
    messages = [Said("/s", SHORT, 5, one.data) for one in _long_texts(20, 1)]
    with _open(db3_bytes(messages, definitions())) as reader:
        rows = tables_of(reader.batches())["/s"]
    assert rows["number"].to_pylist() == list(range(20))


def test_a_database_of_something_else_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no table messages"):
        _open(_database("CREATE TABLE topics (id INTEGER)"))


def test_a_view_in_place_of_the_messages_is_refused() -> None:
    endless = (
        "CREATE VIEW messages AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c)"
        " SELECT id, 1 AS topic_id, id AS timestamp, x'00' AS data FROM c"
    )
    topics = (
        "CREATE TABLE topics (id INTEGER, name TEXT, type TEXT, serialization_format TEXT,"
        " offered_qos_profiles TEXT)"
    )
    with pytest.raises(UnreadableFile, match="messages"):
        _open(_database(topics, endless))


def test_a_file_that_only_begins_like_sqlite_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        _open(b"SQLite format 3\0" + b"\xff" * 5_000)


def test_reading_leaves_the_bytes_alone() -> None:
    data = db3_bytes(said(3), definitions())
    file = BytesFile("a.db3", data)
    with open_recording(file) as reader:
        list(reader.batches())
    assert file.data == data


def test_two_databases_can_be_open_at_once() -> None:
    one, other = db3_bytes(said(3), definitions()), db3_bytes(said(9), definitions())
    with _open(one) as first, _open(other) as second:
        counts = [sum(batch.messages for batch in r.batches()) for r in (first, second)]
    assert counts == [len(said(3)), len(said(9))]


def test_compressed_messages_stay_bytes_and_are_told() -> None:
    packed = b"\x28\xb5\x2f\xfd" + bytes(20)
    with _open(db3_bytes([Said("/s", SHORT, 1, packed)], definitions())) as reader:
        rows = tables_of(reader.batches())["/s"].to_pylist()
        assert _codes(reader) == ["unsupported_encoding"]
    assert rows == [{"t_ns": 1, "data": packed}]


def test_messages_of_a_topic_that_is_nowhere_described_are_told() -> None:
    data = _database(
        "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT,"
        " serialization_format TEXT)",
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER,"
        " data BLOB)",
        "INSERT INTO topics VALUES (1, '/a', 'std_msgs/msg/Int8', 'cdr')",
        "INSERT INTO messages VALUES (1, 1, 5, X'0001000007'), (2, 7, 6, X'00'), (3, 7, 7, X'00')",
    )
    with _open(data) as reader:
        assert tables_of(reader.batches())["/a"].to_pylist() == [{"t_ns": 5, "data": 7}]
        (problem,) = [one for one in reader.problems() if one.code == "no_topic"]
    assert problem.lost_rows == 2


def test_messages_that_were_packed_one_by_one_give_the_same_rows() -> None:
    codec = pa.Codec("zstd")
    plain = said(12)
    packed = [
        Said(one.topic, one.type, one.t_ns, codec.compress(one.data, asbytes=True)) for one in plain
    ]
    with _open(db3_bytes(plain, definitions())) as reader:
        expected = tables_of(reader.batches())
    with _open(db3_bytes(packed, definitions())) as reader:
        assert tables_of(reader.batches()) == expected
        assert reader.problems() == ()


def test_one_packed_message_that_is_broken_costs_only_itself() -> None:
    some = [one for one in said(6) if one.topic == "/tracks"]
    codec = pa.Codec("zstd")
    packed = [codec.compress(one.data, asbytes=True) for one in some]
    packed[3] = packed[3][:-4]
    messages = [
        Said(one.topic, one.type, one.t_ns, data) for one, data in zip(some, packed, strict=True)
    ]
    with _open(db3_bytes(messages, definitions())) as reader:
        assert tables_of(reader.batches())["/tracks"].num_rows == len(some) - 1
        assert _codes(reader) == ["unsupported_encoding"]


def test_without_an_index_on_time_the_order_is_the_same() -> None:
    data = bytearray(db3_bytes(said(20), definitions()))
    connection = sqlite3.connect(":memory:")
    connection.deserialize(bytes(data))
    connection.execute("DROP INDEX timestamp_idx")
    connection.commit()
    bare = connection.serialize()
    connection.close()
    with _open(bytes(data)) as one, _open(bare) as other:
        assert tables_of(one.batches()) == tables_of(other.batches())
