"""What every storage must do: subclass ``StorageSuite`` and give a ``storage`` fixture."""

import hashlib
import threading
from collections.abc import Iterator

import pytest

from avdataops.model.errors import InputError, NotFound, UnsafeName
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import Storage, chunks_of, read_all

_AT = Location(Zone.RAW, "imu/m_1/imu.data~1a2b3c4d/art_1.parquet")


class _BrokenSourceError(Exception):
    pass


def _broken() -> Iterator[bytes]:
    yield b"half of it"
    raise _BrokenSourceError


class StorageSuite:
    """Behaviour tests over the ``storage`` fixture, which must start empty."""

    def test_what_was_put_is_read_back(self, storage: Storage) -> None:
        """Bytes, size and name survive."""
        assert storage.put(_AT, [b"abc", b"", b"defg"])
        file = storage.open(_AT)
        assert (file.name, file.size) == ("art_1.parquet", 7)
        assert file.read_at(0, 7) == b"abcdefg"

    def test_reads_are_by_range_and_short_only_at_the_end(self, storage: Storage) -> None:
        """Any offset and length inside, and beyond the end."""
        storage.put(_AT, [bytes(range(100))])
        file = storage.open(_AT)
        assert file.read_at(10, 5) == bytes(range(10, 15))
        assert file.read_at(95, 50) == bytes(range(95, 100))
        assert file.read_at(100, 10) == b""
        assert file.read_at(5, 0) == b""

    def test_an_object_is_never_overwritten(self, storage: Storage) -> None:
        """The second put says so and changes nothing."""
        assert storage.put(_AT, [b"first"])
        assert not storage.put(_AT, [b"second, longer"])
        assert read_all(storage.open(_AT)) == b"first"

    def test_of_many_writers_exactly_one_wins(self, storage: Storage) -> None:
        """Put-if-absent holds under a race."""
        for turn in range(5):
            at = Location(Zone.DERIVED, f"race/{turn}")
            won: list[int] = []
            start = threading.Barrier(8)

            def writer(
                number: int,
                at: Location = at,
                start: threading.Barrier = start,
                won: list[int] = won,
            ) -> None:
                start.wait()
                if storage.put(at, [b"%d" % number] * 100):
                    won.append(number)

            threads = [threading.Thread(target=writer, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(won) == 1
            assert read_all(storage.open(at)) == b"%d" % won[0] * 100

    def test_a_failed_put_leaves_nothing(self, storage: Storage) -> None:
        """A source that breaks half-way gives no object and no litter in listings."""
        with pytest.raises(_BrokenSourceError):
            storage.put(_AT, _broken())
        assert storage.stat(_AT) is None
        assert list(storage.list(Zone.RAW)) == []
        assert storage.put(_AT, [b"whole"])

    def test_an_empty_object_exists(self, storage: Storage) -> None:
        """No bytes is not the same as no object."""
        assert storage.put(_AT, [])
        stored = storage.stat(_AT)
        assert stored is not None
        assert stored.bytes == 0
        assert storage.open(_AT).read_at(0, 10) == b""

    def test_missing_objects_are_not_found(self, storage: Storage) -> None:
        """Open raises with the place, stat returns None, delete is quiet."""
        with pytest.raises(NotFound, match="imu/m_1"):
            storage.open(_AT)
        assert storage.stat(_AT) is None
        storage.delete(_AT)

    def test_a_prefix_of_a_key_is_no_object(self, storage: Storage) -> None:
        """What a file system calls a folder is nothing here."""
        storage.put(_AT, [b"x"])
        folder = Location(Zone.RAW, "imu/m_1")
        assert storage.stat(folder) is None
        with pytest.raises(NotFound):
            storage.open(folder)

    def test_lists_come_in_key_order_and_stay_in_their_zone(self, storage: Storage) -> None:
        """Ordered by key as text, not by folder."""
        keys = ["b/2", "a/1", "a-b/1", "a/1.x", "b/10", "a/B"]
        for key in keys:
            storage.put(Location(Zone.RAW, key), [b"1"])
        storage.put(Location(Zone.LANDING, "a/0"), [b"22"])
        assert [stored.location.key for stored in storage.list(Zone.RAW)] == sorted(keys)
        assert [stored.location.key for stored in storage.list(Zone.RAW, "a/1")] == ["a/1", "a/1.x"]
        assert [stored.location.key for stored in storage.list(Zone.RAW, "b/")] == ["b/10", "b/2"]
        assert list(storage.list(Zone.RAW, "zzz/")) == []
        assert [stored.bytes for stored in storage.list(Zone.LANDING)] == [2]

    def test_deleting_removes_one_object_only(self, storage: Storage) -> None:
        """Neighbours stay, and the place can be used again."""
        other = Location(Zone.RAW, "imu/m_1/other")
        storage.put(_AT, [b"1"])
        storage.put(other, [b"2"])
        storage.delete(_AT)
        assert [stored.location for stored in storage.list(Zone.RAW)] == [other]
        assert storage.put(_AT, [b"3"])

    def test_names_may_be_long_and_unicode(self, storage: Storage) -> None:
        """Uploaded files keep their names."""
        at = Location(Zone.RAW, f"recordings/m_1/Fahrt Düsseldorf {'x' * 180} (1).mf4")
        assert storage.put(at, [b"1"])
        assert [stored.location for stored in storage.list(Zone.RAW)] == [at]

    @pytest.mark.parametrize(
        "key", ["../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "", "a\\..\\b", "a/\x00", "a/"]
    )
    def test_no_location_leaves_its_zone(self, storage: Storage, key: str) -> None:
        """The location itself refuses, so no storage ever sees such a key."""
        with pytest.raises(UnsafeName):
            storage.stat(Location(Zone.RAW, key))

    def test_large_objects_stream_through(self, storage: Storage) -> None:
        """Chunk by chunk, with the same hash at the other side."""
        chunk = bytes(range(256)) * 4096
        storage.put(_AT, (chunk for _ in range(20)))
        digest = hashlib.sha256()
        for part in chunks_of(storage.open(_AT), 300_000):
            digest.update(part)
        assert digest.digest() == hashlib.sha256(chunk * 20).digest()

    def test_a_document_has_a_size_limit(self, storage: Storage) -> None:
        """Small documents are read whole, others refused."""
        storage.put(_AT, [b"x" * 1001])
        with pytest.raises(InputError, match="1001 bytes"):
            read_all(storage.open(_AT), limit_bytes=1000)
