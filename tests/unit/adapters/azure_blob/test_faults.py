"""Every fault at every request of an upload, a read, a listing: nothing lost, nothing doubled."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avdataops.adapters.azure_blob import BlobStorage, Patience, Tuning, open_blob_storage
from avdataops.adapters.azure_blob.fetching import BEGINNING_BYTES
from avdataops.model.errors import NotFound, PermissionDenied, StorageUnavailable
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import chunks_of, read_all
from tests.doubles.azurite import Azurite
from tests.doubles.fault_proxy import (
    Fault,
    FaultProxy,
    Kind,
    Seen,
    at_request,
    from_request,
    in_front_of,
    nothing,
)

BLOCK = 1 << 16
SMALL = bytes(range(256)) * 4
LARGE = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(10_000))
AT = Location(Zone.RAW, "imu/m_1/part.parquet")

ONCE = {
    "429": Fault(kind=Kind.ANSWER, status=429, retry_after="1"),
    "500": Fault(kind=Kind.ANSWER, status=500),
    "503": Fault(kind=Kind.ANSWER, status=503, retry_after="2"),
    "reset before": Fault(kind=Kind.RESET_BEFORE),
    "reset after": Fault(kind=Kind.RESET_AFTER),
    "slow": Fault(kind=Kind.SLOW, seconds=0.02),
    "truncated": Fault(kind=Kind.TRUNCATED),
    "wrong answer": Fault(kind=Kind.WRONG_ANSWER),
    "wrong request": Fault(kind=Kind.WRONG_REQUEST),
}


@pytest.fixture(autouse=True)
def _no_sdk_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK sleeps a second before it reads a broken body again.
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture(scope="module")
def proxy(azurite: Azurite) -> Iterator[FaultProxy]:
    with in_front_of(azurite.port) as started:
        yield started


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def storage(azurite: Azurite, proxy: FaultProxy, waits: list[float]) -> Iterator[BlobStorage]:
    azurite.wipe()
    proxy.follow(nothing)
    tuning = Tuning(
        block_bytes=BLOCK,
        page_items=2,
        patience=Patience(attempts=3, first_wait_s=0.01, sleep=waits.append),
    )
    accounts = azurite.connection_strings(proxy.port)
    with open_blob_storage(accounts, tuning=tuning) as opened:
        yield opened


def requests_of(proxy: FaultProxy, work: Callable[[], object]) -> list[Seen]:
    """Do ``work`` undisturbed and return what it asked for."""
    proxy.follow(nothing)
    work()
    return list(proxy.seen)


def there(storage: BlobStorage, proxy: FaultProxy) -> dict[str, bytes]:
    """Return every object of the zone, looked at undisturbed."""
    proxy.follow(nothing)
    return {
        str(stored.location): read_all(storage.open(stored.location))
        for stored in storage.list(Zone.RAW)
    }


def place(number: int) -> Location:
    return Location(Zone.RAW, f"imu/m_{number:03d}/part.parquet")


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_put_survives_any_one_fault_at_any_request(
    storage: BlobStorage, proxy: FaultProxy, name: str, data: bytes
) -> None:
    storage.put(place(999), [b"the container is there"])
    count = len(requests_of(proxy, lambda: storage.put(place(998), [data])))
    assert count == (1 if data is SMALL else 3 + -(-len(data) // BLOCK))
    wanted = {}
    for number in range(count):
        proxy.follow(at_request(number, ONCE[name]))
        assert storage.put(place(number), [data[:1000], data[1000:]]), (name, number)
        assert len(proxy.seen) >= count
        wanted[str(place(number))] = data
    found = there(storage, proxy)
    assert {key: found[key] == data for key in wanted} == dict.fromkeys(wanted, True)
    assert len(found) == count + 2


@pytest.mark.parametrize("name", ONCE)
def test_a_read_survives_any_one_fault_at_any_request(
    storage: BlobStorage, proxy: FaultProxy, name: str
) -> None:
    storage.put(AT, [LARGE])

    def read() -> bytes:
        return b"".join(chunks_of(storage.open(AT), 100_000))

    count = len(requests_of(proxy, read))
    assert count >= 2
    for number in range(count):
        proxy.follow(at_request(number, ONCE[name]))
        assert read() == LARGE, (name, number)
        broken = name not in {"slow", "wrong request"}
        assert len(proxy.seen) == count + broken, (name, number, proxy.seen)


@pytest.mark.parametrize("name", ["503", "reset before", "truncated"])
def test_a_listing_survives_any_one_fault_at_any_page(
    storage: BlobStorage, proxy: FaultProxy, name: str
) -> None:
    keys = [f"imu/m_{number}/x" for number in range(5)]
    for key in keys:
        storage.put(Location(Zone.RAW, key), [b"1"])

    def listed() -> list[str]:
        return [stored.location.key for stored in storage.list(Zone.RAW)]

    count = len(requests_of(proxy, listed))
    assert count == 1 + 3  # the containers, and five blobs in pages of two
    for number in range(count):
        proxy.follow(at_request(number, ONCE[name]))
        assert listed() == keys
        assert len(proxy.seen) == count + 1


@pytest.mark.parametrize("name", ["503", "reset before", "reset after"])
def test_a_delete_survives_any_one_fault(
    storage: BlobStorage, proxy: FaultProxy, name: str
) -> None:
    storage.put(AT, [b"1"])
    proxy.follow(at_request(0, ONCE[name]))
    storage.delete(AT)
    assert there(storage, proxy) == {}


LASTING = [
    (Fault(kind=Kind.ANSWER, status=429), StorageUnavailable, "429"),
    (Fault(kind=Kind.ANSWER, status=500), StorageUnavailable, "500"),
    (Fault(kind=Kind.ANSWER, status=503), StorageUnavailable, "ServerBusy"),
    (Fault(kind=Kind.RESET_BEFORE), StorageUnavailable, "account 'raw' failed"),
    (Fault(kind=Kind.ANSWER, status=403), PermissionDenied, "account 'raw' refused"),
]


@pytest.mark.parametrize(("fault", "kind", "words"), LASTING)
def test_a_lasting_fault_is_told_and_leaves_no_half_object(
    storage: BlobStorage, proxy: FaultProxy, fault: Fault, kind: type[Exception], words: str
) -> None:
    storage.put(place(999), [b"the container is there"])
    count = len(requests_of(proxy, lambda: storage.put(place(998), [LARGE])))
    for number in range(count):
        proxy.follow(from_request(number, fault))
        with pytest.raises(kind, match=words):
            storage.put(place(number), [LARGE])
    assert set(there(storage, proxy)) == {str(place(998)), str(place(999))}
    assert all(storage.put(place(number), [LARGE]) for number in range(count))
    assert sum(data == LARGE for data in there(storage, proxy).values()) == count + 1


@pytest.mark.parametrize(("fault", "kind", "words"), LASTING)
def test_a_lasting_fault_while_reading_is_told(
    storage: BlobStorage, proxy: FaultProxy, fault: Fault, kind: type[Exception], words: str
) -> None:
    storage.put(AT, [LARGE])
    for number in range(2):
        proxy.follow(from_request(number, fault))
        with pytest.raises(kind, match=words):
            list(chunks_of(storage.open(AT)))
    for ask in (storage.stat, storage.delete, lambda at: list(storage.list(at.zone))):
        with pytest.raises(kind, match=words):
            ask(AT)
    assert list(there(storage, proxy)) == [str(AT)]


def test_a_refusal_names_the_role_that_is_missing(storage: BlobStorage, proxy: FaultProxy) -> None:
    proxy.follow(from_request(0, Fault(kind=Kind.ANSWER, status=403)))
    with pytest.raises(PermissionDenied) as refused:
        storage.put(AT, [b"1"])
    assert "Storage Blob Data Contributor" in str(refused.value.hint)
    assert len(proxy.seen) == 1
    with pytest.raises(PermissionDenied) as refused:
        storage.stat(AT)
    assert "Storage Blob Data Reader" in str(refused.value.hint)


def test_a_damage_that_lasts_is_never_taken_for_data(
    storage: BlobStorage, proxy: FaultProxy
) -> None:
    storage.put(AT, [LARGE])
    for number in range(2):
        proxy.follow(from_request(number, Fault(kind=Kind.WRONG_ANSWER)))
        with pytest.raises(StorageUnavailable, match="DamagedAnswerError"):
            storage.open(AT).read_at(BEGINNING_BYTES, 10_000)
    for data in (SMALL, LARGE):
        proxy.follow(from_request(0, Fault(kind=Kind.WRONG_REQUEST)))
        with pytest.raises(StorageUnavailable, match="Md5Mismatch"):
            storage.put(place(1), [data])
    assert list(there(storage, proxy)) == [str(AT)]


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_lost_acknowledgement_is_told_from_anothers_object(
    storage: BlobStorage, proxy: FaultProxy, data: bytes
) -> None:
    storage.put(place(0), [b"the container is there"])

    def last(seen: Seen) -> Fault | None:
        """Break the connection after the request that makes the object appear."""
        makes = seen.method == "PUT" and seen.query.get("comp") in {None, "blocklist"}
        again = any(one.number < seen.number and one.query == seen.query for one in proxy.seen)
        return Fault(kind=Kind.RESET_AFTER) if makes and not again else None

    proxy.follow(last)
    assert storage.put(AT, [data])
    assert proxy.seen[-1].method == "HEAD"
    assert read_all(storage.open(AT)) == data
    proxy.follow(last)
    assert not storage.put(AT, [data])


def test_an_answer_lost_for_good_leaves_a_whole_object(
    storage: BlobStorage, proxy: FaultProxy
) -> None:
    storage.put(place(0), [b"the container is there"])
    busy = Fault(kind=Kind.ANSWER, status=503)
    proxy.follow(lambda seen: busy if seen.number else Fault(kind=Kind.RESET_AFTER))
    with pytest.raises(StorageUnavailable):
        storage.put(AT, [SMALL])
    assert there(storage, proxy)[str(AT)] == SMALL
    assert not storage.put(AT, [SMALL])


def test_the_service_says_how_long_to_wait(
    storage: BlobStorage, proxy: FaultProxy, waits: list[float]
) -> None:
    storage.put(AT, [b"1"])
    for status, asked in ((429, "3"), (503, "7")):
        waits.clear()
        proxy.follow(at_request(0, Fault(kind=Kind.ANSWER, status=status, retry_after=asked)))
        assert storage.stat(AT) is not None
        assert waits == [float(asked)]


def test_a_wait_beyond_patience_is_not_begun(
    storage: BlobStorage, proxy: FaultProxy, waits: list[float]
) -> None:
    proxy.follow(from_request(0, Fault(kind=Kind.ANSWER, status=503, retry_after="3600")))
    with pytest.raises(StorageUnavailable):
        storage.stat(AT)
    assert (waits, len(proxy.seen)) == ([], 1)


def test_an_interrupted_file_goes_on_where_it_stopped(
    storage: BlobStorage, proxy: FaultProxy, tmp_path: Path
) -> None:
    path, sha256 = tmp_path / "drive.mf4", hashlib.sha256(LARGE).hexdigest()
    path.write_bytes(LARGE)
    storage.put(place(0), [b"the container is there"])
    breaks = 2 + 3  # the look-ups, and three blocks that pass
    proxy.follow(from_request(breaks, Fault(kind=Kind.RESET_BEFORE)))
    with pytest.raises(StorageUnavailable):
        storage.put_file(AT, path, sha256, lambda *_: None)
    assert str(AT) not in there(storage, proxy)
    stored: list[tuple[int, int]] = []
    proxy.follow(nothing)
    assert storage.put_file(AT, path, sha256, lambda *part: stored.append(part))
    blocks = [seen for seen in proxy.seen if seen.query.get("comp") == "block"]
    assert len(blocks) == -(-len(LARGE) // BLOCK) - 3
    assert sum(size for size, _ in stored) == len(LARGE)
    assert sum(sent == 0 for _, sent in stored) == 3
    assert read_all(storage.open(AT)) == LARGE


def test_an_object_that_goes_away_while_it_is_read_is_not_found(storage: BlobStorage) -> None:
    storage.put(AT, [LARGE])
    file = storage.open(AT)
    storage.delete(AT)
    with pytest.raises(NotFound, match="removed while it was being read"):
        file.read_at(BEGINNING_BYTES, 10)
    storage.put(AT, [LARGE])
    with pytest.raises(NotFound, match="removed while it was being read"):
        file.read_at(BEGINNING_BYTES, 10)
    # What was opened stays what it was.
    assert file.read_at(0, 10) == LARGE[:10]
    storage.delete(AT)
    storage.put(AT, [SMALL])
    assert storage.open(AT).read_at(0, 10) == SMALL[:10]
