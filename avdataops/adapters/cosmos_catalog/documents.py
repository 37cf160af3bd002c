"""Facts as the documents of a measurement's partitions, written once, and back."""

import json
from typing import Any

from avdataops.adapters.cosmos_catalog.values import (
    check_id,
    check_ns,
    packed,
    sortable,
    unpacked,
)
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_json, text_of
from avdataops.model.ids import fingerprint, run_id
from avdataops.model.measurement import Recording
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.model.scene import Scene, Surroundings
from avdataops.model.time import NS_PER_S, NS_PER_US
from avdataops.ports.catalog_rules import attributes_of
from avdataops.ports.judged import FACT

Document = dict[str, Any]


def tag_of(*texts: str) -> str:
    """Return the tag of some content."""
    return fingerprint(list(texts))


def item_id(fact: str, tag: str) -> str:
    """Return the id of the document that holds one version of a fact."""
    return f"{fact}~{tag}"


def artifact_document(artifact: Artifact, measurement: str, tag: str) -> Document:
    """Return the document of an artifact among those of ``measurement``."""
    return {
        "id": item_id(check_id(artifact.id), tag),
        "measurementId": measurement,
        "kind": "artifact",
        "artifact": artifact.id,
        "artifactKind": artifact.kind,
        "run": artifact.run,
        "tag": tag,
        **packed(text_of(artifact)),
    }


def artifact_of(document: Document) -> Artifact:
    """Return the artifact in a document."""
    return from_json(Artifact, unpacked(document))


def recording_document(recording: Recording, tag: str) -> Document:
    """Return the document of one version of what is known about a recording."""
    return {
        "id": item_id(check_id(recording.id), tag),
        "measurementId": recording.measurement,
        "kind": "recording",
        "recording": recording.id,
        "tag": tag,
        **packed(text_of(recording)),
    }


def recording_of(document: Document) -> Recording:
    """Return the recording in a document."""
    return from_json(Recording, unpacked(document))


def record_document(record: RunRecord, tag: str) -> Document:
    """Return the document of a run record; what it used is there for the way up."""
    return {
        "id": item_id(check_id(record.run), tag),
        "measurementId": record.measurement,
        "kind": "record",
        "run": record.run,
        "step": record.step,
        "tag": tag,
        "used": list(record.used),
        "judges": FACT in record.facts,
        **packed(text_of(record)),
    }


def record_of(document: Document) -> RunRecord:
    """Return the run record in a document."""
    return from_json(RunRecord, unpacked(document))


def task_id(run: str, attempt: int) -> str:
    """Return the id of the document of a begun attempt."""
    return f"{run}~task~{attempt}"


def task_document(task: TaskSpec) -> Document:
    """Return the document of a task that is about to run."""
    return {
        "id": task_id(check_id(run_id(task.id)), task.attempt),
        "measurementId": task.measurement,
        "kind": "task",
        **packed(text_of(task)),
    }


def task_of(document: Document) -> TaskSpec:
    """Return the task in a document."""
    return from_json(TaskSpec, unpacked(document))


def scene_document(scene: Scene, text: str, run: str, tag: str) -> Document:
    """Return the document of a scene, whose exact JSON is ``text``, as ``run`` found it.

    ``at`` is the start and the id: one property to sort and to page by.  ``own`` and ``evidence``
    hold what can be asked for, unknown values left out; ``body`` holds the scene exactly.
    """
    start_ns, end_ns = check_ns(scene.t_start_ns), check_ns(scene.t_end_ns)
    document: Document = {
        "id": item_id(check_id(scene.id), tag),
        "measurementId": scene.measurement,
        "scene": scene.id,
        "run": run,
        "tag": tag,
        "artifact": scene.artifact,
        "type": scene.type,
        "vehicle": scene.vehicle,
        "at": place_in_order(start_ns, scene.id),
        "stop": sortable(end_ns),
        "startUs": start_ns // NS_PER_US,
        "stopUs": end_ns // NS_PER_US,
        "own": _known(
            {
                "confidence": scene.confidence,
                "detector": scene.detector,
                "detector_version": scene.detector_version,
                "actor": scene.actor,
                "truncated": scene.truncated,
                "duration_s": float(end_ns - start_ns) / NS_PER_S,
                "lat_deg": scene.lat_deg,
                "lon_deg": scene.lon_deg,
            }
        ),
        "evidence": _known(attributes_of(scene)),
        **packed(text),
    }
    if scene.lat_deg is not None and scene.lon_deg is not None:
        document["place"] = {"type": "Point", "coordinates": [scene.lon_deg, scene.lat_deg]}
    return document


def place_in_order(start_ns: int, scene: str) -> str:
    """Return the key by which scenes are ordered and paged."""
    return f"{sortable(start_ns)}~{scene}"


def _known(values: Any) -> dict[str, float | str]:
    return {
        name: value if isinstance(value, str) else float(value)
        for name, value in values.items()
        if value is not None
    }


def scene_of(document: Document) -> Scene:
    """Return the scene in a document."""
    # Not by way of the checked reading of facts: that would turn whole numbers into floats.
    facts = json.loads(unpacked(document))
    facts["surroundings"] = Surroundings(**facts.get("surroundings", {}))
    return Scene(**facts)
