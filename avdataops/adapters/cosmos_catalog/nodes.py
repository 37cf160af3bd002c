"""Lineage nodes: what each says about itself without a further question."""

from collections.abc import Mapping

from avdataops.adapters.cosmos_catalog.documents import scene_of
from avdataops.adapters.cosmos_catalog.heads import Head
from avdataops.adapters.cosmos_catalog.requests import Document
from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Recording
from avdataops.ports.catalog import Node


def artifact_node(artifact: Artifact, head: Head | None) -> Node:
    """Return the node of an artifact; ``head`` is its measurement's, None for a shared one."""
    state = head.runs.get(artifact.run or "") if head else None
    facts = {
        "part": artifact.part,
        "rows": artifact.rows,
        "bytes": artifact.bytes,
        "measurement": artifact.measurement,
        "step": state.step if state else None,
        "outcome": state.ended.outcome.value if state and state.ended else None,
        "location": str(artifact.location),
    }
    return Node(
        id=artifact.id,
        kind=artifact.kind,
        name=artifact.name,
        sha256=artifact.sha256,
        facts=_known(facts),
    )


def scene_node(row: Document) -> Node:
    """Return the node of a scene in a document."""
    scene = scene_of(row)
    facts = {
        "measurement": scene.measurement,
        "t_start_ns": scene.t_start_ns,
        "t_end_ns": scene.t_end_ns,
        "detector": scene.detector,
        "detector_version": scene.detector_version,
    }
    return Node(id=scene.id, kind="scene", name=scene.type, facts=_known(facts))


def run_node(run: str, head: Head) -> Node:
    """Return the node of a run."""
    state = head.runs[run]
    outcome = state.ended.outcome.value if state.ended else None
    facts = {"step": state.step, "outcome": outcome, "measurement": head.id}
    return Node(id=run, kind="run", name=state.step, facts=_known(facts))


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


def _known(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value not in {None, ""}}
