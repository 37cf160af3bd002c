"""The first tables of the catalog."""

import sqlite3

_TABLES = (
    """CREATE TABLE measurements (
        id TEXT PRIMARY KEY,
        vehicle TEXT NOT NULL,
        state TEXT NOT NULL,
        created_ns INTEGER NOT NULL,
        start_ns INTEGER,
        stop_ns INTEGER,
        reason TEXT,
        driver_notes TEXT,
        attributes TEXT NOT NULL DEFAULT '{}',
        registered TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE recordings (
        id TEXT PRIMARY KEY,
        measurement TEXT NOT NULL REFERENCES measurements,
        name TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        measurement TEXT NOT NULL REFERENCES measurements,
        step TEXT NOT NULL,
        begun INTEGER NOT NULL DEFAULT 0,
        ended INTEGER NOT NULL DEFAULT 0,
        superseded INTEGER NOT NULL DEFAULT 0,
        current INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE attempts (
        run TEXT NOT NULL REFERENCES runs,
        attempt INTEGER NOT NULL,
        outcome TEXT,
        started_ns INTEGER,
        ended_ns INTEGER,
        task TEXT,
        record TEXT,
        PRIMARY KEY (run, attempt)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE artifacts (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        measurement TEXT REFERENCES measurements,
        name TEXT NOT NULL,
        part TEXT NOT NULL,
        zone TEXT NOT NULL,
        key TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        run TEXT REFERENCES runs,
        rows INTEGER,
        start_ns INTEGER,
        stop_ns INTEGER,
        attributes TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE used (
        run TEXT NOT NULL REFERENCES runs,
        artifact TEXT NOT NULL REFERENCES artifacts,
        PRIMARY KEY (run, artifact)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE scenes (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        measurement TEXT NOT NULL REFERENCES measurements,
        vehicle TEXT NOT NULL,
        t_start_ns INTEGER NOT NULL,
        t_end_ns INTEGER NOT NULL,
        duration_ns INTEGER NOT NULL,
        detector TEXT NOT NULL,
        detector_version INTEGER NOT NULL,
        confidence REAL NOT NULL,
        evidence TEXT NOT NULL,
        actor TEXT,
        truncated INTEGER NOT NULL,
        lat_deg REAL,
        lon_deg REAL,
        artifact TEXT NOT NULL REFERENCES artifacts,
        params TEXT NOT NULL,
        run TEXT NOT NULL REFERENCES runs,
        current INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE evidence (
        scene INTEGER NOT NULL REFERENCES scenes,
        name TEXT NOT NULL,
        num REAL,
        text TEXT,
        PRIMARY KEY (scene, name)
    ) STRICT, WITHOUT ROWID""",
    "CREATE VIRTUAL TABLE places USING rtree(scene, lat_min, lat_max, lon_min, lon_max)",
)

# Only current scenes are asked for by anything but their id, so their indexes hold no others.
_INDEXES = (
    "CREATE INDEX measurements_by_state ON measurements (state, id)",
    "CREATE INDEX measurements_by_vehicle ON measurements (vehicle, id)",
    "CREATE INDEX recordings_by_measurement ON recordings (measurement, name)",
    "CREATE INDEX runs_by_measurement ON runs (measurement, step)",
    "CREATE INDEX artifacts_by_measurement ON artifacts (measurement, kind, name, part)",
    "CREATE INDEX artifacts_by_run ON artifacts (run)",
    "CREATE INDEX used_by_artifact ON used (artifact)",
    "CREATE UNIQUE INDEX scenes_by_id ON scenes (id, run)",
    "CREATE INDEX scenes_by_run ON scenes (run)",
    "CREATE INDEX scenes_by_artifact ON scenes (artifact)",
    "CREATE INDEX scenes_by_start ON scenes (t_start_ns, id) WHERE current = 1",
    "CREATE INDEX scenes_by_type ON scenes (type, t_start_ns, id) WHERE current = 1",
    "CREATE INDEX scenes_by_vehicle ON scenes (vehicle, t_start_ns, id) WHERE current = 1",
    "CREATE INDEX scenes_by_measurement ON scenes (measurement, t_start_ns, id) WHERE current = 1",
    """CREATE INDEX scenes_by_measurement_and_type
        ON scenes (measurement, type, t_start_ns, id) WHERE current = 1""",
    "CREATE INDEX scenes_by_duration ON scenes (duration_ns) WHERE current = 1",
    "CREATE INDEX evidence_by_num ON evidence (name, num, scene) WHERE num IS NOT NULL",
    "CREATE INDEX evidence_by_text ON evidence (name, text, scene) WHERE text IS NOT NULL",
)


def create_tables(connection: sqlite3.Connection) -> None:
    """Create everything."""
    for statement in _TABLES + _INDEXES:
        connection.execute(statement)
