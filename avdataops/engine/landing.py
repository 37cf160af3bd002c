"""Moves of uploaded files: cleared when safe in raw, set aside when rejected, taken back."""

import hashlib

from avdataops.model.documents import from_json, to_json
from avdataops.model.errors import Conflict, NotFound
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Reason, State
from avdataops.ports.catalog import Catalog
from avdataops.ports.files import ReadableFile
from avdataops.ports.storage import Storage, chunks_of, read_all

MANIFEST = "manifest.json"
REASON = "reason.json"


def clear_landing(storage: Storage, catalog: Catalog, measurement: str) -> int:
    """Remove the uploaded files whose raw copies are committed; return how many.

    Does nothing until every uploaded file has its copy, as the catalog and storage say.  The
    manifest goes last, so that an interrupted clearing is seen and finished.
    """
    artifacts = catalog.artifacts(measurement)
    copied = {a.name: a for a in artifacts if a.kind in {"recording", "sidecar"}}
    uploads = [a for a in artifacts if a.kind == "upload"]
    for upload in uploads:
        copy = copied.get(upload.name)
        stored = copy and storage.stat(copy.location)
        if not copy or not stored or copy.sha256 != upload.sha256 or stored.bytes != upload.bytes:
            return 0
    named = [upload.location for upload in uploads]
    landed = [at for at in (*named, _manifest(measurement)) if storage.stat(at)]
    _keep_manifest(storage, measurement)
    for at in landed:
        storage.delete(at)
    return len(landed)


def _manifest(measurement: str) -> Location:
    return Location(Zone.LANDING, f"{measurement}/{MANIFEST}")


def _keep_manifest(storage: Storage, measurement: str) -> None:
    at = _manifest(measurement)
    if storage.stat(at):
        kept = Location(Zone.RAW, f"recordings/{measurement}/{MANIFEST}")
        storage.put(kept, chunks_of(storage.open(at)))


def quarantine(storage: Storage, catalog: Catalog, measurement: str, reason: Reason) -> None:
    """Set a measurement aside: its state first, then its files, and why beside them."""
    catalog.set_state(measurement, State.QUARANTINED, reason)
    at = Location(Zone.QUARANTINE, f"{measurement}/{REASON}")
    storage.delete(at)
    storage.put(at, [to_json(reason).encode()])
    _move(storage, measurement, Zone.LANDING, Zone.QUARANTINE)


def set_aside(storage: Storage, catalog: Catalog, measurement: str, reason: Reason) -> Reason:
    """Quarantine whatever is known of a measurement, in the catalog or in landing only.

    One that is in quarantine keeps its first reason, which is returned; an interrupted move is
    finished.  Raises ``NotFound`` if neither catalog nor storage has anything of it.
    """
    at = Location(Zone.QUARANTINE, f"{measurement}/{REASON}")
    try:
        facts = catalog.measurement(measurement)
    except NotFound:
        given = from_json(Reason, read_all(storage.open(at))) if storage.stat(at) else reason
        if not storage.stat(at) and not any(storage.list(Zone.LANDING, f"{measurement}/")):
            raise
        storage.put(at, [to_json(given).encode()])
        _move(storage, measurement, Zone.LANDING, Zone.QUARANTINE)
        return given
    given = facts.reason or reason
    quarantine(storage, catalog, measurement, given)
    return given


def requeue(storage: Storage, catalog: Catalog, measurement: str) -> int:
    """Take a rejected measurement back as pending; return how many files came back to landing.

    Raises ``Conflict`` if it is not in quarantine, and ``NotFound`` if there is no such one.
    """
    state = catalog.measurement(measurement).state
    if state is not State.QUARANTINED:
        raise Conflict(
            f"measurement {measurement} is {state}, not quarantined",
            hint=f"avdataops run {measurement}",
        )
    moved = _move(storage, measurement, Zone.QUARANTINE, Zone.LANDING)
    catalog.set_state(measurement, State.PENDING)
    return moved


def _move(storage: Storage, measurement: str, source: Zone, target: Zone) -> int:
    moved = 0
    found = [stored.location for stored in storage.list(source, f"{measurement}/")]
    for at in sorted(found, key=lambda at: at.name == MANIFEST):
        if source is Zone.QUARANTINE and at.key == f"{measurement}/{REASON}":
            storage.delete(at)
            continue
        copy = Location(target, at.key)
        if not storage.put(copy, chunks_of(storage.open(at))) and not _same(storage, at, copy):
            # What lies in landing is the newer one, perhaps repaired: the rejected one goes.
            if target is Zone.LANDING:
                storage.delete(at)
                continue
            storage.delete(copy)
            storage.put(copy, chunks_of(storage.open(at)))
        if not _same(storage, at, copy):
            raise NotFound(f"{copy} did not read back as {at}; nothing was removed")
        storage.delete(at)
        moved += 1
    return moved


def _same(storage: Storage, one: Location, other: Location) -> bool:
    return _digest(storage.open(one)) == _digest(storage.open(other))


def _digest(file: ReadableFile) -> bytes:
    digest = hashlib.sha256()
    for chunk in chunks_of(file):
        digest.update(chunk)
    return digest.digest()
