"""Measurements and recordings: taken in, moved from state to state, told about."""

import sqlite3
from collections.abc import Sequence

from avdataops.adapters.sqlite_catalog.artifacts import put_artifacts
from avdataops.adapters.sqlite_catalog.missing import no_such
from avdataops.adapters.sqlite_catalog.rows import json_or_none, measurement_of
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_json, text_of, to_document
from avdataops.model.errors import Conflict, InputError, shown
from avdataops.model.ids import fingerprint
from avdataops.model.measurement import Manifest, Measurement, Reason, Recording, State
from avdataops.ports.catalog_rules import check_members, learned_from, moved, with_learned


def get_measurement(connection: sqlite3.Connection, measurement: str) -> Measurement:
    """Return one measurement; raises ``NotFound``."""
    row = connection.execute("SELECT * FROM measurements WHERE id = ?", (measurement,)).fetchone()
    if row is None:
        raise no_such(connection, "measurements", measurement)
    return measurement_of(row)


def list_measurements(
    connection: sqlite3.Connection,
    *,
    state: State | None,
    vehicle: str | None,
    after: str | None,
    limit: int,
) -> list[Measurement]:
    """Return measurements by id; a ``limit`` of 0 or less means all."""
    tests, values = ["id > ?"], [after or ""]
    if state is not None:
        tests.append("state = ?")
        values.append(state.value)
    if vehicle is not None:
        tests.append("vehicle = ?")
        values.append(vehicle)
    rows = connection.execute(
        f"SELECT * FROM measurements WHERE {' AND '.join(tests)} ORDER BY id LIMIT ?",  # noqa: S608 - the tests are the literals above
        (*values, limit if limit > 0 else -1),
    )
    return [measurement_of(row) for row in rows]


def list_recordings(connection: sqlite3.Connection, measurement: str) -> list[Recording]:
    """Return the recordings of a measurement by name; raises ``NotFound``."""
    get_measurement(connection, measurement)
    rows = connection.execute(
        "SELECT document FROM recordings WHERE measurement = ? ORDER BY name, id", (measurement,)
    )
    return [from_json(Recording, row["document"]) for row in rows]


def register_measurement(
    connection: sqlite3.Connection,
    manifest: Manifest,
    recordings: Sequence[Recording],
    uploads: Sequence[Artifact],
) -> None:
    """Take in a measurement as pending; the same again changes nothing, other raises."""
    check_members(manifest.measurement, [*recordings, *uploads])
    content = _print_of(manifest, recordings, uploads)
    known = connection.execute(
        "SELECT registered FROM measurements WHERE id = ?", (manifest.measurement,)
    ).fetchone()
    if known is not None:
        if known["registered"] != content:
            raise Conflict(
                f"measurement {shown(manifest.measurement)} is registered with other content",
                hint=f"avdataops measurements show {manifest.measurement}",
            )
        return
    connection.execute(
        "INSERT INTO measurements (id, vehicle, state, created_ns, driver_notes, registered)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            manifest.measurement,
            manifest.vehicle,
            State.PENDING.value,
            manifest.created_ns,
            json_or_none(manifest.driver_notes),
            content,
        ),
    )
    connection.executemany(
        "INSERT INTO recordings (id, measurement, name, document) VALUES (?, ?, ?, ?)",
        [(fact.id, fact.measurement, fact.name, text_of(fact)) for fact in recordings],
    )
    put_artifacts(connection, uploads)


def _print_of(
    manifest: Manifest, recordings: Sequence[Recording], uploads: Sequence[Artifact]
) -> str:
    try:
        return fingerprint(
            [
                to_document(manifest),
                [to_document(fact) for fact in sorted(recordings, key=lambda fact: fact.id)],
                [to_document(fact) for fact in sorted(uploads, key=lambda fact: fact.id)],
            ]
        )
    except (ValueError, TypeError) as error:
        raise InputError(f"the manifest cannot be kept: {error}") from error


def move_measurement(
    connection: sqlite3.Connection, measurement: str, state: State, reason: Reason | None
) -> None:
    """Set the state; raises ``Conflict`` for a move that no measurement makes."""
    after = moved(get_measurement(connection, measurement), state, reason)
    connection.execute(
        "UPDATE measurements SET state = ?, reason = ? WHERE id = ?",
        (after.state.value, None if after.reason is None else text_of(after.reason), measurement),
    )


def learn(connection: sqlite3.Connection, measurement: str, facts: dict[str, object]) -> None:
    """Take in what a run learned: ``recordings`` and ``time``; other facts stay in its record."""
    learned = learned_from(facts)
    for recording in learned.recordings:
        _update_recording(connection, measurement, recording)
    if learned.time is not None:
        connection.execute(
            "UPDATE measurements SET start_ns = ?, stop_ns = ? WHERE id = ?",
            (*learned.time, measurement),
        )


def _update_recording(connection: sqlite3.Connection, measurement: str, learned: Recording) -> None:
    row = connection.execute(
        "SELECT document FROM recordings WHERE id = ? AND measurement = ?",
        (learned.id, measurement),
    ).fetchone()
    if row is None:
        raise no_such(connection, "recordings", learned.id)
    updated = with_learned(from_json(Recording, row["document"]), learned)
    connection.execute(
        "UPDATE recordings SET document = ? WHERE id = ?", (text_of(updated), learned.id)
    )
