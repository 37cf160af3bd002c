"""A dispatcher without processes: every task runs where it is asked for, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import Execute, TaskEvent, TaskState


@dataclass(frozen=True, slots=True)
class InlineDispatcher:
    """A ``Dispatcher`` for tests."""

    execute: Execute

    def run(self, tasks: Sequence[TaskSpec]) -> Iterator[TaskEvent]:
        """Run the tasks in order; whatever ``execute`` raises comes out here."""
        for task in tasks:
            yield TaskEvent(task, TaskState.STARTED)
            self.execute(task, lambda _: None)
            yield TaskEvent(task, TaskState.ENDED, done=1.0)


@dataclass(frozen=True, slots=True)
class LosingDispatcher:
    """A ``Dispatcher`` whose workers all die."""

    why: str = "its worker was killed by signal 9"

    def run(self, tasks: Sequence[TaskSpec]) -> Iterator[TaskEvent]:
        """Lose every task."""
        for task in tasks:
            yield TaskEvent(task, TaskState.STARTED)
            yield TaskEvent(task, TaskState.LOST, why=self.why)
