"""Runs tasks on Azure Batch and tells what becomes of them."""

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from azure.batch import BatchClient

from avdataops.adapters.azure_batch.calls import Pace, patiently
from avdataops.adapters.azure_batch.jobs import (
    JobOver,
    add_tasks,
    close_job,
    end_job,
    end_task,
    number_of,
    open_job,
)
from avdataops.adapters.azure_batch.tasks import (
    Submission,
    spec_location,
    task_id,
    task_options,
    wall_clock_s,
)
from avdataops.adapters.azure_batch.watch import HASTE_S, JobWatch
from avdataops.model.documents import to_json
from avdataops.model.errors import AvdataopsError
from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import TaskEvent
from avdataops.ports.storage import Storage

_LOG = logging.getLogger(__name__)
_CANCELLED = "cancelled by avdataops"


class BatchDispatcher:
    """A ``Dispatcher`` on a Batch account; use as a context manager, or close it.

    All tasks of a measurement, also of later calls of ``run``, go into one job, which is closed
    when this is.  A task is known by its run and attempt, so submitting it twice runs it once.
    Leaving ``run`` early, for whatever reason, ends the job and the tasks in it.
    """

    def __init__(
        self,
        client: BatchClient,
        storage: Storage,
        submission: Submission,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._client = client
        self._storage = storage
        self._submission = submission
        self._pace = pace or Pace()
        self._watches: dict[str, JobWatch] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the open jobs complete; the work in them is done."""
        while self._watches:
            _, watch = self._watches.popitem()
            try:
                close_job(self._client, watch.job, self._pace)
            except AvdataopsError as error:
                # What the job was for is committed; the next run of the measurement closes it.
                _LOG.warning("job %s stays open: %s", watch.job, error)

    def run(self, tasks: Sequence[TaskSpec]) -> Generator[TaskEvent, None, None]:
        """Submit the tasks and yield what happens, until all have ended or are lost.

        Raises ``TransientError`` when the service stays out of reach, ``PermissionDenied`` and
        ``ConfigError`` when it refuses; the tasks are ended first, as far as it can be reached.
        """
        measurements = list(dict.fromkeys(task.measurement for task in tasks))
        try:
            for measurement in measurements:
                self._submit(measurement, [t for t in tasks if t.measurement == measurement])
            yield from self._until_all_ended([self._watches[one] for one in measurements])
        except BaseException:
            for measurement in measurements:
                self._cancel(measurement)
            raise

    def _until_all_ended(self, watches: Sequence[JobWatch]) -> Iterator[TaskEvent]:
        pause_s = self._pace.first_s
        while any(watch.waiting for watch in watches):
            time.sleep(pause_s)
            told = False
            for watch in watches:
                for event in watch.look():
                    told = True
                    yield event
            pause_s = self._pace.first_s if told else self._pace.next(pause_s)

    def _submit(self, measurement: str, tasks: Sequence[TaskSpec]) -> None:
        for task in tasks:
            text = to_json(task).encode()
            self._patient_put(task, text)
        watch = self._watch(measurement)
        for task in tasks:
            if task.attempt > 1:
                # What an orchestrator that died left running would only take slots from this.
                older = task_id(replace(task, attempt=task.attempt - 1))
                end_task(self._client, watch.job, older, self._hasty())
        while True:
            after, watch.done = watch.done, []
            try:
                options = [task_options(task, self._submission, after) for task in tasks]
                add_tasks(self._client, watch.job, options, self._pace)
                break
            except JobOver:
                watch = self._watch(measurement, number_of(watch.job) + 1)
        facts = self._submission.facts
        watch.expect(
            {task_id(task): task for task in tasks},
            {task_id(task): float(wall_clock_s(task, facts)) for task in tasks},
        )

    def _patient_put(self, task: TaskSpec, text: bytes) -> None:
        patiently(lambda: self._storage.put(spec_location(task), [text]), self._pace)

    def _watch(self, measurement: str, first: int = 1) -> JobWatch:
        """Return the watch over the measurement's open job, opening one if need be."""
        known = self._watches.get(measurement)
        if known is not None and number_of(known.job) >= first:
            return known
        job = open_job(self._client, measurement, self._submission.pool, self._pace, first)
        watch = JobWatch(self._client, self._storage, job, self._pace)
        self._watches[measurement] = watch
        return watch

    def _cancel(self, measurement: str) -> None:
        watch = self._watches.pop(measurement, None)
        if watch is None:
            return
        try:
            end_job(self._client, watch.job, _CANCELLED, self._hasty())
        except AvdataopsError as error:
            # The reason for leaving is what the caller must hear of.
            _LOG.warning("job %s could not be ended: %s", watch.job, error)

    def _hasty(self) -> Pace:
        return replace(self._pace, patience_s=min(HASTE_S, self._pace.patience_s))
