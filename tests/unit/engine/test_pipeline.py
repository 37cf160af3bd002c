"""A pipeline on one measurement, step after step."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from avdataops.engine.pipeline import (
    MAX_LOST,
    Finished,
    Pipeline,
    Stage,
    StepEnded,
    StepStarted,
    dry_run,
    find_step,
    parse_pipeline,
    run_pipeline,
)
from avdataops.model.artifact import Artifact
from avdataops.model.errors import ConfigError, InputError, StorageUnavailable
from avdataops.model.location import Zone
from avdataops.model.measurement import Measurement, State
from avdataops.model.run import Outcome, TaskSpec
from avdataops.ports.dispatch import TaskEvent, TaskState
from avdataops.ports.step import Bytes, Inputs, Need, Rows, StepContext
from avdataops.testing.engine_kit import DRIVE, Engine, loose_artifact, memory_engine
from avdataops.testing.inline_dispatcher import InlineDispatcher, LosingDispatcher
from avdataops.testing.toy_steps import SPREAD, TOY_PIPELINE, TOY_STEPS, Params


def keys(engine: Engine, zone: Zone) -> list[str]:
    return [stored.location.key for stored in engine.storage.list(zone)]


def failing_spread(error: Exception, on: str) -> Engine:
    """Return an engine whose second step raises for one recording."""

    def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows | Bytes]:
        if ctx.part == on:
            raise error
        yield from SPREAD.run(ctx, inputs, params)

    return memory_engine({**TOY_STEPS, "spread": replace(SPREAD, run=run)})


def lose(engine: Engine, measurement: str) -> Finished:
    facts = engine.catalog.measurement(measurement)
    return run_pipeline(engine.machinery(LosingDispatcher()), facts, TOY_PIPELINE)


def scaled(scale: float) -> Pipeline:
    return TOY_PIPELINE.with_params({"spread": {"scale": scale}})


def test_a_drive_goes_through_every_step() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    finished = engine.run(drive.id)
    assert [(record.step, record.part) for record in finished.ran] == [
        ("validate", "a.mcap"),
        ("validate", "b.mcap"),
        ("spread", "a.mcap"),
        ("spread", "b.mcap"),
        ("judge", ""),
    ]
    assert (finished.already, finished.failed) == ((), ())
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE
    assert keys(engine, Zone.LANDING) == []


def test_a_rerun_does_nothing_and_keeps_the_state() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    before = {zone: keys(engine, zone) for zone in Zone}
    again = engine.run(drive.id)
    assert (len(again.ran), len(again.already)) == (0, 5)
    assert {zone: keys(engine, zone) for zone in Zone} == before
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE


def test_a_changed_parameter_runs_only_what_is_behind_it() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    finished = engine.run(drive.id, scaled(2.0))
    assert [record.step for record in finished.ran] == ["spread", "spread", "judge"]
    assert [record.step for record in finished.already] == ["validate", "validate"]
    assert len(engine.made(drive.id, "stream")) == 3
    assert len(engine.made(drive.id, "scenes")) == 1


def test_events_tell_what_goes_on() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    seen: list[object] = []
    run_pipeline(engine.machinery(watch=seen.append), drive, TOY_PIPELINE)
    assert [event for event in seen if isinstance(event, StepStarted)] == [
        StepStarted("validate", 2, 0),
        StepStarted("spread", 2, 0),
        StepStarted("judge", 1, 0),
    ]
    ended = [event for event in seen if isinstance(event, StepEnded)]
    assert [len(event.records) for event in ended] == [2, 2, 1]
    states = [event.state for event in seen if isinstance(event, TaskEvent)]
    assert states == [TaskState.STARTED, TaskState.ENDED] * 5


def test_after_a_failed_step_none_runs_and_the_drive_is_set_aside_with_the_reason() -> None:
    engine = failing_spread(InputError("cannot read it", hint="convert it"), on="b.mcap")
    drive = engine.arrived()
    finished = engine.run(drive.id)
    assert [record.step for record in finished.ran] == ["validate", "validate", "spread", "spread"]
    assert [record.part for record in finished.failed] == ["b.mcap"]
    facts = engine.catalog.measurement(drive.id)
    assert facts.state is State.QUARANTINED
    assert facts.reason is not None
    assert (facts.reason.code, facts.reason.message, facts.reason.fix) == (
        "input",
        "spread: cannot read it",
        "convert it",
    )
    assert keys(engine, Zone.QUARANTINE) == [f"{drive.id}/reason.json"]


def test_rejected_files_move_to_quarantine() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    (upload,) = [made for made in engine.made(drive.id, "upload") if made.name == "b.mcap"]
    engine.storage.delete(upload.location)
    engine.storage.put(upload.location, [b"other bytes"])
    finished = engine.run(drive.id)
    assert len(finished.failed) == 1
    reason = engine.catalog.measurement(drive.id).reason
    assert reason is not None
    assert (reason.code, reason.fix) == ("checksum_mismatch", "upload it again")
    assert keys(engine, Zone.LANDING) == []
    assert keys(engine, Zone.QUARANTINE) == [
        f"{drive.id}/{name}" for name in ("a.mcap", "b.mcap", "manifest.json", "reason.json")
    ]


def test_several_failures_are_counted_in_the_reason() -> None:
    engine = memory_engine()
    drive = engine.arrived({"a.mcap": b"one\n", "b.mcap": b"two\n", "c.mcap": DRIVE["a.mcap"]})
    engine.run(drive.id)
    reason = engine.catalog.measurement(drive.id).reason
    assert reason is not None
    assert reason.message.endswith("(and 1 more)")
    assert reason.code == "defect"
    assert reason.fix == f"avdataops measurements requeue {drive.id}"


def test_a_transient_failure_leaves_the_drive_pending_however_often() -> None:
    engine = failing_spread(StorageUnavailable("not now"), on="a.mcap")
    drive = engine.arrived()
    for attempt in range(1, MAX_LOST + 2):
        finished = engine.run(drive.id)
        assert [record.attempt for record in finished.failed] == [attempt]
        assert engine.catalog.measurement(drive.id).state is State.PENDING


def test_a_task_lost_again_and_again_is_taken_to_be_the_fault_of_its_input() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    for _ in range(MAX_LOST - 1):
        finished = lose(engine, drive.id)
        assert [record.outcome for record in finished.failed] == [Outcome.LOST, Outcome.LOST]
        assert engine.catalog.measurement(drive.id).state is State.PENDING
    lose(engine, drive.id)
    facts = engine.catalog.measurement(drive.id)
    assert facts.state is State.QUARANTINED
    assert facts.reason is not None
    assert facts.reason.code == "lost"
    assert "a.mcap: its worker was killed by signal 9 (and 1 more)" in facts.reason.message
    assert facts.reason.fix == f"avdataops measurements requeue {drive.id}"


def test_interrupted_runs_are_not_counted_as_lost_workers() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    for _ in range(MAX_LOST + 1):
        interrupt(engine, drive.id, after=0)
    lose(engine, drive.id)
    assert engine.catalog.measurement(drive.id).state is State.PENDING
    engine.run(drive.id)
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE


def test_a_lost_task_is_simply_run_again() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    lose(engine, drive.id)
    engine.run(drive.id)
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE
    assert {record.attempt for record in engine.catalog.runs(drive.id, step="validate")} == {2}


class _Interrupted(BaseException):
    pass


def interrupt(engine: Engine, measurement: str, after: int) -> None:
    """Run until ``after`` tasks have left their record, then stop before the commit."""
    left = [after]

    def execute(task: TaskSpec, progress: object) -> None:
        del progress
        if left[0]:
            engine.execute(task)
            left[0] -= 1
        if not left[0]:
            raise _Interrupted

    facts = engine.catalog.measurement(measurement)
    machinery = engine.machinery(InlineDispatcher(execute))
    with pytest.raises(_Interrupted):
        run_pipeline(machinery, facts, TOY_PIPELINE)


def test_an_interrupted_run_leaves_the_drive_pending() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    interrupt(engine, drive.id, after=1)
    assert engine.catalog.measurement(drive.id).state is State.PENDING


def test_records_that_an_interrupted_run_left_are_taken_in_not_made_again() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    interrupt(engine, drive.id, after=1)
    assert engine.made(drive.id, "recording") == []
    finished = engine.run(drive.id)
    assert [(record.part, record.attempt) for record in finished.ran[:1]] == [("b.mcap", 2)]
    assert [record.part for record in finished.already] == ["a.mcap"]
    assert engine.catalog.unfinished(drive.id) == []


def test_older_results_are_never_current_beside_newer_ones_of_the_same_recording() -> None:
    engine = failing_spread(InputError("no"), on="none")
    drive = engine.arrived()
    engine.run(drive.id)
    broken = failing_spread(InputError("no"), on="b.mcap")
    other = replace(engine, steps=broken.steps)
    other.run(drive.id, scaled(3.0))
    parts = sorted((made.name, made.part) for made in engine.made(drive.id, "stream"))
    assert parts == [("/gnss", "a.mcap"), ("/imu", "a.mcap"), ("/imu", "b.mcap")]


def test_a_wrong_step_or_parameter_is_told_before_anything_changes() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    for stages in (
        (Stage(step="validate"), Stage(step="judge", params={"scales": 1})),
        (Stage(step="validate"), Stage(step="juge")),
    ):
        with pytest.raises(ConfigError, match="did you mean"):
            engine.run(drive.id, Pipeline(name="x", steps=stages))
    assert engine.catalog.measurement(drive.id).state is State.PENDING
    assert engine.catalog.runs(drive.id) == []


def test_a_part_of_the_pipeline_does_not_make_a_drive_complete() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    part = TOY_PIPELINE.between(None, "spread")
    run_pipeline(engine.machinery(), drive, part, whole=TOY_PIPELINE)
    assert engine.catalog.measurement(drive.id).state is State.PENDING


def test_the_last_step_alone_does_not_make_an_untouched_drive_complete() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    part = TOY_PIPELINE.between("judge", None)
    finished = run_pipeline(engine.machinery(), drive, part, whole=TOY_PIPELINE)
    assert finished == Finished((), ())
    assert engine.catalog.measurement(drive.id).state is State.PENDING


def test_a_complete_drive_stays_complete_when_a_part_has_nothing_to_do() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    part = TOY_PIPELINE.between(None, "validate")
    run_pipeline(engine.machinery(), drive, part, whole=TOY_PIPELINE)
    assert engine.catalog.measurement(drive.id).state is State.COMPLETE


def test_a_dry_run_shows_the_first_step_with_something_to_do_and_changes_nothing() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    tasks, step = dry_run(engine.machinery(), drive, TOY_PIPELINE)
    assert ([task.part for task in tasks], step) == (["a.mcap", "b.mcap"], "validate")
    assert engine.catalog.measurement(drive.id) == drive
    engine.run(drive.id)
    assert dry_run(engine.machinery(), drive, TOY_PIPELINE) == ((), None)
    tasks, step = dry_run(engine.machinery(), drive, scaled(5.0))
    assert (len(tasks), step) == (2, "spread")


def test_a_part_of_a_pipeline_is_named_by_its_ends() -> None:
    names = [stage.step for stage in TOY_PIPELINE.between("spread", None).steps]
    assert names == ["spread", "judge"]
    assert TOY_PIPELINE.between("spread", "spread").steps == (Stage(step="spread"),)
    assert TOY_PIPELINE.between(None, None) == TOY_PIPELINE
    with pytest.raises(ConfigError, match="no step 'spred'; did you mean 'spread'"):
        TOY_PIPELINE.between("spred", None)
    with pytest.raises(ConfigError, match="step 'validate' comes before 'judge'"):
        TOY_PIPELINE.between("judge", "validate")


def test_parameters_lie_over_those_of_the_pipeline() -> None:
    pipeline = Pipeline(name="p", steps=(Stage(step="spread", params={"a": 1, "b": 2}),))
    changed = pipeline.with_params({"spread": {"b": 3}})
    assert changed.steps == (Stage(step="spread", params={"a": 1, "b": 3}),)
    assert pipeline.steps[0].params == {"a": 1, "b": 2}
    with pytest.raises(ConfigError, match="no step 'spreat'; did you mean 'spread'"):
        pipeline.with_params({"spreat": {}})


def test_a_pipeline_is_read_from_yaml() -> None:
    text = "name: p\nsteps:\n  - step: validate\n  - step: spread\n    params: {scale: 2}\n"
    assert parse_pipeline(text) == Pipeline(
        name="p", steps=(Stage(step="validate"), Stage(step="spread", params={"scale": 2}))
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: [",
        "name: p",
        "steps: []",
        "name: p\nsteps:\n  - stop: x\n",
        "- 1",
        "!!python/object/apply:os.system [ls]",
    ],
)
def test_what_is_no_pipeline_is_told_so(text: str) -> None:
    with pytest.raises(ConfigError, match="not a pipeline"):
        parse_pipeline(text)


def test_an_unknown_step_names_the_near_miss() -> None:
    with pytest.raises(ConfigError, match="no step 'valdate'; did you mean 'validate'"):
        find_step(TOY_STEPS, "valdate")


def test_only_a_step_that_reads_references_has_more_of_them_fetched() -> None:
    given = replace(SPREAD, needs={**SPREAD.needs, "chart": Need(kind="reference", optional=True)})
    engine = memory_engine({**TOY_STEPS, "spread": given})
    drive = engine.arrived()
    shared = replace(loose_artifact("reference", "chart"), attributes={"role": "chart"})
    engine.catalog.reference([shared])
    engine.storage.put(shared.location, [b"0" * shared.bytes])
    asked: list[str] = []
    told: list[str] = []

    def fetched(measurement: Measurement) -> tuple[Artifact, ...]:
        asked.append(measurement.id)
        return (shared,)

    def watch(event: object) -> None:
        if isinstance(event, StepStarted):
            told.append(f"{event.step} {len(asked)}")

    machinery = replace(engine.machinery(watch=watch), fetched=fetched)
    finished = run_pipeline(machinery, drive, TOY_PIPELINE)
    assert told[0] == "validate 0"
    assert set(asked) == {drive.id}
    used = {record.step: record.used for record in finished.ran}
    assert shared.id in used["spread"]
    assert shared.id not in used["validate"]
    assert dry_run(machinery, drive, TOY_PIPELINE) == ((), None)
