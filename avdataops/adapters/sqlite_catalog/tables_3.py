"""Surroundings of scenes, and where each type of scene was judged."""

import sqlite3

_STATEMENTS = (
    "ALTER TABLE scenes ADD COLUMN surroundings TEXT NOT NULL DEFAULT '{}'",
    """CREATE TABLE coverage (
        run TEXT NOT NULL REFERENCES runs,
        measurement TEXT NOT NULL REFERENCES measurements,
        type TEXT NOT NULL,
        start_ns INTEGER NOT NULL,
        end_ns INTEGER NOT NULL,
        known INTEGER NOT NULL,
        current INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX coverage_by_run ON coverage (run)",
    """CREATE INDEX coverage_by_measurement
        ON coverage (measurement, type, start_ns) WHERE current = 1""",
    """CREATE INDEX scenes_by_actor ON scenes (measurement, actor, type, t_start_ns)
        WHERE current = 1 AND actor IS NOT NULL""",
)


def add_surroundings_and_coverage(connection: sqlite3.Connection) -> None:
    """Add them; scenes that are there already have none until they are found again."""
    for statement in _STATEMENTS:
        connection.execute(statement)
