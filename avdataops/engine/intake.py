"""Uploads a folder: finds the recordings, hashes them, copies them, writes the manifest last."""

import hashlib
import json
import os
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from avdataops.engine.arrivals import landed, read_manifest, register
from avdataops.engine.driver_notes import NOTES
from avdataops.engine.landing import MANIFEST
from avdataops.engine.publish import digest
from avdataops.model.documents import to_json
from avdataops.model.errors import Conflict, InputError, NotFound
from avdataops.model.ids import check_vehicle, measurement_id
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Role, State
from avdataops.ports.catalog import Catalog
from avdataops.ports.storage import CHUNK_BYTES, Storage
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
        role = _role(name, path)
        if role is None:
            ignored.append(name)
        else:
            found[name] = (path, role)
    for path in dbc:
        _add(found, f"dbc/{path.name}", path, Role.DBC)
    if notes is not None:
        found.pop(NOTES, None)
        _add(found, NOTES, notes, Role.NOTES)
    _refuse_twins(found)
    if not any(role is Role.RECORDING for _, role in found.values()):
        suffixes = ", ".join(suffix for known in FORMATS for suffix in known.suffixes)
        raise InputError(
            f"'{folder}' holds no recording (looked for {suffixes}; "
            f"{len(ignored)} other files are there)"
        )
    return Scan(
        tuple(_source(name, *entry) for name, entry in sorted(found.items())), tuple(ignored)
    )


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here) / name for name in names if not name.startswith("."))


def _role(name: str, path: Path) -> Role | None:
    base = name.rsplit("/", 1)[-1].lower()
    if name == NOTES:
        return Role.NOTES
    if base in _SIDECARS:
        return _SIDECARS[base]
    suffix = Path(base).suffix
    if suffix == ".dbc":
        return Role.DBC
    recordings = {suffix for known in FORMATS for suffix in known.suffixes}
    is_meant = suffix not in _SHARED_SUFFIXES or _begins_like_a_recording(path)
    return Role.RECORDING if suffix in recordings and is_meant else None


def _begins_like_a_recording(path: Path) -> bool:
    with path.open("rb") as file:
        return recognise(file.read(HEAD_BYTES)) is not None


def _add(found: dict[str, tuple[Path, Role]], name: str, path: Path, role: Role) -> None:
    if not path.is_file():
        raise InputError(f"there is no file '{path}'")
    if name in found and found[name][0].resolve() != path.resolve():
        raise InputError(f"two files would be uploaded as '{name}': {found[name][0]} and {path}")
    found[name] = (path, role)


def _refuse_twins(names: Iterable[str]) -> None:
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
        for chunk in _read(source.path):
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


def upload(
    storage: Storage,
    catalog: Catalog,
    manifest: Manifest,
    sources: Mapping[str, Path],
    progress: Progress = lambda *_: None,
) -> bool:
    """Copy the files of ``manifest`` into landing, then the manifest, then register it.

    Returns False if all of it was there.  Files that are in place already are checked and not
    copied again.  Nothing is overwritten: other content under a name raises ``Conflict``.
    A measurement in quarantine gets its files anew and becomes pending.
    """
    state = _state(catalog, manifest.measurement)
    if state is State.QUARANTINED:
        # The same measurement again: it keeps the time of its first upload.
        first = catalog.measurement(manifest.measurement)
        manifest = replace(manifest, created_ns=first.created_ns)
    if state not in {None, State.QUARANTINED}:
        return False
    if state is State.QUARANTINED:
        _drop_rejected(storage, manifest)
    for file in manifest.files:
        _land(storage, manifest.measurement, file, sources[file.name], progress)
    if state is State.QUARANTINED:
        for stored in list(storage.list(Zone.QUARANTINE, f"{manifest.measurement}/")):
            storage.delete(stored.location)
        storage.delete(landed(manifest.measurement))
    storage.put(landed(manifest.measurement), [to_json(manifest).encode()])
    register(catalog, read_manifest(storage, manifest.measurement))
    if state is State.QUARANTINED:
        catalog.set_state(manifest.measurement, State.PENDING)
    return True


def _drop_rejected(storage: Storage, manifest: Manifest) -> None:
    # A rejection that was interrupted leaves the bad file in landing, where it would block ours.
    for file in manifest.files:
        at = Location(Zone.LANDING, f"{manifest.measurement}/{file.name}")
        if storage.stat(at) and digest(storage.open(at)) != file.sha256:
            storage.delete(at)


def _state(catalog: Catalog, measurement: str) -> State | None:
    try:
        return catalog.measurement(measurement).state
    except NotFound:
        return None


def _land(
    storage: Storage, measurement: str, file: ManifestFile, path: Path, progress: Progress
) -> None:
    if file.name == MANIFEST:
        raise InputError(f"'{MANIFEST}' is the pipeline's own file; rename yours")
    at = Location(Zone.LANDING, f"{measurement}/{file.name}")
    read = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for chunk in _read(path):
            read.update(chunk)
            progress("copy", file.name, len(chunk))
            yield chunk
        if read.hexdigest() != file.sha256:
            raise InputError(
                f"'{path}' changed while it was uploaded", hint="run the same upload again"
            )

    if storage.put(at, chunks()):
        return
    progress("copy", file.name, file.bytes)
    if digest(storage.open(at)) != file.sha256:
        raise Conflict(
            f"{at} exists with other content, and nothing is ever overwritten",
            hint=f"remove {at} if it is no longer wanted, then upload again",
        )


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
