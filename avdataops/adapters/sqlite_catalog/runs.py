"""Runs and their attempts: begun, ended, current or superseded."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from avdataops.adapters.sqlite_catalog.artifacts import put_artifacts
from avdataops.adapters.sqlite_catalog.coverage import choose_coverage, put_coverage
from avdataops.adapters.sqlite_catalog.measurements import get_measurement, learn
from avdataops.adapters.sqlite_catalog.missing import no_such
from avdataops.adapters.sqlite_catalog.scenes import choose_current, put_scenes
from avdataops.model.documents import from_json, text_of
from avdataops.model.errors import InputError, NotFound, shown
from avdataops.model.ids import run_id
from avdataops.model.run import Outcome, RunRecord, TaskSpec
from avdataops.ports.catalog import Taken
from avdataops.ports.catalog_rules import check_attempt, linked_scenes, made_by


def begin_tasks(connection: sqlite3.Connection, tasks: Sequence[TaskSpec]) -> list[TaskSpec]:
    """Note the next attempt of each task; raises ``NotFound`` for an unknown measurement."""
    begun = []
    for task in tasks:
        run = run_id(task.id)
        _know_run(connection, run, task.measurement, task.step)
        last = connection.execute("SELECT begun FROM runs WHERE id = ?", (run,)).fetchone()
        numbered = replace(task, attempt=last["begun"] + 1)
        connection.execute(
            "INSERT INTO attempts (run, attempt, task) VALUES (?, ?, ?)",
            (run, numbered.attempt, text_of(numbered)),
        )
        connection.execute("UPDATE runs SET begun = ? WHERE id = ?", (numbered.attempt, run))
        begun.append(numbered)
    return begun


def unfinished_tasks(connection: sqlite3.Connection, measurement: str) -> list[TaskSpec]:
    """Return the tasks whose latest attempt was begun and left no record, by step and run."""
    rows = connection.execute(
        """SELECT a.task FROM runs AS r JOIN attempts AS a ON a.run = r.id AND a.attempt = r.begun
           WHERE r.measurement = ? AND a.record IS NULL ORDER BY r.step, r.id""",
        (measurement,),
    )
    return [from_json(TaskSpec, row["task"]) for row in rows]


def get_run(connection: sqlite3.Connection, run: str) -> RunRecord:
    """Return the latest attempt that ended; raises ``NotFound``."""
    row = connection.execute(
        """SELECT a.record FROM runs AS r
           LEFT JOIN attempts AS a ON a.run = r.id AND a.attempt = r.ended WHERE r.id = ?""",
        (run,),
    ).fetchone()
    if row is None:
        raise no_such(connection, "runs", run)
    if row["record"] is None:
        raise NotFound(f"run {shown(run)} has begun and not ended", hint="ask again later")
    return from_json(RunRecord, row["record"])


def list_runs(
    connection: sqlite3.Connection, measurement: str, step: str | None
) -> list[RunRecord]:
    """Return the latest ended attempt of every run by start time and id."""
    of_step, values = ("", ()) if step is None else (" AND r.step = ?", (step,))
    sql = f"""SELECT a.record FROM runs AS r
        JOIN attempts AS a ON a.run = r.id AND a.attempt = r.ended
        WHERE r.measurement = ?{of_step} ORDER BY a.started_ns, r.id"""  # noqa: S608 - of_step is a literal
    rows = connection.execute(sql, (measurement, *values))
    return [from_json(RunRecord, row["record"]) for row in rows]


def commit_runs(
    connection: sqlite3.Connection, taken: Sequence[Taken], superseded: Sequence[str]
) -> None:
    """Take in records, then what they made, then scenes, then what is current.

    In this order a record may come before the one whose artifacts it used.
    """
    for one in taken:
        _put_record(connection, one.record)
    for one in taken:
        put_artifacts(connection, made_by(one.record))
    for one in taken:
        _put_used(connection, one.record)
        put_scenes(connection, one.record.run, linked_scenes(one))
        put_coverage(connection, one.record)
        if one.record.outcome is not Outcome.LOST:
            learn(connection, one.record.measurement, one.record.facts)
    for run in superseded:
        found = connection.execute("UPDATE runs SET superseded = 1 WHERE id = ?", (run,))
        if not found.rowcount:
            raise no_such(connection, "runs", run)
    for run in dict.fromkeys([*(one.record.run for one in taken), *superseded]):
        _settle(connection, run)


def _know_run(connection: sqlite3.Connection, run: str, measurement: str, step: str) -> None:
    get_measurement(connection, measurement)
    connection.execute(
        "INSERT INTO runs (id, measurement, step) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (run, measurement, step),
    )
    known = connection.execute("SELECT measurement FROM runs WHERE id = ?", (run,)).fetchone()
    if known["measurement"] != measurement:
        raise InputError(
            f"run {shown(run)} belongs to measurement {shown(known['measurement'])},"
            f" not to {shown(measurement)}"
        )


def _put_record(connection: sqlite3.Connection, record: RunRecord) -> None:
    """Keep the record; a worker's own record outranks the note that it was lost."""
    check_attempt(record)
    _know_run(connection, record.run, record.measurement, record.step)
    connection.execute(
        """INSERT INTO attempts (run, attempt, outcome, started_ns, ended_ns, record)
           VALUES (:run, :attempt, :outcome, :started_ns, :ended_ns, :record)
           ON CONFLICT (run, attempt) DO UPDATE SET outcome = excluded.outcome,
             started_ns = excluded.started_ns, ended_ns = excluded.ended_ns,
             record = excluded.record, task = NULL
           WHERE record IS NULL OR excluded.outcome != :lost""",
        {
            "run": record.run,
            "attempt": record.attempt,
            "outcome": record.outcome.value,
            "started_ns": record.started_ns,
            "ended_ns": record.ended_ns,
            "record": text_of(record),
            "lost": Outcome.LOST.value,
        },
    )
    connection.execute(
        "UPDATE runs SET begun = max(begun, :attempt), ended = max(ended, :attempt),"
        " superseded = superseded AND NOT :made WHERE id = :run",
        {
            "attempt": record.attempt,
            "made": record.outcome.made_something,
            "run": record.run,
        },
    )


def _put_used(connection: sqlite3.Connection, record: RunRecord) -> None:
    for artifact in record.used:
        if not connection.execute("SELECT 1 FROM artifacts WHERE id = ?", (artifact,)).fetchone():
            raise no_such(connection, "artifacts", artifact)
        connection.execute(
            "INSERT INTO used (run, artifact) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (record.run, artifact),
        )


def _settle(connection: sqlite3.Connection, run: str) -> None:
    """Work out whether a run is current: some attempt succeeded, and nothing superseded it."""
    successes = [outcome.value for outcome in Outcome if outcome.made_something]
    marks = ", ".join("?" * len(successes))
    connection.execute(
        f"""UPDATE runs SET current = NOT superseded AND EXISTS (
              SELECT 1 FROM attempts WHERE run = runs.id AND outcome IN ({marks}))
            WHERE id = ?""",  # noqa: S608 - marks are question marks
        (*successes, run),
    )
    choose_current(connection, run)
    choose_coverage(connection, run)
