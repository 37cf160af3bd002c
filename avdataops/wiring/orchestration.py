"""The actions of an orchestrator: one measurement through its steps, aside, or found waiting.

The answers are small: counts, ids, a state; never lists of files.  ``pipelines/adf/README.md`` is
their contract with Data Factory.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from avdataops.engine.arrivals import arrive_or_quarantine
from avdataops.engine.landing import set_aside
from avdataops.engine.pipeline import (
    Finished,
    Pipeline,
    PipelineEvent,
    StepEnded,
    StepStarted,
    run_pipeline,
)
from avdataops.engine.reconcile import idle, waiting
from avdataops.engine.rehydrate import rehydrate
from avdataops.model.documents import to_document
from avdataops.model.errors import AvdataopsError, ConfigError, InputError, NotFound, TransientError
from avdataops.model.ids import check_id
from avdataops.model.measurement import Reason, State
from avdataops.ports.dispatch import TaskState
from avdataops.ports.tiers import Urgency
from avdataops.settings import Settings, load_settings, origins
from avdataops.wiring.activity import Activity, read_activity, without_empty, write_outputs
from avdataops.wiring.dispatchers import remove_old_jobs
from avdataops.wiring.label_activity import exchange_labels
from avdataops.wiring.logs import JsonLines
from avdataops.wiring.process import Answer
from avdataops.wiring.storages import open_tiers, place_of
from avdataops.wiring.trace import follow
from avdataops.wiring.workspace import Workspace, open_workspace

MAX_RUNS = 1000
DEFAULT_LIMIT = 100
_NS_PER_MINUTE = 60 * 10**9
_LOG = logging.getLogger(__name__)


def orchestrate(folder: Path, log: JsonLines) -> Answer:
    """Do what ``activity.json`` in ``folder`` asks for, and leave ``outputs.json`` beside it.

    Raises ``Busy`` while another orchestrator works on the same measurement, ``TransientError`` if
    a task failed in passing.  A measurement that can never succeed is an answer, not an error.
    """
    activity = read_activity(folder)
    if activity.text("traceparent"):
        log.trace = follow(activity.text("traceparent"))
    facts = {"action": activity.action, "pipeline_run": activity.text("pipelineRunId")}
    if activity.text("measurement"):
        facts["measurement"] = check_id(activity.needed("measurement"))
    log.about({name: value for name, value in facts.items() if value})
    actions: dict[str, Callable[[Workspace, Activity], dict[str, object]]] = {
        "run": _run,
        "quarantine": _quarantine,
        "reconcile": _reconcile,
        "rehydrate": _rehydrate,
        "labels": _labels,
    }
    with open_workspace(_settings(activity), log.trace) as workspace:
        document = actions[activity.action](workspace, activity)
    answer = {"schema_version": 1, "action": activity.action, **document}
    write_outputs(folder, answer)
    return Answer(answer)


def _settings(activity: Activity) -> Settings:
    given = without_empty(activity.documents.get("settings", {}))
    flags: dict[str, Any] = {"azure": given} if given else {}
    settings = load_settings(**flags)
    # Who names a Batch account and no engine means that account.
    if settings.azure.batch_endpoint and origins(**flags)["engine"][1] == "default":
        return settings.model_copy(update={"engine": "azure-batch"})
    return settings


def _run(workspace: Workspace, activity: Activity) -> dict[str, object]:
    part, whole = _pipeline(workspace, activity)
    return run_measurement(workspace, activity.needed("measurement"), part, whole)


def _pipeline(workspace: Workspace, activity: Activity) -> tuple[Pipeline, Pipeline]:
    whole = workspace.pipeline().with_params(activity.documents.get("params", {}))
    return whole.between(activity.text("first"), activity.text("last")), whole


def run_measurement(
    workspace: Workspace, measurement: str, part: Pipeline, whole: Pipeline
) -> dict[str, object]:
    """Bring one measurement to the end of ``part`` and tell what became of it.

    Raises ``NotFound`` where neither landing nor the catalog has it, ``Busy`` while another process
    works on it, and ``TransientError`` after a failure that may pass.
    """
    with workspace.leases.hold(measurement), workspace.machinery(_tell) as machinery:
        reason = _rejected(workspace, measurement)
        if reason:
            return _outcome(workspace, measurement, Finished((), ()), reason)
        facts = workspace.catalog.measurement(measurement)
        finished = run_pipeline(machinery, facts, part, whole=whole)
    return _outcome(workspace, measurement, finished, None)


def _rejected(workspace: Workspace, measurement: str) -> Reason | None:
    """Register what landed; return why the measurement can never be run, or None."""
    try:
        rejected = arrive_or_quarantine(workspace.storage, workspace.catalog, measurement)
    except InputError as error:
        # No catalog row can be made from a wrong manifest: the answer alone tells of it.
        return Reason(
            code="bad_manifest",
            message=error.message,
            fix=error.hint or "upload the folder again",
        )
    facts = workspace.catalog.measurement(measurement)
    return rejected or (facts.reason if facts.state is State.QUARANTINED else None)


def _outcome(
    workspace: Workspace, measurement: str, finished: Finished, reason: Reason | None
) -> dict[str, object]:
    state = _state(workspace, measurement)
    if state is State.QUARANTINED:
        reason = workspace.catalog.measurement(measurement).reason
    if finished.failed and state is not State.QUARANTINED:
        first = finished.failed[0].failure
        raise TransientError(
            f"{len(finished.failed)} tasks of {measurement} failed in passing: "
            f"{first.message if first else finished.failed[0].outcome}",
            hint="the same activity goes on from here",
        )
    done = "done" if finished.ran or finished.revived else "nothing to do"
    return {
        "measurement": measurement,
        "verdict": "rejected" if reason else done,
        "reason": to_document(reason) if reason else None,
        "state": state,
        "counts": {
            "ran": len(finished.ran),
            "already": len(finished.already),
            "failed": len(finished.failed),
        },
        "runs": [record.run for record in finished.ran[:MAX_RUNS]],
    }


def _state(workspace: Workspace, measurement: str) -> State | None:
    try:
        return workspace.catalog.measurement(measurement).state
    except NotFound:
        return None


def _quarantine(workspace: Workspace, activity: Activity) -> dict[str, object]:
    measurement = activity.needed("measurement")
    reason = Reason(
        code=activity.needed("code"),
        message=activity.needed("message"),
        fix=activity.text("fix") or f"avdataops measurements requeue {measurement}",
    )
    with workspace.leases.hold(measurement):
        before = _state(workspace, measurement)
        kept = set_aside(workspace.storage, workspace.catalog, measurement, reason)
        state = _state(workspace, measurement)
    return {
        "measurement": measurement,
        "verdict": "nothing to do" if before is State.QUARANTINED else "done",
        "reason": to_document(kept),
        "state": state,
    }


def _reconcile(workspace: Workspace, activity: Activity) -> dict[str, object]:
    limit = activity.number("limit", DEFAULT_LIMIT)
    try:
        removed = remove_old_jobs(workspace.settings)
        _LOG.info("old jobs removed", extra={"facts": {"jobs": removed}})
    except AvdataopsError as error:
        # What waits must be named all the same; the next hour brings another chance.
        _LOG.warning("old jobs stay: %s", error.message)
    return find_waiting(workspace, limit, activity.number("older_than_minutes", 0))


def find_waiting(workspace: Workspace, limit: int, older_than_minutes: int) -> dict[str, object]:
    """Name at most ``limit`` measurements on which nobody works, the oldest first."""
    before_ns = time.time_ns() - older_than_minutes * _NS_PER_MINUTE
    found = waiting(workspace.storage, workspace.catalog)
    named: list[str] = []
    for one in found:
        due = len(named) < limit and one.since_ns <= before_ns
        if due and idle(workspace.leases, one.measurement):
            named.append(one.measurement)
    return {
        "verdict": "done" if named else "nothing to do",
        "reason": None,
        "measurements": named,
        "total": len(found),
    }


def _rehydrate(workspace: Workspace, activity: Activity) -> dict[str, object]:
    measurement = activity.needed("measurement")
    priority = activity.text("priority") or Urgency.STANDARD
    if priority not in tuple(Urgency):
        raise ConfigError(f"extended property 'priority' is Standard or High, not '{priority}'")
    with open_tiers(place_of(workspace.settings)) as tiers:
        counts = rehydrate(tiers, workspace.catalog, measurement, Urgency(priority))
    return {
        "measurement": measurement,
        "verdict": "done" if counts["waiting"] else "nothing to do",
        "reason": None,
        **counts,
    }


def _labels(workspace: Workspace, activity: Activity) -> dict[str, object]:
    return exchange_labels(workspace, activity, _tell)


def _tell(event: PipelineEvent) -> None:
    if isinstance(event, StepStarted):
        facts = {"step": event.step, "tasks": event.tasks, "already": event.already}
        _LOG.info("step started", extra={"facts": facts})
    elif isinstance(event, StepEnded):
        outcomes = [record.outcome.value for record in event.records]
        counts = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
        _LOG.info("step ended", extra={"facts": {"step": event.step, "outcomes": counts}})
    elif event.state in {TaskState.ENDED, TaskState.LOST}:
        task = event.task
        facts = {"step": task.step, "attempt": task.attempt, "part": task.part, "why": event.why}
        _LOG.info("task %s", event.state, extra={"facts": facts})
