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


Execute = Callable[[TaskSpec, Callable[[float], None]], None]
"""Runs one task to its record; the second argument takes progress.  Must be picklable."""


class Dispatcher(Protocol):
    """Runs tasks somewhere; every task given ends with exactly one ENDED or LOST."""

    def run(self, tasks: Sequence[TaskSpec]) -> Iterator[TaskEvent]:
        """Start the tasks and yield what happens, until all have ended or are lost."""
