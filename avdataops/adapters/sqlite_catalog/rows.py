"""Facts as rows of the tables, and back."""

import json
import sqlite3
from typing import Any

from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_json
from avdataops.model.errors import InputError
from avdataops.model.ids import canonical_json
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Measurement, Reason, State


def json_or_none(value: object) -> str | None:
    """Return canonical JSON, or None for None."""
    if value is None:
        return None
    try:
        return canonical_json(value)
    except (ValueError, TypeError) as error:
        raise InputError(f"a value cannot be kept as JSON: {error}") from error


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def measurement_of(row: sqlite3.Row) -> Measurement:
    """Return the measurement in a row of ``measurements``."""
    return Measurement(
        id=row["id"],
        vehicle=row["vehicle"],
        state=State(row["state"]),
        created_ns=row["created_ns"],
        reason=None if row["reason"] is None else from_json(Reason, row["reason"]),
        start_ns=row["start_ns"],
        stop_ns=row["stop_ns"],
        driver_notes=_parsed(row["driver_notes"]),
        attributes=_parsed(row["attributes"]),
    )


ARTIFACT_COLUMNS = (
    "id, kind, measurement, name, part, zone, key, bytes, sha256, run, rows, start_ns, stop_ns,"
    " attributes"
)


def artifact_row(artifact: Artifact) -> tuple[object, ...]:
    """Return the values of ``ARTIFACT_COLUMNS``."""
    return (
        artifact.id,
        artifact.kind,
        artifact.measurement,
        artifact.name,
        artifact.part,
        artifact.location.zone.value,
        artifact.location.key,
        artifact.bytes,
        artifact.sha256,
        artifact.run,
        artifact.rows,
        artifact.start_ns,
        artifact.stop_ns,
        json_or_none(artifact.attributes),
    )


def artifact_of(row: sqlite3.Row) -> Artifact:
    """Return the artifact in a row of ``artifacts``."""
    return Artifact(
        id=row["id"],
        kind=row["kind"],
        measurement=row["measurement"],
        name=row["name"],
        location=Location(Zone(row["zone"]), row["key"]),
        bytes=row["bytes"],
        sha256=row["sha256"],
        run=row["run"],
        rows=row["rows"],
        start_ns=row["start_ns"],
        stop_ns=row["stop_ns"],
        part=row["part"],
        attributes=_parsed(row["attributes"]),
    )
