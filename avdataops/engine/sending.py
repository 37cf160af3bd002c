"""Brings the files of a manifest into landing, or finds them there; the manifest goes last."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from avdataops.engine.arrivals import landed, read_manifest, register
from avdataops.engine.intake import Progress, read_chunks
from avdataops.engine.landing import MANIFEST
from avdataops.engine.pace import unhurried
from avdataops.engine.publish import digest
from avdataops.model.documents import to_json
from avdataops.model.errors import Conflict, InputError, NotFound
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, State
from avdataops.ports.catalog import Catalog
from avdataops.ports.storage import PartsStored, Resumable, Storage

Land = Callable[[ManifestFile], None]
"""Makes sure that a file is at its place in landing with the promised content, or raises."""
_SHOWN = 3


def upload(
    storage: Storage,
    catalog: Catalog,
    manifest: Manifest,
    sources: Mapping[str, Path],
    progress: Progress = lambda *_: None,
    take: Callable[[int], None] = unhurried,
) -> bool:
    """Copy the files of ``manifest`` into landing, then the manifest, then register it.

    Returns False if all of it was there.  Files that are in place already are checked and not
    copied again; where the storage offers it, neither are the parts of a file that arrived before
    a kill.  ``take`` gets the bytes of each part that was sent.  Nothing is overwritten:
    other content under a name raises ``Conflict``.  A measurement in quarantine gets its files
    anew and becomes pending.
    """

    def land(file: ManifestFile) -> None:
        def sent(size: int) -> None:
            progress("copy", file.name, size)

        def part(stored: int, new: int) -> None:
            sent(stored)
            # What an earlier try has left there takes nothing of the line.
            if new:
                take(new)

        path, at = sources[file.name], place_of(manifest, file)
        if isinstance(storage, Resumable):
            fresh = storage.put_file(at, path, file.sha256, part)
        else:
            fresh = storage.put(at, _checked(path, file, part))
        if not fresh:
            sent(file.bytes)
            refuse_other_content(storage, at, file)

    return take_in(storage, catalog, manifest, land)


def take_in(storage: Storage, catalog: Catalog, manifest: Manifest, land: Land) -> bool:
    """Land every file of ``manifest`` by ``land``, then write the manifest, then register it.

    Returns False, without landing anything, if the catalog has the measurement already and not in
    quarantine.
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
        if file.name == MANIFEST:
            raise InputError(f"'{MANIFEST}' is the pipeline's own file; rename yours")
        land(file)
    if state is State.QUARANTINED:
        for stored in list(storage.list(Zone.QUARANTINE, f"{manifest.measurement}/")):
            storage.delete(stored.location)
        storage.delete(landed(manifest.measurement))
    storage.put(landed(manifest.measurement), [to_json(manifest).encode()])
    register(catalog, read_manifest(storage, manifest.measurement))
    if state is State.QUARANTINED:
        catalog.set_state(manifest.measurement, State.PENDING)
    return True


def take_in_landed(storage: Storage, catalog: Catalog, manifest: Manifest) -> bool:
    """Write the manifest for files that came into landing by another way, then register it.

    Presence and size are checked here, for all files before anything is written; the content is
    held against the hashes by the step ``validate``.  Raises ``InputError`` naming what is missing.
    """
    if _state(catalog, manifest.measurement) in {None, State.QUARANTINED}:
        _refuse_incomplete(storage, manifest, manifest.files)
    # Once more, each in its turn: rotten leftovers of a rejected upload are removed in between.
    return take_in(
        storage, catalog, manifest, lambda file: _refuse_incomplete(storage, manifest, [file])
    )


def _checked(path: Path, file: ManifestFile, passing: PartsStored) -> Iterator[bytes]:
    read = hashlib.sha256()
    for chunk in read_chunks(path):
        read.update(chunk)
        passing(len(chunk), len(chunk))
        yield chunk
    if read.hexdigest() != file.sha256:
        raise InputError(
            f"'{path}' changed while it was uploaded", hint="run the same upload again"
        )


def refuse_other_content(storage: Storage, at: Location, file: ManifestFile) -> None:
    """Raise ``Conflict`` unless the object at ``at`` reads back as the manifest says."""
    if digest(storage.open(at)) != file.sha256:
        raise Conflict(
            f"{at} exists with other content, and nothing is ever overwritten",
            hint=f"remove {at} if it is no longer wanted, then upload again",
        )


def place_of(manifest: Manifest, file: ManifestFile) -> Location:
    """Return where a file of an upload lies in landing."""
    return Location(Zone.LANDING, f"{manifest.measurement}/{file.name}")


def _refuse_incomplete(storage: Storage, manifest: Manifest, files: Sequence[ManifestFile]) -> None:
    wrong = []
    for file in files:
        stored = storage.stat(place_of(manifest, file))
        if stored is None:
            wrong.append(f"'{file.name}' is missing")
        elif stored.bytes != file.bytes:
            wrong.append(f"'{file.name}' has {stored.bytes} bytes, not {file.bytes}")
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InputError(
            f"{Zone.LANDING}/{manifest.measurement} does not hold the {len(manifest.files)} files: "
            f"{'; '.join(wrong[:_SHOWN])}{more}",
            hint=f"bring them to the folder {manifest.measurement} of the landing zone, names "
            "unchanged, then run this again",
        )


def _drop_rejected(storage: Storage, manifest: Manifest) -> None:
    # A rejection that was interrupted leaves the bad file in landing, where it would block ours.
    for file in manifest.files:
        at = place_of(manifest, file)
        if storage.stat(at) and digest(storage.open(at)) != file.sha256:
            storage.delete(at)


def _state(catalog: Catalog, measurement: str) -> State | None:
    try:
        return catalog.measurement(measurement).state
    except NotFound:
        return None
