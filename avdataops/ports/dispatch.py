"""Who runs tasks: a pool of local processes, or Azure Batch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from avdataops.model.run import TaskSpec


class TaskState(StrEnum):
    """What the dispatcher knows of a task."""

    STARTED = "started"
    PROGRESS = "progress"
    ENDED = "ended"
    """Its worker returned; the run record says how."""
    LOST = "lost"
    """Its worker went away."""


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One change of one task."""

    task: TaskSpec
    state: TaskState
    done: float = 0.0
    """Fraction 0 to 1, for PROGRESS."""
    why: str = ""
    """For LOST: how the worker ended."""
    over_limit: bool = False
    """For LOST: the task took more than it may have; another attempt would do the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one task may take; None is no limit.

    Times grow with the bytes of the task's inputs, since a recording of a terabyte takes hours.
    """

    memory_bytes: int | None = None
    """Resident memory of its process."""
    cpu_s: float | None = None
    """Processor time over all threads."""
    wall_s: float | None = None
    s_per_gib: float = 0.0
    """More of both times for each GiB of input."""

    def times(self, task: TaskSpec) -> tuple[float | None, float | None]:
        """Return processor time and wall time that ``task`` may take, in seconds."""
        more = self.s_per_gib * sum(one.artifact.bytes for one in task.inputs) / 2**30
        return (
            None if self.cpu_s is None else self.cpu_s + more,
            None if self.wall_s is None else self.wall_s + more,
        )


Execute = Callable[[TaskSpec, Callable[[float], None]], None]
"""Runs one task to its record; the second argument takes progress.  Must be picklable."""


class Dispatcher(Protocol):
    """Runs tasks somewhere; every task given ends with exactly one ENDED or LOST."""

    def run(self, tasks: Sequence[TaskSpec]) -> Iterator[TaskEvent]:
        """Start the tasks and yield what happens, until all have ended or are lost."""
