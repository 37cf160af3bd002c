"""Brings tasks to nodes and back: slots, dependencies, retries, time limits, preemption."""

import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from tests.doubles.batch.exits import End, exited, failure, options, satisfies
from tests.doubles.batch.nodes import Machines, end
from tests.doubles.batch.state import Job, Node, Pool, Task
from tests.doubles.batch.wire import Document, now

TERM_GRACE_S = 1.0
WALL_CLOCK_EXIT = 137
_SIGNAL_BASE = 128


class Scheduler:
    """Jobs, pools and what runs.  All methods but the attempts expect ``lock`` to be held."""

    def __init__(self, machines: Machines) -> None:
        self.lock = threading.RLock()
        self.jobs: dict[str, Job] = {}
        self.pools: dict[str, Pool] = {}
        self.machines = machines
        self.attempts: list[tuple[str, str]] = []
        """Task and node of every start, in order."""
        self._threads: list[threading.Thread] = []
        self._stopped = False

    def schedule(self) -> None:
        """Start what can run, and end jobs that are complete."""
        for job in self.jobs.values():
            if job.state == "active" and job.pool in self.pools:
                self._schedule_job(job, self.pools[job.pool])
            if job.state == "active" and job.ends_by_itself:
                self.complete(job, "AllTasksComplete")

    def _schedule_job(self, job: Job, pool: Pool) -> None:
        for task in job.tasks.values():
            if task.state != "active" or not _may_run(job, task) or self._stopped:
                continue
            fitting = [node for node in pool.nodes.values() if node.free >= task.slots]
            if fitting:
                self._start(job, task, fitting[0])

    def _start(self, job: Job, task: Task, node: Node) -> None:
        node.free -= task.slots
        task.epoch += 1
        task.become("running")
        task.info["startTime"] = now()
        task.node = {"nodeId": node.id, "poolId": job.pool, "affinityId": f"TVM:{node.id}"}
        self.attempts.append((task.id, node.id))
        run = threading.Thread(target=self._attempt, args=(job, task, node, task.epoch))
        run.daemon = True
        self._threads.append(run)
        run.start()

    def _attempt(self, job: Job, task: Task, node: Node, epoch: int) -> None:
        ended = self._run(job, task, node, epoch)
        if ended is None:
            return
        problem = self.machines.upload(task, success=ended.failure is None)
        if problem and ended.failure is None:
            told = failure("FileUploadMiscError", problem)
            ended = End(exit_code=ended.exit_code, failure=told, condition="fileUploadError")
        with self.lock:
            if task.epoch == epoch:
                node.free += task.slots
                self._took_its_end(job, task, ended)
                self.schedule()

    def _run(self, job: Job, task: Task, node: Node, epoch: int) -> End | None:
        with self.lock:
            if task.epoch != epoch or self._stopped:
                return None
            try:
                process = self.machines.start(job, task, node.id)
            except OSError as error:
                told = failure("CommandProgramNotFound", str(error))
                return End(exit_code=None, failure=told, condition="preProcessingError")
            task.process = process
        try:
            code = process.wait(task.wall_clock_s)
        except subprocess.TimeoutExpired:
            end(process, TERM_GRACE_S)
            told = failure("TaskEnded", "The task exceeded its maximum wall clock time")
            return End(exit_code=WALL_CLOCK_EXIT, failure=told, condition="terminated")
        return exited(_SIGNAL_BASE - code if code < 0 else code)

    def _took_its_end(self, job: Job, task: Task, ended: End) -> None:
        task.process = None
        tried = int(task.info["retryCount"])
        exit_code = ended.exit_code or 0
        if ended.condition == "exit" and exit_code and not 0 <= task.retries <= tried:
            task.info |= {"retryCount": tried + 1, "lastRetryTime": now()}
            task.become("active")
            return
        self.complete_task(job, task, ended)

    def complete_task(self, job: Job, task: Task, ended: End) -> None:
        """Note the end of a task for good, and what it means for its job."""
        task.info |= {"endTime": now(), "result": "failure" if ended.failure else "success"}
        if ended.exit_code is not None:
            task.info["exitCode"] = ended.exit_code
        if ended.failure:
            task.info["failureInfo"] = ended.failure
        task.satisfies = satisfies(task.body, ended)
        task.become("completed")
        action = options(task.body, ended).get("jobAction", "none")
        if action != "none" and job.body.get("onTaskFailure") == "performexitoptionsjobaction":
            self.complete(job, "TaskFailed")

    def free(self, job: Job, task: Task) -> None:
        """Take a running task off its node; whatever it still does is not heard."""
        task.epoch += 1
        pool = self.pools.get(job.pool)
        node = pool.nodes.get(str((task.node or {}).get("nodeId"))) if pool else None
        if node is not None:
            node.free += task.slots
        process, task.process = task.process, None
        if process is not None:
            end(process, 0)

    def terminate_task(self, job: Job, task: Task) -> None:
        """End a task because somebody asked for it."""
        if task.state == "running":
            self.free(job, task)
        told = failure("TaskEnded", "Task Was Ended by User Request")
        self.complete_task(job, task, End(exit_code=None, failure=told, condition="terminated"))

    def complete(self, job: Job, reason: str) -> None:
        """End a job: running tasks are ended, those that wait stay as they are."""
        job.become("completed")
        job.reason, job.ended = reason, now()
        for task in job.tasks.values():
            if task.state == "running":
                self.terminate_task(job, task)

    def requeue(self, node: str) -> None:
        """Put the tasks of a node that is gone back, under the same ids, as Batch does."""
        for job in self.jobs.values():
            for task in job.tasks.values():
                if task.state == "running" and (task.node or {}).get("nodeId") == node:
                    self.free(job, task)
                    task.become("active")

    def stop(self) -> None:
        """End all processes and wait for their attempts."""
        with self.lock:
            self._stopped = True
            for job in self.jobs.values():
                for task in job.tasks.values():
                    task.epoch += 1
                    if task.process is not None:
                        end(task.process, 0)
        for thread in self._threads:
            thread.join(TERM_GRACE_S * 10)

    def file(self, task: Task, name: str) -> bytes | None:
        """Return the bytes of a file of a task, or None."""
        folder = Path(task.folder).resolve()
        path = (folder / name).resolve()
        if not task.folder or not path.is_relative_to(folder):
            return None
        with suppress(OSError):
            return path.read_bytes()
        return None


def _may_run(job: Job, task: Task) -> bool:
    needed: Document = task.body.get("dependsOn", {})
    before = [job.tasks.get(str(name).lower()) for name in needed.get("taskIds", ())]
    return all(one is not None and one.state == "completed" and one.satisfies for one in before)
