"""Runs tasks in a pool of local processes that survives the death of any of them."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from avdataops.adapters.process_limits import LOOK_EVERY_S, Watch, limit_cpu
from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import Execute, Limits, TaskEvent, TaskState

_NONE = Limits()
_SPAWN = multiprocessing.get_context("spawn")
_GRACE_S = 5.0
"""For a process that closed its pipe, to end by itself and tell its status."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    task: TaskSpec | None = None
    watch: Watch | None = None


class LocalPool:
    """A ``Dispatcher`` on this machine; use as a context manager, or close it.

    A process takes one task after the other, also of later calls of ``run``, since starting one
    takes longer than many a task.  One that dies costs its task (reported as lost) and is
    replaced; so does one whose task takes more than ``limits``.  Leaving ``run`` early ends the
    workers at once.
    """

    def __init__(self, execute: Execute, workers: int, limits: Limits = _NONE) -> None:
        self._execute = execute
        self._limit = max(1, workers)
        self._limits = limits
        self._workers: list[_Worker] = []

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
        """End all processes."""
        while self._workers:
            _end(self._workers.pop())

    def run(self, tasks: Sequence[TaskSpec]) -> Iterator[TaskEvent]:
        """Start the tasks and yield what happens, until all have ended or are lost."""
        waiting = deque(tasks)
        try:
            while waiting or any(worker.task for worker in self._workers):
                yield from self._hand_out(waiting)
                yield from _listen(self._workers)
        except BaseException:
            self.close()
            raise

    def _hand_out(self, waiting: deque[TaskSpec]) -> Iterator[TaskEvent]:
        while waiting:
            free = self._free()
            if free is None:
                return
            task = waiting.popleft()
            free.task = task
            free.watch = Watch(free.process.pid or 0, task, self._limits)
            # A worker that dies right now closes its end of the pipe, which `_listen` sees.
            with suppress(OSError):
                free.pipe.send(task)
            yield TaskEvent(task, TaskState.STARTED)

    def _free(self) -> _Worker | None:
        for idle in [worker for worker in self._workers if worker.task is None]:
            if idle.process.is_alive():
                return idle
            self._workers.remove(idle)
            _end(idle)
        if len(self._workers) >= self._limit:
            return None
        self._workers.append(self._start())
        return self._workers[-1]

    def _start(self) -> _Worker:
        ours, theirs = _SPAWN.Pipe()
        given = (self._execute, theirs, self._limits)
        process = _SPAWN.Process(target=_work, args=given, daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _listen(workers: list[_Worker]) -> Iterator[TaskEvent]:
    ready = wait([worker.pipe for worker in workers if worker.task], LOOK_EVERY_S)
    yield from _over_limit([worker for worker in workers if worker.pipe not in ready], workers)
    for worker in [worker for worker in workers if worker.pipe in ready]:
        task = worker.task
        if task is None:
            continue
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            workers.remove(worker)
            worker.process.join(_GRACE_S)
            spent = worker.process.exitcode == -signal.SIGXCPU
            why = _how_it_ended(worker.process)
            yield TaskEvent(task, TaskState.LOST, why=why, over_limit=spent)
            _end(worker)
            continue
        if message is not None:
            yield TaskEvent(task, TaskState.PROGRESS, done=message)
            continue
        worker.task = None
        yield TaskEvent(task, TaskState.ENDED, done=1.0)


def _over_limit(quiet: list[_Worker], workers: list[_Worker]) -> Iterator[TaskEvent]:
    for worker in quiet:
        excess = worker.watch.excess() if worker.task and worker.watch else None
        if worker.task and excess:
            workers.remove(worker)
            _end(worker)
            yield TaskEvent(
                worker.task, TaskState.LOST, why=excess.why, over_limit=excess.by_itself
            )


def _how_it_ended(process: BaseProcess) -> str:
    code = process.exitcode
    if code == -signal.SIGXCPU:
        return "it took more processor time than a task may"
    if code is not None and code < 0:
        return f"its worker was killed by signal {-code}"
    return f"its worker ended with status {code}"


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()


def _work(execute: Execute, pipe: "Connection[Any, Any]", limits: Limits) -> None:
    # An interrupt from the keyboard reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    while True:
        try:
            task: TaskSpec = pipe.recv()
        except (EOFError, OSError):
            return
        limit_cpu(limits.times(task)[0])
        execute(task, lambda done: pipe.send(float(done)))
        pipe.send(None)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
