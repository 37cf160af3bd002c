"""Takes run records into the catalog, all or nothing; committing twice changes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from avdataops.engine.execute import StoredFile
from avdataops.engine.records import load_attempt, load_made
from avdataops.engine.table_files import ParquetTable
from avdataops.model.errors import NotFound, OverLimit
from avdataops.model.ids import run_id
from avdataops.model.run import Failure, Outcome, RunRecord, TaskSpec
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Catalog, Taken
from avdataops.ports.storage import Storage
from avdataops.tables.scene_rows import scenes_from_table


def commit(
    storage: Storage,
    catalog: Catalog,
    tasks: Sequence[TaskSpec],
    *,
    superseded: Sequence[str] = (),
    why: str = "",
    over_limit: bool = False,
) -> tuple[RunRecord, ...]:
    """Take in what became of ``tasks`` and return their records.

    A task that left no record is recorded as lost, or as failed where it took more than it may
    (``over_limit``); ``why`` tells what is known of that.  The ``superseded`` runs stop being
    current in the same moment, if every task succeeded.
    """
    told = why or "its worker ended without leaving a record"
    records = tuple(
        _left(storage, task)
        or (
            too_much(task, told) if over_limit else lost(task, told, _times_lost(catalog, task) + 1)
        )
        for task in tasks
    )
    replaced = superseded if all(record.outcome.made_something for record in records) else ()
    take_in(storage, catalog, records, superseded=replaced)
    return records


def commit_interrupted(storage: Storage, catalog: Catalog, tasks: Sequence[TaskSpec]) -> None:
    """Take in what an interrupted run left behind; a task without a record is lost, unblamed."""
    why = "the run was interrupted"
    records = [
        _left(storage, task) or lost(task, why, _times_lost(catalog, task)) for task in tasks
    ]
    take_in(storage, catalog, records)


def commit_left(storage: Storage, catalog: Catalog, measurement: str) -> tuple[int, int]:
    """Take in what finished tasks left that nobody committed; return how many, and how many wait.

    A task without a record is left alone: it may still be running.
    """
    unfinished = catalog.unfinished(measurement)
    records = [record for record in (_left(storage, task) for task in unfinished) if record]
    take_in(storage, catalog, records)
    return len(records), len(unfinished) - len(records)


def take_in(
    storage: Storage,
    catalog: Catalog,
    records: Sequence[RunRecord],
    *,
    superseded: Sequence[str] = (),
) -> None:
    """Commit records that are at hand, with the scenes that their tables hold."""
    if not records and not superseded:
        return
    taken = [Taken(record=record, scenes=_scenes(storage, record)) for record in records]
    catalog.commit(taken, superseded=superseded)


def _left(storage: Storage, task: TaskSpec) -> RunRecord | None:
    record = load_attempt(storage, task.measurement, run_id(task.id), task.attempt)
    if record is None or record.outcome is not Outcome.FAILED_TRANSIENT:
        return record
    # A batch service tries the same attempt again; the first record stays, the success counts.
    made = load_made(storage, task.measurement, run_id(task.id))
    return record if made is None else replace(made, attempt=task.attempt)


def _times_lost(catalog: Catalog, task: TaskSpec) -> int:
    try:
        return times_lost(catalog.run(run_id(task.id)))
    except NotFound:
        return 0


def times_lost(record: RunRecord) -> int:
    """Return how many workers this task has cost in a row."""
    counted = record.facts.get("times_lost", 0)
    return counted if isinstance(counted, int) else 0


def lost(task: TaskSpec, why: str, times: int) -> RunRecord:
    """Return the record of a task whose worker went away, the ``times``-th one in a row."""
    return RunRecord(
        run=run_id(task.id),
        step=task.step,
        version=task.version,
        measurement=task.measurement,
        part=task.part,
        attempt=task.attempt,
        outcome=Outcome.LOST,
        params=task.params,
        used=tuple(given.artifact.id for given in task.inputs),
        facts={"times_lost": times},
        failure=Failure(
            code="lost",
            message=f"step {f'{task.step} {task.part}'.rstrip()}: {why}",
            hint=f"avdataops run {task.measurement}",
            retryable=True,
        ),
    )


def too_much(task: TaskSpec, why: str) -> RunRecord:
    """Return the record of a task that was ended because it took more than a task may."""
    way_out = "if the recording is honest, allow more (avdataops config show, 'limits'), then "
    hint = f"{way_out}avdataops measurements requeue {task.measurement}"
    record = lost(task, why, 0)
    message = record.failure.message if record.failure else why
    failure = Failure.of(OverLimit(message, hint=hint))
    return replace(record, outcome=Outcome.FAILED_INPUT, failure=failure, facts={})


def _scenes(storage: Storage, record: RunRecord) -> tuple[Scene, ...]:
    found: list[Scene] = []
    for artifact in record.made:
        if artifact.kind == "scenes":
            table = ParquetTable(artifact, StoredFile(storage, artifact)).read()
            found += scenes_from_table(table, artifact.id)
    return tuple(found)
