"""The catalog port over Cosmos DB: counts the cost, leaves the work to the modules beside it."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from avdataops.adapters.cosmos_catalog.account import open_client
from avdataops.adapters.cosmos_catalog.artifacts import get_artifact, list_artifacts, put_shared
from avdataops.adapters.cosmos_catalog.commits import commit_runs
from avdataops.adapters.cosmos_catalog.curation import Curated
from avdataops.adapters.cosmos_catalog.lineage import walk_lineage
from avdataops.adapters.cosmos_catalog.measurements import (
    get_measurement,
    list_measurements,
    list_recordings,
    move_measurement,
    register_measurement,
)
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.runs import (
    begin_tasks,
    get_run,
    list_runs,
    unfinished_tasks,
)
from avdataops.adapters.cosmos_catalog.scenes import (
    count_scenes,
    explain_scenes,
    find_scenes,
    get_scene,
    known_names,
    knows_name,
)
from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Manifest, Measurement, Reason, Recording, State
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Direction, Lineage, SceneQuery, Statement, Taken


class CosmosCatalog(Curated):
    """A ``Catalog`` in one database of Cosmos DB; threads and processes may share it.

    A transaction never spans more than one partition key, so a write that concerns several
    measurements (the pipeline makes none) is all or nothing for each of them: everything is
    checked before the first is written, and repeating the call after a crash does the rest.  A
    question about one measurement sees one moment; a question about many sees each measurement
    as of a moment while it was asked.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

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
        """Close the connections; whatever is asked afterwards raises ``CatalogUnavailable``."""
        self._requests.close()

    def request_units(self) -> dict[str, float]:
        """Return the request units spent so far, by the names of the methods that spent them."""
        return self._requests.charged()

    def measurement(self, measurement: str) -> Measurement:
        """Return one measurement."""
        with self._requests.asked_by("measurement"):
            return get_measurement(self._requests, measurement)

    def measurements(
        self,
        *,
        state: State | None = None,
        vehicle: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Measurement]:
        """Return measurements by id, after the id ``after``; ``limit`` <= 0 means all."""
        with self._requests.asked_by("measurements"):
            return list_measurements(
                self._requests, state=state, vehicle=vehicle, after=after, limit=limit
            )

    def recordings(self, measurement: str) -> Sequence[Recording]:
        """Return the recordings of a measurement by name."""
        with self._requests.asked_by("recordings"):
            return list_recordings(self._requests, measurement)

    def artifact(self, artifact: str) -> Artifact:
        """Return one artifact."""
        with self._requests.asked_by("artifact"):
            return get_artifact(self._requests, artifact)

    def artifacts(self, measurement: str, *, kind: str | None = None) -> Sequence[Artifact]:
        """Return the current artifacts of a measurement by kind, name and part."""
        with self._requests.asked_by("artifacts"):
            return list_artifacts(self._requests, measurement, kind)

    def run(self, run: str) -> RunRecord:
        """Return the latest attempt of one run that ended."""
        with self._requests.asked_by("run"):
            return get_run(self._requests, run)

    def runs(self, measurement: str, *, step: str | None = None) -> Sequence[RunRecord]:
        """Return the latest ended attempt of every run of a measurement by start time."""
        with self._requests.asked_by("runs"):
            return list_runs(self._requests, measurement, step)

    def unfinished(self, measurement: str) -> Sequence[TaskSpec]:
        """Return the tasks that were begun and left no record."""
        with self._requests.asked_by("unfinished"):
            return unfinished_tasks(self._requests, measurement)

    def scene(self, scene: str) -> Scene:
        """Return one scene."""
        with self._requests.asked_by("scene"):
            return get_scene(self._requests, scene)

    def scenes(
        self, query: SceneQuery, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Scene]:
        """Return current scenes ordered by (start, id), after the scene id ``after``."""
        with self._requests.asked_by("scenes"):
            return find_scenes(self._requests, query, after=after, limit=limit)

    def count_scenes(self, query: SceneQuery, *, by: str = "type") -> dict[str, int]:
        """Return how many current scenes match, by one of ``SCENE_GROUPS``."""
        with self._requests.asked_by("count_scenes"):
            return count_scenes(self._requests, query, by)

    def explain(self, query: SceneQuery) -> Sequence[Statement]:
        """Return how the first page of scenes is looked for."""
        with self._requests.asked_by("explain"):
            return explain_scenes(self._requests, query)

    def knows_attribute(self, name: str) -> bool:
        """Say whether some scene has evidence or surroundings of this name."""
        with self._requests.asked_by("knows_attribute"):
            return knows_name(self._requests, name)

    def attribute_names(self) -> Sequence[str]:
        """Return names of evidence and surroundings that some of the scenes have."""
        with self._requests.asked_by("attribute_names"):
            return known_names(self._requests)

    def lineage(self, start: str, direction: Direction, *, depth: int | None = None) -> Lineage:
        """Walk from a scene, artifact, run or recording; ``depth`` counts runs."""
        with self._requests.asked_by("lineage"):
            return walk_lineage(self._requests, start, direction, depth)

    def register(
        self, manifest: Manifest, recordings: Sequence[Recording], uploads: Sequence[Artifact]
    ) -> None:
        """Take in an uploaded measurement as pending."""
        with self._requests.asked_by("register"):
            register_measurement(self._requests, manifest, recordings, uploads)

    def reference(self, artifacts: Sequence[Artifact]) -> None:
        """Take in shared files that runs will name as inputs."""
        with self._requests.asked_by("reference"):
            put_shared(self._requests, artifacts)

    def set_state(self, measurement: str, state: State, reason: Reason | None = None) -> None:
        """Move a measurement; leaving quarantine clears its reason."""
        with self._requests.asked_by("set_state"):
            move_measurement(self._requests, measurement, state, reason)

    def begin(self, tasks: Sequence[TaskSpec]) -> Sequence[TaskSpec]:
        """Note that the tasks are about to run; returns them with their attempt numbers."""
        with self._requests.asked_by("begin"):
            return begin_tasks(self._requests, tasks)

    def commit(self, taken: Sequence[Taken], *, superseded: Sequence[str] = ()) -> None:
        """Take in what runs made, all or nothing for each measurement."""
        with self._requests.asked_by("commit"):
            commit_runs(self._requests, taken, superseded)


def open_cosmos_catalog(
    endpoint: str, database: str, *, key: str | None = None, client_id: str | None = None
) -> CosmosCatalog:
    """Return the catalog in a database, signed in by managed identity or Entra ID.

    ``client_id`` names the managed identity; ``key`` is for emulators on this machine only.
    Raises ``ConfigError`` for an account that will not do, ``PermissionDenied`` and
    ``CatalogUnavailable``.
    """
    client = open_client(endpoint, key=key, client_id=client_id)
    return CosmosCatalog(Requests(client, endpoint, database))
