"""An orchestrator that dies at any request, carried out or not, can be started again."""

from dataclasses import replace

import pytest

from avdataops.adapters.azure_batch import BatchDispatcher
from avdataops.adapters.azure_batch.tasks import record_location
from avdataops.model.errors import TransientError
from avdataops.ports.dispatch import TaskState
from tests.doubles.batch.faults import BUSY, RESET, RESET_AFTER_COMMIT, Fault
from tests.doubles.batch.kit import QUICK, Cloud, ends, toy_task

REQUESTS = 7
"""A run of two quick tasks makes about so many; later ones repeat the questions."""
BOTH = {"a": TaskState.ENDED, "b": TaskState.ENDED}


def runs_to_the_end_or_dies(azure: Cloud) -> bool:
    """Run two tasks without any patience; say whether that came to its end."""
    dispatcher = azure.dispatcher(pace=replace(QUICK, patience_s=0))
    try:
        list(dispatcher.run([toy_task("a"), toy_task("b")]))
    except TransientError:
        return False
    dispatcher.close()
    return True


def starts(azure: Cloud) -> list[int]:
    return [len(azure.starts_of(toy_task(name))) for name in "ab"]


@pytest.mark.parametrize("index", range(REQUESTS))
@pytest.mark.parametrize("fault", [RESET, RESET_AFTER_COMMIT], ids=["before", "after"])
def test_an_answer_that_is_lost_changes_nothing(azure: Cloud, index: int, fault: Fault) -> None:
    azure.batch.faults.at(index, fault)
    assert ends(azure.run(toy_task("a"), toy_task("b"))) == BOTH
    assert starts(azure) == [1, 1]
    (job,) = azure.batch.scheduler.jobs.values()
    assert job.state == "completed"


@pytest.mark.parametrize("index", range(REQUESTS))
@pytest.mark.parametrize("commit", [False, True], ids=["before", "after"])
def test_who_is_killed_at_any_request_can_be_followed_by_another(
    azure: Cloud, monkeypatch: pytest.MonkeyPatch, index: int, *, commit: bool
) -> None:
    azure.batch.faults.at(index, Fault(commit=commit))
    with monkeypatch.context() as killed:
        # A process that is killed ends nothing behind it.
        killed.setattr(BatchDispatcher, "_cancel", lambda *_: None)
        ended = runs_to_the_end_or_dies(azure)
    seen = len(azure.batch.faults.requests)
    assert ended or seen == index + 1
    assert ends(azure.run(toy_task("a"), toy_task("b"))) == BOTH
    assert all(azure.storage.stat(record_location(toy_task(name))) for name in "ab")
    # The second found the tasks of the first, unless the first had closed its job already.
    assert starts(azure) == ([1, 1] if len(azure.batch.scheduler.jobs) == 1 else [2, 2])


@pytest.mark.parametrize("index", range(0, REQUESTS, 2))
def test_who_gives_up_at_any_request_can_be_followed_by_another(azure: Cloud, index: int) -> None:
    azure.batch.faults.at(index, BUSY)
    runs_to_the_end_or_dies(azure)
    assert ends(azure.run(toy_task("a"), toy_task("b"))) == BOTH


def test_many_orchestrators_in_a_row_leave_one_result(azure: Cloud) -> None:
    for _ in range(3):
        assert ends(azure.run(toy_task("a"), toy_task("b"))) == BOTH
    jobs = azure.batch.scheduler.jobs.values()
    assert [job.reason for job in jobs] == ["AllTasksComplete"] * 3
