"""MCAP files written byte by byte, read in every way that readers promise."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import lz4.frame
import pyarrow as pa
import pytest
import zstandard

from avdataops.readers.formats import MCAP
from avdataops.testing import mcap_by_hand as m
from avdataops.testing.reader_suite import Case, ReaderSuite

HEADER = m.header()
SCHEMA = m.schema(1, "made/msg/N", "int8 n")
CHANNEL = m.channel(1, 1, "/n")
START = HEADER + SCHEMA + CHANNEL
END = m.DATA_END + m.end()


def n(t_ns: int, value: int, channel: int = 1) -> bytes:
    """Return a message of one int8 behind its CDR header."""
    return m.message(channel, t_ns, bytes.fromhex("00 01 00 00") + bytes([value & 0xFF]))


def table(*rows: tuple[int, int]) -> pa.Table:
    """Return the stream of (log time, value)."""
    times = pa.array([t for t, _ in rows], pa.int64())
    fields = [pa.field("t_ns", pa.int64(), nullable=False)]
    fields += [pa.field("publish_ns", pa.int64(), nullable=False), pa.field("n", pa.int8())]
    values = pa.array([value for _, value in rows], pa.int8())
    return pa.table([times, times, values], pa.schema(fields))


def raw(*rows: tuple[int, bytes]) -> pa.Table:
    """Return a stream that stays bytes."""
    times = pa.array([t for t, _ in rows], pa.int64())
    fields = [pa.field("t_ns", pa.int64(), nullable=False)]
    fields += [pa.field("publish_ns", pa.int64(), nullable=False), pa.field("data", pa.binary())]
    return pa.table([times, times, pa.array([d for _, d in rows])], pa.schema(fields))


def case(name: str, data: bytes, expected: dict[str, pa.Table], *codes: str) -> Case:
    """Return a recording with what it must give."""
    return Case(name=name, format=MCAP, data=data, expected=expected, codes=frozenset(codes))


def plain_chunk(*messages: bytes, times: tuple[int, int]) -> bytes:
    """Return an uncompressed chunk with a right checksum."""
    content = b"".join(messages)
    return m.chunk(content, len(content), times, crc=zlib.crc32(content))


def indexed(
    chunks: Sequence[tuple[tuple[int, int], Sequence[tuple[int, int]]]], told: int | None = None
) -> bytes:
    """Return a file with summary of chunks (times, messages); ``told`` counts of messages."""
    data, indexes = START, b""
    for times, rows in chunks:
        content, entries = b"", []
        for t_ns, value in rows:
            entries.append((t_ns, len(content)))
            content += n(t_ns, value)
        one = plain_chunk(content, times=times)
        index = m.message_index(1, entries)
        place = (len(data), len(one))
        indexes += m.chunk_index(times, place, {1: len(data) + len(one)}, len(index))
        data += one + index
    data += m.DATA_END
    total = sum(len(rows) for _, rows in chunks) if told is None else told
    summary = SCHEMA + CHANNEL + m.statistics({1: total}, (1, 1, len(chunks))) + indexes
    return data + summary + m.end(len(data))


def messages_without_chunks() -> Case:
    data = START + n(5, 7) + n(6, -1) + END
    return case("unchunked", data, {"/n": table((5, 7), (6, -1))}, "unindexed")


def a_chunk_of_each_codec() -> Case:
    data = START
    packers: dict[str, Callable[[bytes], Any]] = {
        "": bytes,
        "lz4": lz4.frame.compress,
        "zstd": zstandard.compress,
    }
    for at, (codec, pack) in enumerate(packers.items()):
        content = n(10 * at, at) + n(10 * at + 1, -at)
        data += m.chunk(pack(content), len(content), (10 * at, 10 * at + 1), codec)
    rows = [(0, 0), (1, 0), (10, 1), (11, -1), (20, 2), (21, -2)]
    return case("codecs", data + END, {"/n": table(*rows)}, "unindexed")


def a_summary_with_its_index() -> Case:
    data = indexed([((1, 2), [(1, 1), (2, 2)]), ((3, 4), [(3, 3), (4, 4)])])
    return case("indexed", data, {"/n": table((1, 1), (2, 2), (3, 3), (4, 4))})


def a_summary_without_index_of_its_chunk() -> Case:
    body = START + plain_chunk(n(1, 1), times=(1, 1)) + m.DATA_END
    summary = SCHEMA + CHANNEL + m.statistics({1: 1}, (1, 1, 1))
    data = body + summary + m.end(len(body))
    return case("summary-no-index", data, {"/n": table((1, 1))}, "unindexed")


def a_summary_without_statistics() -> Case:
    body = START + n(1, 1) + m.DATA_END
    data = body + SCHEMA + CHANNEL + m.end(len(body))
    return case("summary-no-statistics", data, {"/n": table((1, 1))}, "unindexed")


def records_of_kinds_that_are_not_known() -> Case:
    odd = m.record(0x10, b"later version") + m.record(0x80, b"private") + m.record(0xFF)
    data = START + odd + n(1, 1) + m.record(0x7F) + n(2, 2) + odd + END
    return case("unknown-opcodes", data, {"/n": table((1, 1), (2, 2))}, "unindexed")


def unknown_records_inside_a_chunk() -> Case:
    odd = m.record(0x42, bytes(40)) + m.record(0x80)
    data = START + plain_chunk(odd, n(1, 1), odd, n(2, 2), odd, times=(1, 2)) + END
    return case("unknown-in-chunk", data, {"/n": table((1, 1), (2, 2))}, "unindexed")


def two_schemas_with_one_id() -> Case:
    other = m.schema(1, "made/msg/Other", "float64 x")
    data = HEADER + SCHEMA + other + CHANNEL + n(1, 9) + END
    return case("schema-twice", data, {"/n": table((1, 9))}, "unindexed")


def a_channel_that_is_told_in_every_chunk() -> Case:
    one = plain_chunk(SCHEMA, CHANNEL, n(1, 1), times=(1, 1))
    data = HEADER + one + plain_chunk(SCHEMA, CHANNEL, n(2, 2), times=(2, 2)) + END
    return case("facts-in-chunks", data, {"/n": table((1, 1), (2, 2))}, "unindexed")


def a_channel_without_schema() -> Case:
    data = HEADER + m.channel(1, 0, "/x") + m.message(1, 1, b"anything") + END
    expected = {"/x": raw((1, b"anything"))}
    return case("no-schema", data, expected, "unindexed", "no_definition")


def a_channel_whose_schema_is_missing() -> Case:
    data = HEADER + m.channel(1, 77, "/x", "ros1") + m.message(1, 1, b"\1") + END
    return case("lost-schema", data, {"/x": raw((1, b"\1"))}, "unindexed", "no_definition")


def a_message_before_its_channel() -> Case:
    data = HEADER + n(3, 3) + SCHEMA + n(4, 4) + CHANNEL + n(5, 5) + END
    return case("late-channel", data, {"/n": table((3, 3), (4, 4), (5, 5))}, "unindexed")


def equal_log_times_keep_the_order_of_the_file() -> Case:
    values = [(5, value) for value in (3, 1, 2, 9, 0)]
    data = START + b"".join(n(*one) for one in values[:2])
    data += plain_chunk(*(n(*one) for one in values[2:]), times=(5, 5)) + END
    return case("equal-times", data, {"/n": table(*values)}, "unindexed")


def log_times_that_run_backwards() -> Case:
    first = plain_chunk(n(9, 9), n(7, 7), n(8, 8), times=(7, 9))
    second = plain_chunk(n(6, 6), n(1, 1), times=(1, 6))
    data = START + n(10, 10) + first + second + END
    expected = [(t, t) for t in (1, 6, 7, 8, 9, 10)]
    return case("backwards", data, {"/n": table(*expected)}, "unindexed")


def indexed_chunks_that_overlap() -> Case:
    chunks = [((1, 9), [(1, 1), (9, 9)]), ((2, 8), [(8, 8), (2, 2)]), ((3, 3), [(3, 3)])]
    return case("overlap", indexed(chunks), {"/n": table(*((t, t) for t in (1, 2, 3, 8, 9)))})


def two_publishers_of_one_topic() -> Case:
    data = START + m.channel(2, 1, "/n") + n(1, 1) + n(2, 2, channel=2) + n(3, 3) + END
    return case("publishers", data, {"/n": table((1, 1), (2, 2), (3, 3))}, "unindexed")


def attachments_and_metadata_between_messages() -> Case:
    extras = m.attachment("a.txt", bytes(100)) + m.metadata("drive")
    data = START + extras + n(1, 1) + extras + plain_chunk(n(2, 2), times=(2, 2)) + extras + END
    return case("extras", data, {"/n": table((1, 1), (2, 2))}, "unindexed")


def chunks_without_messages() -> Case:
    empty = m.chunk(b"", 0, (0, 0)) + m.chunk(zstandard.compress(b""), 0, (0, 0), "zstd")
    data = START + empty + n(1, 1) + empty + END
    return case("empty-chunks", data, {"/n": table((1, 1))}, "unindexed")


def a_topic_without_messages() -> Case:
    data = START + m.channel(2, 1, "/silent") + n(1, 1) + END
    return case("silent", data, {"/n": table((1, 1)), "/silent": table()}, "unindexed")


def messages_of_no_bytes() -> Case:
    data = START + n(1, 1) + m.message(1, 2, b"") + m.message(1, 3, b"") + n(4, 4) + END
    expected = {"/n": table((1, 1), (4, 4))}
    return case("no-bytes", data, expected, "unindexed", "unsupported_encoding")


def a_ros1_message_that_is_empty_by_its_type() -> Case:
    facts = m.schema(1, "std_msgs/Empty", "", "ros1msg") + m.channel(1, 1, "/e", "ros1")
    data = HEADER + facts + m.message(1, 1, b"") + m.message(1, 2, b"") + END
    expected = {"/e": raw((1, b""), (2, b"")).drop_columns("data")}
    return case("empty-type", data, expected, "unindexed")


def a_time_of_zero_and_the_last_that_fits() -> Case:
    last = 2**63 - 2
    data = START + n(last, 1) + n(0, 0) + END
    return case("extreme-times", data, {"/n": table((0, 0), (last, 1))}, "unindexed")


def a_footer_that_is_missing() -> Case:
    data = START + n(1, 1) + n(2, 2)
    return case("no-footer", data, {"/n": table((1, 1), (2, 2))}, "truncated")


def bytes_behind_the_closing_magic() -> Case:
    data = START + n(1, 1) + END + b"trailing rubbish"
    return case("trailing", data, {"/n": table((1, 1))}, "unindexed")


SCENARIOS = (
    messages_without_chunks,
    a_chunk_of_each_codec,
    a_summary_with_its_index,
    a_summary_without_index_of_its_chunk,
    a_summary_without_statistics,
    records_of_kinds_that_are_not_known,
    unknown_records_inside_a_chunk,
    two_schemas_with_one_id,
    a_channel_that_is_told_in_every_chunk,
    a_channel_without_schema,
    a_channel_whose_schema_is_missing,
    a_message_before_its_channel,
    equal_log_times_keep_the_order_of_the_file,
    log_times_that_run_backwards,
    indexed_chunks_that_overlap,
    two_publishers_of_one_topic,
    attachments_and_metadata_between_messages,
    chunks_without_messages,
    a_topic_without_messages,
    messages_of_no_bytes,
    a_ros1_message_that_is_empty_by_its_type,
    a_time_of_zero_and_the_last_that_fits,
    a_footer_that_is_missing,
    bytes_behind_the_closing_magic,
)


class TestMcapScenarios(ReaderSuite):
    @pytest.fixture(params=SCENARIOS, ids=lambda make: str(make.__name__))
    def case(self, request: pytest.FixtureRequest) -> Case:
        made: Case = request.param()
        return made
