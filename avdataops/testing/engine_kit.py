"""What tests of the engine share: a landed drive, and everything that a run needs."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.engine.arrivals import arrive, landed
from avdataops.engine.execute import execute
from avdataops.engine.intake import make_manifest
from avdataops.engine.pipeline import Finished, Machinery, Pipeline, run_pipeline
from avdataops.model.artifact import Artifact
from avdataops.model.documents import to_json
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Manifest, ManifestFile, Measurement, Role
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.ports.catalog import Catalog
from avdataops.ports.dispatch import Dispatcher
from avdataops.ports.step import Step
from avdataops.ports.storage import Storage
from avdataops.testing.inline_dispatcher import InlineDispatcher
from avdataops.testing.toy_steps import TOY_PIPELINE, TOY_STEPS, recording

DRIVE = {
    "a.mcap": recording(("/imu", 10, 1.5), ("/gnss", 20, 2.0), ("/imu", 30, 2.5)),
    "b.mcap": recording(("/imu", 40, 0.5), ("/imu", 50, -1.0)),
}
"""Two recordings with three stream tables, five messages."""


def manifest_of(files: Mapping[str, bytes], vehicle: str = "car-1") -> Manifest:
    """Return the manifest of recordings with this content; its times are fixed."""
    lines = tuple(
        ManifestFile(
            name=name,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            role=Role.RECORDING,
        )
        for name, data in files.items()
    )
    return replace(make_manifest(vehicle, lines, None), created_ns=1)


def land(storage: Storage, files: Mapping[str, bytes] = DRIVE) -> str:
    """Put an upload into landing, manifest last, and return the measurement's id."""
    manifest = manifest_of(files)
    for name, data in files.items():
        storage.put(Location(Zone.LANDING, f"{manifest.measurement}/{name}"), [data])
    storage.put(landed(manifest.measurement), [to_json(manifest).encode()])
    return manifest.measurement


@dataclass(frozen=True, slots=True)
class Engine:
    """Storage, catalog and steps of one test, with the calls that tests make."""

    storage: Storage
    catalog: Catalog
    steps: Mapping[str, Step]

    def arrived(self, files: Mapping[str, bytes] = DRIVE) -> Measurement:
        """Land a drive, take it in, return it."""
        measurement = land(self.storage, files)
        arrive(self.storage, self.catalog, measurement)
        return self.catalog.measurement(measurement)

    def execute(self, task: TaskSpec) -> RunRecord:
        """Run one task."""
        return execute(task, self.storage, self.steps)

    def machinery(
        self,
        dispatcher: Dispatcher | None = None,
        watch: Callable[[object], None] = lambda _: None,
    ) -> Machinery:
        """Return what a pipeline run needs, without processes."""
        return Machinery(
            storage=self.storage,
            catalog=self.catalog,
            dispatcher=dispatcher or InlineDispatcher(functools.partial(_execute, self)),
            steps=self.steps,
            watch=watch,
        )

    def run(self, measurement: str, pipeline: Pipeline = TOY_PIPELINE) -> Finished:
        """Run a pipeline on a measurement."""
        return run_pipeline(self.machinery(), self.catalog.measurement(measurement), pipeline)

    def made(self, measurement: str, kind: str) -> list[Artifact]:
        """Return the current artifacts of one kind."""
        return list(self.catalog.artifacts(measurement, kind=kind))


def _execute(engine: Engine, task: TaskSpec, progress: Callable[[float], None]) -> None:
    execute(task, engine.storage, engine.steps, progress)


def memory_engine(steps: Mapping[str, Step] = TOY_STEPS) -> Engine:
    """Return an engine that keeps everything in memory."""
    return Engine(MemoryStorage(), SqliteCatalog(":memory:"), steps)


def loose_artifact(kind: str, name: str, *, sha256: str = "0" * 64) -> Artifact:
    """Return an artifact of the given kind and name that is stored nowhere."""
    return Artifact(
        id=f"art_{sha256[:24]}",
        kind=kind,
        measurement=None,
        name=name,
        location=Location(Zone.DERIVED, f"{kind}/{name.strip('/')}"),
        bytes=0,
        sha256=sha256,
    )
