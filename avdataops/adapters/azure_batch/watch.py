"""Watches the tasks of one job until each has ended or is lost."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from avdataops.adapters.azure_batch.calls import Pace, in_our_words, patiently
from avdataops.adapters.azure_batch.jobs import end_job, end_task
from avdataops.adapters.azure_batch.reasons import (
    how_it_ended,
    how_job_ended,
    no_nodes_because,
    where,
)
from avdataops.adapters.azure_batch.tasks import record_location
from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import TaskEvent, TaskState
from avdataops.ports.storage import Storage

_FIELDS = ["id", "state", "executionInfo", "nodeInfo"]
_QUIET_LOOKS_PER_AUDIT = 3
HASTE_S = 30.0
"""Patience with calls that only tidy up."""


@dataclass(slots=True)
class _Watched:
    task: TaskSpec
    limit_s: float
    started: bool = False
    running_since: datetime | None = None
    """Start that Batch tells; another one means another try."""
    seen_running_s: float = 0.0
    """When we saw that start first, on our own clock: those of nodes may differ."""


class JobWatch:
    """What became of tasks that were added to a job.

    Batch says when a task is over; whether it ended well is decided by its run record alone.
    """

    def __init__(self, client: BatchClient, storage: Storage, job: str, pace: Pace) -> None:
        self.job = job
        self.done: list[str] = []
        """Tasks that Batch counts as successful, in the order they ended."""
        self._client = client
        self._storage = storage
        self._pace = pace
        self._waiting: dict[str, _Watched] = {}
        self._quiet = 0
        self._starving_since_s: float | None = None

    @property
    def waiting(self) -> Sequence[str]:
        """Ids of the tasks that have neither ended nor been lost."""
        return tuple(self._waiting)

    def expect(self, tasks: Mapping[str, TaskSpec], limits_s: Mapping[str, float]) -> None:
        """Wait for ``tasks`` by their ids, each with the seconds it may run."""
        for name, task in tasks.items():
            self._waiting[name] = _Watched(task, limits_s[name])

    def look(self) -> Iterator[TaskEvent]:
        """Yield what happened since the last look."""
        if not self._waiting:
            return
        told = False
        for event in self._news("state ne 'active'"):
            told = True
            yield event
        self._quiet = 0 if told else self._quiet + 1
        if self._quiet and self._quiet % _QUIET_LOOKS_PER_AUDIT == 0:
            yield from self._audit()

    def _news(self, wanted: str | None) -> Iterator[TaskEvent]:
        try:
            found = patiently(
                lambda: list(self._client.list_tasks(self.job, filter=wanted, select=_FIELDS)),
                self._pace,
            )
        except ResourceNotFoundError:
            yield from self._lose_all(f"Batch job '{self.job}' was deleted by somebody")
            return
        except HttpResponseError as error:
            raise in_our_words(error, f"looking at the tasks of job '{self.job}'") from error
        for task in found:
            yield from self._take(task)
        if wanted is None:
            there = {task.id for task in found}
            for gone in [name for name in self._waiting if name not in there]:
                yield self._over(gone, f"Batch task '{gone}' was deleted by somebody")

    def _take(self, found: models.BatchTask) -> Iterator[TaskEvent]:
        watched = self._waiting.get(found.id)
        if watched is None:
            return
        info = found.execution_info
        runs = found.state == models.BatchTaskState.RUNNING
        over = found.state == models.BatchTaskState.COMPLETED
        if not watched.started and (runs or (over and info and info.start_time)):
            watched.started = True
            yield TaskEvent(watched.task, TaskState.STARTED)
        if over:
            if info and info.result == models.BatchTaskExecutionResult.SUCCESS:
                self.done.append(found.id)
            yield self._over(found.id, how_it_ended(found))
        elif runs and self._hangs(watched, info.start_time if info else None):
            end_task(self._client, self.job, found.id, self._hasty())
            limit = f"{watched.limit_s:.0f} s"
            yield self._over(
                found.id,
                f"Batch task '{found.id}' hangs: it was shown as running "
                f"{self._pace.grace_s:.0f} s past its limit of {limit}{where(found)}",
            )

    def _hangs(self, watched: _Watched, start: datetime | None) -> bool:
        now_s = time.monotonic()
        if not watched.seen_running_s or start != watched.running_since:
            watched.running_since, watched.seen_running_s = start, now_s
        return now_s - watched.seen_running_s > watched.limit_s + self._pace.grace_s

    def _over(self, name: str, why: str) -> TaskEvent:
        task = self._waiting[name].task
        recorded = patiently(lambda: self._storage.stat(record_location(task)), self._pace)
        del self._waiting[name]
        if recorded is not None:
            return TaskEvent(task, TaskState.ENDED, done=1.0)
        return TaskEvent(task, TaskState.LOST, why=why)

    def _lose_all(self, why: str) -> Iterator[TaskEvent]:
        for name in self.waiting:
            yield self._over(name, why)

    def _audit(self) -> Iterator[TaskEvent]:
        """Find out why nothing happens: no job, no pool, no nodes, or a task that vanished."""
        job = self._job()
        pool = self._pool(job) if job else None
        yield from self._news(None)
        if job is None or job.state in {models.BatchJobState.COMPLETED, "deleting"}:
            yield from self._lose_all(how_job_ended(self.job, job))
        elif pool is None or self._starves(pool):
            why = no_nodes_because(job, pool)
            # They must not start later, when somebody else may be running them anew.
            end_job(self._client, self.job, "no nodes", self._hasty())
            yield from self._lose_all(why)

    def _job(self) -> models.BatchJob | None:
        try:
            return patiently(lambda: self._client.get_job(self.job), self._pace)
        except ResourceNotFoundError:
            return None

    def _pool(self, job: models.BatchJob) -> models.BatchPool | None:
        name = job.pool_info.pool_id or ""
        try:
            return patiently(lambda: self._client.get_pool(name), self._pace)
        except ResourceNotFoundError:
            return None

    def _starves(self, pool: models.BatchPool) -> bool:
        if pool.state == models.BatchPoolState.DELETING:
            return True
        nodes = pool.current_dedicated_nodes + pool.current_low_priority_nodes
        if nodes or not pool.resize_errors:
            self._starving_since_s = None
            return False
        now_s = time.monotonic()
        if self._starving_since_s is None:
            self._starving_since_s = now_s
        return now_s - self._starving_since_s >= self._pace.starved_s

    def _hasty(self) -> Pace:
        return replace(self._pace, patience_s=min(HASTE_S, self._pace.patience_s))
