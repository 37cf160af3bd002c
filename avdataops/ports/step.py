"""What a step is: a named, versioned, pure transformation between kinds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import pyarrow as pa

from avdataops.model.artifact import Artifact
from avdataops.model.stream import Account, Problem
from avdataops.ports.files import ReadableFile


class Split(StrEnum):
    """How a step's work on one measurement is cut into tasks."""

    MEASUREMENT = "measurement"
    RECORDING = "recording"
    """One task for each artifact of the step's first role."""
    STREAM = "stream"
    """One task for each stream name among the artifacts of the first role (all its parts)."""


class Table(Protocol):
    """One stored table as a step sees it."""

    @property
    def artifact(self) -> Artifact:
        """The facts about it: stream name, part, attributes, rows, time."""

    @property
    def schema(self) -> pa.Schema:
        """Its columns, with units in the field metadata."""

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield its rows in order, only the named columns, in bounded memory."""

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Return all rows of the named columns."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One stored file as a step sees it."""

    artifact: Artifact
    file: ReadableFile


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a task may read, by role, ordered by name and part; an absent role is empty."""

    tables: Mapping[str, tuple[Table, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[InputFile, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Names one table or file that the step makes; equal outputs are the same table."""

    kind: str
    name: str
    part: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of an output; the first rows of an output fix its schema, empty ones allowed.

    With ``is_last`` the table is whole and is finished at once, not when the step ends: a step of
    many tables one after another should say so.  Only empty rows of it may follow.
    """

    output: Output
    batch: pa.RecordBatch
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Bytes:
    """A whole file of an output, copied bit-exact."""

    output: Output
    file: ReadableFile


class StepContext(Protocol):
    """All that a running step may touch besides its inputs.  No storage, no catalog, no clock."""

    @property
    def measurement(self) -> str:
        """Id of the measurement."""

    @property
    def vehicle(self) -> str:
        """Its vehicle."""

    @property
    def part(self) -> str:
        """What of the measurement this task covers, or empty."""

    def caveat(self, problem: Problem) -> None:
        """Say that the result is usable but not perfect."""

    def account(self, account: Account) -> None:
        """State where the rows of one stream went."""

    def fact(self, name: str, value: object) -> None:
        """Tell the catalog something learned (JSON-ready)."""

    def progress(self, done: float) -> None:
        """Say what fraction (0 to 1) of the task is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One role of a step's inputs."""

    kind: str
    optional: bool = False
    where: Mapping[str, str] = field(default_factory=dict)
    """Only artifacts with these attributes."""
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A value, not a base class.  ``run`` yields what it makes while it reads."""

    name: str
    version: int
    """Raised when results change, not when code does."""
    split: Split
    needs: Mapping[str, Need]
    """Role -> kind.  The first role decides the split."""
    makes: tuple[str, ...]
    """Kinds that it may make."""
    params: type
    """A frozen dataclass whose defaults are the pipeline's defaults; documented units."""
    run: Callable[[StepContext, Inputs, Any], Iterator[Rows | Bytes]]
    pieces: Callable[[Artifact, Any], int] | None = None
    """Into how many tasks the work on one large artifact is cut; needs ``Split.RECORDING`` and
    parameters ``piece`` and ``pieces``, by which a task knows its share."""
    doc: str = ""
