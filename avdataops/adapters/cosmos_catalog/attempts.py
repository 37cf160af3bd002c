"""Runs as the head knows them: begun, ended, superseded.  Pure functions of heads."""

from collections.abc import Iterable
from dataclasses import replace

from avdataops.adapters.cosmos_catalog.checked import Checked
from avdataops.adapters.cosmos_catalog.heads import Attempt, Head, RunState, Take
from avdataops.model.run import Outcome


def begun(head: Head, run: str, step: str) -> tuple[Head, int]:
    """Return the head with one more attempt of ``run`` begun, and the number of it."""
    state = head.runs.get(run, RunState(step))
    number = state.begun + 1
    return head.with_run(run, replace(state, begun=number)), number


def with_record(head: Head, checked: Checked) -> Head:
    """Return the head with a record taken in.

    A worker's own record outranks the note that it was lost.  A success makes its run current
    again, and its artifacts and scenes join those of earlier successes.
    """
    record = checked.record
    state = head.runs.get(record.run, RunState(record.step))
    made = record.outcome.made_something
    attempts = dict(state.attempts)
    if record.attempt not in attempts or record.outcome is not Outcome.LOST:
        attempts[record.attempt] = Attempt(
            record.outcome, checked.record_tag, record.started_ns, record.ended_ns
        )
    takes = state.takes
    if made and all(take.tag != checked.take_tag for take in takes):
        takes = (*takes, Take(checked.take_tag, len(checked.scenes)))
    ended = replace(
        state,
        begun=max(state.begun, record.attempt),
        superseded=state.superseded and not made,
        attempts=attempts,
        takes=takes,
    )
    return head.with_run(record.run, ended)


def without(head: Head, runs: Iterable[str]) -> Head:
    """Return the head with the runs superseded; all of them must be known."""
    for run in runs:
        head = head.with_run(run, replace(head.runs[run], superseded=True))
    return head


def unfinished(head: Head) -> list[tuple[str, int]]:
    """Return (run, attempt) of those whose latest attempt left no record, by step and run."""
    left = [
        (state.step, run, state.begun)
        for run, state in head.runs.items()
        if state.begun and state.begun not in state.attempts
    ]
    return [(run, attempt) for _, run, attempt in sorted(left)]
