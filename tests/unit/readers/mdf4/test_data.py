"""Data blocks are one stream of bytes, whatever they are spread over."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.readers.mdf4.blocks import Blocks
from avdataops.readers.mdf4.data import Data, Kept, Part, find_parts
from avdataops.readers.mdf4.structure import read_structure
from avdataops.testing import mdf4_by_hand as h
from avdataops.testing.reader_suite import CountingFile
from tests.unit.readers.mdf4.making import BYTE, UTC, group

RECORDS = 900
STORED = ["DT", "DZ", "DZ-zstd", "DZ-lz4", "DL", "HL"]


def _file(storage: str) -> tuple[BytesFile, bytes]:
    given = group([BYTE], [bytes([n % 256]) for n in range(RECORDS)], storage=storage)
    return BytesFile("a.mf4", h.mdf4([given], UTC)), given.records


def _data(file: CountingFile | BytesFile, *, kept: Kept | None = None) -> Data:
    blocks = Blocks(file)
    (one,) = read_structure(file, blocks).data_groups
    return Data(file, find_parts(blocks, one.data), kept or Kept())


@pytest.mark.parametrize("storage", STORED)
@settings(max_examples=30, deadline=None)
@given(start=st.integers(0, 9 * RECORDS + 50), size=st.integers(0, 9 * RECORDS))
def test_any_stretch_is_read(storage: str, start: int, size: int) -> None:
    file, records = _file(storage)
    data = _data(file)
    assert data.size == len(records)
    assert data.read(start, size) == records[start : start + size]


@pytest.mark.parametrize("storage", STORED)
@pytest.mark.parametrize("threads", [0, 2])
def test_chunks_are_the_stream_in_order(storage: str, threads: int) -> None:
    file, records = _file(storage)
    data = _data(file)
    if not threads:
        chunks = list(data.chunks(data.size, None))
    else:
        with ThreadPoolExecutor(threads) as pool:
            chunks = list(data.chunks(data.size, pool))
    assert b"".join(chunk.data for chunk in chunks) == records
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)
    assert sum(chunk.size for chunk in chunks) == len(records)


def test_a_stretch_of_plain_records_reads_only_its_bytes() -> None:
    file = CountingFile(_file("DT")[0])
    data = _data(file)
    before = file.bytes_read
    data.read(100, 50)
    assert file.bytes_read - before == 50


def test_a_packed_block_is_read_once_while_it_is_kept() -> None:
    file = CountingFile(_file("DZ")[0])
    data = _data(file)
    data.read(0, 10)
    before = file.bytes_read
    assert len(data.read(5000, 100)) == 100
    assert file.bytes_read == before


def test_blocks_are_dropped_when_they_are_too_many() -> None:
    made: list[int] = []
    kept = Kept(limit=100)

    def block(number: int) -> bytes:
        made.append(number)
        return bytes(60)

    for number in (1, 2, 3, 3, 1):
        assert len(kept.get(number, partial(block, number))) == 60
    assert made == [1, 2, 3, 1]


def test_one_thread_makes_a_block_and_the_others_wait_for_it() -> None:
    made: list[int] = []
    begun = threading.Barrier(4)
    kept = Kept()

    def block() -> bytes:
        made.append(1)
        return b"block"

    def ask(_: int) -> bytes:
        begun.wait(10)
        return kept.get(7, block)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {b"block"}
    assert made == [1]


def test_a_block_that_cannot_be_made_fails_for_all_who_ask() -> None:
    kept = Kept()

    def broken() -> bytes:
        raise UnreadableFile("the block at byte 7 is damaged")

    for _ in range(2):
        with pytest.raises(UnreadableFile, match="byte 7"):
            kept.get(7, broken)


def test_a_damaged_block_is_a_chunk_with_its_reason_and_the_others_come() -> None:
    file, records = _file("HL")
    data = bytearray(file.data)
    second = [at for at in range(0, len(data), 8) if data[at : at + 4] == b"##DZ"][1]
    data[second + 60] ^= 0xFF
    broken = _data(BytesFile("a.mf4", bytes(data)))
    chunks = list(broken.chunks(broken.size, None))
    assert [chunk.error is None for chunk in chunks] == [True, False, True]
    assert chunks[1].data == b""
    assert chunks[0].data + chunks[2].data == records[: chunks[0].size] + records[-chunks[2].size :]


def test_what_a_cut_block_lacks_is_not_made_up() -> None:
    file = BytesFile("a", bytes(range(50)))
    data = Data(file, (Part(10, 0, 100, 40), Part(0, 100, 10, 10)), Kept())
    assert data.read(0, 100) == bytes(range(10, 50))
    assert data.read(30, 90) == bytes(range(40, 50))


@pytest.mark.parametrize("storage", ["DT", "open"])
def test_a_block_without_its_length_goes_on_to_the_end(storage: str) -> None:
    file, records = _file(storage)
    blocks = Blocks(file)
    (one,) = read_structure(file, blocks).data_groups
    parts = find_parts(blocks, one.data, open_length=True)
    assert Data(file, parts, Kept()).read(0, len(records)) == records


@pytest.mark.parametrize("link", [0, 8, 1 << 40, 2**64 - 1])
def test_a_link_to_nothing_is_no_data(link: int) -> None:
    blocks = Blocks(_file("DT")[0])
    assert find_parts(blocks, link) == ()
    assert blocks.cuts == ([link] if link else [])
