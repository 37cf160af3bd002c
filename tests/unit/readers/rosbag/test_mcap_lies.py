"""MCAP files whose lengths, counts and times are not what they say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader, StreamBatch
from avdataops.readers import open_recording
from avdataops.testing import mcap_by_hand as m

HEADER = m.header()
START = HEADER + m.schema(1, "made/msg/N", "int8 n") + m.channel(1, 1, "/n")
END = m.DATA_END + m.end()
HUGE = (2**16, 2**32 - 1, 2**63, 2**64 - 1)


def _n(t_ns: int, value: int) -> bytes:
    return m.message(1, t_ns, b"\0\1\0\0" + bytes([value]))


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("a.mcap", data))


def _values(batches: list[StreamBatch]) -> list[int]:
    return [value for batch in batches for value in batch.rows["n"].to_pylist()]


def _read(data: bytes) -> tuple[list[int], dict[str, int], set[str]]:
    """Return values, losses by reason, and codes of problems."""
    with _open(data) as reader:
        batches = list(reader.batches())
        codes = {one.code for one in reader.problems()}
    lost = {reason: count for batch in batches for reason, count in batch.dropped.items()}
    return _values(batches), lost, codes


def _indexed(count: int, times: tuple[int, int], entries: int = 2) -> bytes:
    """Return a file whose summary tells ``count`` messages and ``times`` of its one chunk."""
    content = _n(10, 1) + _n(20, 2)
    one = m.chunk(content, len(content), (10, 20))
    index = m.message_index(1, [(10, 0), (20, len(_n(10, 1)))][:entries])
    body = START + one + index + m.DATA_END
    place = (len(START), len(one))
    summary = START[len(HEADER) :] + m.statistics({1: count}, (1, 1, 1))
    summary += m.chunk_index(times, place, {1: len(START) + len(one)}, len(index))
    return body + summary + m.end(len(body))


def test_an_honest_index_gives_no_problem() -> None:
    assert _read(_indexed(2, (10, 20))) == ([1, 2], {}, set())


@pytest.mark.parametrize("count", [3, 1000])
def test_messages_that_only_the_statistics_know_are_missing(count: int) -> None:
    assert _read(_indexed(count, (10, 20))) == ([1, 2], {"missing": count - 2}, {"missing"})


@pytest.mark.parametrize("count", [0, 1])
def test_messages_that_the_statistics_do_not_know_come_and_are_told(count: int) -> None:
    values, lost, codes = _read(_indexed(count, (10, 20)))
    assert (values, lost) == ([1, 2], {})
    assert codes == {"missing"}


@pytest.mark.parametrize("times", [(20, 10), (20, 0), (2**64 - 1, 0)])
def test_a_chunk_that_ends_before_it_begins_is_read_all_the_same(times: tuple[int, int]) -> None:
    assert _read(_indexed(2, times))[:2] == ([1, 2], {})
    broken = m.chunk(b"rubbish", 100, times, "zstd")
    values, _, codes = _read(START + broken + _n(3, 3) + END)
    assert values == [3]
    assert codes == {"unindexed", "bad_chunk"}


@pytest.mark.parametrize("times", [(0, 2**64 - 1), (10, 2**63), (0, 20)])
def test_a_chunk_that_claims_more_time_than_it_has_is_read(times: tuple[int, int]) -> None:
    data = _indexed(2, times)
    assert _read(data)[0] == [1, 2]
    with _open(data) as reader:
        assert _values(list(reader.batches(time=TimeRange(11, 21)))) == [2]


def test_a_message_index_with_too_few_entries_loses_no_message() -> None:
    assert _read(_indexed(2, (10, 20), entries=1))[:2] == ([1, 2], {})


@pytest.mark.parametrize("claimed", HUGE)
def test_a_record_longer_than_the_file_breaks_it_off_there(claimed: int) -> None:
    long = b"\x05" + m.u64(claimed) + bytes(50)
    values, lost, codes = _read(START + _n(1, 1) + _n(2, 2) + long)
    assert (values, lost, codes) == ([1, 2], {}, {"truncated"})


@pytest.mark.parametrize("length", [0, 1, 13, 21])
def test_a_message_shorter_than_its_head_breaks_the_file_off(length: int) -> None:
    values, _, codes = _read(START + _n(1, 1) + m.record(0x05, bytes(length)) + _n(2, 2) + END)
    # Up to the log time the walk needs no more than 14 bytes; such a stump, of channel 0 that
    # nothing describes, gives no row.
    assert values == ([1] if length < 14 else [1, 2])
    assert codes == ({"truncated"} if length < 14 else {"unindexed", "no_topic"})


@pytest.mark.parametrize("opcode", [0x03, 0x04, 0x06, 0x09])
@pytest.mark.parametrize("length", [0, 1, 5, 30])
def test_a_record_too_short_for_its_fields_breaks_the_file_off(opcode: int, length: int) -> None:
    values, _, codes = _read(START + _n(1, 1) + m.record(opcode, b"\xff" * length) + END)
    assert values == [1]
    assert codes == {"truncated"}


@pytest.mark.parametrize("size", [0, 1, 31, 33, 10_000, 2**31, 2**63])
@pytest.mark.parametrize("codec", ["", "lz4", "zstd", "snappy"])
def test_a_chunk_that_lies_about_its_size_is_lost_alone(codec: str, size: int) -> None:
    liar = m.chunk(_n(1, 1), size, (1, 1), codec)
    values, _, codes = _read(START + liar + _n(2, 2) + END)
    assert values == [2]
    assert codes == {"unindexed", "bad_chunk"}


def test_a_chunk_that_packs_more_than_its_record_holds_is_read_as_far_as_it_goes() -> None:
    content = _n(1, 1) + _n(2, 2)
    whole = m.chunk(content, len(content), (1, 2))
    at = whole.index(m.u64(len(content)) + content)
    liar = whole[:at] + m.u64(len(content) + 100) + whole[at + 8 :]
    assert _read(START + liar + _n(3, 3) + END)[0] == [1, 2, 3]


def test_a_chunk_in_a_chunk_is_not_unpacked() -> None:
    inner = m.chunk(_n(1, 1), len(_n(1, 1)), (1, 1))
    nested = _n(2, 2) + inner
    assert _read(START + m.chunk(nested, len(nested), (1, 2)) + END)[0] == [2]


@pytest.mark.parametrize("at", [1, 8, 2**40, 2**64 - 1])
def test_a_footer_that_points_elsewhere_is_not_followed(at: int) -> None:
    data = START + _n(1, 1) + m.DATA_END + m.end(at)
    values, lost, codes = _read(data)
    assert (values, lost) == ([1], {})
    assert codes <= {"unindexed", "bad_summary"}
    assert codes


@pytest.mark.parametrize("place", [(0, 10), (8, 5), (2**63, 2**63), (60, 2**40)])
def test_an_index_that_points_beside_the_chunk_gives_a_problem(place: tuple[int, int]) -> None:
    content = _n(1, 1)
    body = START + m.chunk(content, len(content), (1, 1)) + m.DATA_END
    summary = START[len(HEADER) :] + m.statistics({1: 1}, (1, 1, 1))
    summary += m.chunk_index((1, 1), place, {}, 0)
    values, lost, codes = _read(body + summary + m.end(len(body)))
    assert len(values) + lost.get("missing", 0) + lost.get("bad_chunk", 0) == 1
    assert values == [1] or codes


def test_messages_of_a_channel_that_nobody_describes_do_not_hide_the_others() -> None:
    stray = m.message(9, 2, b"whose?")
    values, lost, _ = _read(START + _n(1, 1) + stray + _n(3, 3) + END)
    assert (values, lost) == ([1, 3], {})


def test_a_definition_in_no_encoding_is_no_reason_to_stop() -> None:
    odd = m.schema(2, "made/msg/\xff", "int8 n # \N{SNOWMAN}", "ros2msg").replace(b"\xc3", b"\xff")
    data = START + odd + m.channel(2, 2, "/odd") + m.message(2, 1, b"\0\1\0\0\7") + END
    with _open(data) as reader:
        batches = list(reader.batches(["/odd"]))
    assert _values(batches) == [7]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 400), st.sampled_from(HUGE), st.sampled_from([2, 4, 8]))
def test_an_edited_number_never_loses_a_message_silently(at: int, number: int, width: int) -> None:
    data = bytearray(_indexed(2, (10, 20)))
    at = 100 + at % (len(data) - 100 - width)
    data[at : at + width] = (number % 256**width).to_bytes(width, "little")
    with _open(bytes(data)) as reader:
        messages = sum(batch.messages for batch in reader.batches())
        codes = {one.code for one in reader.problems()}
    assert messages <= 2
    assert messages == 2 or codes


def test_messages_of_a_channel_that_is_nowhere_described_are_told() -> None:
    strange = m.message(9, 30, b"\0\1\0\0\7") + m.message(9, 31, b"\0\1\0\0\7")
    with _open(START + _n(10, 1) + strange + END) as reader:
        assert _values(list(reader.batches())) == [1]
        (problem,) = [one for one in reader.problems() if one.code == "no_topic"]
    assert problem.lost_rows == 2
    assert "topic number 9" in problem.message
