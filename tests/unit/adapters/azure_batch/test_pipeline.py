"""The engine over Batch: plan, submit, run in other processes, commit."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.azure_batch import BatchDispatcher, Submission, open_batch
from avdataops.adapters.local_storage import LocalStorage
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.engine.pipeline import run_pipeline
from avdataops.engine.records import load_attempt
from avdataops.model.ids import run_id
from avdataops.model.measurement import State
from avdataops.model.run import Outcome
from avdataops.ports.dispatch import TaskState
from avdataops.testing.engine_kit import Engine, memory_engine
from avdataops.testing.toy_steps import TOY_PIPELINE, TOY_STEPS
from tests.doubles.batch.kit import JOB, QUICK, ends, toy_facts, toy_task
from tests.doubles.batch.nodes import Start, run_on_node
from tests.doubles.batch.server import KEY, BatchDouble

WORKER = Path(__file__).with_name("toy_step_worker.py")


def run_toy_steps(start: Start) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, str(WORKER), *start.argv[3:]]
    return run_on_node(dataclasses.replace(start, argv=argv))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with SqliteCatalog(":memory:") as catalog:
        yield Engine(LocalStorage(tmp_path), catalog, TOY_STEPS)


def test_a_drive_goes_through_all_steps_and_gives_what_one_process_gives(
    engine: Engine, tmp_path: Path
) -> None:
    submission = Submission(
        pool="execution", environment={"AVDATAOPS_WORKSPACE": str(tmp_path)}, facts=toy_facts()
    )
    measurement = engine.arrived()
    with BatchDouble(runner=run_toy_steps) as batch:
        batch.add_pool(nodes=2, slots=2)
        with (
            open_batch(batch.endpoint, key=KEY) as client,
            BatchDispatcher(client, engine.storage, submission, pace=QUICK) as dispatcher,
        ):
            finished = run_pipeline(engine.machinery(dispatcher), measurement, TOY_PIPELINE)
        (job,) = batch.scheduler.jobs.values()
        assert len(job.tasks) == len(finished.ran)
    assert {record.outcome for record in finished.ran} == {Outcome.DONE}
    assert engine.catalog.measurement(measurement.id).state is State.COMPLETE
    alone = memory_engine()
    alone.run(alone.arrived().id)
    for kind in ("stream", "scenes"):
        here, there = engine.made(measurement.id, kind), alone.made(measurement.id, kind)
        assert [(one.id, one.sha256) for one in here] == [(one.id, one.sha256) for one in there]


def test_the_products_own_worker_understands_the_command_line_that_it_is_given(
    tmp_path: Path,
) -> None:
    storage, task = LocalStorage(tmp_path), toy_task(step="of another version")
    submission = Submission(
        pool="execution",
        environment={"AVDATAOPS_WORKSPACE": str(tmp_path)},
        facts=toy_facts(retries=0),
    )
    with BatchDouble() as batch:
        batch.add_pool()
        with (
            open_batch(batch.endpoint, key=KEY) as client,
            BatchDispatcher(client, storage, submission, pace=QUICK) as dispatcher,
        ):
            assert ends(list(dispatcher.run([task]))) == {"one": TaskState.ENDED}
        (ran,) = batch.job(JOB).tasks.values()
    assert ran.info["exitCode"] == 75
    record = load_attempt(storage, task.measurement, run_id(task.id), 1)
    assert record is not None
    assert record.failure is not None
    assert "does not know step 'of another version'" in record.failure.message
