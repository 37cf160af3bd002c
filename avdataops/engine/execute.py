"""Runs one task with storage only: no catalog, no settings.  Leaves files, then a record."""

import functools
import platform
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from avdataops.engine.publish import Publisher
from avdataops.engine.records import load_made, save_attempt, save_made
from avdataops.engine.table_files import ParquetTable
from avdataops.model.artifact import Artifact
from avdataops.model.documents import from_document
from avdataops.model.errors import (
    AvdataopsError,
    ConfigError,
    NotFound,
    NothingToDo,
    PermissionDenied,
    StorageUnavailable,
    TransientError,
)
from avdataops.model.ids import canonical_json, run_id
from avdataops.model.run import Failure, Outcome, RunRecord, TaskSpec
from avdataops.model.stream import Account, Problem
from avdataops.ports.files import ReadableFile
from avdataops.ports.step import InputFile, Inputs, Step, Table
from avdataops.ports.storage import Storage
from avdataops.tables.kinds import kind

T = TypeVar("T")
Progress = Callable[[float], None]
_LIBRARIES = ("asammdf", "mcap", "rosbags", "numpy", "scipy", "pyarrow", "opencv-python-headless")


class StoredFile:
    """A ReadableFile that is opened when it is first read, so a lost one is found by its reader."""

    def __init__(self, storage: Storage, artifact: Artifact) -> None:
        self._storage = storage
        self._artifact = artifact
        self._file: ReadableFile | None = None

    @property
    def name(self) -> str:
        """Name of the artifact."""
        return self._artifact.name

    @property
    def size(self) -> int:
        """Length in bytes; raises as ``read_at`` does."""
        return self._open().size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset``.

        Raises ``NotFound`` for a file from outside that is gone, and ``StorageUnavailable`` for one
        that a run has made: another run makes it again, so the input is not to blame.
        """
        return self._open().read_at(offset, length)

    def _open(self) -> ReadableFile:
        if self._file is None:
            try:
                self._file = self._storage.open(self._artifact.location)
            except NotFound as error:
                if self._artifact.run is None:
                    raise
                raise StorageUnavailable(
                    f"{self._artifact.location} was made and is gone from storage",
                    hint=f"avdataops run {self._artifact.measurement}",
                ) from error
        return self._file


class _Context:
    def __init__(self, task: TaskSpec, progress: Progress) -> None:
        self.measurement = task.measurement
        self.vehicle = task.vehicle
        self.part = task.part
        self.progress = progress
        self.caveats: list[Problem] = []
        self.accounts: list[Account] = []
        self.facts: dict[str, object] = {}

    def caveat(self, problem: Problem) -> None:
        self.caveats.append(problem)

    def account(self, account: Account) -> None:
        self.accounts.append(account)

    def fact(self, name: str, value: object) -> None:
        # Refused here, where the record can still tell which step it was.
        canonical_json(value)
        self.facts[name] = value


def execute(
    task: TaskSpec,
    storage: Storage,
    steps: Mapping[str, Step],
    progress: Progress = lambda _: None,
    trace_id: str | None = None,
) -> RunRecord:
    """Run ``task`` and leave its record; a failed step is in the record, not raised.

    A success that an earlier attempt published is taken over without running again.  The record
    keeps ``trace_id``, so that one finds the logs of a result; no table holds it.
    """
    started_ns = time.time_ns()
    published = load_made(storage, task.measurement, run_id(task.id))
    if published and all(_is_there(storage, made) for made in published.made):
        record = replace(published, attempt=task.attempt)
    else:
        record = replace(
            _run(task, storage, steps, progress),
            started_ns=started_ns,
            ended_ns=time.time_ns(),
            peak_rss_bytes=_peak_rss_bytes(),
            environment=environment() | ({"trace_id": trace_id} if trace_id else {}),
        )
        if record.outcome.made_something:
            save_made(storage, record)
    save_attempt(storage, record)
    return record


def _run(
    task: TaskSpec, storage: Storage, steps: Mapping[str, Step], progress: Progress
) -> RunRecord:
    context = _Context(task, progress)
    made: tuple[Artifact, ...] = ()
    failure: Failure | None = None
    try:
        made = _made(task, storage, steps, context)
        outcome = Outcome.CAVEATS if context.caveats else Outcome.DONE
    except NothingToDo as nothing:
        outcome = Outcome.NOTHING
        context.fact("nothing", nothing.message)
    except (TransientError, ConfigError, PermissionDenied) as error:
        # The machine or its set-up, not the data: nothing that quarantine could mend.
        outcome, failure = Outcome.FAILED_TRANSIENT, Failure.of(error)
    except AvdataopsError as error:
        outcome, failure = Outcome.FAILED_INPUT, Failure.of(error)
    except (MemoryError, OSError) as error:
        outcome, failure = Outcome.FAILED_TRANSIENT, _defect(error, "machine", retryable=True)
    except Exception as error:  # noqa: BLE001 - whatever a step does, its record must tell
        outcome, failure = Outcome.FAILED_INPUT, _defect(error, "defect", retryable=False)
        context.fact("traceback", traceback.format_exc(limit=30))
    return RunRecord(
        run=run_id(task.id),
        step=task.step,
        version=task.version,
        measurement=task.measurement,
        part=task.part,
        attempt=task.attempt,
        outcome=outcome,
        params=task.params,
        used=tuple(given.artifact.id for given in task.inputs),
        made=made,
        accounts=tuple(context.accounts),
        caveats=tuple(context.caveats),
        failure=failure,
        facts=context.facts,
    )


def _is_there(storage: Storage, made: Artifact) -> bool:
    stored = storage.stat(made.location)
    return stored is not None and stored.bytes == made.bytes


def _made(
    task: TaskSpec, storage: Storage, steps: Mapping[str, Step], context: _Context
) -> tuple[Artifact, ...]:
    step = _step(task, steps)
    params: object = from_document(step.params, task.params)
    with (
        tempfile.TemporaryDirectory(prefix="avdataops-") as scratch,
        Publisher(task, storage, Path(scratch)) as publisher,
    ):
        for made in step.run(context, _inputs(task, storage), params):
            publisher.take(made)
        return publisher.finish()


def _step(task: TaskSpec, steps: Mapping[str, Step]) -> Step:
    step = steps.get(task.step)
    if step is None or step.version != task.version:
        raise ConfigError(
            f"this worker does not know step '{task.step}' version {task.version}",
            hint="plan and worker must run the same version of avdataops",
        )
    return step


def _inputs(task: TaskSpec, storage: Storage) -> Inputs:
    tables: dict[str, list[Table]] = {}
    files: dict[str, list[InputFile]] = {}
    for given in task.inputs:
        file = StoredFile(storage, given.artifact)
        if kind(given.artifact.kind).is_table:
            tables.setdefault(given.role, []).append(ParquetTable(given.artifact, file))
        else:
            files.setdefault(given.role, []).append(InputFile(given.artifact, file))
    return Inputs(tables=_frozen(tables), files=_frozen(files))


def _frozen(found: Mapping[str, Sequence[T]]) -> dict[str, tuple[T, ...]]:
    return {role: tuple(items) for role, items in found.items()}


def _defect(error: BaseException, code: str, *, retryable: bool) -> Failure:
    return Failure(code=code, message=f"{type(error).__name__}: {error}", retryable=retryable)


def _peak_rss_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@functools.cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("avdataops", *_LIBRARIES)}


def environment() -> dict[str, str]:
    """Return what a result may depend on besides its inputs: versions and platform."""
    return _versions() | {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
