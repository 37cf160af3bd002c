"""What an activity can see while it runs, and the seams between the driver and the world."""

import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles.adf.blobs import Blobs, NoBlobs
from tests.doubles.adf.clock import Clock, FastClock
from tests.doubles.adf.commands import StartCustom, subprocess_commands
from tests.doubles.adf.expressions import ExpressionError, resolve
from tests.doubles.adf.functions import FUNCTIONS, iso_time
from tests.doubles.adf.resources import Document, Factory
from tests.doubles.adf.runs import ActivityRun, PipelineRun, Result

NO_ITEM = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """Where the driver meets the world."""

    folder: Path
    """Holds ``adfjobs/``, the files of the custom activities."""
    start_custom: StartCustom = field(default_factory=subprocess_commands)
    blobs: Blobs = field(default_factory=NoBlobs)
    clock: Clock = field(default_factory=FastClock)
    token: Callable[[str], str] = lambda resource: f"token for {resource}"
    """Access token of the factory's identity for a resource."""


Handler = Callable[["Context", Document], Any]
"""Runs one activity of one type and returns its output; raises ``ActivityFailed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machinery:
    """What all runs of one factory share."""

    factory: Factory
    global_parameters: Mapping[str, Any]
    seams: Seams
    handlers: Mapping[str, Handler]
    start: Callable[[str, Mapping[str, Any], str], "Future[PipelineRun]"]
    """Starts (pipeline, parameters, started by)."""


@dataclass(slots=True, kw_only=True)
class RunState:
    """One pipeline run as it goes on; its activities run in threads."""

    id: str
    pipeline: str
    parameters: Mapping[str, Any]
    started_by: str
    variables: dict[str, Any]
    log: list[ActivityRun] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One place in one pipeline run."""

    machinery: Machinery
    run: RunState
    seen: Mapping[str, Result] = field(default_factory=dict)
    item: Any = NO_ITEM

    def resolve(self, value: Any) -> Any:
        """Return ``value`` with its expressions evaluated here; raises ``ExpressionError``."""
        return resolve(value, self._functions())

    def linked_service(self, reference: Document) -> Any:
        """Return the properties of a linked service with the parameters given here."""
        return self._resource("linkedService", "linkedservice", reference)

    def dataset(self, reference: Document) -> Any:
        """Return the properties of a dataset with the parameters given here."""
        return self._resource("dataset", "dataset", reference)

    def _resource(self, kind: str, function: str, reference: Document) -> Any:
        document = self.machinery.factory.get(kind, reference["referenceName"])
        given = self.resolve(reference.get("parameters", {}))
        declared = document.get("parameters", {})
        values = {name: d["defaultValue"] for name, d in declared.items() if "defaultValue" in d}
        shown = {**self._functions(), function: lambda: {**values, **given}}
        body = {key: value for key, value in document.items() if key != "parameters"}
        return resolve(body, shown)

    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        clock = self.machinery.seams.clock
        return {
            **FUNCTIONS,
            "pipeline": self._pipeline,
            "activity": self._activity,
            "variables": self._variable,
            "item": self._item,
            "utcnow": lambda: iso_time(clock.utc()),
            "guid": lambda: str(uuid.uuid4()),
        }

    def _pipeline(self) -> dict[str, Any]:
        return {
            "RunId": self.run.id,
            "Pipeline": self.run.pipeline,
            "DataFactory": "driver",
            "TriggeredByPipelineRunId": self.run.started_by,
            "parameters": dict(self.run.parameters),
            "globalParameters": dict(self.machinery.global_parameters),
        }

    def _activity(self, name: str) -> dict[str, Any]:
        if name not in self.seen:
            raise ExpressionError(f"activity '{name}' has not run")
        return self.seen[name].as_value()

    def _variable(self, name: str) -> Any:
        if name not in self.run.variables:
            raise ExpressionError(f"variable '{name}' is not declared")
        return self.run.variables[name]

    def _item(self) -> Any:
        if self.item is NO_ITEM:
            raise ExpressionError("item() outside a ForEach")
        return self.item
