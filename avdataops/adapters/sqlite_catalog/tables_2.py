"""The tables of what people add: reviews, saved queries, frozen datasets, known requests."""

import sqlite3

_TABLES = (
    """CREATE TABLE reviews (
        scene TEXT NOT NULL,
        number INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (scene, number)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE saved_queries (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE datasets (
        name TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE dataset_scenes (
        dataset TEXT NOT NULL,
        place INTEGER NOT NULL,
        scene TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (dataset, place)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE dataset_artifacts (
        dataset TEXT NOT NULL,
        artifact TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (dataset, artifact)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE requests (
        key TEXT PRIMARY KEY,
        at_ns INTEGER NOT NULL,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

_INDEXES = (
    "CREATE INDEX reviews_by_verdict ON reviews (verdict, scene, number)",
    "CREATE INDEX datasets_by_id ON datasets (id, name)",
    "CREATE INDEX dataset_artifacts_by_artifact ON dataset_artifacts (artifact)",
    "CREATE INDEX requests_by_time ON requests (at_ns)",
)

# What is only ever added to cannot be changed by a mistake of ours either.
_GUARDS = tuple(
    f"""CREATE TRIGGER {table}_{event}_never BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} are only added to'); END"""
    for table in ("reviews", "datasets", "dataset_scenes", "dataset_artifacts")
    for event in ("update", "delete")
)


def create_curation_tables(connection: sqlite3.Connection) -> None:
    """Create everything."""
    for statement in _TABLES + _INDEXES + _GUARDS:
        connection.execute(statement)
