"""What came from what, walked level by level over the partitions of measurements.

All records and artifacts of a measurement lie in one logical partition, so a walk reads those of
each measurement it comes through at once instead of one by one: three queries for each.  The
way up follows the inputs that records name; the way down follows the same records, and the
``edges`` container to other measurements.
"""

from collections.abc import Iterable, Iterator, Sequence

from avdataops.adapters.cosmos_catalog.claims import find_claim
from avdataops.adapters.cosmos_catalog.datasets import (
    datasets_with,
    find_with_id,
    list_artifacts,
)
from avdataops.adapters.cosmos_catalog.documents import scene_of
from avdataops.adapters.cosmos_catalog.family import Families, Family
from avdataops.adapters.cosmos_catalog.heads import RunState
from avdataops.adapters.cosmos_catalog.missing import (
    ARTIFACT,
    RECORDING,
    RUN,
    SCENE,
    nearest_id,
)
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.scenes import find_row
from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset
from avdataops.model.errors import InputError, NotFound, shown
from avdataops.model.run import Outcome
from avdataops.ports.catalog import Direction, Edge, Lineage, Node
from avdataops.ports.lineage_nodes import (
    artifact_node,
    dataset_node,
    recording_node,
    run_node,
    scene_node,
)


def walk_lineage(
    requests: Requests, start: str, direction: Direction, depth: int | None
) -> Lineage:
    """Return all that ``start`` came from, or all that came of it; each node once.

    ``depth`` counts runs: 1 from an artifact is what the run that made it has read.  Raises
    ``NotFound`` for an unknown id and ``InputError`` for a negative depth.
    """
    if depth is not None and depth < 0:
        raise InputError(f"a depth of {depth} runs means nothing; 0 or more does")
    walk = _Walk(requests, direction)
    left = walk.begin(start, depth)
    walk.follow(left)
    return Lineage(root=start, nodes=tuple(walk.nodes()), edges=tuple(walk.edges))


class _Walk:
    """One walk: the nodes met so far, the edges between them, the artifacts at the front."""

    def __init__(self, requests: Requests, direction: Direction) -> None:
        self._requests = requests
        self._families = Families(requests)
        self._up = direction is Direction.UP
        self._root: Node | None = None
        self._scenes: dict[str, Node] = {}
        self._datasets: dict[str, Node] = {}
        self._met: dict[str, None] = {}
        self._front: list[str] = []
        self.edges: dict[Edge, None] = {}

    def begin(self, start: str, depth: int | None) -> int | None:
        """Put ``start`` on the walk and return how many runs may still be crossed."""
        row = find_row(self._requests, start)
        if row is not None:
            self._begin_scene(start, row)
            return depth
        claim = find_claim(self._requests, start)
        family = self._families.of(claim["measurementId"]) if claim else None
        if claim is not None and claim["kind"] == ARTIFACT and self._families.artifact(start):
            self._meet([start])
            return depth
        if claim is not None and family is not None:
            if claim["kind"] == RECORDING and start in family.head.recordings:
                self._begin_recording(start, family)
                return depth
            if claim["kind"] == RUN and start in family.head.runs:
                return self._begin_run(start, family, depth)
        dataset = find_with_id(self._requests, start)
        if dataset is None:
            raise self._unknown(start)
        self._begin_dataset(dataset)
        return depth

    def _begin_dataset(self, dataset: Dataset) -> None:
        self._root = dataset_node(dataset)
        if self._up:
            for artifact in list_artifacts(self._requests, dataset.id, 0, 0):
                self._add(artifact.id, dataset.id, "")
                self._meet([artifact.id])

    def _unknown(self, start: str) -> NotFound:
        nouns = (SCENE, ARTIFACT, RUN, RECORDING)
        near = (nearest_id(self._requests, noun, start) for noun in nouns)
        best = next(filter(None, near), None)
        told = f"; did you mean '{best}'?" if best else ""
        return NotFound(
            f"no scene, artifact, run or recording {shown(start)}{told}",
            hint="avdataops scenes find",
        )

    def _begin_scene(self, scene: str, row: Document) -> None:
        self._root = scene_node(scene_of(row))
        if self._up:
            self._add(row["artifact"], scene, row["run"])
            self._meet([row["artifact"]])

    def _begin_recording(self, start: str, family: Family) -> None:
        recording = family.recording(start)
        self._root = recording_node(recording)
        if self._up:
            return
        same = (recording.name, recording.sha256)
        for upload in sorted(family.artifacts.values(), key=lambda one: one.id):
            if upload.kind == "upload" and (upload.name, upload.sha256) == same:
                if upload.id != start:
                    self._add(start, upload.id, "")
                self._meet([upload.id])

    def _begin_run(self, run: str, family: Family, depth: int | None) -> int | None:
        state = family.head.runs[run]
        self._root = run_node(run, state.step, _outcome(state), family.head.id)
        if depth == 0:
            return 0
        for artifact in sorted(family.used.get(run, ()) if self._up else family.made.get(run, ())):
            src, dst = (artifact, run) if self._up else (run, artifact)
            self._add(src, dst, run)
            self._meet([artifact])
        return None if depth is None else depth - 1

    def follow(self, left: int | None) -> None:
        """Cross runs until nothing new comes, or none may be crossed any more."""
        while self._front and left != 0:
            front, self._front = self._front, []
            steps = self._steps_up(front) if self._up else self._steps_down(front)
            for src, dst, run in sorted(steps, key=lambda step: step[1::-1] if self._up else step):
                self._add(src, dst, run)
                self._meet([src if self._up else dst])
            left = None if left is None else left - 1
        if not self._up:
            self._hang_on_leaves()

    def _steps_up(self, front: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        for dst in front:
            family = self._families.home(dst)
            run = family.artifacts[dst].run if family else None
            if family is not None and run is not None:
                for src in family.used.get(run, ()):
                    yield src, dst, run

    def _steps_down(self, front: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        for src, run, family in self._families.users(front):
            for dst in family.made.get(run, ()):
                yield src, dst, run

    def _hang_on_leaves(self) -> None:
        for row in self._families.scenes_in(list(self._met)):
            self._scenes.setdefault(row["scene"], scene_node(scene_of(row)))
            self._add(row["artifact"], row["scene"], row["run"])
        for artifact, dataset in datasets_with(self._requests, list(self._met)):
            self._datasets.setdefault(dataset.id, dataset_node(dataset))
            self._add(artifact, dataset.id, "")

    def nodes(self) -> Iterator[Node]:
        """Yield every node once: the start, then the others in the order they were met."""
        if self._root is not None:
            yield self._root
        for met in self._met:
            artifact = self._families.artifact(met)
            if artifact is not None:
                yield self._artifact_node(artifact)
        yield from self._scenes.values()
        yield from self._datasets.values()

    def _artifact_node(self, artifact: Artifact) -> Node:
        family = self._families.home(artifact.id)
        state = family.head.runs.get(artifact.run or "") if family else None
        if state is None:
            return artifact_node(artifact, None, None)
        return artifact_node(artifact, state.step, _outcome(state))

    def _meet(self, artifacts: Iterable[str]) -> None:
        for artifact in artifacts:
            if artifact not in self._met:
                self._met[artifact] = None
                self._front.append(artifact)

    def _add(self, src: str, dst: str, run: str) -> None:
        self.edges[Edge(src=src, dst=dst, run=run)] = None


def _outcome(state: RunState) -> Outcome | None:
    return state.ended.outcome if state.ended else None
