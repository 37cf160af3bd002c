"""What is to be uploaded: finds the recordings in a folder, hashes them, makes the manifest."""

import functools
import hashlib
import json
import os
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avdataops.engine.driver_notes import NOTES
from avdataops.model.errors import InputError
from avdataops.model.ids import check_vehicle, measurement_id
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Role
from avdataops.ports.storage import CHUNK_BYTES
from avdataops.readers.formats import FORMATS, HEAD_BYTES, recognise

_SIDECARS = {"metadata.yaml": Role.SIDECAR}
_SHARED_SUFFIXES = {".log", ".asc"}  # of texts and signatures too: their first bytes decide

Progress = Callable[[str, str, int], None]
"""Told (what is done, file, bytes): ``hash`` or ``copy``, as it goes on."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to upload."""

    name: str
    """As the manifest will name it: relative to the folder."""
    path: Path
    role: Role
    bytes: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in a folder."""

    sources: tuple[Source, ...]
    ignored: tuple[str, ...]


def scan(folder: Path, dbc: Sequence[Path] = (), notes: Path | None = None) -> Scan:
    """Return the files to upload, ordered by name, and the names of those left out.

    Raises ``InputError`` if there is no recording, or two files would share a name.
    """
    if not folder.is_dir():
        raise InputError(f"'{folder}' is not a folder", hint="avdataops upload FOLDER --vehicle V")
    found: dict[str, tuple[Path, Role]] = {}
    ignored: list[str] = []
    for path in sorted(_files(folder)):
        name = path.relative_to(folder).as_posix()
        role = role_of(name, functools.partial(_head, path))
        if role is None:
            ignored.append(name)
        else:
            found[name] = (path, role)
    for path in dbc:
        _add(found, f"dbc/{path.name}", path, Role.DBC)
    if notes is not None:
        found.pop(NOTES, None)
        _add(found, NOTES, notes, Role.NOTES)
    refuse_twins(found)
    if not any(role is Role.RECORDING for _, role in found.values()):
        raise no_recording(str(folder), len(ignored))
    return Scan(
        tuple(_source(name, *entry) for name, entry in sorted(found.items())), tuple(ignored)
    )


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here) / name for name in names if not name.startswith("."))


def role_of(name: str, head: Callable[[], bytes]) -> Role | None:
    """Return what a file is for by its name, relative to its folder; None if it is not ours.

    ``head`` gives its first bytes, and is asked only where the name does not decide.
    """
    base = name.rsplit("/", 1)[-1].lower()
    if name == NOTES:
        return Role.NOTES
    if base in _SIDECARS:
        return _SIDECARS[base]
    suffix = Path(base).suffix
    if suffix == ".dbc":
        return Role.DBC
    recordings = {suffix for known in FORMATS for suffix in known.suffixes}
    is_meant = suffix not in _SHARED_SUFFIXES or recognise(head()) is not None
    return Role.RECORDING if suffix in recordings and is_meant else None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _add(found: dict[str, tuple[Path, Role]], name: str, path: Path, role: Role) -> None:
    if not path.is_file():
        raise InputError(f"there is no file '{path}'")
    if name in found and found[name][0].resolve() != path.resolve():
        raise InputError(f"two files would be uploaded as '{name}': {found[name][0]} and {path}")
    found[name] = (path, role)


def no_recording(place: str, others: int) -> InputError:
    """Return the error for a place with ``others`` files of which none is a recording."""
    suffixes = ", ".join(suffix for known in FORMATS for suffix in known.suffixes)
    return InputError(
        f"'{place}' holds no recording (looked for {suffixes}; {others} other files are there)"
    )


def refuse_twins(names: Iterable[str]) -> None:
    """Raise ``InputError`` if two names are one where neither case nor composition counts."""
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if twin != name:
            raise InputError(
                f"'{twin}' and '{name}' would be one file where case does not count; rename one"
            )


def _source(name: str, path: Path, role: Role) -> Source:
    Location(Zone.LANDING, f"m/{name}")
    return Source(name, path, role, path.stat().st_size)


class HashCache:
    """SHA-256 by path, size and time of change: an interrupted upload hashes nothing twice."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._known = {}

    def get(self, key: str) -> str | None:
        """Return the hash of the file that had this key."""
        return self._known.get(key)

    def put(self, key: str, sha256: str) -> None:
        """Remember a hash, on disk before this returns."""
        self._known[key] = sha256
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._known), encoding="utf-8")
        fresh.replace(self._file)

    def drop(self) -> None:
        """Forget everything: the upload is complete."""
        self._file.unlink(missing_ok=True)

    @staticmethod
    def key(path: Path) -> str:
        """Return what a file has as long as nobody changes it; take it before hashing."""
        facts = path.stat()
        return f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}"


def hash_sources(
    sources: Sequence[Source], cache: HashCache, progress: Progress, threads: int
) -> tuple[ManifestFile, ...]:
    """Return the manifest's lines for ``sources``, hashed in parallel.

    Raises ``InputError`` if a file changes meanwhile.
    """

    def hashed(source: Source) -> tuple[str, str]:
        key = cache.key(source.path)
        known = cache.get(key)
        if known:
            progress("hash", source.name, source.bytes)
            return key, known
        digest, size = hashlib.sha256(), 0
        for chunk in read_chunks(source.path):
            digest.update(chunk)
            size += len(chunk)
            progress("hash", source.name, len(chunk))
            if size > source.bytes:
                break
        if size != source.bytes or cache.key(source.path) != key:
            raise InputError(
                f"'{source.path}' changed while it was hashed", hint="run the same upload again"
            )
        return key, digest.hexdigest()

    files = []
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for source, (key, sha256) in zip(sources, pool.map(hashed, sources), strict=True):
            cache.put(key, sha256)
            files.append(
                ManifestFile(name=source.name, bytes=source.bytes, sha256=sha256, role=source.role)
            )
    return tuple(files)


def make_manifest(
    vehicle: str, files: tuple[ManifestFile, ...], notes: dict[str, Any] | None
) -> Manifest:
    """Return the manifest of an upload; its id follows from vehicle, names and hashes."""
    check_vehicle(vehicle)
    return Manifest(
        schema_version=1,
        measurement=measurement_id(vehicle, ((file.name, file.sha256) for file in files)),
        vehicle=vehicle,
        created_ns=time.time_ns(),
        files=files,
        driver_notes=notes,
    )


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a local file in order."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
