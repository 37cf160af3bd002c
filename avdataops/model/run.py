"""Units of work and what became of them.  Run records are the only source of lineage."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from avdataops.model.artifact import Artifact
from avdataops.model.errors import AvdataopsError
from avdataops.model.stream import Account, Problem

DAMAGE = frozenset({"truncated", "bad_chunk", "bad_crc", "damaged", "decode_failed", "missing"})
"""Codes of problems that mean data loss even where nobody can count it."""


class Outcome(StrEnum):
    """Not a boolean: what happened to one task."""

    DONE = "done"
    CAVEATS = "done with caveats"
    NOTHING = "nothing to do"
    FAILED_INPUT = "failed (input)"
    FAILED_TRANSIENT = "failed (transient)"
    LOST = "lost"
    """The worker went away without a record; the task can be run again."""

    @property
    def made_something(self) -> bool:
        """Say whether the run's artifacts may be used."""
        return self in {Outcome.DONE, Outcome.CAVEATS, Outcome.NOTHING}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInput:
    """One artifact that a task reads, under the role the step gives it."""

    role: str
    artifact: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One unit of work, complete: a worker needs this and storage, nothing else."""

    id: str
    """Fingerprint of step, version, parameters and input ids; also the run's id after ``run_``."""
    step: str
    version: int
    measurement: str
    vehicle: str
    part: str
    """What of the measurement this task covers (a recording, a stream), or empty."""
    inputs: tuple[TaskInput, ...]
    params: dict[str, object]
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a run failed: an error of the tree, or a defect of ours."""

    code: str
    message: str
    hint: str | None = None
    retryable: bool = False

    @classmethod
    def of(cls, error: AvdataopsError) -> "Failure":
        """Return the record of ``error``."""
        return cls(
            code=error.code, message=error.message, hint=error.hint, retryable=error.retryable
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What happened when a task was executed once."""

    run: str
    step: str
    version: int
    measurement: str
    part: str
    attempt: int
    outcome: Outcome
    params: dict[str, object]
    used: tuple[str, ...] = ()
    """Ids of the artifacts that were read."""
    made: tuple[Artifact, ...] = ()
    accounts: tuple[Account, ...] = ()
    caveats: tuple[Problem, ...] = ()
    failure: Failure | None = None
    facts: dict[str, object] = field(default_factory=dict)
    """What the step learned for the catalog: recordings' streams and times, reasons."""
    started_ns: int = 0
    ended_ns: int = 0
    peak_rss_bytes: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    """Versions of the product, Python and reading libraries, host kind."""

    @property
    def lost_data(self) -> bool:
        """Say whether something that the source held did not come out."""
        return any(problem.lost_rows or problem.code in DAMAGE for problem in self.caveats)


_PIECE = re.compile(r"(.*) \[\d+ of \d+\]", re.DOTALL)


def piece_name(name: str, piece: int, pieces: int) -> str:
    """Return what a share of the work on ``name`` is called; names sort in the order of shares."""
    if pieces == 1:
        return name
    width = len(str(pieces))
    return f"{name} [{piece + 1:0{width}} of {pieces}]"


def whole_name(part: str) -> str:
    """Return the name that ``piece_name`` was given."""
    found = _PIECE.fullmatch(part)
    return found[1] if found else part
