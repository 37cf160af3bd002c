"""Artifacts: taken in once, told about for good."""

import sqlite3
from collections.abc import Sequence

from avdataops.adapters.sqlite_catalog.missing import no_such
from avdataops.adapters.sqlite_catalog.rows import ARTIFACT_COLUMNS, artifact_of, artifact_row
from avdataops.model.artifact import Artifact
from avdataops.ports.catalog_rules import check_same_bytes


def get_artifact(connection: sqlite3.Connection, artifact: str) -> Artifact:
    """Return one artifact; raises ``NotFound``."""
    row = connection.execute("SELECT * FROM artifacts WHERE id = ?", (artifact,)).fetchone()
    if row is None:
        raise no_such(connection, "artifacts", artifact)
    return artifact_of(row)


def list_artifacts(
    connection: sqlite3.Connection, measurement: str, kind: str | None
) -> list[Artifact]:
    """Return the current artifacts of a measurement by kind, name, part and id."""
    of_kind, values = ("", ()) if kind is None else (" AND a.kind = ?", (kind,))
    rows = connection.execute(
        f"""SELECT a.* FROM artifacts AS a LEFT JOIN runs AS r ON r.id = a.run
            WHERE a.measurement = ?{of_kind} AND (a.run IS NULL OR r.current = 1)
            ORDER BY a.kind, a.name, a.part, a.id""",  # noqa: S608 - of_kind is a literal
        (measurement, *values),
    )
    return [artifact_of(row) for row in rows]


def put_artifacts(connection: sqlite3.Connection, artifacts: Sequence[Artifact]) -> None:
    """Take in artifacts; known ones stay as they are.

    Raises ``Conflict`` if one is known with other bytes.
    """
    marks = ", ".join("?" * len(ARTIFACT_COLUMNS.split(",")))
    for artifact in artifacts:
        known = connection.execute(
            "SELECT sha256 FROM artifacts WHERE id = ?", (artifact.id,)
        ).fetchone()
        if known is None:
            connection.execute(
                f"INSERT INTO artifacts ({ARTIFACT_COLUMNS}) VALUES ({marks})",  # noqa: S608 - literals
                artifact_row(artifact),
            )
        else:
            check_same_bytes(artifact, known["sha256"])
