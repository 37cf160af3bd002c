"""Progress on stderr: bars on a terminal, one line every 30 s elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from avdataops.engine.pipeline import PipelineEvent, StepEnded, StepStarted
from avdataops.model.run import Outcome
from avdataops.ports.dispatch import TaskEvent, TaskState

EVERY_S = 30.0


class TransferProgress:
    """How far hashing and copying are."""

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._done = {"hash": 0, "copy": 0}
        self._said = time.monotonic()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description:5}"), BarColumn(), DownloadColumn())
            more = (TransferSpeedColumn(), TimeRemainingColumn())
            self._bars = Progress(*columns, *more, console=Console(stderr=True))

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
            for name in self._done:
                self._tasks[name] = self._bars.add_task(name, total=self._total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, what: str, name: str, size: int) -> None:
        """Note that ``size`` more bytes are done."""
        self._done[what] += size
        if self._bars:
            self._bars.advance(self._tasks[what], size)
        elif time.monotonic() - self._said >= EVERY_S:
            self._said = time.monotonic()
            done = ", ".join(f"{w} {d / 1e9:.2f} GB" for w, d in self._done.items())
            sys.stderr.write(f"{done} of {self._total / 1e9:.2f} GB ({name})\n")


class RunProgress:
    """How far a pipeline is: one bar per step, and one line when a step has ended."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._fractions: dict[str, float] = {}
        self._total = 0
        self._step = ""
        self._began = self._said = time.monotonic()
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def __call__(self, event: PipelineEvent) -> None:
        """Show one event."""
        if isinstance(event, StepStarted):
            self._start(event)
        elif isinstance(event, TaskEvent):
            self._advance(event)
        else:
            self.close()
            self._console.print(summary(event, time.monotonic() - self._began), markup=False)

    def close(self) -> None:
        """Take the bar away."""
        if self._bars:
            self._bars.stop()
            self._bars = None

    def _start(self, event: StepStarted) -> None:
        self._began = self._said = time.monotonic()
        self._fractions, self._total, self._step = {}, event.tasks, event.step
        if event.tasks and sys.stderr.isatty():
            columns = (
                TextColumn("{task.description:14}"),
                BarColumn(),
                TextColumn("{task.fields[n]}"),
            )
            self._bars = Progress(
                *columns, TimeRemainingColumn(), console=self._console, transient=True
            )
            self._bars.start()
            self._task = self._bars.add_task(event.step, total=event.tasks, n="")

    def _advance(self, event: TaskEvent) -> None:
        ended = event.state in {TaskState.ENDED, TaskState.LOST}
        self._fractions[event.task.id] = 1.0 if ended else event.done
        done = sum(self._fractions.values())
        if self._bars and self._task is not None:
            self._bars.update(self._task, completed=done, n=event.task.part)
        elif time.monotonic() - self._said >= EVERY_S:
            self._said = time.monotonic()
            share = 100 * done / max(self._total, 1)
            self._console.print(f"{self._step}: {share:.0f} % of {self._total} tasks")


def summary(ended: StepEnded, seconds: float) -> str:
    """Return the line that a finished step leaves behind."""
    outcomes = [record.outcome for record in ended.records]
    parts = []
    if outcomes:
        made = sum(len(record.made) for record in ended.records)
        parts.append(f"{len(outcomes)} run{'s' if len(outcomes) > 1 else ''}, {made} made")
    unusual = [outcome for outcome in Outcome if outcome is not Outcome.DONE]
    parts += [f"{outcomes.count(found)} {found}" for found in unusual if found in outcomes]
    if ended.revived:
        parts.append(f"back to {len(ended.revived)} earlier")
    if len(ended.already) > len(ended.revived):
        parts.append(f"{len(ended.already) - len(ended.revived)} already made")
    text = "; ".join(parts) or "nothing to do"
    return f"{ended.step:14} {text}" + (f"  ({seconds:.1f} s)" if outcomes else "")
