"""Runs: begun, asked for, unfinished."""

from collections.abc import Sequence
from dataclasses import replace

from avdataops.adapters.cosmos_catalog.attempts import begun, unfinished
from avdataops.adapters.cosmos_catalog.changes import Change, change, find_head, get_head
from avdataops.adapters.cosmos_catalog.claims import claim, find_claim
from avdataops.adapters.cosmos_catalog.documents import (
    item_id,
    record_of,
    task_document,
    task_id,
    task_of,
)
from avdataops.adapters.cosmos_catalog.heads import Head
from avdataops.adapters.cosmos_catalog.layout import CATALOG
from avdataops.adapters.cosmos_catalog.missing import MEASUREMENT, RUN, no_such
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.model.documents import text_of
from avdataops.model.errors import CatalogUnavailable, NotFound, shown
from avdataops.model.ids import run_id
from avdataops.model.run import RunRecord, TaskSpec

_RECORDS = "SELECT * FROM c WHERE c.kind = 'record'"
_OF_STEP = " AND c.step = @step"


def begin_tasks(requests: Requests, tasks: Sequence[TaskSpec]) -> list[TaskSpec]:
    """Note the next attempt of each task; raises ``NotFound`` for an unknown measurement.

    One transaction for each measurement; all measurements are looked up before the first.
    """
    for measurement in dict.fromkeys(task.measurement for task in tasks):
        get_head(requests, measurement)
    for task in tasks:
        text_of(task)
    numbered: dict[int, TaskSpec] = {}
    for measurement in dict.fromkeys(task.measurement for task in tasks):
        places = [n for n, task in enumerate(tasks) if task.measurement == measurement]
        begun_now = _begin(requests, measurement, [tasks[n] for n in places])
        numbered |= dict(zip(places, begun_now, strict=True))
    return [numbered[n] for n in range(len(tasks))]


def _begin(requests: Requests, measurement: str, tasks: Sequence[TaskSpec]) -> list[TaskSpec]:
    def decide(head: Head | None) -> Change[list[TaskSpec]]:
        if head is None:
            raise no_such(requests, MEASUREMENT, measurement)
        new = [run_id(task.id) for task in tasks if run_id(task.id) not in head.runs]
        numbered = []
        for task in tasks:
            head, number = begun(head, run_id(task.id), task.step)
            numbered.append(replace(task, attempt=number))
        return Change(
            head=head,
            result=numbered,
            claims=(lambda: _claim_runs(requests, new, measurement),),
            documents=tuple(task_document(task) for task in numbered),
        )

    return change(requests, measurement, decide)


def _claim_runs(requests: Requests, runs: Sequence[str], measurement: str) -> None:
    for run in runs:
        claim(requests, RUN, run, measurement, None)


def unfinished_tasks(requests: Requests, measurement: str) -> list[TaskSpec]:
    """Return the tasks whose latest attempt was begun and left no record, by step and run."""
    head = get_head(requests, measurement).head
    found = []
    for run, attempt in unfinished(head):
        document = requests.read(CATALOG, measurement, task_id(run, attempt))
        if document is None:
            raise CatalogUnavailable(f"attempt {attempt} of run {shown(run)} cannot be read now")
        found.append(task_of(document))
    return found


def get_run(requests: Requests, run: str) -> RunRecord:
    """Return the latest attempt that ended; raises ``NotFound``."""
    claimed = find_claim(requests, run)
    if claimed is None or claimed["kind"] != RUN:
        raise no_such(requests, RUN, run)
    read = find_head(requests, claimed["measurementId"])
    if read is None or run not in read.head.runs:
        raise no_such(requests, RUN, run)
    ended = read.head.runs[run].ended
    if ended is None:
        raise NotFound(f"run {shown(run)} has begun and not ended", hint="ask again later")
    document = requests.read(CATALOG, read.head.id, item_id(run, ended.tag))
    if document is None:
        raise CatalogUnavailable(f"the record of run {shown(run)} cannot be read now")
    return record_of(document)


def list_runs(requests: Requests, measurement: str, step: str | None) -> list[RunRecord]:
    """Return the latest ended attempt of every run by start time and id."""
    head = get_head(requests, measurement).head
    tags = {run: state.ended.tag for run, state in head.runs.items() if state.ended}
    if step is None:
        rows = requests.query(CATALOG, _RECORDS, {}, key=measurement)
    else:
        rows = requests.query(CATALOG, _RECORDS + _OF_STEP, {"step": step}, key=measurement)
    found = [record_of(row) for row in rows if tags.get(row["run"]) == row["tag"]]
    return sorted(found, key=lambda one: (one.started_ns, one.run))
