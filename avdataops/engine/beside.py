"""Runs one step beside the pipeline: what it made before stays, and a failure harms nothing."""

from collections.abc import Iterator, Mapping, Sequence

from avdataops.engine.commit import commit, commit_interrupted, take_in
from avdataops.engine.pipeline import Machinery
from avdataops.engine.plan import Plan, plan_step
from avdataops.engine.stored import StoredArtifacts
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, TransientError, error_classes
from avdataops.model.measurement import Measurement
from avdataops.model.run import Failure, RunRecord
from avdataops.ports.dispatch import TaskState
from avdataops.ports.step import Step


def run_beside(
    machinery: Machinery,
    measurement: Measurement,
    step: Step,
    params: Mapping[str, object],
    references: Sequence[Artifact] = (),
) -> tuple[RunRecord, bool]:
    """Run a step that makes one task of a measurement; return its record and whether it ran now.

    Nothing becomes superseded, and the measurement keeps its state.  Raises ``InputError`` where
    an input is missing, and the error of the step if it fails.
    """
    storage, catalog = machinery.storage, machinery.catalog
    interrupted = [task for task in catalog.unfinished(measurement.id) if task.step == step.name]
    commit_interrupted(storage, catalog, interrupted)
    there = StoredArtifacts(storage)
    plan = plan_step(catalog, measurement, step, params, references, there.has)
    if plan.revive:
        take_in(storage, catalog, plan.revive)
    for record in (*plan.made, *plan.revive):
        return record, False
    for record in _dispatch(machinery, plan):
        if record.failure is not None:
            raise _error(record.failure)
        return record, True
    raise InputError(
        f"measurement {measurement.id} has nothing that step '{step.name}' could work on",
        hint=f"avdataops run {measurement.id}",
    )


def run_all_beside(
    machinery: Machinery,
    measurement: Measurement,
    step: Step,
    params: Mapping[str, object],
    references: Sequence[Artifact] = (),
) -> tuple[list[RunRecord], bool]:
    """Run all tasks of a step on a measurement; return their records and whether any ran now.

    What the step made before with other parameters stops being current; the measurement keeps its
    state.  Raises as ``run_beside`` does.
    """
    storage, catalog = machinery.storage, machinery.catalog
    interrupted = [task for task in catalog.unfinished(measurement.id) if task.step == step.name]
    commit_interrupted(storage, catalog, interrupted)
    there = StoredArtifacts(storage)
    plan = plan_step(catalog, measurement, step, params, references, there.has)
    if plan.revive:
        take_in(storage, catalog, plan.revive)
    ran = list(_dispatch(machinery, plan))
    for record in ran:
        if record.failure is not None:
            raise _error(record.failure)
    if plan.stale:
        take_in(storage, catalog, (), superseded=[record.run for record in plan.stale])
    found = [*plan.made, *plan.revive, *ran]
    if not found:
        raise InputError(
            f"measurement {measurement.id} has nothing that step '{step.name}' could work on",
            hint=f"avdataops run {measurement.id}",
        )
    return found, bool(ran)


def _dispatch(machinery: Machinery, plan: Plan) -> Iterator[RunRecord]:
    for event in machinery.dispatcher.run(machinery.catalog.begin(plan.run)):
        machinery.watch(event)
        if event.state in {TaskState.ENDED, TaskState.LOST}:
            yield from commit(
                machinery.storage,
                machinery.catalog,
                [event.task],
                why=event.why,
                over_limit=event.over_limit,
            )


def _error(failure: Failure) -> Exception:
    """Return the failure of a worker as the error that it was."""
    usual = TransientError if failure.retryable else InputError
    return error_classes().get(failure.code, usual)(failure.message, hint=failure.hint)
