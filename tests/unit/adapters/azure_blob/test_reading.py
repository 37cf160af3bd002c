"""Random access: any order of reads gives the bytes, with few requests and bounded memory."""

import hashlib
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.adapters.azure_blob import reading
from avdataops.adapters.azure_blob.reading import BlobFile, Checksum
from avdataops.model.errors import InputError, StorageUnavailable, UnreadableFile
from avdataops.ports.files import as_stream
from avdataops.ports.storage import chunks_of

KIB = 1 << 10
DATA = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(8 * KIB))
RANGE, FIRST, WINDOWS = 16 * KIB, 2 * KIB, 8


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "RANGE_BYTES", RANGE)
    monkeypatch.setattr(reading, "FIRST_WINDOW_BYTES", FIRST)
    monkeypatch.setattr(reading, "LARGEST_WINDOW_BYTES", 4 * RANGE)
    monkeypatch.setattr(reading, "CACHE_BYTES", WINDOWS * RANGE)


class Source:
    """Bytes by range, and which ranges were asked for."""

    def __init__(self, data: bytes = DATA) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []
        self.threads: set[int] = set()

    def fetch(self, offset: int, length: int) -> bytes:
        assert 0 < length <= RANGE
        assert offset + length <= len(self.data)
        self.asked.append((offset, length))
        self.threads.add(threading.get_ident())
        return self.data[offset : offset + length]

    def file(self, checksum: Checksum | None = None) -> BlobFile:
        return BlobFile("x.mf4", len(self.data), self.fetch, checksum)


def sha256(data: bytes) -> Checksum:
    return Checksum("sha256", hashlib.sha256(data).digest())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA) + 100), st.integers(0, 100 * KIB)), max_size=12))
def test_any_reads_in_any_order_give_the_bytes(reads: list[tuple[int, int]]) -> None:
    file = Source().file(sha256(DATA))
    for offset, length in reads:
        assert file.read_at(offset, length) == DATA[offset : offset + length]


def test_reading_on_fetches_ever_longer_windows() -> None:
    source = Source()
    file = source.file()
    for offset in range(0, len(DATA), 100):
        file.read_at(offset, 100)
    lengths = [length for _, length in sorted(source.asked)]
    assert sum(lengths) == len(DATA)
    assert lengths[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert len(lengths) == 4 + -(-(len(DATA) - 15 * FIRST) // RANGE)


def test_a_read_here_and_there_stays_small() -> None:
    source = Source()
    file = source.file()
    file.read_at(len(DATA) - 50, 50)
    file.read_at(7000, 10)
    file.read_at(7500, 10)
    assert source.asked == [(len(DATA) - 50, 50), (7000, FIRST)]


def test_a_long_read_is_split_into_parallel_ranges() -> None:
    source = Source()
    assert source.file().read_at(5, 5 * RANGE) == DATA[5 : 5 + 5 * RANGE]
    starts = range(5, 5 + 5 * RANGE, RANGE)
    assert sorted(source.asked) == [(start, RANGE) for start in starts]


def test_memory_is_bounded() -> None:
    file = Source().file()
    for offset in range(0, len(DATA), 3 * FIRST):
        file.read_at(offset, 10)
    for _ in chunks_of(file, 7000):
        assert sum(len(one.data) for one in file._windows) <= WINDOWS * RANGE
    file.read_at(0, len(DATA))
    assert sum(len(one.data) for one in file._windows) <= WINDOWS * RANGE


def test_nothing_is_asked_for_at_or_behind_the_end() -> None:
    source = Source(b"")
    assert source.file(sha256(b"")).read_at(0, 10) == b""
    other = Source(b"abc")
    file = other.file()
    assert (file.read_at(3, 5), file.read_at(1, 0), other.asked) == (b"", b"", [])
    assert file.read_at(1, 5) == b"bc"


@pytest.mark.parametrize(("offset", "length"), [(-1, 5), (0, -1)])
def test_a_place_before_the_start_is_refused(offset: int, length: int) -> None:
    with pytest.raises(InputError, match=r"x\.mf4"):
        Source().file().read_at(offset, length)


@pytest.mark.parametrize("chunk", [1000, 16 * KIB, 300 * KIB])
def test_a_whole_that_differs_from_its_checksum_is_not_given_out(chunk: int) -> None:
    source = Source(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    taken: list[bytes] = []
    with pytest.raises(UnreadableFile, match=r"x\.mf4: its 262144 bytes differ from their stored"):
        taken.extend(chunks_of(source.file(sha256(DATA)), chunk))
    assert sum(len(part) for part in taken) < len(DATA)


def test_the_checksum_counts_each_byte_once_whatever_else_is_read() -> None:
    file = Source().file(Checksum("md5", hashlib.md5(DATA, usedforsecurity=False).digest()))
    file.read_at(len(DATA) - 10, 10)
    file.read_at(0, 1000)
    file.read_at(0, 1000)
    file.read_at(500, 1000)
    assert file.read_at(1000, len(DATA)) == DATA[1000:]
    assert file._hashed == len(DATA)


def test_an_object_without_a_checksum_is_read_all_the_same() -> None:
    assert b"".join(chunks_of(Source().file(), 1000)) == DATA


def test_many_threads_may_read_one_file() -> None:
    file = Source().file(sha256(DATA))
    wrong: list[int] = []

    def read(step: int) -> None:
        wrong.extend(
            offset
            for offset in range(0, len(DATA), step)
            if file.read_at(offset, step) != DATA[offset : offset + step]
        )

    threads = [threading.Thread(target=read, args=(3000 + step,)) for step in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_failed_range_is_told_and_can_be_read_later() -> None:
    source = Source()
    file = source.file()
    working = source.fetch

    def broken(offset: int, length: int) -> bytes:
        del offset, length
        raise StorageUnavailable("busy")

    file._fetch = broken
    with pytest.raises(StorageUnavailable):
        file.read_at(0, 5 * RANGE)
    file._fetch = working
    assert file.read_at(0, 5 * RANGE) == DATA[: 5 * RANGE]


def test_libraries_get_a_stream() -> None:
    stream = as_stream(Source().file(sha256(DATA)))
    stream.seek(-100, 2)
    assert stream.read() == DATA[-100:]
