"""Where scenes of each type were judged, as runs of detection tell it."""

import sqlite3

from avdataops.model.run import RunRecord
from avdataops.ports.judged import FACT, judged_from


def put_coverage(connection: sqlite3.Connection, record: RunRecord) -> None:
    """Take in what a run says; a later attempt that says it again speaks for the run."""
    if FACT not in record.facts or not record.outcome.made_something:
        return
    connection.execute("DELETE FROM coverage WHERE run = ?", (record.run,))
    connection.executemany(
        "INSERT INTO coverage (run, measurement, type, start_ns, end_ns, known)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (record.run, record.measurement, name, tile.start_ns, tile.end_ns, tile.known)
            for name, tiles in judged_from(record.facts).items()
            for tile in tiles
        ),
    )


def choose_coverage(connection: sqlite3.Connection, run: str) -> None:
    """Mark the tiles of a run as current, or as not."""
    connection.execute(
        "UPDATE coverage SET current = (SELECT current FROM runs WHERE id = coverage.run)"
        " WHERE run = ?",
        (run,),
    )
