"""The catalog port over SQLite: opens transactions, leaves the work to the modules beside it."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from avdataops.adapters.sqlite_catalog.artifacts import get_artifact, list_artifacts, put_artifacts
from avdataops.adapters.sqlite_catalog.conditions import known_names, knows_name
from avdataops.adapters.sqlite_catalog.connection import Database
from avdataops.adapters.sqlite_catalog.curation import Curated
from avdataops.adapters.sqlite_catalog.lineage import walk_lineage
from avdataops.adapters.sqlite_catalog.measurements import (
    get_measurement,
    list_measurements,
    list_recordings,
    move_measurement,
    register_measurement,
)
from avdataops.adapters.sqlite_catalog.runs import (
    begin_tasks,
    commit_runs,
    get_run,
    list_runs,
    unfinished_tasks,
)
from avdataops.adapters.sqlite_catalog.scenes import (
    count_scenes,
    explain_scenes,
    find_scenes,
    get_scene_row,
    scene_of,
)
from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Manifest, Measurement, Reason, Recording, State
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Direction, Lineage, SceneQuery, Statement, Taken


class SqliteCatalog(Curated):
    """A ``Catalog`` in one file on a local disk, or in memory; made if it is not there.

    Threads may share it and take turns; every process opens its own.  Raises ``ConfigError`` for
    a file that is no catalog or one of a newer product, ``Busy`` when others keep writing.
    """

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        self._database = Database(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; whatever is asked afterwards raises ``CatalogUnavailable``."""
        self._database.close()

    def measurement(self, measurement: str) -> Measurement:
        """Return one measurement."""
        with self._database.read() as connection:
            return get_measurement(connection, measurement)

    def measurements(
        self,
        *,
        state: State | None = None,
        vehicle: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Measurement]:
        """Return measurements by id, after the id ``after``; ``limit`` <= 0 means all."""
        with self._database.read() as connection:
            return list_measurements(
                connection, state=state, vehicle=vehicle, after=after, limit=limit
            )

    def recordings(self, measurement: str) -> Sequence[Recording]:
        """Return the recordings of a measurement by name."""
        with self._database.read() as connection:
            return list_recordings(connection, measurement)

    def artifact(self, artifact: str) -> Artifact:
        """Return one artifact."""
        with self._database.read() as connection:
            return get_artifact(connection, artifact)

    def artifacts(self, measurement: str, *, kind: str | None = None) -> Sequence[Artifact]:
        """Return the current artifacts of a measurement by kind, name and part."""
        with self._database.read() as connection:
            get_measurement(connection, measurement)
            return list_artifacts(connection, measurement, kind)

    def run(self, run: str) -> RunRecord:
        """Return the latest attempt of one run that ended."""
        with self._database.read() as connection:
            return get_run(connection, run)

    def runs(self, measurement: str, *, step: str | None = None) -> Sequence[RunRecord]:
        """Return the latest ended attempt of every run of a measurement by start time."""
        with self._database.read() as connection:
            get_measurement(connection, measurement)
            return list_runs(connection, measurement, step)

    def unfinished(self, measurement: str) -> Sequence[TaskSpec]:
        """Return the tasks that were begun and left no record."""
        with self._database.read() as connection:
            get_measurement(connection, measurement)
            return unfinished_tasks(connection, measurement)

    def scene(self, scene: str) -> Scene:
        """Return one scene."""
        with self._database.read() as connection:
            return scene_of(get_scene_row(connection, scene))

    def scenes(
        self, query: SceneQuery, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Scene]:
        """Return current scenes ordered by (start, id), after the scene id ``after``."""
        with self._database.read() as connection:
            return find_scenes(connection, query, after=after, limit=limit)

    def count_scenes(self, query: SceneQuery, *, by: str = "type") -> dict[str, int]:
        """Return how many current scenes match, by one of ``SCENE_GROUPS``."""
        with self._database.read() as connection:
            return count_scenes(connection, query, by)

    def explain(self, query: SceneQuery) -> Sequence[Statement]:
        """Return how the first page of scenes is looked for."""
        with self._database.read() as connection:
            return explain_scenes(connection, query)

    def knows_attribute(self, name: str) -> bool:
        """Say whether some scene has evidence or surroundings of this name."""
        with self._database.read() as connection:
            return knows_name(connection, name)

    def attribute_names(self) -> Sequence[str]:
        """Return names of evidence and surroundings that scenes have."""
        with self._database.read() as connection:
            return known_names(connection)

    def lineage(self, start: str, direction: Direction, *, depth: int | None = None) -> Lineage:
        """Walk from a scene, artifact, run or recording; ``depth`` counts runs."""
        with self._database.read() as connection:
            return walk_lineage(connection, start, direction, depth)

    def register(
        self, manifest: Manifest, recordings: Sequence[Recording], uploads: Sequence[Artifact]
    ) -> None:
        """Take in an uploaded measurement as pending."""
        with self._database.write() as connection:
            register_measurement(connection, manifest, recordings, uploads)

    def reference(self, artifacts: Sequence[Artifact]) -> None:
        """Take in shared files that runs will name as inputs."""
        with self._database.write() as connection:
            put_artifacts(connection, artifacts)

    def set_state(self, measurement: str, state: State, reason: Reason | None = None) -> None:
        """Move a measurement; leaving quarantine clears its reason."""
        with self._database.write() as connection:
            move_measurement(connection, measurement, state, reason)

    def begin(self, tasks: Sequence[TaskSpec]) -> Sequence[TaskSpec]:
        """Note that the tasks are about to run; returns them with their attempt numbers."""
        with self._database.write() as connection:
            return begin_tasks(connection, tasks)

    def commit(self, taken: Sequence[Taken], *, superseded: Sequence[str] = ()) -> None:
        """Take in what runs made, all or nothing."""
        with self._database.write() as connection:
            commit_runs(connection, taken, superseded)
