"""What the pipeline remembers.  The behaviour suite in ``avdataops.testing`` is the contract."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Manifest, Measurement, Reason, Recording, State
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.curation import Curation
from avdataops.ports.questions import Condition, Near, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneQuery:
    """All that is given must hold."""

    types: tuple[str, ...] = ()
    """Any of these; empty means every type."""
    measurement: str | None = None
    vehicle: str | None = None
    time: TimeRange | None = None
    """Scenes that overlap it."""
    near: Near | None = None
    where: tuple[Condition, ...] = ()
    during: tuple[str, ...] = ()
    """For each of these types, a scene of it in the same measurement overlaps in time."""
    matching: Question | None = None
    """True of the scene."""


class Direction(StrEnum):
    """Which way to walk the lineage."""

    UP = "up"
    """Towards what it was made from."""
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One thing in a lineage."""

    id: str
    kind: str
    name: str
    sha256: str | None = None
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """``dst`` was made from ``src`` by ``run``."""

    src: str
    dst: str
    run: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """What one id came from, or what came of it."""

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """One run record with the scenes that its scenes table holds."""

    record: RunRecord
    scenes: tuple[Scene, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One request by which a catalog looks for scenes."""

    text: str
    values: tuple[object, ...]
    plan: tuple[str, ...]
    """How the database goes about it, as it says itself or as is known of it."""


class CatalogReader(Protocol):
    """Questions.  Unknown ids raise ``NotFound``; pages are ordered by key and keyset-paged."""

    def measurement(self, measurement: str) -> Measurement:
        """Return one measurement."""

    def measurements(
        self,
        *,
        state: State | None = None,
        vehicle: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Measurement]:
        """Return measurements by id, after the id ``after``."""

    def recordings(self, measurement: str) -> Sequence[Recording]:
        """Return the recordings of a measurement by name."""

    def artifact(self, artifact: str) -> Artifact:
        """Return one artifact."""

    def artifacts(self, measurement: str, *, kind: str | None = None) -> Sequence[Artifact]:
        """Return the *current* artifacts of a measurement by kind, name and part.

        Current: made by the latest successful runs of each step, or brought in from outside.
        Results of earlier parameters stay reachable by id and through lineage.
        """

    def run(self, run: str) -> RunRecord:
        """Return the latest attempt of one run that ended; ``NotFound`` if none has."""

    def runs(self, measurement: str, *, step: str | None = None) -> Sequence[RunRecord]:
        """Return the latest ended attempt of every run of a measurement by start time."""

    def unfinished(self, measurement: str) -> Sequence[TaskSpec]:
        """Return the tasks whose latest attempt was begun and left no record.

        After a crash the engine looks for their records in storage and commits them, or commits
        them as lost.
        """

    def scene(self, scene: str) -> Scene:
        """Return one scene."""

    def scenes(
        self, query: SceneQuery, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Scene]:
        """Return current scenes ordered by (start, id), after the scene id ``after``.

        ``limit`` <= 0 means all.  Raises ``NotFound`` for an unknown ``after`` and ``InputError``
        for an attribute or a place that cannot be.
        """

    def count_scenes(self, query: SceneQuery, *, by: str = "type") -> dict[str, int]:
        """Return how many current scenes match, by one of ``SCENE_GROUPS``.

        Names without a match are absent.  Raises ``InputError`` for another ``by``.
        """

    def explain(self, query: SceneQuery) -> Sequence[Statement]:
        """Return how the first page of ``scenes`` is looked for, one statement for each walk."""

    def knows_attribute(self, name: str) -> bool:
        """Say whether some scene has evidence or surroundings of this name."""

    def attribute_names(self) -> Sequence[str]:
        """Return names of evidence and surroundings that scenes have, enough for near misses."""

    def lineage(self, start: str, direction: Direction, *, depth: int | None = None) -> Lineage:
        """Walk from a scene, artifact, run or recording; each node comes once, the start first.

        ``depth`` counts runs: 1 from an artifact is what the run that made it has read; None has
        no bound.  An artifact leads to and from its scenes without crossing a run.
        """


class Catalog(CatalogReader, Curation, Protocol):
    """Questions, and all writes: of people and of runs.

    Each write is one transaction: all or nothing, repeatable.
    """

    def register(
        self, manifest: Manifest, recordings: Sequence[Recording], uploads: Sequence[Artifact]
    ) -> None:
        """Take in an uploaded measurement as pending.

        The same again changes nothing; another content under the same id raises ``Conflict``.
        """

    def reference(self, artifacts: Sequence[Artifact]) -> None:
        """Take in shared files (weather, maps) that runs will name as inputs."""

    def set_state(self, measurement: str, state: State, reason: Reason | None = None) -> None:
        """Move a measurement; the state it is in already changes nothing.

        Quarantine may follow any state and needs a reason; only pending follows it, and clears
        the reason.  Running follows pending or complete and leads to complete or pending, and
        complete may become pending.  Any other move raises ``Conflict``.
        """

    def begin(self, tasks: Sequence[TaskSpec]) -> Sequence[TaskSpec]:
        """Note that the tasks are about to run; returns them with their attempt numbers.

        An attempt is one more than the highest known of its run.
        """

    def commit(self, taken: Sequence[Taken], *, superseded: Sequence[str] = ()) -> None:
        """Take in what runs made: artifacts, edges, scenes, facts.

        Committing twice changes nothing, and records may come in any order.  Only a successful
        outcome makes anything; a ``LOST`` record never replaces another of the same attempt.
        Every artifact that a record used must be known or made in the same call, else
        ``NotFound``; a known artifact with another SHA-256 raises ``Conflict``.
        ``facts["recordings"]`` (Recording documents) and ``facts["time"]`` (start_ns, stop_ns)
        are learned about the measurement.

        The runs in ``superseded`` stop being current: their artifacts and scenes stay, findable
        by id and through lineage, but leave the answers of ``artifacts``, ``scenes`` and
        ``count_scenes``.  Committing a success of such a run makes it current again.
        """
