import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avdataops.adapters.azure_batch.jobs import job_id
from avdataops.adapters.azure_batch.tasks import record_location, spec_location, task_id
from avdataops.model.documents import from_json
from avdataops.model.errors import PermissionDenied, TransientError
from avdataops.model.ids import fingerprint
from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import TaskState
from avdataops.ports.storage import read_all
from tests.doubles.batch.faults import BUSY, Fault
from tests.doubles.batch.kit import JOB, MEASUREMENT, QUICK, Cloud, ends, toy_facts, toy_task
from tests.doubles.batch.service import Answer, Call

ENDED, LOST, STARTED = TaskState.ENDED, TaskState.LOST, TaskState.STARTED
SECOND = job_id(MEASUREMENT, 2)


def until(true: Callable[[], bool], limit_s: float = 5.0) -> None:
    stop = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < stop, "it did not happen"
        time.sleep(0.01)


def alive(pid: str) -> bool:
    with suppress(ProcessLookupError):
        os.kill(int(pid), 0)
        return True
    return False


def test_a_task_starts_then_ends_and_its_record_is_there(azure: Cloud) -> None:
    task = toy_task()
    events = azure.run(task)
    assert [(event.state, event.why) for event in events] == [(STARTED, ""), (ENDED, "")]
    assert azure.storage.stat(record_location(task)) is not None


def test_the_worker_finds_the_task_in_storage(azure: Cloud) -> None:
    task = toy_task(say="hello")
    azure.run(task)
    stored = read_all(azure.storage.open(spec_location(task)))
    assert from_json(TaskSpec, stored) == task


def test_nothing_to_run_asks_nobody(azure: Cloud) -> None:
    assert azure.run() == []
    assert azure.batch.faults.requests == []


def test_a_job_is_closed_only_after_its_tasks_were_added(azure: Cloud) -> None:
    azure.run(toy_task("a"), toy_task("b"))
    did = [one.split()[0] + one.rpartition("/")[2] for one in azure.batch.faults.requests]
    assert did[0] == "POSTjobs"
    assert did[1] == "POSTaddtaskcollection"
    assert did[-1].startswith("PATCH")
    assert azure.batch.job(JOB).reason == "AllTasksComplete"


def test_steps_share_a_job_and_later_ones_depend_on_those_before(azure: Cloud) -> None:
    first, bad, last = toy_task("a"), toy_task("bad", exits=[3]), toy_task("z")
    with azure.dispatcher() as dispatcher:
        list(dispatcher.run([first, bad]))
        assert ends(list(dispatcher.run([last]))) == {"z": ENDED}
        assert azure.batch.job(JOB).state == "active"
    body = azure.batch.task(JOB, task_id(last)).body
    # The one that failed is not among them: Batch would hold the next step back for ever.
    assert body["dependsOn"] == {"taskIds": [task_id(first)]}
    assert list(azure.batch.scheduler.jobs) == [JOB]


def test_measurements_have_jobs_of_their_own(azure: Cloud) -> None:
    other = f"m_{'b2' * 12}"
    one, two = toy_task("a"), replace(toy_task("b"), measurement=other)
    assert ends(azure.run(one, two)) == {"a": ENDED, "b": ENDED}
    assert set(azure.batch.scheduler.jobs) == {JOB, job_id(other, 1)}


def test_the_same_tasks_given_twice_run_once(azure: Cloud) -> None:
    task = toy_task()
    with azure.dispatcher() as one, azure.dispatcher() as two:
        assert ends(list(one.run([task]))) == {"one": ENDED}
        assert ends(list(two.run([task]))) == {"one": ENDED}
    assert len(azure.starts_of(task)) == 1


def test_a_finished_job_is_followed_by_the_next_number(azure: Cloud) -> None:
    azure.run(toy_task("a"))
    assert ends(azure.run(toy_task("b"))) == {"b": ENDED}
    assert list(azure.batch.scheduler.jobs) == [JOB, SECOND]


def test_a_job_that_ends_between_two_steps_is_followed_by_the_next(azure: Cloud) -> None:
    with azure.dispatcher() as dispatcher:
        list(dispatcher.run([toy_task("a")]))
        with azure.batch.scheduler.lock:
            azure.batch.scheduler.complete(azure.batch.job(JOB), "by hand")
        assert ends(list(dispatcher.run([toy_task("b")]))) == {"b": ENDED}
    body = azure.batch.task(SECOND, task_id(toy_task("b"))).body
    assert "dependsOn" not in body


def test_a_transient_failure_is_tried_again_by_batch(azure: Cloud) -> None:
    task = toy_task(exits=[75, 75, 0])
    events = azure.run(task)
    assert [event.state for event in events] == [STARTED, ENDED]
    assert len(azure.starts_of(task)) == 3


def test_a_new_attempt_ends_what_is_left_of_the_one_before(azure: Cloud) -> None:
    old, new = toy_task(sleep_s=60), toy_task(attempt=2)
    watching = azure.dispatcher().run([old])
    next(watching)
    until(lambda: bool(azure.starts_of(old)))
    with azure.dispatcher() as dispatcher:
        assert ends(list(dispatcher.run([new]))) == {"one": ENDED}
    assert azure.batch.task(JOB, task_id(old)).info["failureInfo"]["code"] == "TaskEnded"
    watching.close()


def test_tasks_on_all_pages_are_seen(azure: Cloud) -> None:
    azure.batch.service.page_size = 2
    tasks = [toy_task(str(number)) for number in range(7)]
    assert ends(azure.run(*tasks)) == {str(number): ENDED for number in range(7)}


def test_questions_name_what_they_want(azure: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Mapping[str, str]] = []
    answer = azure.batch.handle

    def spy(call: Call) -> Answer:
        asked.append(call.query)
        return answer(call)

    monkeypatch.setattr(azure.batch, "handle", spy)
    azure.run(toy_task())
    listed = [one for one in asked if "$filter" in one]
    assert listed
    assert {one["$filter"] for one in listed} == {"state ne 'active'"}
    assert {one["$select"] for one in listed} == {"id,state,executionInfo,nodeInfo"}


@pytest.mark.parametrize("way", ["close", "throw", "interrupt"])
def test_leaving_early_ends_the_tasks(azure: Cloud, way: str) -> None:
    tasks = [toy_task(str(number), sleep_s=60) for number in range(3)]
    events = azure.dispatcher().run(tasks)
    next(events)
    until(lambda: all(azure.starts_of(task) for task in tasks))
    if way == "close":
        events.close()
    else:
        kind: type[BaseException] = ValueError if way == "throw" else KeyboardInterrupt
        with pytest.raises(kind):
            events.throw(kind())
    assert azure.batch.job(JOB).reason == "cancelled by avdataops"
    until(lambda: not any(alive(azure.starts_of(task)[0]) for task in tasks))


def _run_until_told_to_end(azure: Cloud, task: TaskSpec) -> None:
    with azure.dispatcher() as dispatcher:
        for event in dispatcher.run([task]):
            assert event.state is STARTED
            until(lambda: bool(azure.starts_of(task)))
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_to_end_ends_the_tasks(azure: Cloud) -> None:
    task = toy_task(sleep_s=60)
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with pytest.raises(SystemExit) as caught:
            _run_until_told_to_end(azure, task)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught.value.code == 143
    assert azure.batch.job(JOB).state == "completed"
    until(lambda: not alive(azure.starts_of(task)[0]))


def test_after_leaving_early_the_next_run_has_a_new_job(azure: Cloud) -> None:
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([toy_task("a", sleep_s=60)])
        next(events)
        events.close()
        assert ends(list(dispatcher.run([toy_task("b")]))) == {"b": ENDED}
    assert azure.batch.task(SECOND, task_id(toy_task("b"))).state == "completed"


def test_a_service_that_stays_away_is_an_error_and_not_a_hang(azure: Cloud) -> None:
    impatient = replace(QUICK, patience_s=0.1)
    events = azure.dispatcher(pace=impatient).run([toy_task(sleep_s=60)])
    next(events)
    azure.batch.faults.next(BUSY, 1000)
    with pytest.raises(TransientError, match="did not answer"):
        next(events)


def test_an_identity_that_loses_its_rights_is_told(azure: Cloud) -> None:
    events = azure.dispatcher().run([toy_task(sleep_s=60)])
    next(events)
    azure.batch.faults.next(Fault(status=403, code="AuthorizationFailure"))
    with pytest.raises(PermissionDenied, match="looking at the tasks"):
        next(events)
    assert azure.batch.job(JOB).state == "completed"


def test_a_job_that_cannot_be_closed_does_not_undo_what_was_done(azure: Cloud) -> None:
    dispatcher = azure.dispatcher(pace=replace(QUICK, patience_s=0.1))
    assert ends(list(dispatcher.run([toy_task()]))) == {"one": ENDED}
    azure.batch.faults.next(BUSY, 1000)
    dispatcher.close()
    assert azure.batch.job(JOB).state == "active"


MANNERS = st.fixed_dictionaries(
    {
        "exits": st.lists(st.sampled_from([0, 1, 3, 75, 143]), min_size=1, max_size=3),
        "record": st.booleans(),
    }
)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(manners=st.lists(MANNERS, min_size=1, max_size=6), salt=st.integers(0, 1 << 60))
def test_every_task_has_exactly_one_end_and_it_is_the_record_that_decides(
    azure: Cloud, manners: list[dict[str, Any]], salt: int
) -> None:
    name = fingerprint([salt, manners])
    tasks = [toy_task(f"{name}-{n}", **manner) for n, manner in enumerate(manners)]
    events = azure.run(*tasks, facts=toy_facts(retries=1))
    expected = {
        task.part: ENDED if azure.storage.stat(record_location(task)) else LOST for task in tasks
    }
    assert ends(events) == expected
    for event in events:
        assert bool(event.why) is (event.state is LOST)
    states = {task.part: [e.state for e in events if e.task == task] for task in tasks}
    assert all(order[0] is STARTED and len(order) == 2 for order in states.values())
