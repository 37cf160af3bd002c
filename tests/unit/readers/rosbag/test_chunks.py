"""Tests of what chunks tell, and of how they are read together."""

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.readers.rosbag.chunks import Chunk, first_to_last, grouped
from avdataops.testing.recordings import McapStyle, Said, bag1_bytes, mcap_bytes


def packed_blob(payload: bytes, encoding: str) -> bytes:
    """Return a message with one list of octets."""
    head = b"" if encoding == "ros1" else b"\x00\x01\x00\x00"
    return head + struct.pack("<I", len(payload)) + payload


def _chunks(sizes: list[int]) -> list[Chunk]:
    return [
        Chunk(at=10 * n, length=1, start_ns=n, stop_ns=n + 1, size=size)
        for n, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(1, 50), max_size=30))
def test_neighbours_are_read_together_up_to_a_size(sizes: list[int]) -> None:
    chunks = _chunks(sizes)
    groups = list(grouped(chunks, lambda chunk: chunk.size, group_bytes=40))
    assert [chunk for group in groups for chunk in group.chunks] == chunks
    for group, after in zip(groups, [*groups, None][1:], strict=True):
        assert len(group.chunks) == 1 or sum(chunk.size for chunk in group.chunks) <= 40
        assert group.until_ns == (after.chunks[0].start_ns if after else None)


def test_a_chunk_counts_as_much_as_it_has_in_the_file_at_least() -> None:
    chunks = [Chunk(at=n, length=30, start_ns=n, stop_ns=n + 1) for n in range(4)]
    groups = list(grouped(chunks, lambda _: 1, group_bytes=60))
    assert [len(group.chunks) for group in groups] == [2, 2]


@pytest.mark.parametrize("container", ["bag", "mcap", "mcap-unindexed"])
def test_small_chunks_that_hold_much_are_not_read_together(container: str) -> None:
    payload = bytes(8 << 20)
    count = 24
    if container == "bag":
        said = [
            Said("/x", "made/msg/Blob", n, packed_blob(payload, "ros1")) for n in range(1, count)
        ]
        data = bag1_bytes(said, {"made/msg/Blob": "uint8[] data\n"}, "lz4")
    else:
        said = [
            Said("/x", "made/msg/Blob", n, packed_blob(payload, "cdr")) for n in range(1, count)
        ]
        style = McapStyle(chunk_bytes=1, is_indexed=container == "mcap")
        data = mcap_bytes(said, {"made/msg/Blob": "uint8[] data\n"}, style)
    assert len(data) < 2 << 20
    with open_recording(BytesFile("a", data)) as reader:
        tracemalloc.start()
        rows = sum(batch.rows.num_rows for batch in reader.batches())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert rows == count - 1
    assert peak < 16 * len(payload)


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
