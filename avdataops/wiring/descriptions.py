"""The documents in which the doors tell what the catalog holds: one shape for all of them."""

from collections.abc import Sequence
from typing import Any

from avdataops.model.artifact import Artifact
from avdataops.model.documents import to_document
from avdataops.model.measurement import Measurement
from avdataops.model.review import Review
from avdataops.model.run import RunRecord
from avdataops.model.scene import Scene
from avdataops.ports.catalog import CatalogReader


def measurement_row(facts: Measurement) -> dict[str, object]:
    """Return a measurement as one row of a list."""
    return {
        "measurement": facts.id,
        "vehicle": facts.vehicle,
        "state": facts.state.value,
        "start_ns": facts.start_ns,
        "stop_ns": facts.stop_ns,
        "reason": facts.reason.code if facts.reason else None,
    }


def describe(catalog: CatalogReader, facts: Measurement) -> dict[str, object]:
    """Return everything about one measurement as one document."""
    tables = catalog.artifacts(facts.id, kind="stream")
    return {
        "measurement": facts.id,
        "vehicle": facts.vehicle,
        "state": facts.state.value,
        "reason": to_document(facts.reason) if facts.reason else None,
        "start_ns": facts.start_ns,
        "stop_ns": facts.stop_ns,
        "driver_notes": facts.driver_notes,
        "recordings": [to_document(one) for one in catalog.recordings(facts.id)],
        "streams": [stream_row(table) for table in tables],
        "savings": savings_of(catalog, facts.id),
    }


def savings_of(catalog: CatalogReader, measurement: str) -> dict[str, dict[str, Any]]:
    """Return by stream how few frames are worth a label, and how many are kept near scenes."""
    current = {table.id for table in catalog.artifacts(measurement, kind="keyframes")}
    told: dict[str, dict[str, Any]] = {}
    for run in catalog.runs(measurement, step="keyframes"):
        savings = run.facts.get("savings")
        if isinstance(savings, dict) and current.intersection(one.id for one in run.made):
            told |= savings
    near = {table.name: table.rows for table in catalog.artifacts(measurement, kind="full_rate")}
    return {stream: one | {"full_rate": near.get(stream) or 0} for stream, one in told.items()}


def stream_row(table: Artifact) -> dict[str, object]:
    """Return what the table of one stream holds, and where it lies."""
    return {
        "name": table.name,
        "topic": table.attributes.get("topic", table.name),
        "type": table.attributes.get("type"),
        "class": table.attributes.get("topic_class"),
        "recording": table.attributes.get("recording", table.part),
        "rows": table.rows,
        "start_ns": table.start_ns,
        "stop_ns": table.stop_ns,
        "artifact": table.id,
        "location": str(table.location),
    }


def run_row(record: RunRecord) -> dict[str, object]:
    """Return a run as one row of a list."""
    return {
        "run": record.run,
        "step": record.step,
        "part": record.part,
        "outcome": record.outcome.value,
        "attempt": record.attempt,
        "made": [artifact.id for artifact in record.made],
        "caveats": [problem.message for problem in record.caveats],
        "failure": record.failure.message if record.failure else None,
    }


def scene_row(scene: Scene) -> dict[str, Any]:
    """Return a scene as the JSON that others build on."""
    row = to_document(scene)
    row["duration_s"] = (scene.t_end_ns - scene.t_start_ns) / 1e9
    return row


def review_row(review: Review) -> dict[str, Any]:
    """Return one entry in the history of a scene."""
    row = to_document(review)
    # What it is about stands above it; whose request it was is nobody's business.
    return {name: value for name, value in row.items() if name not in {"scene", "request"}}


def review_document(scene: str, history: Sequence[Review]) -> dict[str, Any]:
    """Return all that was said of a scene, oldest first, and what speaks."""
    rows = [review_row(one) for one in history]
    return {"scene": scene, "review": rows[-1] if rows else None, "history": rows}


def label_set_row(catalog: CatalogReader, table: Artifact) -> dict[str, Any]:
    """Return what a delivery of labels brought, by its table."""
    run = catalog.run(table.run) if table.run else None
    facts: dict[str, Any] = run.facts if run else {}
    changes: dict[str, Any] = facts.get("changes") or {}
    brought = [catalog.artifact(used) for used in run.used] if run else []
    file = next((one for one in brought if one.kind == "label_delivery"), None)
    return {
        "package": table.attributes.get("package", ""),
        "delivery": facts.get("delivery"),
        "labels": table.rows,
        "changes": {word: one["count"] for word, one in changes.items()},
        "file": file.name if file else None,
        "file_sha256": file.sha256 if file else None,
        "artifact": table.id,
        "location": str(table.location),
        "run": table.run,
    }
