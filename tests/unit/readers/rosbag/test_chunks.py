"""Tests of what chunks tell, and of how they are read together."""

from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import TimeRange
from avdataops.readers.rosbag.chunks import Chunk, first_to_last, grouped


def _chunks(sizes: list[int]) -> list[Chunk]:
    return [
        Chunk(at=10 * n, length=1, start_ns=n, stop_ns=n + 1, size=size)
        for n, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(1, 50), max_size=30))
def test_neighbours_are_read_together_up_to_a_size(sizes: list[int]) -> None:
    chunks = _chunks(sizes)
    groups = list(grouped(chunks, group_bytes=40))
    assert [chunk for group in groups for chunk in group.chunks] == chunks
    for group, after in zip(groups, [*groups, None][1:], strict=True):
        assert sum(chunk.size for chunk in group.chunks[:-1]) < 40
        assert group.until_ns == (after.chunks[0].start_ns if after else None)


def test_a_chunk_of_unknown_size_counts_as_larger_than_it_is_in_the_file() -> None:
    chunks = [Chunk(at=n, length=10, start_ns=n, stop_ns=n + 1) for n in range(4)]
    assert [len(group.chunks) for group in grouped(chunks, group_bytes=60)] == [2, 2]


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
