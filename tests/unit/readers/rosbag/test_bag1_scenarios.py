"""ROS 1 bags written byte by byte, read in every way that readers promise."""

import bz2
from collections.abc import Callable, Sequence
from typing import Any

import lz4.frame
import pyarrow as pa
import pytest

from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.readers.formats import BAG1
from avdataops.testing import bag1_by_hand as b
from avdataops.testing.reader_suite import Case, ReaderSuite, tables_of

START = b.bag_header()
NUMBER = b.connection(0, "/n", "made/N", "int8 n")
S = 10**9
Rows = Sequence[tuple[int, int]]


def n(t_ns: int, value: int, connection: int = 0) -> bytes:
    """Return a message of one int8."""
    return b.message(connection, t_ns, bytes([value & 0xFF]))


def table(*rows: tuple[int, int], column: str = "n") -> pa.Table:
    """Return the stream of (time, value)."""
    fields = [pa.field("t_ns", pa.int64(), nullable=False), pa.field(column, pa.int8())]
    return pa.table(
        [pa.array([t for t, _ in rows], pa.int64()), pa.array([v for _, v in rows], pa.int8())],
        pa.schema(fields),
    )


def case(name: str, data: bytes, expected: dict[str, pa.Table], *codes: str) -> Case:
    """Return a recording with what it must give."""
    return Case(name=name, format=BAG1, data=data, expected=expected, codes=frozenset(codes))


def plain(*records: bytes) -> bytes:
    """Return an uncompressed chunk."""
    content = b"".join(records)
    return b.chunk(content, len(content))


def indexed(chunks: Sequence[Rows], lie: Callable[[int, Rows], bytes] | None = None) -> bytes:
    """Return a bag with its index; ``lie`` writes chunk infos from offset and rows."""
    body, infos = b"", b""
    for rows in chunks:
        at = len(START) + len(body)
        content, entries = NUMBER, []
        for t_ns, value in rows:
            entries.append((t_ns, len(content)))
            content += n(t_ns, value)
        body += plain(content) + b.index_data(0, entries)
        infos += (lie or honest)(at, rows)
    start = b.bag_header(len(START) + len(body), 1, len(chunks))
    return start + body + NUMBER + infos


def honest(at: int, rows: Rows) -> bytes:
    """Return the chunk info that tells the truth."""
    times = [t_ns for t_ns, _ in rows]
    return b.chunk_info(at, (min(times), max(times)), {0: len(rows)})


def messages_without_chunks() -> Case:
    data = START + NUMBER + n(5 * S, 7) + n(6 * S + 1, -1)
    return case("unchunked", data, {"/n": table((5 * S, 7), (6 * S + 1, -1))}, "unindexed")


def a_chunk_of_each_codec() -> Case:
    data = START
    packers: dict[str, Callable[[bytes], Any]] = {
        "none": bytes,
        "bz2": bz2.compress,
        "lz4": lz4.frame.compress,
    }
    for at, (codec, pack) in enumerate(packers.items()):
        content = NUMBER + n(at, at) + n(at, -at)
        data += b.chunk(pack(content), len(content), codec)
    rows = [(0, 0), (0, 0), (1, 1), (1, -1), (2, 2), (2, -2)]
    return case("codecs", data, {"/n": table(*rows)}, "unindexed")


def a_bag_with_its_index() -> Case:
    data = indexed([[(1, 1), (2, 2)], [(3, 3)]])
    return case("indexed", data, {"/n": table((1, 1), (2, 2), (3, 3))})


def chunks_that_overlap_and_run_backwards() -> Case:
    data = indexed([[(9, 9), (5, 5)], [(1, 1), (7, 7)], [(6, 6)]])
    return case("overlap", data, {"/n": table(*((t, t) for t in (1, 5, 6, 7, 9)))})


def equal_times_keep_the_order_of_the_file() -> Case:
    rows = [(4, value) for value in (3, 1, 2)]
    return case("equal-times", indexed([rows[:2], rows[2:]]), {"/n": table(*rows)})


def header_fields_in_any_order_and_unknown_ones() -> Case:
    one = b.record(
        (
            ("time", b.stamp(3)),
            ("x-later", b"a=b=c"),
            ("conn", b.u32(0)),
            ("", b"nameless"),
            ("op", b.MESSAGE),
        ),
        b"\3",
    )
    content = NUMBER + one
    boxed = b.record(
        (("size", b.u32(len(content))), ("x", b""), ("op", b.CHUNK), ("compression", b"none")),
        content,
    )
    return case("any-order", START + boxed, {"/n": table((3, 3))}, "unindexed")


def latched_connections_with_callers() -> Case:
    extra = (("callerid", b"/node"), ("latching", b"1"), ("unknown", b"\0\xff"))
    data = START + plain(b.connection(0, "/n", "made/N", "int8 n", extra), n(1, 1))
    return case("latching", data, {"/n": table((1, 1))}, "unindexed")


def a_connection_that_every_chunk_repeats() -> Case:
    data = START + plain(NUMBER, n(1, 1)) + plain(NUMBER, n(2, 2)) + NUMBER + NUMBER
    return case("repeated", data, {"/n": table((1, 1), (2, 2))}, "unindexed")


def a_connection_that_is_repeated_with_another_type() -> Case:
    other = b.connection(0, "/n", "made/Other", "float64 x")
    data = START + plain(NUMBER, n(1, 1)) + plain(other, n(2, 2)) + other
    return case("other-type", data, {"/n": table((1, 1), (2, 2))}, "unindexed")


def two_connections_of_one_topic() -> Case:
    other = b.connection(7, "/n", "made/N", "int8 n")
    data = START + plain(NUMBER, other, n(1, 1), n(2, 2, connection=7), n(3, 3))
    return case("publishers", data, {"/n": table((1, 1), (2, 2), (3, 3))}, "unindexed")


def two_types_on_one_topic() -> Case:
    other = b.connection(1, "/n", "made/M", "int8 m")
    data = START + plain(NUMBER, other, n(1, 1), n(2, 2, connection=1))
    expected = {"/n#made/msg/N": table((1, 1)), "/n#made/msg/M": table((2, 2), column="m")}
    return case("two-types", data, expected, "unindexed")


def a_connection_behind_its_messages() -> Case:
    data = START + plain(n(1, 1)) + plain(n(2, 2), NUMBER, n(3, 3))
    return case("late", data, {"/n": table((1, 1), (2, 2), (3, 3))}, "unindexed")


def a_time_of_zero_and_the_last_second() -> Case:
    last = (2**32 - 1) * S + S - 1
    return case("times", indexed([[(0, 0), (last, 1)]]), {"/n": table((0, 0), (last, 1))})


def chunks_without_messages() -> Case:
    data = START + plain() + plain(NUMBER) + plain(n(1, 1)) + plain()
    return case("empty-chunks", data, {"/n": table((1, 1))}, "unindexed")


def a_topic_without_messages() -> Case:
    silent = b.connection(3, "/silent", "made/N", "int8 n")
    data = START + plain(NUMBER, silent, n(1, 1))
    return case("silent", data, {"/n": table((1, 1)), "/silent": table()}, "unindexed")


def messages_of_no_bytes() -> Case:
    data = START + plain(NUMBER, n(1, 1), b.message(0, 2, b""), n(3, 3))
    return case("no-bytes", data, {"/n": table((1, 1), (3, 3))}, "unindexed", "decode_failed")


def messages_of_a_type_without_fields() -> Case:
    empty = b.connection(0, "/e", "std_msgs/Empty", "# nothing\n")
    data = START + plain(empty, b.message(0, 1, b""), b.message(0, 2, b""))
    times = pa.schema([pa.field("t_ns", pa.int64(), nullable=False)])
    return case("empty-type", data, {"/e": pa.table([[1, 2]], schema=times)}, "unindexed")


def a_message_of_more_bytes_than_its_type() -> Case:
    data = START + plain(NUMBER, n(1, 1), b.message(0, 2, b"\2\2"), n(3, 3))
    return case("too-long", data, {"/n": table((1, 1), (3, 3))}, "unindexed", "decode_failed")


def an_index_record_in_front_of_the_chunks() -> Case:
    data = START + b.index_data(0, [(1, 0)]) + NUMBER + plain(n(1, 1)) + b.index_data(0, [])
    return case("odd-order", data, {"/n": table((1, 1))}, "unindexed")


SCENARIOS = (
    messages_without_chunks,
    a_chunk_of_each_codec,
    a_bag_with_its_index,
    chunks_that_overlap_and_run_backwards,
    equal_times_keep_the_order_of_the_file,
    header_fields_in_any_order_and_unknown_ones,
    latched_connections_with_callers,
    a_connection_that_every_chunk_repeats,
    a_connection_that_is_repeated_with_another_type,
    two_connections_of_one_topic,
    two_types_on_one_topic,
    a_connection_behind_its_messages,
    a_time_of_zero_and_the_last_second,
    chunks_without_messages,
    a_topic_without_messages,
    messages_of_no_bytes,
    messages_of_a_type_without_fields,
    a_message_of_more_bytes_than_its_type,
    an_index_record_in_front_of_the_chunks,
)


class TestBag1Scenarios(ReaderSuite):
    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return made


def _values(data: bytes, time: TimeRange | None = None) -> list[int]:
    with open_recording(BytesFile("a.bag", data)) as reader:
        values: list[int] = tables_of(reader.batches(time=time))["/n"]["n"].to_pylist()
    return values


@pytest.mark.parametrize(("counted", "lost"), [(0, 0), (1, 0), (5, 3), (2**32 - 1, 2**32 - 3)])
def test_chunk_infos_that_count_other_messages_are_told(counted: int, lost: int) -> None:
    data = indexed([[(1, 1), (2, 2)]], lambda at, _: b.chunk_info(at, (1, 2), {0: counted}))
    with open_recording(BytesFile("a.bag", data)) as reader:
        batches = list(reader.batches())
        problems = [(one.code, one.lost_rows) for one in reader.problems()]
    assert sum(batch.messages for batch in batches) == 2
    assert sum(batch.dropped.get("missing", 0) for batch in batches) == lost
    assert problems == [("missing", lost)]


@pytest.mark.parametrize("times", [(0, 2**32 * S - 1), (9, 1), (2, 1)])
def test_chunk_infos_that_lie_about_time_lose_no_message(times: tuple[int, int]) -> None:
    data = indexed([[(1, 1), (2, 2)]], lambda at, _: b.chunk_info(at, times, {0: 2}))
    assert _values(data) == [1, 2]


@pytest.mark.parametrize("at", [0, 13, 2**32, 2**64 - 1])
def test_chunk_infos_that_point_elsewhere_cost_their_chunk_and_it_is_told(at: int) -> None:
    data = indexed([[(1, 1)]], lambda _, rows: b.chunk_info(at, (1, 1), {0: len(rows)}))
    with open_recording(BytesFile("a.bag", data)) as reader:
        batches = list(reader.batches())
        codes = {one.code for one in reader.problems()}
    rows = sum(batch.messages for batch in batches)
    assert rows + sum(sum(batch.dropped.values()) for batch in batches) == 1
    assert rows == 1 or codes == {"bad_chunk"}


@pytest.mark.parametrize("at", [1, 12, 4109, 10**6, 2**63])
def test_a_bag_header_that_points_elsewhere_is_not_believed(at: int) -> None:
    whole = indexed([[(1, 1)], [(2, 2)]])
    place = whole.index(b"index_pos=") + len(b"index_pos=")
    assert _values(whole[:place] + b.u64(at) + whole[place + 8 :]) == [1, 2]


@pytest.mark.parametrize("size", [0, 1, 10_000, 2**32 - 1])
@pytest.mark.parametrize("codec", ["none", "bz2", "lz4", "zip"])
def test_a_chunk_that_lies_about_its_size_ends_the_bag_there(codec: str, size: int) -> None:
    liar = b.chunk(NUMBER + n(2, 2), size, codec)
    data = START + plain(NUMBER, n(1, 1)) + liar
    with open_recording(BytesFile("a.bag", data)) as reader:
        assert tables_of(reader.batches())["/n"]["n"].to_pylist() == [1]
        assert {one.code for one in reader.problems()} == {"truncated"}
