"""What local folders do beyond the behaviour that every storage shares."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.model.errors import NotFound, PermissionDenied, StorageUnavailable
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import read_all

AT = Location(Zone.RAW, "imu/m_1/a")


def temporaries(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "raw" / ".incoming").iterdir())


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", link)


def test_an_object_lies_where_its_location_says(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(AT, [b"abc"])
    assert storage.path(AT) == tmp_path / "raw" / "imu" / "m_1" / "a"
    assert storage.path(AT).read_bytes() == b"abc"
    assert temporaries(tmp_path) == []


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(AT, [b"abc"])
    left = tmp_path / "raw" / ".incoming"
    for name, age_s in (("dead", 25 * 3600), ("living", 60), ("lock", 25 * 3600)):
        (left / name).write_bytes(b"half")
        os.utime(left / name, (time.time() - age_s,) * 2)
    storage.put(Location(Zone.RAW, "imu/m_1/b"), [b"abc"])
    assert temporaries(tmp_path) == ["living", "lock"]


def test_half_written_files_are_never_listed(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    seen: list[list[str]] = []

    def chunks() -> Iterator[bytes]:
        yield b"half"
        seen.append([stored.location.key for stored in storage.list(Zone.RAW)])

    storage.put(AT, chunks())
    assert seen == [[]]


def test_without_hard_links_nothing_is_overwritten_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch)
    storage = LocalStorage(tmp_path)

    def slow() -> Iterator[bytes]:
        yield b"second"
        other = LocalStorage(tmp_path)
        assert other.put(AT, [b"first"])

    assert not storage.put(AT, slow())
    assert read_all(storage.open(AT)) == b"first"
    assert temporaries(tmp_path) == ["lock"]


@pytest.mark.parametrize(
    ("number", "kind", "told"),
    [
        (errno.ENOSPC, StorageUnavailable, "no space is left"),
        (errno.EIO, StorageUnavailable, "writing raw/imu/m_1/a failed"),
        (errno.EACCES, PermissionDenied, "may not write"),
    ],
)
def test_a_write_that_fails_leaves_nothing_and_says_why(
    tmp_path: Path, number: int, kind: type[Exception], told: str
) -> None:
    storage = LocalStorage(tmp_path)

    def failing() -> Iterator[bytes]:
        yield b"half"
        raise OSError(number, os.strerror(number))

    with pytest.raises(kind, match=told):
        storage.put(AT, failing())
    assert storage.stat(AT) is None
    assert temporaries(tmp_path) == []


def test_a_folder_or_a_pipe_is_no_object(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(AT, [b"abc"])
    os.mkfifo(tmp_path / "raw" / "imu" / "m_1" / "pipe")
    for key in ("imu", "imu/m_1", "imu/m_1/pipe", "imu/m_1/a/below"):
        at = Location(Zone.RAW, key)
        assert storage.stat(at) is None
        with pytest.raises(NotFound):
            storage.open(at)


def test_links_out_of_the_workspace_are_not_listed(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "w")
    storage.put(AT, [b"abc"])
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "w" / "raw" / "imu" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "w" / "raw" / "folder").symlink_to(tmp_path)
    assert [stored.location for stored in storage.list(Zone.RAW)] == [AT]


def test_deleting_the_last_object_takes_its_empty_folders_along(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(AT, [b"abc"])
    storage.delete(AT)
    assert not (tmp_path / "raw" / "imu").exists()
    assert (tmp_path / "raw").is_dir()


def test_an_open_file_can_be_read_after_it_was_deleted(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put(AT, [b"abc"])
    file = storage.open(AT)
    storage.delete(AT)
    assert file.read_at(1, 10) == b"bc"
