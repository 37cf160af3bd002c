"""Outcomes say whether results may be used; failures keep what the error knew."""

import dataclasses

import pytest

from avdataops.model.errors import Busy, Conflict
from avdataops.model.run import Failure, Outcome
from avdataops.testing.facts import record, task


def test_only_successes_made_something() -> None:
    assert {outcome for outcome in Outcome if outcome.made_something} == {
        Outcome.DONE,
        Outcome.CAVEATS,
        Outcome.NOTHING,
    }


def test_outcomes_read_as_the_design_words_them() -> None:
    assert [str(outcome) for outcome in Outcome] == [
        "done",
        "done with caveats",
        "nothing to do",
        "failed (input)",
        "failed (transient)",
        "lost",
    ]


def test_a_failure_is_the_error_it_came_from() -> None:
    assert Failure.of(Busy("locked", hint="wait")) == Failure(
        code="busy", message="locked", hint="wait", retryable=True
    )
    assert Failure.of(Conflict("other")) == Failure(code="conflict", message="other")


def test_facts_cannot_be_changed() -> None:
    done = record(task("extract", "m_0"))
    for field in dataclasses.fields(done):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(done, field.name, None)
