"""The head of a measurement: the one document that changes, and makes the others visible.

All else in a measurement's partitions is written once and never changed: records, artifacts,
recordings, tasks and scenes carry in their ids the tag of the content that they belong to.  They
mean something only once the head names their tag.  So one conditional replacement of the head is
one transaction, however many documents it makes visible, and a writer that dies before it leaves
nothing that anybody sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from avdataops.adapters.cosmos_catalog.values import unpacked
from avdataops.model.documents import from_json, text_of
from avdataops.model.measurement import Measurement
from avdataops.model.run import Outcome

KIND = "measurement"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that ended."""

    outcome: Outcome
    tag: str
    """Which record document tells about it."""
    started_ns: int
    ended_ns: int


@dataclass(frozen=True, slots=True)
class Take:
    """A success that was committed: its artifacts and scenes carry ``tag`` in their ids."""

    tag: str
    scenes: int


@dataclass(frozen=True, slots=True)
class RunState:
    """All that changes about one run."""

    step: str
    begun: int = 0
    """Highest attempt known."""
    superseded: bool = False
    attempts: Mapping[int, Attempt] = field(default_factory=dict)
    takes: tuple[Take, ...] = ()

    @property
    def ended(self) -> Attempt | None:
        """The latest attempt that ended."""
        return self.attempts[max(self.attempts)] if self.attempts else None

    @property
    def made(self) -> Attempt | None:
        """The latest attempt that made something."""
        made = [number for number, one in self.attempts.items() if one.outcome.made_something]
        return self.attempts[max(made)] if made else None

    @property
    def current(self) -> bool:
        """Some attempt succeeded, and nothing superseded the run."""
        return not self.superseded and self.made is not None


@dataclass(frozen=True, slots=True)
class Head:
    """A measurement with the state of its runs."""

    measurement: Measurement
    registered: str
    """Fingerprint of what was registered; also the tag of its uploads."""
    recordings: Mapping[str, str]
    """Recording id -> tag of the document that tells what is known of it."""
    runs: Mapping[str, RunState] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Id of the measurement."""
        return self.measurement.id

    def with_run(self, run: str, state: RunState) -> "Head":
        """Return the head with another state of one run."""
        return replace(self, runs={**self.runs, run: state})

    def is_visible(self, run: str | None, tag: str) -> bool:
        """Say whether artifacts and scenes with this run and tag are part of the catalog."""
        if run is None:
            return tag == self.registered
        state = self.runs.get(run)
        return state is not None and any(take.tag == tag for take in state.takes)

    def is_current(self, run: str | None) -> bool:
        """Say whether what this run made answers questions; uploads always do."""
        return run is None or (run in self.runs and self.runs[run].current)


def head_document(head: Head, turn: str) -> dict[str, Any]:
    """Return the document of a head; ``turn`` tells who wrote it."""
    return {
        "id": head.id,
        "measurementId": head.id,
        "kind": KIND,
        "vehicle": head.measurement.vehicle,
        "state": head.measurement.state.value,
        "body": text_of(head.measurement),
        "registered": head.registered,
        "recordings": dict(head.recordings),
        "runs": {run: _state_document(state) for run, state in head.runs.items()},
        "turn": turn,
    }


def measurement_of(document: dict[str, Any]) -> Measurement:
    """Return the measurement in the document of a head."""
    return from_json(Measurement, unpacked(document))


def head_of(document: dict[str, Any]) -> Head:
    """Return the head that ``head_document`` has written."""
    return Head(
        measurement=measurement_of(document),
        registered=document["registered"],
        recordings=document["recordings"],
        runs={run: _state_of(state) for run, state in document["runs"].items()},
    )


def _state_document(state: RunState) -> dict[str, Any]:
    # Times are text: the numbers of the service would round them.
    return {
        "step": state.step,
        "begun": state.begun,
        "superseded": state.superseded,
        "attempts": {
            str(number): [one.outcome.value, one.tag, str(one.started_ns), str(one.ended_ns)]
            for number, one in state.attempts.items()
        },
        "takes": [[take.tag, take.scenes] for take in state.takes],
    }


def _state_of(document: dict[str, Any]) -> RunState:
    return RunState(
        step=document["step"],
        begun=int(document["begun"]),
        superseded=document["superseded"],
        attempts={
            int(number): Attempt(Outcome(outcome), tag, int(started), int(ended))
            for number, (outcome, tag, started, ended) in document["attempts"].items()
        },
        takes=tuple(Take(tag, int(scenes)) for tag, scenes in document["takes"]),
    )
