"""Labels out and in: a package is made and copied, a delivery found its package and taken in."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from avdataops.engine.beside import run_beside
from avdataops.engine.commit import take_in
from avdataops.engine.pipeline import Machinery, PipelineEvent
from avdataops.labels import MAX_BYTES, read_labels
from avdataops.model.artifact import Artifact
from avdataops.model.errors import Conflict, InputError, NotFound
from avdataops.model.ids import fingerprint, path_part
from avdataops.model.label_package import LabelPackage
from avdataops.model.location import Location, Zone, check_key
from avdataops.model.measurement import Measurement
from avdataops.model.run import RunRecord
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.step import Step
from avdataops.ports.storage import Storage, chunks_of, read_all
from avdataops.steps.export_labels import EXPORT_LABELS
from avdataops.steps.import_labels import IMPORT_LABELS, Params, checked, read_package
from avdataops.wiring.workspace import Workspace

INBOX = "deliveries/inbox"
"""Where partners leave what they deliver, in the zone labeled, by measurement."""
_RECEIVED = "deliveries/received"
Watch = Callable[[PipelineEvent], None]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What became of an export or import."""

    record: RunRecord
    fresh: bool
    """False: it was made before."""

    @property
    def package(self) -> str:
        """Id of the package."""
        return str(self.record.facts["package"])


def export_labels(
    workspace: Workspace,
    measurement: str,
    params: Mapping[str, object],
    watch: Watch,
    given: Mapping[str, Path] | None = None,
) -> Exchanged:
    """Make a package of a measurement; the same wishes over the same tables make it once.

    ``given`` are files of the user by role, as the step's needs name them.
    """
    with _working(workspace, measurement, watch) as (machinery, facts):
        references = [workspace.reference(role, path) for role, path in (given or {}).items()]
        if references:
            workspace.catalog.reference(references)
        return Exchanged(*run_beside(machinery, facts, EXPORT_LABELS, params, references))


@contextmanager
def _working(
    workspace: Workspace, measurement: str, watch: Watch
) -> Iterator[tuple[Machinery, Measurement]]:
    facts = workspace.catalog.measurement(measurement)
    with workspace.leases.hold(measurement), workspace.machinery(watch) as machinery:
        yield machinery, facts


def save_package(storage: Storage, exchanged: Exchanged, folder: Path) -> int:
    """Copy the files of a package into ``folder`` and return how many there are.

    Raises ``Conflict`` for a file that is there with other content, before anything is written.
    """
    files = {
        folder / artifact.name.partition("/")[2]: artifact for artifact in exchanged.record.made
    }
    for path, artifact in files.items():
        if path.exists() and _sha256(path.read_bytes()) != artifact.sha256:
            raise Conflict(
                f"'{path}' exists with other content", hint="name a folder that is new or empty"
            )
    for path, artifact in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in chunks_of(storage.open(artifact.location)):
                file.write(chunk)
    return len(files)


def import_labels(
    workspace: Workspace,
    measurement: str,
    delivered_file: tuple[str, bytes],
    package: str | None = None,
    schema: Path | None = None,
) -> Exchanged:
    """Take in a delivered file (name, bytes) as the next delivery of the package that it is for.

    With a ``schema`` (JSON Schema) the file must meet that too.  The same bytes as the delivery
    before change nothing.  A file that does not fit is refused before anything is stored:
    ``SchemaMismatch``, ``UnreadableFile``, ``HostileInput``; ``NotFound`` where its package was
    never sent.
    """
    name, data = delivered_file
    with _working(workspace, measurement, lambda _: None) as (machinery, facts):
        sent = find_package(workspace, measurement, name, data, package)
        rules = None if schema is None else (schema.name, schema.read_bytes())
        checked(data, name, sent, Params().outside_px, rules)
        before = _latest(workspace.catalog, sent)
        delivered = _delivered(facts.id, name, data, sent)
        if before and delivered.id in before.used:
            return Exchanged(before, fresh=False)
        workspace.storage.put(delivered.location, [data])
        given = [delivered, *([workspace.reference("schema", schema)] if schema else [])]
        workspace.catalog.reference(given)
        step = _narrowed(sent, before)
        done = Exchanged(*run_beside(machinery, facts, step, {}, given))
        if before:
            # The delivery before stays reachable by id and through lineage.
            take_in(workspace.storage, workspace.catalog, (), superseded=[before.run])
        return done


def find_package(
    workspace: Workspace, measurement: str, name: str, data: bytes, wanted: str | None
) -> LabelPackage:
    """Return the package that a file is for: the wanted one, that which it names, or the only one.

    Raises ``NotFound`` if there is no such package, and ``InputError`` if it could be several.
    """
    manifests = {
        one.attributes["package"]: one
        for one in workspace.catalog.artifacts(measurement, kind="label_package")
        if one.attributes["role"] == "manifest"
    }
    named = wanted or read_labels(data, name)[1].package
    if named is None and len(manifests) == 1:
        named = next(iter(manifests))
    there = f"packages: {', '.join(sorted(manifests)) or 'none'}"
    if named is None and manifests:
        raise InputError(f"{name} does not say which package it is for", hint=there)
    if named not in manifests:
        what = f"package '{named[:60]}'" if named else "a package"
        raise NotFound(f"measurement {measurement} never sent {what}", hint=there)
    return read_package(read_all(workspace.storage.open(manifests[named].location)))


def _latest(catalog: CatalogReader, sent: LabelPackage) -> RunRecord | None:
    current = [
        one
        for one in catalog.artifacts(sent.measurement, kind="labels")
        if one.attributes["package"] == sent.package and one.run is not None
    ]
    last = max(current, key=lambda one: int(one.attributes["delivery"]), default=None)
    return catalog.run(last.run) if last and last.run else None


def _delivered(measurement: str, name: str, data: bytes, sent: LabelPackage) -> Artifact:
    sha256 = _sha256(data)
    return Artifact(
        id=f"art_{fingerprint(['label_delivery', sent.package, sha256])}",
        kind="label_delivery",
        measurement=None,
        name=name,
        location=Location(Zone.LABELED, f"{_RECEIVED}/{sha256[:16]}/{path_part(name)}"),
        bytes=len(data),
        sha256=sha256,
        attributes={"role": "delivery", "measurement": measurement, "package": sent.package},
    )


def _narrowed(sent: LabelPackage, before: RunRecord | None) -> Step:
    """Return the import step for one package, and for the one delivery before, if any."""
    needs = dict(IMPORT_LABELS.needs)
    needs["package"] = replace(
        needs["package"], where={"package": sent.package, "role": "manifest"}
    )
    number = before.facts["delivery"] if before else 0
    needs["previous"] = replace(
        needs["previous"], where={"package": sent.package, "delivery": str(number)}
    )
    return replace(IMPORT_LABELS, needs=needs)


def read_inbox(storage: Storage, measurement: str, key: str) -> tuple[str, bytes]:
    """Return name and content of a file that a partner left; ``key`` is inside the zone labeled.

    Raises ``InputError`` for a key outside the inbox of the measurement, ``NotFound`` for one where
    nothing is.
    """
    folder = f"{INBOX}/{measurement}/"
    if not check_key(key).startswith(folder):
        raise InputError(f"'{key[:120]}' is not in the inbox {folder}")
    file = storage.open(Location(Zone.LABELED, key))
    return key.rsplit("/", 1)[-1], read_all(file, MAX_BYTES)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
