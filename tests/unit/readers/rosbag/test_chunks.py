"""Tests of merging chunks by time."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import TimeRange
from avdataops.readers.rosbag import chunks as module
from avdataops.readers.rosbag.chunks import Chunk, first_to_last, in_time_order
from avdataops.readers.rosbag.container import Lost, Message

Content = dict[int, list[Message]]


def _message(t_ns: int, at: int, inner: int, connection: int = 1) -> Message:
    return Message(t_ns, at, inner, connection, t_ns, bytes(8))


def _file(times: list[list[int]]) -> tuple[list[Chunk], Content]:
    chunks, content = [], {}
    for at, some in enumerate(times):
        if some:
            content[at] = [_message(t, at, inner) for inner, t in enumerate(some)]
            chunks.append(Chunk(at=at, length=1, start_ns=min(some), stop_ns=max(some) + 1))
    return chunks, content


def _fail(at: int) -> None:
    raise AssertionError(f"chunk {at} was called disordered")


@given(st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=8))
def test_messages_come_by_time_and_place(times: list[list[int]]) -> None:
    chunks, content = _file(times)
    got = list(in_time_order(chunks, lambda chunk: content[chunk.at], _fail))
    assert got == sorted(message for some in content.values() for message in some)


@given(st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=8), st.randoms())
def test_the_order_of_the_index_does_not_matter(times: list[list[int]], random: object) -> None:
    chunks, content = _file(times)
    mixed = sorted(chunks, key=lambda chunk: hash((chunk.at, id(random))))
    straight = list(in_time_order(chunks, lambda chunk: content[chunk.at], _fail))
    assert list(in_time_order(mixed, lambda chunk: content[chunk.at], _fail)) == straight


def test_a_chunk_is_loaded_only_when_its_time_has_come() -> None:
    chunks, content = _file([[0, 1], [2, 3], [4, 5]])
    loaded: list[int] = []

    def load(chunk: Chunk) -> list[Message]:
        loaded.append(chunk.at)
        return content[chunk.at]

    messages: Iterator[object] = in_time_order(chunks, load, _fail)
    next(messages)
    assert loaded == [0]


def test_losses_come_out_where_they_are_found() -> None:
    chunks, content = _file([[0], [5]])
    lost = Lost(1, 3, "bad_chunk")

    def load(chunk: Chunk) -> list[Message | Lost]:
        return [lost] if chunk.at == 0 else list(content[chunk.at])

    assert list(in_time_order(chunks, load, _fail)) == [lost, content[1][0]]


def test_a_chunk_that_lies_about_its_time_is_told() -> None:
    liar = Chunk(at=7, length=1, start_ns=10, stop_ns=11)
    chunks, content = _file([[0, 9]])
    content[7] = [_message(3, 7, 0)]
    told: list[int] = []
    got = list(in_time_order([*chunks, liar], lambda chunk: content[chunk.at], told.append))
    assert told == [7]
    assert len(got) == 3


def test_overlap_beyond_the_memory_limit_gives_out_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_PENDING_BYTES", 40)
    chunks, content = _file([[0, 2, 4, 6, 8, 10], [1, 3]])
    told: list[int] = []
    got = list(in_time_order(chunks, lambda chunk: content[chunk.at], told.append))
    assert sorted(got) == sorted(message for some in content.values() for message in some)
    assert told == [1]


@given(st.lists(st.dictionaries(st.integers(0, 3), st.integers(0, 30), max_size=4), max_size=8))
def test_first_and_last_times_are_exact(files: list[dict[int, int]]) -> None:
    chunks, spans = [], {}
    for at, some in enumerate(files):
        if some:
            start, stop = min(some.values()), max(some.values()) + 1
            chunks.append(Chunk(at=at, length=1, start_ns=start, stop_ns=stop))
            spans[at] = {one: TimeRange(t, t + 1) for one, t in some.items()}
    found = first_to_last(chunks, lambda c: spans[c.at], lambda c: spans[c.at])
    expected: dict[int, list[int]] = {}
    for some in files:
        for one, t in some.items():
            expected.setdefault(one, []).append(t)
    assert found == {one: TimeRange(min(t), max(t) + 1) for one, t in expected.items()}


def test_the_ends_are_found_without_asking_every_chunk() -> None:
    chunks = [Chunk(at=n, length=1, start_ns=n, stop_ns=n + 1) for n in range(1000)]
    asked: list[int] = []

    def spans(chunk: Chunk) -> dict[int, TimeRange]:
        asked.append(chunk.at)
        return {1: TimeRange(chunk.start_ns, chunk.stop_ns)}

    found = first_to_last(chunks, lambda _: [1], spans)
    assert found == {1: TimeRange(0, 1000)}
    assert len(asked) < 5
