"""Records taken into the catalog."""

from dataclasses import replace

import pytest

from avdataops.engine.commit import commit, commit_left
from avdataops.engine.plan import plan_step
from avdataops.engine.records import save_attempt
from avdataops.model.errors import NotFound
from avdataops.model.location import run_folder
from avdataops.model.measurement import Measurement
from avdataops.model.run import Failure, Outcome, TaskSpec
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.catalog_store import everything
from avdataops.testing.engine_kit import Engine, memory_engine
from avdataops.testing.toy_steps import JUDGE, VALIDATE


def begun(engine: Engine, drive: Measurement) -> list[TaskSpec]:
    return list(engine.catalog.begin(plan_step(engine.catalog, drive, VALIDATE, {}).run))


def test_a_record_in_storage_is_taken_in() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    tasks = begun(engine, drive)
    done = [engine.execute(task) for task in tasks]
    assert commit(engine.storage, engine.catalog, tasks) == tuple(done)
    assert [made.name for made in engine.made(drive.id, "recording")] == ["a.mcap", "b.mcap"]
    assert engine.catalog.unfinished(drive.id) == []


def test_a_task_that_left_no_record_is_lost() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    tasks = begun(engine, drive)
    (record,) = commit(engine.storage, engine.catalog, tasks[:1], why="killed by signal 9")
    assert (record.outcome, record.made) == (Outcome.LOST, ())
    assert record.failure is not None
    assert record.failure.message == "step validate a.mcap: killed by signal 9"
    assert record.failure.retryable
    assert engine.catalog.run(record.run) == record
    assert [task.part for task in engine.catalog.unfinished(drive.id)] == ["b.mcap"]


def test_a_lost_task_of_a_whole_measurement_reads_well() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    plan = plan_step(engine.catalog, drive, replace(JUDGE, version=2), {})
    (record,) = commit(engine.storage, engine.catalog, engine.catalog.begin(plan.run))
    assert record.failure is not None
    assert record.failure.message == "step judge: its worker ended without leaving a record"


def test_committing_twice_changes_nothing() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    before = everything(engine.catalog, drive.id)
    plan = plan_step(engine.catalog, drive, VALIDATE, {})
    tasks = [replace(task, attempt=1) for task in plan.run]
    commit(engine.storage, engine.catalog, tasks)
    assert everything(engine.catalog, drive.id) == before


def test_the_order_of_commits_does_not_matter() -> None:
    answers = []
    for backwards in (False, True):
        engine = memory_engine()
        drive = engine.arrived()
        tasks = begun(engine, drive)
        for task in tasks:
            engine.execute(task)
        commit(engine.storage, engine.catalog, tasks[::-1] if backwards else tasks)
        answers.append(engine.catalog.artifacts(drive.id))
    assert answers[0] == answers[1]


def test_a_late_record_outranks_the_note_that_it_was_lost() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    tasks = begun(engine, drive)
    commit(engine.storage, engine.catalog, tasks)
    engine.execute(tasks[0])
    (record,) = commit(engine.storage, engine.catalog, tasks[:1])
    assert record.outcome is Outcome.DONE
    assert [made.name for made in engine.made(drive.id, "recording")] == ["a.mcap"]


def test_scenes_come_in_with_the_table_that_holds_them() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    (table,) = engine.made(drive.id, "scenes")
    found = engine.catalog.scenes(SceneQuery(measurement=drive.id))
    assert [scene.evidence["stream"] for scene in found] == ["/imu", "/gnss", "/imu"]
    assert [scene.evidence["peak"] for scene in found] == [2.5, 2.0, 0.5]
    assert {scene.artifact for scene in found} == {table.id}


def test_old_results_leave_only_when_every_task_succeeded() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    (old,) = engine.made(drive.id, "scenes")
    plan = plan_step(engine.catalog, drive, replace(JUDGE, version=2), {})
    tasks = engine.catalog.begin(plan.run)
    commit(engine.storage, engine.catalog, tasks, superseded=[old.run or ""])
    assert engine.made(drive.id, "scenes") == [old]


def test_all_or_nothing() -> None:
    engine, other = memory_engine(), memory_engine()
    drive = engine.arrived()
    other.arrived()
    tasks = begun(engine, drive)
    engine.execute(tasks[0])
    stranger = replace(tasks[1], inputs=(tasks[1].inputs[0],))
    unknown = replace(stranger.inputs[0].artifact, id="art_000000000000000000000000")
    stranger = replace(stranger, inputs=(replace(stranger.inputs[0], artifact=unknown),))
    with pytest.raises(NotFound):
        commit(engine.storage, engine.catalog, [tasks[0], stranger])
    assert engine.made(drive.id, "recording") == []


def test_what_finished_tasks_left_is_taken_in_and_the_others_are_left_alone() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    one, other = begun(engine, drive)
    engine.execute(one)
    assert commit_left(engine.storage, engine.catalog, drive.id) == (1, 1)
    assert [made.name for made in engine.made(drive.id, "recording")] == [one.part]
    assert engine.catalog.unfinished(drive.id) == [other]
    before = everything(engine.catalog, drive.id)
    assert commit_left(engine.storage, engine.catalog, drive.id) == (0, 1)
    assert everything(engine.catalog, drive.id) == before
    engine.execute(other)
    assert commit_left(engine.storage, engine.catalog, drive.id) == (1, 0)
    assert commit_left(engine.storage, engine.catalog, drive.id) == (0, 0)


def test_a_retry_of_the_same_attempt_counts_though_the_first_record_stays() -> None:
    """A batch service tries a task again under the same attempt after a temporary failure."""
    engine = memory_engine()
    drive = engine.arrived()
    task = begun(engine, drive)[0]
    done = engine.execute(task)
    at = run_folder(drive.id, done.run) / f"attempt-{task.attempt}.json"
    engine.storage.delete(at)
    failure = Failure(code="storage_unavailable", message="no answer", retryable=True)
    first = replace(done, outcome=Outcome.FAILED_TRANSIENT, made=(), failure=failure)
    save_attempt(engine.storage, first)
    (record,) = commit(engine.storage, engine.catalog, [task])
    assert (record.outcome, record.made) == (done.outcome, done.made)
    assert record.attempt == task.attempt
    assert engine.catalog.artifact(done.made[0].id) == done.made[0]


def test_a_temporary_failure_alone_stays_one() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    task = begun(engine, drive)[0]
    done = engine.execute(task)
    folder = run_folder(drive.id, done.run)
    for name in (f"attempt-{task.attempt}.json", "made.json"):
        engine.storage.delete(folder / name)
    failure = Failure(code="storage_unavailable", message="no answer", retryable=True)
    first = replace(done, outcome=Outcome.FAILED_TRANSIENT, made=(), failure=failure)
    save_attempt(engine.storage, first)
    assert commit(engine.storage, engine.catalog, [task]) == (first,)
