"""Takes a landed manifest into the catalog, and holds it against what was registered."""

from avdataops.engine.landing import MANIFEST, REASON, quarantine
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document
from avdataops.model.errors import Conflict, InputError, NotFound, SchemaMismatch, UnsafeName
from avdataops.model.ids import check_vehicle, fingerprint, measurement_id, recording_id
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Reason, Recording, Role, State
from avdataops.ports.catalog import Catalog
from avdataops.ports.storage import Storage, read_all
from avdataops.tables.documents import parse_document


def landed(measurement: str) -> Location:
    """Return the place of a measurement's manifest in landing."""
    return Location(Zone.LANDING, f"{measurement}/{MANIFEST}")


def read_manifest(storage: Storage, measurement: str) -> Manifest:
    """Return the manifest in landing, every field and name checked.

    Raises ``NotFound``, or an ``InputError`` for one that lies or is hostile.
    """
    what = f"the manifest of {measurement}"
    document = parse_document("manifest.json", read_all(storage.open(landed(measurement))), what)
    manifest = from_document(Manifest, document)
    check_vehicle(manifest.vehicle)
    names = [file.name for file in manifest.files]
    for name in names:
        Location(Zone.LANDING, f"{measurement}/{name}")
        if name.casefold() in {MANIFEST, REASON}:
            raise UnsafeName(f"{what} names '{name}', which is the pipeline's own file")
    if len({name.casefold() for name in names}) < len(names):
        raise SchemaMismatch(f"{what} names a file twice (upper and lower case count as one)")
    expected = measurement_id(manifest.vehicle, ((f.name, f.sha256) for f in manifest.files))
    if not manifest.measurement == measurement == expected:
        raise SchemaMismatch(
            f"{what} does not describe it: its vehicle, names and hashes belong to {expected}"
        )
    return manifest


def register(catalog: Catalog, manifest: Manifest) -> None:
    """Take a checked manifest into the catalog as a pending measurement; repeatable."""
    catalog.register(
        manifest,
        [_recording(manifest, file) for file in manifest.files if file.role is Role.RECORDING],
        [upload_artifact(manifest, file) for file in manifest.files],
    )


def _recording(manifest: Manifest, file: ManifestFile) -> Recording:
    return Recording(
        id=recording_id(manifest.measurement, file.name, file.sha256),
        measurement=manifest.measurement,
        name=file.name,
        bytes=file.bytes,
        sha256=file.sha256,
    )


def upload_artifact(manifest: Manifest, file: ManifestFile) -> Artifact:
    """Return the artifact that stands for one uploaded file, where lineage ends."""
    return Artifact(
        id=f"art_{fingerprint([manifest.measurement, 'upload', file.name, file.sha256])}",
        kind="upload",
        measurement=manifest.measurement,
        name=file.name,
        location=Location(Zone.LANDING, f"{manifest.measurement}/{file.name}"),
        bytes=file.bytes,
        sha256=file.sha256,
        attributes={"role": file.role.value},
    )


def arrive(storage: Storage, catalog: Catalog, measurement: str) -> None:
    """Make sure that the catalog knows a landed measurement as its manifest describes it.

    Nothing happens in quarantine, or once landing was cleared.  Raises ``NotFound`` if neither
    landing nor the catalog has it, and an ``InputError`` if the manifest is wrong, hostile, or was
    changed since.
    """
    if _is_quarantined(catalog, measurement):
        return
    if storage.stat(landed(measurement)) is None:
        catalog.measurement(measurement)
        _refuse_a_lost_manifest(storage, catalog, measurement)
        return
    manifest = read_manifest(storage, measurement)
    try:
        registered = {a.name: a for a in _uploads(catalog, measurement)}
    except NotFound:
        register(catalog, manifest)
        return
    for file in manifest.files:
        known = registered.get(file.name)
        if known is None or (known.bytes, known.sha256) != (file.bytes, file.sha256):
            promised = f"{known.bytes} bytes" if known else "not named"
            raise SchemaMismatch(
                f"the manifest of {measurement} was changed after the upload: it says "
                f"{file.bytes} bytes for '{file.name}', which was uploaded as {promised}"
            )
    try:
        register(catalog, manifest)
    except Conflict as error:
        raise SchemaMismatch(f"the manifest of {measurement} was changed: {error}") from error


def arrive_or_quarantine(storage: Storage, catalog: Catalog, measurement: str) -> Reason | None:
    """Do as ``arrive``; a bad manifest puts a known measurement into quarantine, with a reason.

    Raises what ``arrive`` raises for a measurement that the catalog does not know.
    """
    try:
        arrive(storage, catalog, measurement)
    except InputError as error:
        try:
            vehicle = catalog.measurement(measurement).vehicle
        except NotFound:
            raise error from None
        reason = Reason(
            code="bad_manifest",
            message=error.message,
            fix=f"avdataops upload FOLDER --vehicle '{vehicle}' (the same folder) repairs it",
        )
        quarantine(storage, catalog, measurement, reason)
        return reason
    return None


def _is_quarantined(catalog: Catalog, measurement: str) -> bool:
    try:
        return catalog.measurement(measurement).state is State.QUARANTINED
    except NotFound:
        return False


def _uploads(catalog: Catalog, measurement: str) -> list[Artifact]:
    catalog.measurement(measurement)
    return list(catalog.artifacts(measurement, kind="upload"))


def _refuse_a_lost_manifest(storage: Storage, catalog: Catalog, measurement: str) -> None:
    copied = {a.name for a in catalog.artifacts(measurement) if a.kind in {"recording", "sidecar"}}
    uploads = _uploads(catalog, measurement)
    if any(upload.name not in copied for upload in uploads):
        at_hand = sum(1 for _ in storage.list(Zone.LANDING, f"{measurement}/"))
        raise SchemaMismatch(
            f"landing has no manifest for {measurement} any more ({at_hand} of its "
            f"{len(uploads)} files are still there)"
        )
