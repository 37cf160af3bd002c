"""What came from what, walked level by level over run inputs and results."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from avdataops.adapters.sqlite_catalog.datasets import get_dataset
from avdataops.adapters.sqlite_catalog.missing import nearest_id
from avdataops.adapters.sqlite_catalog.rows import artifact_of
from avdataops.adapters.sqlite_catalog.scenes import get_scene_row, scene_of
from avdataops.model.documents import from_json
from avdataops.model.errors import InputError, NotFound, shown
from avdataops.model.measurement import Recording
from avdataops.model.run import Outcome
from avdataops.ports.catalog import Direction, Edge, Lineage, Node
from avdataops.ports.lineage_nodes import (
    artifact_node,
    dataset_node,
    recording_node,
    run_node,
    scene_node,
)

_CHUNK = 500
_TABLES = ("scenes", "artifacts", "runs", "recordings", "datasets")

_STEP_UP = """SELECT u.artifact AS src, a.id AS dst, u.run AS run, u.artifact AS next
    FROM artifacts AS a JOIN used AS u ON u.run = a.run WHERE a.id IN ({marks})
    ORDER BY dst, src"""
_STEP_DOWN = """SELECT u.artifact AS src, a.id AS dst, u.run AS run, a.id AS next
    FROM used AS u JOIN artifacts AS a ON a.run = u.run WHERE u.artifact IN ({marks})
    ORDER BY src, dst"""
_SCENES_IN = """SELECT * FROM scenes WHERE artifact IN ({marks})
    ORDER BY t_start_ns, id, number"""
_DATASETS_WITH = "SELECT dataset, artifact FROM dataset_artifacts WHERE artifact IN ({marks})"
_ARTIFACTS = """SELECT a.*, r.step, t.outcome FROM artifacts AS a
    LEFT JOIN runs AS r ON r.id = a.run
    LEFT JOIN attempts AS t ON t.run = r.id AND t.attempt = r.ended WHERE a.id IN ({marks})"""


def walk_lineage(
    connection: sqlite3.Connection, start: str, direction: Direction, depth: int | None
) -> Lineage:
    """Return all that ``start`` came from, or all that came of it; each node once.

    ``depth`` counts runs: 1 from an artifact is what the run that made it has read.  Raises
    ``NotFound`` for an unknown id and ``InputError`` for a negative depth.
    """
    if depth is not None and depth < 0:
        raise InputError(f"a depth of {depth} runs means nothing; 0 or more does")
    walk = _Walk(connection, direction)
    left = walk.begin(start, depth)
    walk.follow(left)
    return Lineage(root=start, nodes=tuple(walk.nodes()), edges=tuple(walk.edges))


class _Walk:
    """One walk: the nodes met so far, the edges between them, the artifacts at the front."""

    def __init__(self, connection: sqlite3.Connection, direction: Direction) -> None:
        self._connection = connection
        self._up = direction is Direction.UP
        self._root: Node | None = None
        self._scenes: dict[str, Node] = {}
        self._datasets: dict[str, Node] = {}
        self._met: dict[str, None] = {}
        self._front: list[str] = []
        self.edges: dict[Edge, None] = {}

    def begin(self, start: str, depth: int | None) -> int | None:
        """Put ``start`` on the walk and return how many runs may still be crossed."""
        table = self._table_of(start)
        if table == "artifacts":
            self._meet([start])
        elif table == "scenes":
            self._begin_scene(start)
        elif table == "recordings":
            self._begin_recording(start)
        elif table == "datasets":
            self._begin_dataset(start)
        else:
            return self._begin_run(start, depth)
        return depth

    def _table_of(self, start: str) -> str:
        for table in _TABLES:
            if self._connection.execute(
                f"SELECT 1 FROM {table} WHERE id = ?",  # noqa: S608 - table is one of _TABLES
                (start,),
            ).fetchone():
                return table
        near = (nearest_id(self._connection, table, start) for table in _TABLES)
        best = next(filter(None, near), None)
        told = f"; did you mean '{best}'?" if best else ""
        raise NotFound(
            f"no scene, artifact, run or recording {shown(start)}{told}",
            hint="avdataops scenes find",
        )

    def _begin_scene(self, scene: str) -> None:
        row = get_scene_row(self._connection, scene)
        self._root = scene_node(scene_of(row))
        if self._up:
            self._add(row["artifact"], scene, row["run"])
            self._meet([row["artifact"]])

    def _begin_recording(self, recording: str) -> None:
        row = self._connection.execute(
            "SELECT * FROM recordings WHERE id = ?", (recording,)
        ).fetchone()
        facts = from_json(Recording, row["document"])
        self._root = recording_node(facts)
        if self._up:
            return
        uploads = self._connection.execute(
            """SELECT id FROM artifacts
               WHERE measurement = ? AND kind = 'upload' AND name = ? AND sha256 = ? ORDER BY id""",
            (facts.measurement, facts.name, facts.sha256),
        )
        for upload in uploads.fetchall():
            if upload["id"] != recording:
                self._add(recording, upload["id"], "")
            self._meet([upload["id"]])

    def _begin_dataset(self, dataset: str) -> None:
        self._root = dataset_node(get_dataset(self._connection, dataset))
        if not self._up:
            return
        rows = self._connection.execute(
            "SELECT artifact FROM dataset_artifacts WHERE dataset = ? ORDER BY artifact", (dataset,)
        )
        for row in rows.fetchall():
            self._add(row["artifact"], dataset, "")
            self._meet([row["artifact"]])

    def _begin_run(self, run: str, depth: int | None) -> int | None:
        row = self._connection.execute(
            """SELECT r.*, a.outcome FROM runs AS r
               LEFT JOIN attempts AS a ON a.run = r.id AND a.attempt = r.ended WHERE r.id = ?""",
            (run,),
        ).fetchone()
        self._root = run_node(run, row["step"], _outcome(row), row["measurement"])
        if depth == 0:
            return 0
        if self._up:
            sql = "SELECT artifact AS id FROM used WHERE run = ? ORDER BY artifact"
        else:
            sql = "SELECT id FROM artifacts WHERE run = ? ORDER BY id"
        for found in self._connection.execute(sql, (run,)).fetchall():
            src, dst = (found["id"], run) if self._up else (run, found["id"])
            self._add(src, dst, run)
            self._meet([found["id"]])
        return None if depth is None else depth - 1

    def follow(self, left: int | None) -> None:
        """Cross runs until nothing new comes, or none may be crossed any more."""
        sql = _STEP_UP if self._up else _STEP_DOWN
        while self._front and left != 0:
            front, self._front = self._front, []
            for row in self._rows(sql, front):
                self._add(row["src"], row["dst"], row["run"])
                self._meet([row["next"]])
            left = None if left is None else left - 1
        if not self._up:
            self._hang_on_leaves()

    def _hang_on_leaves(self) -> None:
        for row in self._rows(_SCENES_IN, list(self._met)):
            self._scenes.setdefault(row["id"], scene_node(scene_of(row)))
            self._add(row["artifact"], row["id"], row["run"])
        held = list(self._rows(_DATASETS_WITH, list(self._met)))
        for row in sorted(held, key=lambda row: (row["dataset"], row["artifact"])):
            if row["dataset"] not in self._datasets:
                found = get_dataset(self._connection, row["dataset"])
                self._datasets[found.id] = dataset_node(found)
            self._add(row["artifact"], row["dataset"], "")

    def nodes(self) -> Iterator[Node]:
        """Yield every node once: the start, then the others in the order they were met."""
        if self._root is not None:
            yield self._root
        rows = {row["id"]: row for row in self._rows(_ARTIFACTS, list(self._met))}
        yield from (_node_of(rows[artifact]) for artifact in self._met)
        yield from self._scenes.values()
        yield from self._datasets.values()

    def _meet(self, artifacts: Iterable[str]) -> None:
        for artifact in artifacts:
            if artifact not in self._met:
                self._met[artifact] = None
                self._front.append(artifact)

    def _add(self, src: str, dst: str, run: str) -> None:
        self.edges[Edge(src=src, dst=dst, run=run)] = None

    def _rows(self, sql: str, ids: Sequence[str]) -> Iterator[sqlite3.Row]:
        for first in range(0, len(ids), _CHUNK):
            chunk = ids[first : first + _CHUNK]
            yield from self._connection.execute(
                sql.format(marks=", ".join("?" * len(chunk))), chunk
            )


def _node_of(row: sqlite3.Row) -> Node:
    return artifact_node(artifact_of(row), row["step"], _outcome(row))


def _outcome(row: sqlite3.Row) -> Outcome | None:
    return None if row["outcome"] is None else Outcome(row["outcome"])
