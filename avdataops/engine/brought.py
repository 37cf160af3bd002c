"""Files that came into landing by AzCopy, a Data Box or a leased line: found and hashed there."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from avdataops.engine.driver_notes import NOTES, parse_notes
from avdataops.engine.intake import Progress, no_recording, refuse_twins, role_of
from avdataops.engine.landing import MANIFEST
from avdataops.engine.pace import unhurried
from avdataops.engine.sending import place_of, refuse_other_content, take_in
from avdataops.model.errors import InputError
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Role
from avdataops.ports.catalog import Catalog
from avdataops.ports.storage import Storage, chunks_of, read_all
from avdataops.readers.formats import HEAD_BYTES


@dataclass(frozen=True, slots=True)
class Brought:
    """One file in landing that no manifest names yet."""

    name: str
    """As the manifest will name it: relative to the folder that it lies in."""
    at: Location
    role: Role
    bytes: int


def find_brought(storage: Storage, folder: str) -> tuple[tuple[Brought, ...], tuple[str, ...]]:
    """Return the files of a ``folder`` of landing, ordered by name, and the names left out.

    Raises ``InputError`` if there is no recording, and if a manifest is there: then it is uploaded.
    """
    inside = f"{folder.strip('/')}/"
    found: list[Brought] = []
    ignored: list[str] = []
    for stored in storage.list(Zone.LANDING, inside):
        name = stored.location.key.removeprefix(inside)
        role = role_of(name, functools.partial(_head, storage, stored.location))
        if name == MANIFEST:
            raise InputError(
                f"{stored.location} is there already: this folder is an upload",
                hint=f"avdataops run {folder.strip('/')}",
            )
        if role is None:
            ignored.append(name)
        else:
            found.append(Brought(name, stored.location, role, stored.bytes))
    refuse_twins(one.name for one in found)
    if not any(one.role is Role.RECORDING for one in found):
        raise no_recording(f"{Zone.LANDING}/{inside}", len(ignored))
    return tuple(found), tuple(ignored)


def hash_brought(
    storage: Storage, files: Sequence[Brought], progress: Progress
) -> tuple[ManifestFile, ...]:
    """Return the manifest's lines for ``files``, hashed as they are stored."""
    lines = []
    for file in files:
        read = hashlib.sha256()
        for chunk in chunks_of(storage.open(file.at)):
            read.update(chunk)
            progress("hash", file.name, len(chunk))
        lines.append(
            ManifestFile(name=file.name, bytes=file.bytes, sha256=read.hexdigest(), role=file.role)
        )
    return tuple(lines)


def notes_brought(storage: Storage, files: Sequence[Brought]) -> dict[str, object] | None:
    """Return what the driver wrote down in ``driver_notes.json``, if the file is among them."""
    for file in files:
        if file.role is Role.NOTES:
            return parse_notes(NOTES, read_all(storage.open(file.at)))
    return None


def take_in_brought(
    storage: Storage,
    catalog: Catalog,
    manifest: Manifest,
    files: Sequence[Brought],
    progress: Progress = lambda *_: None,
    take: Callable[[int], None] = unhurried,
) -> bool:
    """Copy ``files`` to the folder of their measurement, write the manifest, register it.

    Returns False if the catalog had it.  A file that is in its place already is not copied.  The
    others stay where they lie, too: half a folder, after a crash, would be another measurement.
    """
    places = {file.name: file.at for file in files}

    def land(file: ManifestFile) -> None:
        source, at = places[file.name], place_of(manifest, file)
        if source != at and not storage.put(at, _passing(storage, source, file, progress, take)):
            refuse_other_content(storage, at, file)

    return take_in(storage, catalog, manifest, land)


def _passing(
    storage: Storage,
    source: Location,
    file: ManifestFile,
    progress: Progress,
    take: Callable[[int], None],
) -> Iterator[bytes]:
    read = hashlib.sha256()
    for chunk in chunks_of(storage.open(source)):
        read.update(chunk)
        take(len(chunk))
        progress("copy", file.name, len(chunk))
        yield chunk
    if read.hexdigest() != file.sha256:
        raise InputError(f"{source} changed while it was copied", hint="run the same again")


def _head(storage: Storage, at: Location) -> bytes:
    return storage.open(at).read_at(0, HEAD_BYTES)
