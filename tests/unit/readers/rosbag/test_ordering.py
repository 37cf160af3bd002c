"""Tests of merging chunks by time."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.stream import Problem
from avdataops.readers.rosbag import ordering as module
from avdataops.readers.rosbag.container import Lost
from avdataops.readers.rosbag.messages import Messages
from avdataops.readers.rosbag.ordering import Loaded, LostChunk, Unit, in_time_order

Key = tuple[int, int, int]
"""Time, chunk, place in the chunk."""
SIZE = 8


def _messages(at: int, times: list[int]) -> Messages:
    places = np.arange(len(times), dtype=np.int64)
    t_ns = np.array(times, np.uint64)
    return Messages(
        data=np.full(SIZE * len(times), at, np.uint8),
        t_ns=t_ns,
        publish_ns=t_ns,
        connection=places * 0 + 1,
        at=places * 0 + at,
        inner=places,
        sequence=places,
        starts=places * SIZE,
        sizes=places * 0 + SIZE,
    )


def _units(chunks: list[list[int]], starts: dict[int, int] | None = None) -> list[Unit]:
    """Return the chunks in the order of their times; ``starts`` are times that are lied."""
    firsts = {at: min(some) for at, some in enumerate(chunks) if some} | (starts or {})
    order = sorted(firsts, key=lambda at: (firsts[at], at))
    untils = [*(firsts[at] for at in order), None][1:]
    return [
        Loaded(until, _messages(at, chunks[at])) for at, until in zip(order, untils, strict=True)
    ]


def _keys(items: Iterator[Messages | LostChunk]) -> list[Key]:
    found: list[Key] = []
    for item in items:
        assert isinstance(item, Messages)
        spans = zip(item.starts.tolist(), item.sizes.tolist(), item.at.tolist(), strict=True)
        for start, size, at in spans:
            assert item.data[start : start + size].tolist() == [at] * SIZE
        found += zip(item.t_ns.tolist(), item.at.tolist(), item.inner.tolist(), strict=True)
    return found


def _expected(chunks: list[list[int]]) -> list[Key]:
    return sorted((t, at, n) for at, some in enumerate(chunks) for n, t in enumerate(some))


def _fail(at: int) -> None:
    raise AssertionError(f"chunk {at} was called disordered")


@given(st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=8))
def test_messages_come_by_time_and_place(chunks: list[list[int]]) -> None:
    assert _keys(in_time_order(_units(chunks), _fail)) == _expected(chunks)


def test_a_unit_is_asked_for_only_when_its_time_has_come() -> None:
    asked: list[int] = []

    def units() -> Iterator[Unit]:
        for number, unit in enumerate(_units([[0, 1], [2, 3], [4, 5]])):
            asked.append(number)
            yield unit

    next(in_time_order(units(), _fail))
    assert asked == [0]


def test_losses_come_out_where_they_are_found() -> None:
    lost = LostChunk(5, Problem(code="bad_chunk", message="gone"), (Lost(1, 3, "bad_chunk"),))
    found = list(in_time_order([lost, Loaded(None, _messages(1, [5]))], _fail))
    assert found[0] is lost
    assert _keys(iter(found[1:])) == [(5, 1, 0)]


def test_a_chunk_that_lies_about_its_time_is_told() -> None:
    told: list[int] = []
    chunks = [[0, 9], [3]]
    got = _keys(in_time_order(_units(chunks, starts={1: 10}), told.append))
    assert told == [1]
    assert sorted(got) == _expected(chunks)


def test_overlap_beyond_the_memory_limit_gives_out_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_PENDING_BYTES", 3 * SIZE)
    chunks = [[0, 2, 4, 6, 8, 10], [1, 3]]
    told: list[int] = []
    got = _keys(in_time_order(_units(chunks), told.append))
    assert sorted(got) == _expected(chunks)
    assert told == [1]


def test_what_is_held_back_does_not_keep_the_buffer_of_what_went() -> None:
    first = Loaded(9, _messages(0, [*range(9), 20]))
    items = in_time_order([first, Loaded(None, _messages(1, [9]))], _fail)
    next(items)
    rest = next(items)
    assert isinstance(rest, Messages)
    assert len(rest.data) == 2 * SIZE
