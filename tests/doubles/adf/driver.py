"""A small Data Factory: interprets the files of ``pipelines/adf`` and starts what they start.

It is our reading of the service, for tests; what it does not know it refuses (``DriverError``).
Use::

    driver = Driver(load_factory(Path("pipelines/adf")), {...}, Seams(folder=tmp_path, ...))
    run = driver.run("drive_to_scenes", {"measurement": "m_1"})
    assert run.status is Status.SUCCEEDED, run.message

- The second argument gives the global parameters that differ from the file, as a deployment does;
  ``settings`` among them may hold an emulator's connection strings.
- ``Seams.start_custom`` runs the commands: ``subprocess_commands(environment)`` starts them as
  processes in a working directory with ADF's files, ``python`` being this one with the repository
  importable.  ``Seams.blobs`` is where manifests lie: ``StorageBlobs(storage, {endpoint: zone})``.
- ``Seams.clock``: ``FastClock()`` jumps over retry intervals and waits.  Where a real process
  holds a lease meanwhile, use ``FastClock(real_s_per_s=0.001)`` or so.
- Alerts go by HTTP to 127.0.0.1: ``tests.doubles.adf.webhook.Webhook`` plays the vault and the
  receiver.
- ``deliver(blob_created(...))`` is an event of storage; delivered twice it makes two runs, at
  once.  ``tick("reconcile")`` fires a schedule.  Both wait for all that they started.
- Everything that ended is in ``driver.runs``; what a command wrote is in
  ``folder/adfjobs/<id>/``.
"""

import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from tests.doubles.adf import control, external
from tests.doubles.adf.context import Context, Machinery, RunState, Seams
from tests.doubles.adf.events import Event, is_wanted, trigger_body
from tests.doubles.adf.expressions import resolve
from tests.doubles.adf.functions import FUNCTIONS
from tests.doubles.adf.levels import check_outcome, run_level, spawn
from tests.doubles.adf.resources import Document, Factory
from tests.doubles.adf.runs import ActivityFailed, PipelineRun, Status

MAX_QUEUED = 100
_UNLIMITED = 10_000
_TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "SecureString": (str,),
    "Int": (int,),
    "Float": (int, float),
    "Bool": (bool,),
    "Array": (list,),
    "Object": (dict,),
}


class Driver:
    """Runs pipelines of one factory.  May be used from several threads."""

    def __init__(
        self, factory: Factory, global_parameters: Mapping[str, Any], seams: Seams
    ) -> None:
        unknown = global_parameters.keys() - factory.global_parameters.keys()
        if unknown:
            raise ValueError(f"the factory has no global parameters {sorted(unknown)}")
        self._factory = factory
        self._machinery = Machinery(
            factory=factory,
            global_parameters={**factory.global_parameters, **global_parameters},
            seams=seams,
            handlers={**control.HANDLERS, **external.HANDLERS},
            start=self.start,
        )
        self._slots = {
            name: _Slots(document.get("concurrency"))
            for name, document in factory.of("pipeline").items()
        }
        self._lock = threading.Lock()
        self._started: list[Future[PipelineRun]] = []
        self.refused: list[str] = []
        """Why a trigger could not start its pipeline; the event is lost then."""

    @property
    def runs(self) -> tuple[PipelineRun, ...]:
        """Return all runs that have ended, in the order in which they were started."""
        with self._lock:
            started = list(self._started)
        return tuple(one.result() for one in started if one.done() and not one.exception())

    def of(self, pipeline: str) -> tuple[PipelineRun, ...]:
        """Return the ended runs of one pipeline."""
        return tuple(run for run in self.runs if run.pipeline == pipeline)

    def run(self, pipeline: str, parameters: Mapping[str, Any] | None = None) -> PipelineRun:
        """Run a pipeline and wait for it and all that it started.

        Raises ``KeyError`` and ``ActivityFailed`` for a run that cannot be started, and
        ``DriverError`` for one that leads to something unknown here.
        """
        run = self.start(pipeline, parameters or {}, "").result()
        self.wait()
        return run

    def start(
        self, pipeline: str, parameters: Mapping[str, Any], started_by: str
    ) -> "Future[PipelineRun]":
        """Start a pipeline; it is queued while ``concurrency`` of it run, up to 100 of them."""
        document = self._factory.get("pipeline", pipeline)
        state = RunState(
            id=str(uuid.uuid4()),
            pipeline=pipeline,
            parameters=_complete(pipeline, document, parameters),
            started_by=started_by,
            variables=_variables(document),
        )
        slots = self._slots[pipeline]
        slots.queue()
        future = spawn(lambda: self._in_turn(slots, state, document))
        with self._lock:
            self._started.append(future)
        return future

    def wait(self) -> None:
        """Wait for every run; raises the ``DriverError`` of the first that met one."""
        done = 0
        while done < len(self._started):
            self._started[done].result()
            done += 1

    def deliver(self, *events: Event) -> list[PipelineRun]:
        """Give events to all triggers at once, and return the runs that they started."""
        started = [
            self._fire(trigger, name, trigger_body(event))
            for event in events
            for name, trigger in self._factory.of("trigger").items()
            if is_wanted(trigger, event)
        ]
        return self._ended([one for several in started for one in several])

    def tick(self, trigger: str) -> list[PipelineRun]:
        """Fire a schedule, and return the runs that it started."""
        document = self._factory.get("trigger", trigger)
        if document["type"] != "ScheduleTrigger":
            raise ValueError(f"trigger '{trigger}' is no schedule")
        return self._ended(self._fire(document, trigger, None))

    def _ended(self, started: list["Future[PipelineRun]"]) -> list[PipelineRun]:
        runs = [one.result() for one in started]
        self.wait()
        return runs

    def _fire(
        self, trigger: Document, name: str, body: Mapping[str, Any] | None
    ) -> list["Future[PipelineRun]"]:
        time = self._machinery.seams.clock.utc().isoformat()
        shown = {"trigger": lambda: {"name": name, "startTime": time, "scheduledTime": time}}
        if body is not None:
            shown["triggerbody"] = lambda: dict(body)
        started = []
        for one in trigger["pipelines"]:
            parameters = resolve(one.get("parameters", {}), {**FUNCTIONS, **shown})
            try:
                started.append(
                    self.start(one["pipelineReference"]["referenceName"], parameters, name)
                )
            except ActivityFailed as failure:
                self.refused.append(f"{name}: {failure.message}")
        return started

    def _in_turn(self, slots: "_Slots", state: RunState, document: Document) -> PipelineRun:
        with slots:
            return self._execute(state, document)

    def _execute(self, state: RunState, document: Document) -> PipelineRun:
        activities = document["activities"]
        failure = ActivityFailed("", "")
        status = Status.SUCCEEDED
        try:
            results = run_level(Context(machinery=self._machinery, run=state), activities)
            check_outcome(activities, results)
        except ActivityFailed as error:
            failure, status = error, Status.FAILED
        return PipelineRun(
            id=state.id,
            pipeline=state.pipeline,
            status=status,
            parameters=state.parameters,
            activities=tuple(state.log),
            code=failure.code,
            message=failure.message,
            started_by=state.started_by,
        )


class _Slots:
    """How many runs of one pipeline go on, and how many wait."""

    def __init__(self, concurrency: int | None) -> None:
        self._at_once = concurrency or _UNLIMITED
        self._free = threading.Semaphore(self._at_once)
        self._admitted = 0
        self._lock = threading.Lock()

    def queue(self) -> None:
        with self._lock:
            if self._admitted >= self._at_once + MAX_QUEUED:
                raise ActivityFailed("TooManyQueued", f"{MAX_QUEUED} runs are queued already")
            self._admitted += 1

    def __enter__(self) -> None:
        self._free.acquire()

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._admitted -= 1
        self._free.release()


def _complete(name: str, document: Document, given: Mapping[str, Any]) -> dict[str, Any]:
    declared = document.get("parameters", {})
    values = {key: one["defaultValue"] for key, one in declared.items() if "defaultValue" in one}
    values |= given
    if values.keys() != declared.keys():
        odd = sorted(values.keys() ^ declared.keys())
        raise ActivityFailed("BadRequest", f"pipeline '{name}': parameters {odd} do not match")
    for key, value in values.items():
        kind = declared[key]["type"]
        if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "Bool"):
            raise ActivityFailed("BadRequest", f"pipeline '{name}': '{key}' wants {kind}")
    return values


def _variables(document: Document) -> dict[str, Any]:
    empty: dict[str, Any] = {"String": "", "Bool": False, "Array": []}
    declared = document.get("variables", {})
    return {name: one.get("defaultValue", empty[one["type"]]) for name, one in declared.items()}
