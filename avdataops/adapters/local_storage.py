"""Storage in local folders: one sub-folder of the workspace per zone."""

import errno
import fcntl
import os
import stat
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from avdataops.model.errors import NotFound, PermissionDenied, StorageUnavailable
from avdataops.model.location import Location, Zone
from avdataops.ports.files import ReadableFile
from avdataops.ports.storage import Stored

_TEMPORARY = ".incoming"
_LOCK = "lock"
_DEAD_AFTER_S = 24 * 3600
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class LocalFile:
    """A ReadableFile over one open file descriptor; closed when it is dropped."""

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        self.name = path.name
        # Not blocking: a pipe that somebody put there must not hold us up.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        facts = os.fstat(self._descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise IsADirectoryError(path)
        self.size = facts.st_size

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset``; fewer than ``length`` only at the end of the file."""
        parts: list[bytes] = []
        while length > 0:
            part = os.pread(self._descriptor, min(length, 1 << 30), offset)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class LocalStorage:
    """A ``Storage`` under one folder.  Safe for many processes at once."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def path(self, at: Location) -> Path:
        """Return where an object lies in the file system (for messages and local tools)."""
        return self._root / at.zone.value / at.key

    def open(self, at: Location) -> ReadableFile:
        """Return the object's bytes; raises ``NotFound``."""
        try:
            return LocalFile(self.path(at))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound(f"nothing is stored at {at}") from error
        except PermissionError as error:
            raise PermissionDenied(f"this user may not read {at}") from error

    def stat(self, at: Location) -> Stored | None:
        """Return what is at ``at``, or None."""
        path = self.path(at)
        if not path.is_file():
            return None
        return Stored(location=at, bytes=path.stat().st_size)

    def put(self, at: Location, chunks: Iterable[bytes]) -> bool:
        """Create the object; False if it exists.  See the port for the promise."""
        final = self.path(at)
        if final.exists():
            return False
        temporary = self._root / at.zone.value / _TEMPORARY / uuid.uuid4().hex
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            final.parent.mkdir(parents=True, exist_ok=True)
            _sweep(temporary.parent)
            _write_durably(temporary, chunks)
            created = _appear(temporary, final)
            _sync_folder(final.parent)
        except PermissionError as error:
            raise PermissionDenied(f"this user may not write {at}") from error
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise StorageUnavailable(
                    f"no space is left for {at}", hint="free some space and run the command again"
                ) from error
            raise StorageUnavailable(f"writing {at} failed: {error}") from error
        finally:
            temporary.unlink(missing_ok=True)
        return created

    def list(self, zone: Zone, prefix: str = "") -> Iterator[Stored]:
        """Yield the objects whose key starts with ``prefix``, ordered by key."""
        folder, _, _ = prefix.rpartition("/")
        start = self._root / zone.value
        for path in _files(start / folder if folder else start):
            key = path.relative_to(start).as_posix()
            if key.startswith(prefix):
                yield Stored(location=Location(zone, key), bytes=path.stat().st_size)

    def delete(self, at: Location) -> None:
        """Remove the object, and the folders that it leaves empty."""
        path = self.path(at)
        path.unlink(missing_ok=True)
        zone = self._root / at.zone.value
        for folder in path.parents:
            if folder == zone:
                return
            try:
                folder.rmdir()
            except OSError:
                return


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half written; a living one keeps writing to its file."""
    dead_before = time.time() - _DEAD_AFTER_S
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            if entry.name != _LOCK and entry.stat().st_mtime < dead_before:
                Path(entry.path).unlink(missing_ok=True)


def _write_durably(path: Path, chunks: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _appear(temporary: Path, final: Path) -> bool:
    """Give the finished file its name, unless the name is taken; atomic either way."""
    try:
        os.link(temporary, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return _appear_without_links(temporary, final)
    return True


def _appear_without_links(temporary: Path, final: Path) -> bool:
    # A lock that the system frees with its process decides where there are no hard links.
    with (temporary.parent / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.exists():
            return False
        temporary.rename(final)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    # A folder sorts as its name with the slash, as its objects' keys do.
    entries.sort(key=lambda entry: entry.name + "/" if entry.is_dir() else entry.name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
