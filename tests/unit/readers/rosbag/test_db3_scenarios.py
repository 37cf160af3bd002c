"""rosbag2 databases of every schema version, read in every way that readers promise."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.readers.formats import DB3
from avdataops.testing.reader_suite import Case, ReaderSuite, tables_of

_MESSAGES = (
    "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL,"
    " timestamp INTEGER NOT NULL, data BLOB NOT NULL)"
)
_LOOSE_MESSAGES = "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id, timestamp, data)"
_INDEX = "CREATE INDEX timestamp_idx ON messages (timestamp ASC)"
_TOPICS = (
    "id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,"
    " serialization_format TEXT NOT NULL"
)
_QOS = "offered_qos_profiles TEXT NOT NULL"
_HASH = "type_description_hash TEXT NOT NULL"
_DEFINITIONS = (
    "CREATE TABLE message_definitions(id INTEGER PRIMARY KEY, topic_type TEXT NOT NULL,"
    " encoding TEXT NOT NULL, encoded_message_definition TEXT NOT NULL,"
    " type_description_hash TEXT NOT NULL)"
)
_SCHEMA = "CREATE TABLE schema(schema_version INTEGER PRIMARY KEY, ros_distro TEXT NOT NULL)"
_METADATA = (
    "CREATE TABLE metadata(id INTEGER PRIMARY KEY, metadata_version INTEGER NOT NULL,"
    " metadata TEXT NOT NULL)"
)
VERSIONS = {
    1: (f"CREATE TABLE topics({_TOPICS})", _MESSAGES, _INDEX),
    2: (f"CREATE TABLE topics({_TOPICS}, {_QOS})", _MESSAGES, _INDEX),
    3: (
        f"CREATE TABLE topics({_TOPICS}, {_QOS})",
        _MESSAGES,
        _INDEX,
        _SCHEMA,
        _METADATA,
    ),
    4: (
        f"CREATE TABLE topics({_TOPICS}, {_QOS}, {_HASH})",
        _MESSAGES,
        _INDEX,
        _SCHEMA,
        _METADATA,
        _DEFINITIONS,
    ),
}
OWN = "made/msg/N"
STANDARD = "std_msgs/msg/Int8"
IDL = "module made { module msg { struct N { int8 n; }; }; };"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Rows of the tables of one database."""

    topics: Sequence[tuple[int, str, str, str]] = ((1, "/n", STANDARD, "cdr"),)
    messages: Sequence[tuple[Any, ...]] = ()
    """(id, topic, time, data)."""
    definitions: Sequence[tuple[str, str, str]] = ()


def n(value: int) -> bytes:
    """Return the CDR of an int8."""
    return bytes.fromhex("00 01 00 00") + bytes([value])


def database(statements: Sequence[str], content: Content) -> bytes:
    """Return a database with the given tables and rows."""
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA page_size = 512")
    for statement in statements:
        connection.execute(statement)
    columns = len(connection.execute("PRAGMA table_info(topics)").fetchall())
    for topic in content.topics:
        filled = (*topic, *[""] * (columns - 4))
        marks = ", ".join("?" * columns)
        connection.execute(f"INSERT INTO topics VALUES ({marks})", filled)  # noqa: S608 - only marks
    connection.executemany("INSERT INTO messages VALUES (?, ?, ?, ?)", content.messages)
    if content.definitions:
        statement = "INSERT INTO message_definitions VALUES (NULL, ?, ?, ?, '')"
        connection.executemany(statement, content.definitions)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def table(*rows: tuple[int, int], column: str = "data") -> pa.Table:
    """Return the stream of (time, value)."""
    fields = [pa.field("t_ns", pa.int64(), nullable=False), pa.field(column, pa.int8())]
    return pa.table(
        [pa.array([t for t, _ in rows], pa.int64()), pa.array([v for _, v in rows], pa.int8())],
        pa.schema(fields),
    )


def case(name: str, data: bytes, expected: dict[str, pa.Table], *codes: str) -> Case:
    """Return a recording with what it must give."""
    return Case(name=name, format=DB3, data=data, expected=expected, codes=frozenset(codes))


MESSAGES = ((1, 1, 10, n(1)), (2, 1, 20, n(2)))


def version_1() -> Case:
    data = database(VERSIONS[1], _plain())
    return case("v1", data, {"/n": table((10, 1), (20, 2))})


def version_2() -> Case:
    data = database(VERSIONS[2], _plain())
    return case("v2", data, {"/n": table((10, 1), (20, 2))})


def version_3() -> Case:
    data = database(VERSIONS[3], _plain())
    return case("v3", data, {"/n": table((10, 1), (20, 2))})


def version_4_with_definitions() -> Case:
    content = Content(
        topics=[(1, "/n", OWN, "cdr")],
        messages=MESSAGES,
        definitions=[(OWN, "ros2msg", "int8 n"), ("made/msg/Unused", "ros2msg", "int8 u")],
    )
    data = database(VERSIONS[4], content)
    return case("v4", data, {"/n": table((10, 1), (20, 2), column="n")})


def version_4_with_idl() -> Case:
    text = "=" * 80 + f"\nIDL: {OWN}\n{IDL}"
    content = Content(
        topics=[(1, "/n", OWN, "cdr")], messages=MESSAGES, definitions=[(OWN, "ros2idl", text)]
    )
    expected = {"/n": table((10, 1), (20, 2), column="n")}
    return case("v4-idl", database(VERSIONS[4], content), expected)


def version_4_that_did_not_know_a_definition() -> Case:
    content = Content(messages=MESSAGES, definitions=[(STANDARD, "unknown", "")])
    data = database(VERSIONS[4], content)
    return case("v4-unknown", data, {"/n": table((10, 1), (20, 2))})


def _plain() -> Content:
    return Content(messages=MESSAGES)


def times_that_run_against_the_ids() -> Case:
    messages = [(1, 1, 30, n(3)), (2, 1, 10, n(1)), (3, 1, 20, n(2)), (4, 1, 10, n(4))]
    data = database(VERSIONS[2], Content(messages=messages))
    return case("backwards", data, {"/n": table((10, 1), (10, 4), (20, 2), (30, 3))})


def ids_with_gaps_and_below_zero() -> Case:
    messages = [(2**40, 1, 3, n(3)), (-5, 1, 2, n(2)), (7, 1, 1, n(1)), (2**63 - 1, 1, 4, n(4))]
    data = database(VERSIONS[2], Content(messages=messages))
    return case("gaps", data, {"/n": table((1, 1), (2, 2), (3, 3), (4, 4))})


def topic_ids_out_of_order() -> Case:
    topics = [(900, "/late", STANDARD, "cdr"), (3, "/early", STANDARD, "cdr")]
    messages = [(1, 900, 1, n(1)), (2, 3, 2, n(2))]
    data = database(VERSIONS[2], Content(topics=topics, messages=messages))
    return case("topic-ids", data, {"/early": table((2, 2)), "/late": table((1, 1))})


def topics_without_messages() -> Case:
    topics = [(1, "/n", STANDARD, "cdr"), (2, "/silent", STANDARD, "cdr")]
    data = database(VERSIONS[3], Content(topics=topics))
    return case("silent", data, {"/n": table(), "/silent": table()})


def messages_of_a_topic_that_is_not_listed() -> Case:
    messages = [*MESSAGES, (3, 77, 15, n(9))]
    data = database(VERSIONS[2], Content(messages=messages))
    return case("stray", data, {"/n": table((10, 1), (20, 2))}, "no_topic")


def text_and_nothing_where_data_belongs() -> Case:
    rows = [(1, 1, 10, n(1)), (2, 1, 20, "text"), (3, 1, 30, None), (4, 1, 40, n(4))]
    statements = (VERSIONS[2][0], _LOOSE_MESSAGES)
    data = database(statements, Content(messages=rows))
    return case("text-data", data, {"/n": table((10, 1), (40, 4))}, "damaged")


def data_of_no_bytes() -> Case:
    rows = [(1, 1, 10, n(1)), (2, 1, 20, b""), (3, 1, 30, n(3))]
    data = database(VERSIONS[2], Content(messages=rows))
    return case("no-bytes", data, {"/n": table((10, 1), (30, 3))}, "unsupported_encoding")


def one_topic_with_two_types() -> Case:
    topics = [(1, "/n", STANDARD, "cdr"), (2, "/n", "std_msgs/msg/UInt8", "cdr")]
    messages = [(1, 1, 1, n(1)), (2, 2, 2, n(2))]
    data = database(VERSIONS[2], Content(topics=topics, messages=messages))
    return case("two-types", data, {f"/n#{STANDARD}": table((1, 1))})


def another_serialisation() -> Case:
    content = Content(topics=[(1, "/n", STANDARD, "protobuf")], messages=[(1, 1, 1, b"\x08\x01")])
    fields = [pa.field("t_ns", pa.int64(), nullable=False), pa.field("data", pa.binary())]
    expected = {"/n": pa.table([[1], [b"\x08\x01"]], schema=pa.schema(fields))}
    return case("protobuf", database(VERSIONS[2], content), expected, "unsupported_encoding")


def without_the_index_over_time() -> Case:
    data = database(VERSIONS[2][:2], _plain())
    return case("no-index", data, {"/n": table((10, 1), (20, 2))})


def times_before_the_epoch() -> Case:
    rows = [(1, 1, -5, n(1)), (2, 1, 0, n(2)), (3, 1, 2**63 - 2, n(3))]
    data = database(VERSIONS[2], Content(messages=rows))
    return case("times", data, {"/n": table((-5, 1), (0, 2), (2**63 - 2, 3))})


SCENARIOS = (
    version_1,
    version_2,
    version_3,
    version_4_with_definitions,
    version_4_with_idl,
    version_4_that_did_not_know_a_definition,
    times_that_run_against_the_ids,
    ids_with_gaps_and_below_zero,
    topic_ids_out_of_order,
    topics_without_messages,
    messages_of_a_topic_that_is_not_listed,
    text_and_nothing_where_data_belongs,
    data_of_no_bytes,
    one_topic_with_two_types,
    another_serialisation,
    without_the_index_over_time,
    times_before_the_epoch,
)


class TestDb3Scenarios(ReaderSuite):
    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return made


def test_a_database_without_topics_has_no_streams() -> None:
    data = database(VERSIONS[4], Content(topics=[]))
    with open_recording(BytesFile("a.db3", data)) as reader:
        assert reader.streams == ()
        assert reader.time is None
        assert list(reader.batches()) == []
        assert reader.problems() == ()


def test_what_is_only_in_the_log_beside_the_file_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "left.db3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    for statement in VERSIONS[2]:
        connection.execute(statement)
    connection.execute("INSERT INTO topics VALUES (1, '/n', ?, 'cdr', '')", (STANDARD,))
    connection.execute("INSERT INTO messages VALUES (1, 1, 10, ?)", (n(1),))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    connection.execute("INSERT INTO messages VALUES (2, 1, 20, ?)", (n(2),))
    connection.commit()
    data = path.read_bytes()
    assert path.with_name("left.db3-wal").stat().st_size > 0
    connection.close()
    assert data[18:20] == b"\2\2"  # Both version numbers say that a log belongs to the file.
    with open_recording(BytesFile("left.db3", data)) as reader:
        assert tables_of(reader.batches())["/n"].to_pylist() == [{"t_ns": 10, "data": 1}]


@pytest.mark.parametrize("kind", [0x00, 0x02, 0x05, 0xFF])
def test_a_page_of_messages_that_is_overwritten_costs_its_rows_and_is_told(kind: int) -> None:
    rows = [(number, 1, number, n(number % 100)) for number in range(1, 200)]
    data = bytearray(database(VERSIONS[2][:2], Content(messages=rows)))
    leaves = [at for at in range(1024, len(data), 512) if data[at] == 0x0D]
    broken = leaves[len(leaves) // 2]
    data[broken : broken + 512] = bytes([kind]) * 512
    with open_recording(BytesFile("a.db3", bytes(data))) as reader:
        got = tables_of(reader.batches())["/n"].to_pylist()
        codes = {one.code for one in reader.problems()}
    assert codes == {"truncated"}
    assert 150 < len(got) < 199
    assert all(row["data"] == row["t_ns"] % 100 for row in got)
    assert [row["t_ns"] for row in got] == sorted({row["t_ns"] for row in got})


@pytest.mark.parametrize("time", ["soon", 1.5, b"\1", None])
def test_a_message_without_a_time_is_lost_alone_or_told(time: object) -> None:
    rows = [(1, 1, 10, n(1)), (2, 1, time, n(2)), (3, 1, 30, n(3))]
    data = database((VERSIONS[2][0], _LOOSE_MESSAGES), Content(messages=rows))
    with open_recording(BytesFile("a.db3", data)) as reader:
        batches = list(reader.batches())
        problems = reader.problems()
    values = [value for one in batches for value in one.rows["data"].to_pylist()]
    lost = sum(sum(one.dropped.values()) for one in batches)
    assert values == [1, 3]
    assert lost <= 1
    assert problems
