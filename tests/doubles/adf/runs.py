"""What the driver reports: runs of pipelines and activities, as ADF's monitoring shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How an activity or a pipeline ended."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"


class DriverError(Exception):
    """The driver was asked for something that it does not know; never an outcome of a run."""


class ActivityFailed(Exception):
    """An activity fails, with what ``activity('X').error`` and ``.output`` are to show."""

    def __init__(self, code: str, message: str, output: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.output = {} if output is None else output


@dataclass(frozen=True, slots=True)
class Result:
    """What later activities can see of one activity."""

    status: Status
    output: Any = field(default_factory=dict)
    code: str = ""
    message: str = ""

    def as_value(self) -> dict[str, Any]:
        """Return what ``activity('X')`` is in an expression."""
        error = {"errorCode": self.code, "message": self.message, "failureType": "UserError"}
        shown = {"error": error} if self.status is Status.FAILED else {}
        return {"output": self.output, "Status": str(self.status), **shown}


@dataclass(frozen=True, slots=True)
class ActivityRun:
    """One activity in the monitoring view; secure input and output are left out there."""

    name: str
    type: str
    status: Status
    attempts: int = 0
    input: Any = None
    output: Any = None
    code: str = ""
    message: str = ""
    user_properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """One run of a pipeline, ended."""

    id: str
    pipeline: str
    status: Status
    parameters: Mapping[str, Any]
    activities: tuple[ActivityRun, ...]
    """In the order in which they ended; those of loops once per iteration."""
    code: str = ""
    message: str = ""
    started_by: str = ""
    """Id of the pipeline run, or name of the trigger, that started this one."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Return the output of each activity by name; of the last iteration in loops."""
        return {run.name: run.output for run in self.activities}

    def named(self, name: str) -> ActivityRun:
        """Return the last run of one activity; raises ``KeyError``."""
        found = [run for run in self.activities if run.name == name]
        if not found:
            raise KeyError(f"no activity '{name}' in {[run.name for run in self.activities]}")
        return found[-1]
