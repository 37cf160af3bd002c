"""Small builders of valid facts for suites and tests; the same arguments give the same facts."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from avdataops.model.artifact import Artifact
from avdataops.model.ids import artifact_id, fingerprint, measurement_id, run_id, scene_id
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Recording, Role
from avdataops.model.run import Outcome, RunRecord, TaskInput, TaskSpec
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S

T0_NS = 1_794_157_384_123_456_789
"""A start of drives that no float64 can hold."""


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """The arguments of ``Catalog.register``."""

    manifest: Manifest
    recordings: tuple[Recording, ...]
    uploads: tuple[Artifact, ...]

    @property
    def id(self) -> str:
        """Id of the measurement."""
        return self.manifest.measurement


def uploaded(
    title: str = "first", *, vehicle: str = "car-1", names: Sequence[str] = ("a.mcap", "b.mf4")
) -> Uploaded:
    """Return a measurement with one recording per name; ``title`` tells measurements apart."""
    sums = {name: sha256_of(f"{title}/{name}") for name in names}
    measurement = measurement_id(vehicle, sums.items())
    files = tuple(
        ManifestFile(name=name, bytes=1000 + n, sha256=sums[name], role=Role.RECORDING)
        for n, name in enumerate(names)
    )
    return Uploaded(
        manifest=Manifest(
            schema_version=1,
            measurement=measurement,
            vehicle=vehicle,
            created_ns=T0_NS,
            files=files,
            driver_notes={"driver": "A1", "remarks": [{"t_ns": T0_NS, "text": title}]},
        ),
        recordings=tuple(_recording(measurement, file) for file in files),
        uploads=tuple(_upload(measurement, file) for file in files),
    )


def _recording(measurement: str, file: ManifestFile) -> Recording:
    return Recording(
        id=f"rec_{fingerprint([measurement, file.name])}",
        measurement=measurement,
        name=file.name,
        bytes=file.bytes,
        sha256=file.sha256,
    )


def _upload(measurement: str, file: ManifestFile) -> Artifact:
    return Artifact(
        id=f"art_{fingerprint([measurement, 'upload', file.name])}",
        kind="upload",
        measurement=measurement,
        name=file.name,
        location=Location(Zone.LANDING, f"{measurement}/{fingerprint(file.name)}"),
        bytes=file.bytes,
        sha256=file.sha256,
    )


def task(
    step: str,
    measurement: str,
    inputs: Sequence[Artifact] = (),
    params: Mapping[str, object] | None = None,
) -> TaskSpec:
    """Return a task whose id follows from all that is given."""
    given = dict(params or {})
    return TaskSpec(
        id=fingerprint([step, measurement, [artifact.id for artifact in inputs], given]),
        step=step,
        version=1,
        measurement=measurement,
        vehicle="car-1",
        part="",
        inputs=tuple(TaskInput(role="input", artifact=artifact) for artifact in inputs),
        params=given,
    )


def record(spec: TaskSpec, made: Sequence[tuple[str, str]] = ()) -> RunRecord:
    """Return the successful record of a task that made artifacts of these kinds and names."""
    return RunRecord(
        run=run_id(spec.id),
        step=spec.step,
        version=spec.version,
        measurement=spec.measurement,
        part=spec.part,
        attempt=spec.attempt,
        outcome=Outcome.DONE,
        params=spec.params,
        used=tuple(given.artifact.id for given in spec.inputs),
        made=tuple(_made(spec, kind, name) for kind, name in made),
        started_ns=T0_NS,
        ended_ns=T0_NS + NS_PER_S,
    )


def _made(spec: TaskSpec, kind: str, name: str) -> Artifact:
    made = artifact_id(spec.id, kind, name)
    return Artifact(
        id=made,
        kind=kind,
        measurement=spec.measurement,
        name=name,
        location=Location(Zone.DERIVED, f"{kind}/{spec.measurement}/{made}.parquet"),
        bytes=4096,
        sha256=sha256_of(made),
        run=run_id(spec.id),
        rows=100,
        start_ns=T0_NS,
        stop_ns=T0_NS + 60 * NS_PER_S,
        attributes={"topic": name},
    )


def ended(done: RunRecord, outcome: Outcome, *, attempt: int = 1) -> RunRecord:
    """Return the record of the same run with another outcome; only successes made anything."""
    made = done.made if outcome.made_something else ()
    return replace(done, outcome=outcome, attempt=attempt, made=made)


def scene(
    measurement: str,
    scene_type: str,
    start_ns: int = 0,
    *,
    stop_ns: int | None = None,
    evidence: Mapping[str, float | str | bool | None] | None = None,
) -> Scene:
    """Return a scene; times count from ``T0_NS`` and it lasts five seconds unless told."""
    stop = start_ns + 5 * NS_PER_S if stop_ns is None else stop_ns
    values = dict(evidence or {})
    return Scene(
        id=scene_id(measurement, scene_type, [start_ns, stop, values]),
        type=scene_type,
        measurement=measurement,
        vehicle="car-1",
        t_start_ns=T0_NS + start_ns,
        t_end_ns=T0_NS + stop,
        detector=scene_type,
        detector_version=1,
        confidence=0.75,
        evidence=values,
    )
