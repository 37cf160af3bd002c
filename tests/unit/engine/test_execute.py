"""One task, from its spec to its record."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avdataops.engine.execute import StoredFile, execute
from avdataops.engine.plan import plan_step
from avdataops.engine.records import load_attempt, load_made
from avdataops.engine.table_files import ROW_GROUP_BYTES
from avdataops.model.errors import (
    ConfigError,
    InputError,
    NotFound,
    NothingToDo,
    PermissionDenied,
    StorageUnavailable,
)
from avdataops.model.location import Location, Zone
from avdataops.model.run import Outcome, RunRecord, TaskSpec
from avdataops.model.stream import Account, Problem
from avdataops.ports.step import Bytes, Inputs, Rows, Step, StepContext
from avdataops.ports.storage import read_all
from avdataops.testing.engine_kit import Engine, loose_artifact, memory_engine
from avdataops.testing.toy_steps import (
    JUDGE,
    TOY_PIPELINE,
    Params,
    Run,
    rows_of,
    stream,
    toy_step,
)

UPLOAD = b"the bytes"


def begun(run: Run) -> tuple[Engine, TaskSpec]:
    """Return an engine that knows one toy step, and its task on a drive of one file."""
    step = toy_step(run)
    engine = memory_engine({step.name: step})
    drive = engine.arrived({"a.mcap": UPLOAD})
    (task,) = plan_step(engine.catalog, drive, step, {}).run
    return engine, task


def ran(run: Run) -> RunRecord:
    engine, task = begun(run)
    return engine.execute(task)


def one_row(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
    del ctx, inputs, params
    yield Rows(stream("/imu"), rows_of([1], [1.0]))


def raising(error: BaseException) -> Run:
    def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
        yield from one_row(ctx, inputs, params)
        raise error

    return run


def with_context(act: Callable[[StepContext], None]) -> Run:
    def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
        act(ctx)
        yield from one_row(ctx, inputs, params)

    return run


def test_a_clean_run_is_done_and_leaves_its_record() -> None:
    engine, task = begun(one_row)
    record = engine.execute(task)
    assert record.outcome is Outcome.DONE
    assert (record.run, record.step, record.version, record.attempt) == (
        f"run_{task.id}",
        "toy",
        1,
        1,
    )
    assert record.used == (task.inputs[0].artifact.id,)
    assert [made.name for made in record.made] == ["/imu"]
    assert record.params == {"scale": 1.0}
    assert 0 < record.started_ns <= record.ended_ns
    assert (record.peak_rss_bytes or 0) > 1 << 20
    assert record.environment["avdataops"] == "0.1.0"
    assert load_attempt(engine.storage, task.measurement, record.run, 1) == record
    assert load_made(engine.storage, task.measurement, record.run) == record


def test_a_step_sees_what_it_works_on() -> None:
    seen: list[object] = []

    def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
        (upload,) = inputs.files["upload"]
        seen.extend([ctx.measurement, ctx.vehicle, ctx.part, params, read_all(upload.file)])
        yield from ()

    engine, task = begun(run)
    assert engine.execute(task).outcome is Outcome.DONE
    assert seen == [task.measurement, "car-1", "a.mcap", Params(1.0), UPLOAD]


def test_caveats_accounts_and_facts_are_in_the_record() -> None:
    problem = Problem(code="truncated", message="3 of 4", lost_rows=1)
    account = Account(stream="/imu", rows_in=4, rows_out=3, dropped={"bad": 1})

    def act(ctx: StepContext) -> None:
        ctx.caveat(problem)
        ctx.account(account)
        ctx.fact("time", {"start_ns": 1})

    record = ran(with_context(act))
    assert record.outcome is Outcome.CAVEATS
    assert record.outcome.made_something
    assert record.lost_data
    assert (record.caveats, record.accounts) == ((problem,), (account,))
    assert record.facts == {"time": {"start_ns": 1}}


def test_nothing_to_do_is_a_success_that_says_why() -> None:
    record = ran(raising(NothingToDo("no camera here")))
    assert (record.outcome, record.made, record.failure) == (Outcome.NOTHING, (), None)
    assert record.facts["nothing"] == "no camera here"


def test_an_input_error_is_final_and_keeps_its_code_and_hint() -> None:
    record = ran(raising(InputError("bad file", hint="do this")))
    assert record.outcome is Outcome.FAILED_INPUT
    assert record.made == ()
    assert record.failure is not None
    assert (record.failure.code, record.failure.message, record.failure.hint) == (
        "input",
        "bad file",
        "do this",
    )
    assert not record.failure.retryable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageUnavailable("not now"), "storage_unavailable"),
        (PermissionDenied("not you"), "permission_denied"),
        (ConfigError("not so"), "config"),
        (MemoryError("no room"), "machine"),
        (OSError(28, "No space left on device"), "machine"),
    ],
)
def test_what_the_machine_lacks_is_not_blamed_on_the_input(error: Exception, code: str) -> None:
    record = ran(raising(error))
    assert record.outcome is Outcome.FAILED_TRANSIENT
    assert record.failure is not None
    assert record.failure.code == code


def test_a_defect_is_recorded_with_its_traceback() -> None:
    record = ran(raising(ZeroDivisionError("oops")))
    assert record.outcome is Outcome.FAILED_INPUT
    assert record.failure is not None
    assert (record.failure.code, record.failure.message) == ("defect", "ZeroDivisionError: oops")
    assert "test_execute.py" in str(record.facts["traceback"])


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}])
def test_a_fact_that_is_no_json_is_a_defect_of_its_step(value: object) -> None:
    record = ran(with_context(lambda ctx: ctx.fact("x", value)))
    assert record.failure is not None
    assert record.failure.code == "defect"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interrupt_leaves_no_record(error: BaseException) -> None:
    engine, task = begun(raising(error))
    with pytest.raises(type(error)):
        engine.execute(task)
    assert load_attempt(engine.storage, task.measurement, f"run_{task.id}", 1) is None


def test_a_failure_publishes_nothing_but_its_record() -> None:
    engine, task = begun(raising(InputError("bad")))
    record = engine.execute(task)
    assert list(engine.storage.list(Zone.RAW)) == []
    names = [stored.location.name for stored in engine.storage.list(Zone.DERIVED)]
    assert names == ["attempt-1.json"]
    assert load_made(engine.storage, task.measurement, record.run) is None


def test_a_published_success_is_taken_over_without_running_again() -> None:
    calls: list[int] = []

    def act(ctx: StepContext) -> None:
        del ctx
        calls.append(1)

    engine, task = begun(with_context(act))
    first = engine.execute(task)
    second = engine.execute(replace(task, attempt=2))
    assert calls == [1]
    assert second == replace(first, attempt=2)
    assert load_attempt(engine.storage, task.measurement, first.run, 2) == second


@pytest.mark.parametrize("left", [None, b"", b"cut off"])
def test_a_success_whose_table_is_gone_or_cut_is_made_again(left: bytes | None) -> None:
    engine, task = begun(one_row)
    first = engine.execute(task)
    engine.storage.delete(first.made[0].location)
    if left is not None:
        engine.storage.put(first.made[0].location, [left])
    second = engine.execute(replace(task, attempt=2))
    assert second.made == first.made
    stored = engine.storage.stat(first.made[0].location)
    assert stored is not None
    assert stored.bytes == first.made[0].bytes


def test_a_failure_is_not_taken_over() -> None:
    outcomes: list[Exception] = [InputError("first")]

    def act(ctx: StepContext) -> None:
        del ctx
        if outcomes:
            raise outcomes.pop()

    engine, task = begun(with_context(act))
    assert engine.execute(task).outcome is Outcome.FAILED_INPUT
    assert engine.execute(replace(task, attempt=2)).outcome is Outcome.DONE


@pytest.mark.parametrize("version", [None, 2])
def test_a_worker_of_another_version_refuses_and_can_be_replaced(version: int | None) -> None:
    engine, task = begun(one_row)
    steps: dict[str, Step] = {}
    if version:
        steps = {"toy": replace(engine.steps["toy"], version=version)}
    record = execute(task, engine.storage, steps)
    assert record.outcome is Outcome.FAILED_TRANSIENT
    assert record.failure is not None
    assert "does not know step 'toy' version 1" in record.failure.message


def test_progress_is_passed_on() -> None:
    told: list[float] = []
    engine, task = begun(with_context(lambda ctx: ctx.progress(0.5)))
    execute(task, engine.storage, engine.steps, told.append)
    assert told == [0.5]


def test_tables_and_files_reach_a_step_under_their_roles() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    (scenes,) = engine.catalog.artifacts(drive.id, kind="scenes")
    assert scenes.rows == 3
    streams = {made.id for made in engine.made(drive.id, "stream")}
    assert set(engine.catalog.run(scenes.run or "").used) == streams


def test_a_stored_file_that_is_missing_is_told_when_it_is_read() -> None:
    artifact = replace(
        loose_artifact("upload", "x"), location=Location(Zone.LANDING, "m_1/x"), bytes=3
    )
    file = StoredFile(memory_engine().storage, artifact)
    assert file.name == "x"
    with pytest.raises(NotFound, match="landing/m_1/x"):
        _ = file.size


def test_a_made_table_that_is_gone_is_not_the_fault_of_the_input() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id, TOY_PIPELINE.between(None, "spread"))
    (task,) = plan_step(engine.catalog, drive, JUDGE, {}).run
    lost = engine.made(drive.id, "stream")[0].location
    engine.storage.delete(lost)
    record = execute(task, engine.storage, engine.steps)
    assert record.outcome is Outcome.FAILED_TRANSIENT
    assert record.failure is not None
    assert record.failure.message == f"{lost} was made and is gone from storage"
    assert record.failure.hint == f"avdataops run {drive.id}"


def test_a_record_keeps_the_trace_and_no_table_does() -> None:
    tables = []
    for trace_id in (None, "4bf92f3577b34da6a3ce929d0e0e4736"):
        engine, task = begun(one_row)
        record = execute(task, engine.storage, engine.steps, trace_id=trace_id)
        assert record.environment.get("trace_id") == trace_id
        assert load_attempt(engine.storage, task.measurement, record.run, 1) == record
        tables.append([read_all(engine.storage.open(made.location)) for made in record.made])
    assert len(tables[0]) == 1
    assert tables[0] == tables[1]


@pytest.mark.parametrize("late", [False, True])
def test_a_table_that_cannot_be_written_ends_the_step_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    """A full disk, met by an encoding thread: midway, or only when files are finished."""

    def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
        del ctx, inputs, params
        rows = 10 if late else (ROW_GROUP_BYTES // 16) + 1
        for name in ("/good", "/bad", "/other"):
            yield Rows(stream(name), rows_of(list(range(rows)), [0.5] * rows))
        if not late:
            raise InputError("behind the full disk")

    real = pq.ParquetWriter

    def opened(path: Path, schema: pa.Schema, **options: Any) -> pq.ParquetWriter:
        if schema.metadata[b"avdataops.name"] == b"/bad":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, schema, **options)

    monkeypatch.setattr(pq, "ParquetWriter", opened)
    engine, task = begun(run)
    record = engine.execute(task)
    assert record.outcome is Outcome.FAILED_TRANSIENT
    assert record.failure is not None
    assert "No space left" in record.failure.message
    assert record.made == ()
    assert list(engine.storage.list(Zone.RAW, "imu/")) == []
