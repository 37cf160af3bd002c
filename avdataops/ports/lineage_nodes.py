"""Lineage nodes: what each says about itself without a further question."""

from collections.abc import Mapping

from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset
from avdataops.model.measurement import Recording
from avdataops.model.run import Outcome
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Node


def artifact_node(artifact: Artifact, step: str | None, outcome: Outcome | None) -> Node:
    """Return the node of an artifact; ``step`` and ``outcome`` are those of the run behind it."""
    facts = {
        "part": artifact.part,
        "rows": artifact.rows,
        "bytes": artifact.bytes,
        "measurement": artifact.measurement,
        "step": step,
        "outcome": outcome.value if outcome else None,
        "location": str(artifact.location),
    }
    return Node(
        id=artifact.id,
        kind=artifact.kind,
        name=artifact.name,
        sha256=artifact.sha256,
        facts=_known(facts),
    )


def scene_node(scene: Scene) -> Node:
    """Return the node of a scene."""
    facts = {
        "measurement": scene.measurement,
        "t_start_ns": scene.t_start_ns,
        "t_end_ns": scene.t_end_ns,
        "detector": scene.detector,
        "detector_version": scene.detector_version,
    }
    return Node(id=scene.id, kind="scene", name=scene.type, facts=_known(facts))


def run_node(run: str, step: str, outcome: Outcome | None, measurement: str) -> Node:
    """Return the node of a run; ``outcome`` is that of its latest attempt that ended."""
    facts = {
        "step": step,
        "outcome": outcome.value if outcome else None,
        "measurement": measurement,
    }
    return Node(id=run, kind="run", name=step, facts=_known(facts))


def recording_node(recording: Recording) -> Node:
    """Return the node of a recording."""
    facts = {
        "bytes": recording.bytes,
        "format": recording.format,
        "measurement": recording.measurement,
    }
    return Node(
        id=recording.id,
        kind="recording",
        name=recording.name,
        sha256=recording.sha256,
        facts=_known(facts),
    )


def dataset_node(dataset: Dataset) -> Node:
    """Return the node of a frozen dataset."""
    facts = {
        "scenes": dataset.scenes,
        "artifacts": dataset.artifacts,
        "query": dataset.query,
        "vehicles": list(dataset.vehicles),
    }
    return Node(id=dataset.id, kind="dataset", name=dataset.name, facts=dict(facts))


def _known(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value not in {None, ""}}
