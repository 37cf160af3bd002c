"""Jobs of a Batch account: one per measurement, closed only after its tasks were added."""

import logging
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from azure.batch import BatchClient, models
from azure.batch.models import _models as unlisted_models
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from avdataops.adapters.azure_batch.calls import Pace, code_of, in_our_words, patiently
from avdataops.model.errors import ConfigError, TransientError, UnsafeName

MAX_TASKS_PER_REQUEST = 100
MAX_JOBS_PER_MEASUREMENT = 1000
_PLAIN = re.compile(r"[a-z0-9_]{1,48}")
"""Batch takes 64 characters and does not tell upper case from lower."""
PREFIX = "avdataops-"
_MADE_BY = ("made-by", "avdataops")
_TOO_LARGE = "RequestBodyTooLarge"
_END_WAIT_S = 30.0
_LOG = logging.getLogger(__name__)
_OPEN_STATES = frozenset({models.BatchJobState.ACTIVE, models.BatchJobState.ENABLING})
_OVER_CODES = frozenset(
    {"JobCompleted", "JobTerminating", "JobBeingTerminated", "JobBeingDeleted", "JobNotFound"}
)


class JobOver(TransientError):
    """The job takes no tasks any more; the next numbered one has to be used."""

    def __init__(self, job: str) -> None:
        super().__init__(f"Batch job '{job}' takes no more tasks")


def job_id(measurement: str, number: int) -> str:
    """Return the id of the ``number``-th job (from 1) of a measurement."""
    if not _PLAIN.fullmatch(measurement):
        raise UnsafeName(f"'{ascii(measurement)[1:61]}' cannot be part of the id of a Batch job")
    return f"{PREFIX}{measurement}-{number}"


def open_job(client: BatchClient, measurement: str, pool: str, pace: Pace, first: int = 1) -> str:
    """Return the id of a job that takes tasks: the one that is open, else a new one.

    Numbers are tried from ``first``.  Two that do this at once get the same job, since a number
    is passed over only when its job is over or closed, and closing is final.
    """
    for number in range(first, first + MAX_JOBS_PER_MEASUREMENT):
        wanted = job_id(measurement, number)
        if _create(client, wanted, pool, pace) or _is_open(client, wanted, pool, pace):
            return wanted
    raise ConfigError(
        f"measurement {measurement} has {MAX_JOBS_PER_MEASUREMENT} finished Batch jobs",
        hint="delete old jobs",
    )


def number_of(job: str) -> int:
    """Return the number in the id of a job."""
    return int(job.rsplit("-", 1)[-1])


def _create(client: BatchClient, job: str, pool: str, pace: Pace) -> bool:
    options = models.BatchJobCreateOptions(
        id=job,
        pool_info=models.BatchPoolInfo(pool_id=pool),
        uses_task_dependencies=True,
        # A job without tasks counts as complete: it must not end before it has any.
        all_tasks_complete_mode=models.BatchAllTasksCompleteMode.NO_ACTION,
        task_failure_mode=models.BatchTaskFailureMode.NO_ACTION,
        metadata=[models.BatchMetadataItem(name=_MADE_BY[0], value=_MADE_BY[1])],
    )
    try:
        patiently(lambda: client.create_job(options), pace)
    except HttpResponseError as error:
        if code_of(error) in {"JobExists", "JobBeingDeleted"}:
            return False
        raise in_our_words(error, f"creating job '{job}'") from error
    return True


def _is_open(client: BatchClient, job: str, pool: str, pace: Pace) -> bool:
    try:
        found = patiently(lambda: client.get_job(job), pace)
    except ResourceNotFoundError:
        # Deleted since; its id is not used again, so that no two jobs are mixed up.
        return False
    except HttpResponseError as error:
        raise in_our_words(error, f"looking at job '{job}'") from error
    return (
        found.state in _OPEN_STATES
        and found.all_tasks_complete_mode == models.BatchAllTasksCompleteMode.NO_ACTION
        and found.pool_info.pool_id == pool
    )


def add_tasks(
    client: BatchClient, job: str, tasks: Sequence[models.BatchTaskCreateOptions], pace: Pace
) -> None:
    """Add ``tasks``; one that is there already is taken for ours.  Raises ``JobOver``."""
    waiting = [
        list(tasks[start : start + MAX_TASKS_PER_REQUEST])
        for start in range(0, len(tasks), MAX_TASKS_PER_REQUEST)
    ]
    pause_s = pace.first_s
    while waiting:
        chunk = waiting.pop(0)
        try:
            again = _add_chunk(client, job, chunk, pace)
        except HttpResponseError as error:
            if code_of(error) in _OVER_CODES:
                raise JobOver(job) from error
            if code_of(error) != _TOO_LARGE or len(chunk) == 1:
                raise in_our_words(error, f"adding tasks to job '{job}'") from error
            middle = len(chunk) // 2
            waiting[:0] = [chunk[:middle], chunk[middle:]]
            continue
        if again:
            pause_s = _wait(pause_s, pace, job)
            waiting.insert(0, again)


def _add_chunk(
    client: BatchClient, job: str, chunk: list[models.BatchTaskCreateOptions], pace: Pace
) -> list[models.BatchTaskCreateOptions]:
    """Return those that the service asks to send again."""
    group = models.BatchTaskGroup(task_values=chunk)
    answer = patiently(lambda: client.create_task_collection(job, group), pace)
    again = []
    by_id = {task.id: task for task in chunk}
    for result in answer.result_values or ():
        code = result.error.code if result.error else None
        if result.status == models.BatchTaskAddStatus.SERVER_ERROR:
            again.append(by_id[result.task_id])
        elif result.status == models.BatchTaskAddStatus.CLIENT_ERROR and code in _OVER_CODES:
            raise JobOver(job)
        elif result.status == models.BatchTaskAddStatus.CLIENT_ERROR and code != "TaskExists":
            raise ConfigError(f"Batch refused task '{result.task_id}' of job '{job}': {code}")
    return again


def _wait(pause_s: float, pace: Pace, job: str) -> float:
    if pause_s >= pace.patience_s:
        raise TransientError(f"Batch keeps failing to add tasks to job '{job}'")
    time.sleep(min(pause_s, pace.most_s))
    return pause_s * max(pace.growth, 1.1)


def close_job(client: BatchClient, job: str, pace: Pace) -> None:
    """Let ``job`` complete when its tasks have; nothing happens if it is over already."""
    mode = models.BatchAllTasksCompleteMode.TERMINATE_JOB
    update = models.BatchJobUpdateOptions(all_tasks_complete_mode=mode)
    try:
        patiently(lambda: client.update_job(job, update), pace)
    except HttpResponseError as error:
        if code_of(error) not in _OVER_CODES:
            raise in_our_words(error, f"closing job '{job}'") from error


def end_job(client: BatchClient, job: str, why: str, pace: Pace) -> None:
    """Terminate ``job`` and with it all its running tasks; one request, whatever their number."""
    # Without options this method raises before it asks; their class is not listed by the SDK.
    options = unlisted_models.BatchJobTerminateOptions(termination_reason=why)

    def ask() -> None:
        client.begin_terminate_job(job, options, polling_interval=1).wait(_END_WAIT_S)

    try:
        patiently(ask, pace)
    except HttpResponseError as error:
        if code_of(error) not in _OVER_CODES:
            raise in_our_words(error, f"ending job '{job}'") from error


def end_task(client: BatchClient, job: str, task: str, pace: Pace) -> None:
    """Terminate one task; nothing happens if it is over or was never there."""
    try:
        patiently(lambda: client.terminate_task(job, task), pace)
    except (AzureError, TransientError) as error:
        # Best effort: a task that cannot be ended costs time on a node and nothing else.
        _LOG.info("task %s of job %s was not ended: %s", task, job, code_of(error))


def delete_jobs(client: BatchClient, older_than: timedelta, pace: Pace | None = None) -> list[str]:
    """Delete the jobs of this product that completed ``older_than`` ago; returns their ids.

    Jobs that others made are left alone, whatever they are called.
    """
    pace = pace or Pace()
    limit = datetime.now(UTC) - older_than
    deleted = []
    try:
        for job in patiently(lambda: list(_completed(client)), pace):
            ended = job.execution_info.end_time if job.execution_info else None
            if _is_ours(job) and ended is not None and ended <= limit:
                _delete(client, job.id, pace)
                deleted.append(job.id)
    except HttpResponseError as error:
        raise in_our_words(error, "deleting old jobs") from error
    return deleted


def _completed(client: BatchClient) -> Iterator[models.BatchJob]:
    yield from client.list_jobs(
        filter=f"state eq 'completed' and startswith(id,'{PREFIX}')",
        select=["id", "state", "metadata", "executionInfo"],
    )


def _is_ours(job: models.BatchJob) -> bool:
    labels = [(item.name, item.value) for item in job.metadata or ()]
    return job.id.startswith(PREFIX) and _MADE_BY in labels


def _delete(client: BatchClient, job: str, pace: Pace) -> None:
    try:
        patiently(lambda: client.begin_delete_job(job, polling_interval=1).wait(_END_WAIT_S), pace)
    except HttpResponseError as error:
        if code_of(error) not in _OVER_CODES:
            raise
