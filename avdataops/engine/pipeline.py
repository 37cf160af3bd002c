"""Runs a pipeline on one measurement: plan, dispatch, commit, step after step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from avdataops.engine.commit import commit, commit_interrupted, take_in, times_lost
from avdataops.engine.fingerprint import complete_params
from avdataops.engine.landing import clear_landing, quarantine
from avdataops.engine.plan import Plan, plan_step
from avdataops.engine.stored import StoredArtifacts
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document
from avdataops.model.errors import ConfigError, SchemaMismatch, did_you_mean
from avdataops.model.measurement import Measurement, Reason, State
from avdataops.model.run import Failure, Outcome, RunRecord, TaskSpec
from avdataops.ports.catalog import Catalog
from avdataops.ports.dispatch import Dispatcher, TaskEvent, TaskState
from avdataops.ports.step import Step
from avdataops.ports.storage import Storage

MAX_LOST = 3
"""Workers that one task may cost in a row, after which the input is taken to be the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a pipeline with the parameters that differ from the step's defaults."""

    step: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Steps in order, as data."""

    name: str
    steps: tuple[Stage, ...]

    def between(self, first: str | None, last: str | None) -> "Pipeline":
        """Return the part from step ``first`` to step ``last``, both included."""
        names = [stage.step for stage in self.steps]
        for name in (first, last):
            if name is not None and name not in names:
                raise ConfigError(
                    f"pipeline '{self.name}' has no step '{name}'{did_you_mean(name, names)}",
                    hint=f"its steps: {', '.join(names)}",
                )
        start = names.index(first) if first else 0
        stop = names.index(last) + 1 if last else len(names)
        if start >= stop:
            raise ConfigError(f"in pipeline '{self.name}' step '{last}' comes before '{first}'")
        return Pipeline(name=self.name, steps=self.steps[start:stop])

    def with_params(self, given: Mapping[str, Mapping[str, object]]) -> "Pipeline":
        """Return the pipeline with ``given[step][name]`` over its own parameters."""
        names = [stage.step for stage in self.steps]
        for step in given:
            if step not in names:
                raise ConfigError(
                    f"pipeline '{self.name}' has no step '{step}'{did_you_mean(step, names)}"
                )
        return Pipeline(
            name=self.name,
            steps=tuple(
                Stage(step=stage.step, params={**stage.params, **given.get(stage.step, {})})
                for stage in self.steps
            ),
        )


def parse_pipeline(text: str) -> Pipeline:
    """Return the pipeline that YAML ``text`` describes; raises ``ConfigError``."""
    try:
        return from_document(Pipeline, yaml.safe_load(text))
    except (yaml.YAMLError, SchemaMismatch) as error:
        raise ConfigError(f"not a pipeline: {error}") from error


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step was planned: so many tasks to run, so many already made."""

    step: str
    tasks: int
    already: int


@dataclass(frozen=True, slots=True)
class StepEnded:
    """All tasks of a step are committed."""

    step: str
    records: tuple[RunRecord, ...]
    already: tuple[RunRecord, ...]
    revived: tuple[RunRecord, ...] = ()
    """Those of ``already`` that an earlier setting had made, and that are current again."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a pipeline run came to."""

    ran: tuple[RunRecord, ...]
    """Runs that were executed now."""
    already: tuple[RunRecord, ...]
    """Runs whose results were there."""
    revived: tuple[RunRecord, ...] = ()
    """Those of ``already`` that were superseded and are current again."""

    @property
    def failed(self) -> tuple[RunRecord, ...]:
        """Runs of now that made nothing usable."""
        return tuple(record for record in self.ran if not record.outcome.made_something)


PipelineEvent = StepStarted | TaskEvent | StepEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Machinery:
    """What a pipeline run works with."""

    storage: Storage
    catalog: Catalog
    dispatcher: Dispatcher
    steps: Mapping[str, Step]
    references: Sequence[Artifact] = ()
    fetched: Callable[[Measurement], Sequence[Artifact]] = lambda _: ()
    """More references, for what is known of a measurement when a step that reads some is due."""
    watch: Callable[[PipelineEvent], None] = lambda _: None


def run_pipeline(
    machinery: Machinery,
    measurement: Measurement,
    pipeline: Pipeline,
    *,
    whole: Pipeline | None = None,
) -> Finished:
    """Bring ``measurement`` to the end of ``pipeline``; stops after a step that failed.

    A failure that a retry cannot mend puts the measurement into quarantine with its reason; it
    is complete once nothing of ``whole`` (``pipeline`` unless given) is left to do, else pending.
    Raises ``ConfigError`` for an unknown step or parameter before anything has changed.
    """
    for stage in pipeline.steps:
        complete_params(find_step(machinery.steps, stage.step), stage.params)
    machinery.catalog.set_state(measurement.id, State.RUNNING)
    try:
        finished = _run_stages(machinery, measurement, pipeline)
    except BaseException:
        machinery.catalog.set_state(measurement.id, State.PENDING)
        raise
    if finished.failed:
        _set_aside(machinery, measurement, finished.failed)
        return finished
    left, _ = dry_run(machinery, measurement, whole or pipeline)
    machinery.catalog.set_state(measurement.id, State.PENDING if left else State.COMPLETE)
    return finished


def _run_stages(machinery: Machinery, measurement: Measurement, pipeline: Pipeline) -> Finished:
    ran: list[RunRecord] = []
    already: list[RunRecord] = []
    revived: list[RunRecord] = []
    for stage in pipeline.steps:
        ended = _run_stage(machinery, measurement, stage)
        ran += ended.records
        already += ended.already
        revived += ended.revived
        if any(not record.outcome.made_something for record in ended.records):
            break
        if stage.step == "validate":
            clear_landing(machinery.storage, machinery.catalog, measurement.id)
    return Finished(tuple(ran), tuple(already), tuple(revived))


def _run_stage(machinery: Machinery, measurement: Measurement, stage: Stage) -> StepEnded:
    storage, catalog = machinery.storage, machinery.catalog
    step = find_step(machinery.steps, stage.step)
    # What an interrupted run left behind: its records are taken in, the rest is noted as lost.
    interrupted = [task for task in catalog.unfinished(measurement.id) if task.step == step.name]
    commit_interrupted(storage, catalog, interrupted)
    there = StoredArtifacts(storage)
    references = _references(machinery, measurement, step)
    plan = plan_step(catalog, measurement, step, stage.params, references, there.has)
    already = (*plan.made, *plan.revive)
    machinery.watch(StepStarted(stage.step, len(plan.run), len(already)))
    for record in plan.revive:
        take_in(storage, catalog, [record], superseded=plan.replaced_by(record.part))
    records = tuple(_dispatch(machinery, plan))
    if all(record.outcome.made_something for record in records):
        take_in(storage, catalog, (), superseded=[record.run for record in plan.stale])
    ended = StepEnded(stage.step, records, already, plan.revive)
    machinery.watch(ended)
    return ended


def _references(machinery: Machinery, measurement: Measurement, step: Step) -> tuple[Artifact, ...]:
    if not any(need.kind == "reference" for need in step.needs.values()):
        return ()
    return (*machinery.references, *machinery.fetched(measurement))


def _dispatch(machinery: Machinery, plan: Plan) -> Iterator[RunRecord]:
    tasks = machinery.catalog.begin(plan.run)
    for event in machinery.dispatcher.run(tasks):
        machinery.watch(event)
        if event.state in {TaskState.ENDED, TaskState.LOST}:
            # Each task is taken in as it ends, so that a crash costs only what was running, and
            # replaces its older results then, so that no later step ever sees both.
            yield from commit(
                machinery.storage,
                machinery.catalog,
                [event.task],
                superseded=plan.replaced_by(event.task.part),
                why=event.why,
                over_limit=event.over_limit,
            )


def find_step(steps: Mapping[str, Step], name: str) -> Step:
    """Return one step; raises ``ConfigError`` with the near miss."""
    if name not in steps:
        raise ConfigError(f"there is no step '{name}'{did_you_mean(name, steps)}")
    return steps[name]


def _set_aside(machinery: Machinery, measurement: Measurement, failed: Sequence[RunRecord]) -> None:
    final = [record for record in failed if _is_final(record)]
    if not final:
        machinery.catalog.set_state(measurement.id, State.PENDING)
        return
    reason = _reason(final[0], len(final))
    quarantine(machinery.storage, machinery.catalog, measurement.id, reason)


def _is_final(record: RunRecord) -> bool:
    if record.outcome is Outcome.LOST:
        return times_lost(record) >= MAX_LOST
    return record.outcome is Outcome.FAILED_INPUT


def _reason(record: RunRecord, how_many: int) -> Reason:
    failure = record.failure or Failure(code="unknown", message="no record says why")
    more = f" (and {how_many - 1} more)" if how_many > 1 else ""
    code = record.facts.get("reason_code", failure.code)
    mended = failure.hint if record.outcome is Outcome.FAILED_INPUT else None
    return Reason(
        code=str(code),
        message=f"{record.step}: {failure.message}{more}",
        fix=mended or f"avdataops measurements requeue {record.measurement}",
    )


def dry_run(
    machinery: Machinery, measurement: Measurement, pipeline: Pipeline
) -> tuple[tuple[TaskSpec, ...], str | None]:
    """Return the tasks of the first step that has any, and the name of that step.

    Later steps depend on what that one makes, so they cannot be planned yet.
    """
    catalog = machinery.catalog
    there = StoredArtifacts(machinery.storage)
    for stage in pipeline.steps:
        step = find_step(machinery.steps, stage.step)
        references = _references(machinery, measurement, step)
        plan = plan_step(catalog, measurement, step, stage.params, references, there.has)
        if plan.run:
            return plan.run, stage.step
    return (), None
