"""What the shared suite does not ask: checksums, single requests, resuming, links, races."""

import base64
import hashlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest
from azure.storage.blob import BlobClient, BlobServiceClient, ContentSettings

from avdataops.adapters.azure_blob import BlobStorage, Patience, Tuning, links, open_blob_storage
from avdataops.adapters.azure_blob.fetching import BEGINNING_BYTES
from avdataops.adapters.azure_blob.names import place
from avdataops.adapters.azure_blob.reading import LARGEST_WINDOW_BYTES
from avdataops.adapters.azure_blob.writing import CONCURRENCY, cut, store
from avdataops.model.errors import Conflict, InputError, NotFound, PermissionDenied, UnreadableFile
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import Resumable, chunks_of, read_all
from tests.doubles.azurite import Azurite
from tests.doubles.fault_proxy import FaultProxy, Seen, in_front_of, nothing

BLOCK = 1 << 16
LARGE = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(20_000))
BLOCKS = -(-len(LARGE) // BLOCK)
AT = Location(Zone.LANDING, "m_1/Fahrt 1 (ü).mf4")


@pytest.fixture(scope="module")
def proxy(azurite: Azurite) -> Iterator[FaultProxy]:
    with in_front_of(azurite.port) as started:
        yield started


@pytest.fixture
def storage(azurite: Azurite, proxy: FaultProxy) -> Iterator[BlobStorage]:
    azurite.wipe()
    tuning = Tuning(block_bytes=BLOCK, patience=Patience(attempts=2, first_wait_s=0.01))
    accounts = azurite.connection_strings(proxy.port)
    with open_blob_storage(accounts, tuning=tuning) as opened:
        opened.put(Location(AT.zone, "m_0/x"), [b"the container is there"])
        proxy.follow(nothing)
        yield opened


@pytest.fixture
def blob(azurite: Azurite) -> Iterator[BlobClient]:
    """Give the blob of AT, for hands that are not the product's."""
    with service(azurite, AT.zone) as opened:
        where = place(AT)
        yield opened.get_blob_client(where.container, where.blob)


def service(azurite: Azurite, zone: Zone) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(azurite.connection_strings()[zone])


def requests(proxy: FaultProxy, comp: str | None = None) -> list[Seen]:
    return [seen for seen in proxy.seen if comp is None or seen.query.get("comp") == comp]


def written(tmp_path: Path, data: bytes) -> tuple[Path, str]:
    path = tmp_path / "drive.mf4"
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


def test_a_small_object_is_one_conditional_request(
    storage: BlobStorage, proxy: FaultProxy, blob: BlobClient
) -> None:
    assert storage.put(AT, [b"{", b"", b"}" * (BLOCK - 1)])
    assert [(seen.method, seen.query, seen.bytes) for seen in proxy.seen] == [("PUT", {}, BLOCK)]
    assert len(blob.get_block_list("all")[0]) == 0


def test_a_large_object_is_blocks_and_one_commit(storage: BlobStorage, proxy: FaultProxy) -> None:
    assert storage.put(AT, chunked(LARGE, 10_007))
    assert sorted(seen.bytes for seen in requests(proxy, "block")) == sorted(
        len(block) for block in cut([LARGE], BLOCK)
    )
    assert proxy.seen[-1].query == {"comp": "blocklist"}
    assert read_all(storage.open(AT)) == LARGE


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("data", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_checksums_lie_beside_the_bytes(
    storage: BlobStorage, blob: BlobClient, data: bytes
) -> None:
    storage.put(AT, [data])
    found = blob.get_blob_properties()
    assert found.metadata["sha256"] == hashlib.sha256(data).hexdigest()
    assert found.content_settings.content_md5 == md5_of(data).content_md5


def test_an_object_that_exists_costs_no_blocks(storage: BlobStorage, proxy: FaultProxy) -> None:
    storage.put(AT, [b"first"])
    proxy.follow(nothing)
    assert not storage.put(AT, [LARGE])
    assert [seen.method for seen in proxy.seen] == ["HEAD"]


def test_memory_is_bounded_by_the_blocks_in_flight(storage: BlobStorage) -> None:
    ahead: list[int] = []

    def source() -> Iterator[bytes]:
        for number in range(BLOCKS):
            ahead.append(number)
            yield LARGE[number * BLOCK : (number + 1) * BLOCK]

    done: list[int] = []

    def progress(stored: int, sent: int) -> None:
        assert sent == stored
        done.append(stored)
        assert len(ahead) - len(done) <= CONCURRENCY

    assert store(storage._target(AT), source(), progress)
    assert sum(done) == len(LARGE)


@pytest.mark.parametrize("sizes", [[], [0], [1], [3, 0, 4], [7], [8], [9], [20, 1], [4, 4, 4]])
def test_blocks_are_cut_to_size_whatever_the_chunks(sizes: list[int]) -> None:
    data = bytes(range(sum(sizes)))
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    chunks = [data[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    blocks = list(cut(chunks, 8))
    assert b"".join(blocks) == data
    assert [len(block) for block in blocks[:-1]] == [8] * (len(blocks) - 1)
    assert all(blocks)


def test_more_blocks_than_a_blob_may_have_are_refused(
    storage: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avdataops.adapters.azure_blob.writing._MAX_BLOCKS", 3)
    with pytest.raises(InputError, match="longer than 196608 bytes"):
        storage.put(AT, [LARGE])
    assert storage.stat(AT) is None
    assert storage.put(AT, [LARGE[: 3 * BLOCK]])


def test_of_many_writers_of_large_objects_exactly_one_wins(storage: BlobStorage) -> None:
    for turn in range(3):
        at = Location(Zone.RAW, f"race_{turn}/x")
        won: list[int] = []
        start = threading.Barrier(8)

        def write(
            number: int,
            at: Location = at,
            start: threading.Barrier = start,
            won: list[int] = won,
        ) -> None:
            data = bytes([number]) + LARGE[: 3 * BLOCK]
            start.wait()
            if storage.put(at, chunked(data, 50_000)):
                won.append(number)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert read_all(storage.open(at)) == bytes([won[0]]) + LARGE[: 3 * BLOCK]


def test_the_first_object_of_a_kind_brings_its_container(
    storage: BlobStorage, azurite: Azurite
) -> None:
    storage.put(Location(Zone.DERIVED, "sync_quality/m_1/x"), [b"small"])
    storage.put(Location(Zone.DERIVED, "new_kind/m_1/x"), [LARGE])
    storage.put(Location(Zone.DERIVED, "Odd one/x"), [b"1"])
    with service(azurite, Zone.DERIVED) as opened:
        names = [container.name for container in opened.list_containers()]
    assert names == ["new-kind", "odd-keys", "sync-quality"]
    assert [stored.location.key for stored in storage.list(Zone.DERIVED)] == [
        "Odd one/x",
        "new_kind/m_1/x",
        "sync_quality/m_1/x",
    ]


def test_blobs_that_others_left_are_not_listed(
    storage: BlobStorage, azurite: Azurite, blob: BlobClient
) -> None:
    storage.put(AT, [b"1"])
    with service(azurite, AT.zone) as opened:
        container = opened.get_container_client("drives")
        container.upload_blob(".hidden", b"x")
        container.upload_blob("m_1/a%b", b"x")
        container.upload_blob("m_2", b"", metadata={"hdi_isfolder": "true"})
        container.get_blob_client("m_3/unfinished").stage_block("AAAA", b"x")
    assert [stored.location for stored in storage.list(AT.zone, "m_1")] == [AT]
    assert [stored.location.key for stored in storage.list(AT.zone)] == ["m_0/x", AT.key]
    assert storage.stat(Location(AT.zone, "m_2")) is None
    with pytest.raises(NotFound):
        storage.open(Location(AT.zone, "m_2"))
    assert blob.exists()


def test_bytes_that_changed_after_they_were_stored_are_not_given_out(
    storage: BlobStorage, blob: BlobClient
) -> None:
    whole = LARGE * 8  # more than one range: of a part, the service computes the MD5 anew
    damaged = whole[:-1] + bytes([whole[-1] ^ 1])
    blob.upload_blob(damaged, metadata={"sha256": hashlib.sha256(whole).hexdigest()})
    with pytest.raises(UnreadableFile, match="differ from their stored sha256"):
        read_all(storage.open(AT))
    blob.upload_blob(damaged, overwrite=True)
    assert read_all(storage.open(AT)) == damaged
    blob.set_http_headers(md5_of(whole))
    with pytest.raises(UnreadableFile, match="differ from their stored md5"):
        read_all(storage.open(AT))
    blob.set_http_headers(md5_of(damaged))
    assert read_all(storage.open(AT)) == damaged


def md5_of(data: bytes) -> ContentSettings:
    return ContentSettings(content_md5=bytearray(hashlib.md5(data, usedforsecurity=False).digest()))


def test_blocks_of_another_tool_are_named_as_the_reason(
    storage: BlobStorage, blob: BlobClient
) -> None:
    blob.stage_block("a-short-name", b"x" * 10)
    with pytest.raises(Conflict, match="another tool") as refused:
        storage.put(AT, [LARGE])
    assert "a week" in str(refused.value.hint)


def test_a_file_is_stored_with_progress(storage: BlobStorage, tmp_path: Path) -> None:
    assert isinstance(storage, Resumable)
    path, sha256 = written(tmp_path, LARGE)
    stored: list[tuple[int, int]] = []
    assert storage.put_file(AT, path, sha256.upper(), lambda *part: stored.append(part))
    assert stored == [(len(block), len(block)) for block in cut([LARGE], BLOCK)]
    assert read_all(storage.open(AT)) == LARGE
    stored.clear()
    assert not storage.put_file(AT, path, sha256, lambda *part: stored.append(part))
    assert stored == []


@pytest.mark.parametrize("data", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_a_file_that_is_not_what_was_promised_is_not_stored(
    storage: BlobStorage, tmp_path: Path, data: bytes
) -> None:
    path, _ = written(tmp_path, data)
    with pytest.raises(InputError, match=r"drive\.mf4' does not hold"):
        storage.put_file(AT, path, "0" * 64, lambda *_: None)
    assert storage.stat(AT) is None
    assert storage.put_file(AT, path, hashlib.sha256(data).hexdigest(), lambda *_: None)


def test_a_file_that_cannot_be_read_is_named(storage: BlobStorage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.mf4' cannot be read: No such file"):
        storage.put_file(AT, tmp_path / "no.mf4", "0" * 64, lambda *_: None)


def test_blocks_of_a_changed_file_are_not_taken_for_the_new_ones(
    storage: BlobStorage, proxy: FaultProxy, tmp_path: Path
) -> None:
    changed = LARGE[:BLOCK] + bytes([LARGE[BLOCK] ^ 1]) + LARGE[BLOCK + 1 :]
    path, _ = written(tmp_path, changed)
    sha256 = hashlib.sha256(LARGE).hexdigest()
    with pytest.raises(InputError):
        storage.put_file(AT, path, sha256, lambda *_: None)
    path.write_bytes(LARGE)
    proxy.follow(nothing)
    assert storage.put_file(AT, path, sha256, lambda *_: None)
    sent = [base64.b64decode(seen.query["blockid"])[:8] for seen in requests(proxy, "block")]
    assert b"00000001" in sent
    assert len(sent) <= CONCURRENCY
    assert read_all(storage.open(AT)) == LARGE


UPLOADER = """
import hashlib, pathlib, sys, time
from avdataops.adapters.azure_blob import Tuning, open_blob_storage
from avdataops.model.location import Location, Zone

def progress(stored, sent):
    print(stored, flush=True)
    time.sleep(0.2)

path = pathlib.Path(sys.argv[2])
tuning = Tuning(block_bytes=int(sys.argv[3]))
storage = open_blob_storage({Zone.LANDING: sys.argv[1]}, tuning=tuning)
sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
storage.put_file(Location(Zone.LANDING, sys.argv[4]), path, sha256, progress)
"""


def test_an_upload_that_was_killed_sends_only_what_is_missing(
    storage: BlobStorage, azurite: Azurite, proxy: FaultProxy, blob: BlobClient, tmp_path: Path
) -> None:
    path, sha256 = written(tmp_path, LARGE)
    account = azurite.connection_strings()[AT.zone]
    uploader = subprocess.Popen(
        [sys.executable, "-c", UPLOADER, account, str(path), str(BLOCK), AT.key],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    with uploader:
        assert uploader.stdout is not None
        uploader.stdout.readline()
        os.kill(uploader.pid, signal.SIGKILL)
    assert uploader.returncode == -signal.SIGKILL
    assert storage.stat(AT) is None
    assert list(storage.list(AT.zone, "m_1/")) == []
    left = len(blob.get_block_list("uncommitted")[1])
    assert 1 <= left < BLOCKS

    proxy.follow(nothing)
    stored: list[tuple[int, int]] = []
    assert storage.put_file(AT, path, sha256, lambda *part: stored.append(part))
    assert len(requests(proxy, "block")) == BLOCKS - left
    assert sum(size for size, _ in stored) == len(LARGE)
    assert sum(sent == 0 for _, sent in stored) == left
    assert read_all(storage.open(AT)) == LARGE


def fetch(link: str, method: str = "GET", data: bytes | None = None) -> bytes:
    asked = urllib.request.Request(link, data, {"x-ms-blob-type": "BlockBlob"}, method=method)  # noqa: S310  a link of ours
    with urllib.request.urlopen(asked) as answer:  # noqa: S310  the same
        return bytes(answer.read())


def refused(link: str, method: str = "GET", data: bytes | None = None) -> int:
    with pytest.raises(urllib.error.HTTPError) as error:
        fetch(link, method, data)
    with error.value:
        return int(error.value.code)


def test_a_link_reads_one_object_and_writes_none(storage: BlobStorage) -> None:
    storage.put(AT, [b"the bytes"])
    link = storage.read_link(AT, 60)
    assert fetch(link) == b"the bytes"
    assert refused(link, "PUT", b"other bytes") == 403
    assert refused(link, "DELETE") == 403
    other = link.replace("m_1", "m_0").replace("Fahrt%201%20%28%C3%BC%29.mf4", "x")
    assert refused(other) == 403
    assert refused(link.partition("?")[0]) == 403
    assert read_all(storage.open(AT)) == b"the bytes"


def test_a_link_ends(storage: BlobStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.put(AT, [b"the bytes"])

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(time.time() - 3600, tz)

    monkeypatch.setattr(links, "datetime", Earlier)
    assert refused(storage.read_link(AT, 3000)) == 403


@pytest.mark.parametrize("valid_s", [0, -1, 3601, 10**9])
def test_a_link_lives_an_hour_at_most(storage: BlobStorage, valid_s: int) -> None:
    with pytest.raises(InputError, match="1 to 3600 seconds"):
        storage.read_link(AT, valid_s)


def test_a_wrong_key_is_told_as_no_permission(azurite: Azurite) -> None:
    keys = azurite.connection_strings()
    wrong = keys[Zone.RAW].replace(azurite.keys[Zone.RAW], azurite.keys[Zone.LANDING])
    with (
        open_blob_storage({Zone.RAW: wrong}) as storage,
        pytest.raises(PermissionDenied, match="account 'raw' refused") as denied,
    ):
        storage.put(Location(Zone.RAW, "imu/x"), [b"1"])
    assert azurite.keys[Zone.LANDING] not in f"{denied.value!r} {denied.value.__cause__!r}"


def test_reads_are_few_and_long(storage: BlobStorage, proxy: FaultProxy) -> None:
    storage.put(AT, [LARGE])
    proxy.follow(nothing)
    assert b"".join(chunks_of(storage.open(AT), 4096)) == LARGE
    ranges = -(-(len(LARGE) - BEGINNING_BYTES) // LARGEST_WINDOW_BYTES)
    assert [seen.method for seen in proxy.seen] == ["GET"] * (1 + ranges)


def test_a_small_object_is_opened_and_read_by_one_request(
    storage: BlobStorage, proxy: FaultProxy
) -> None:
    storage.put(AT, [b"a document"])
    proxy.follow(nothing)
    file = storage.open(AT)
    assert (file.size, read_all(file)) == (10, b"a document")
    assert [seen.method for seen in proxy.seen] == ["GET"]


@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_an_object_about_as_long_as_its_beginning_is_whole(
    storage: BlobStorage, beyond: int
) -> None:
    data = bytes(range(256)) * (BEGINNING_BYTES // 256 + 1)
    data = data[: BEGINNING_BYTES + beyond]
    storage.put(AT, [data])
    file = storage.open(AT)
    assert file.size == len(data)
    assert read_all(file) == data
    assert file.read_at(BEGINNING_BYTES - 2, 9) == data[BEGINNING_BYTES - 2 :]


def test_an_empty_object_and_none_are_told_apart(storage: BlobStorage) -> None:
    with pytest.raises(NotFound):
        storage.open(AT)
    storage.put(AT, [])
    assert (storage.open(AT).size, read_all(storage.open(AT))) == (0, b"")


def test_a_zone_that_was_never_written_to_is_empty(azurite: Azurite) -> None:
    azurite.wipe()
    with open_blob_storage(azurite.connection_strings()) as storage:
        assert [list(storage.list(zone)) for zone in Zone] == [[]] * len(Zone)
        assert list(storage.list(Zone.RAW, "imu/m_1/")) == []
        storage.delete(Location(Zone.RAW, "imu/m_1/x"))


def test_what_was_not_opened_from_settings_stays_in_its_process() -> None:
    with pytest.raises(TypeError, match="open_blob_storage"):
        pickle.dumps(BlobStorage({}, Tuning()))
