"""Every way to lose a task, and that its reason names what Batch said."""

import time
from dataclasses import replace

from azure.batch import models

from avdataops.adapters.azure_batch.jobs import end_job
from avdataops.adapters.azure_batch.logs import LogContainer
from avdataops.adapters.azure_batch.tasks import record_location, task_id
from avdataops.adapters.azure_batch.watch import JobWatch
from avdataops.ports.dispatch import TaskEvent, TaskState
from tests.doubles.batch.kit import JOB, QUICK, Cloud, ends, toy_facts, toy_task

LOST, ENDED = TaskState.LOST, TaskState.ENDED


def why(events: list[TaskEvent]) -> str:
    (lost,) = [event for event in events if event.state is LOST]
    return lost.why


def the_node(azure: Cloud) -> str:
    (node,) = azure.batch.scheduler.pools["execution"].nodes
    return node


def test_a_worker_that_fails_without_a_record_is_lost(azure: Cloud) -> None:
    told = why(azure.run(toy_task(exits=[30]), facts=toy_facts(retries=0)))
    assert told == (
        f"Batch task '{task_id(toy_task())}' left no record: FailureExitCode: The task exited "
        f"with an exit code representing a failure (exit code 30) on node '{the_node(azure)}'"
    )


def test_retries_that_were_used_up_are_counted(azure: Cloud) -> None:
    told = why(azure.run(toy_task(exits=[75]), facts=toy_facts(retries=2)))
    assert "(exit code 75, 2 retries)" in told


def test_a_worker_that_ends_well_without_a_record_is_lost(azure: Cloud) -> None:
    told = why(azure.run(toy_task(exits=[0], record=False)))
    assert "left no record: it ended without a failure (exit code 0)" in told


def test_a_failure_with_a_record_is_no_loss(azure: Cloud) -> None:
    events = azure.run(toy_task(exits=[143], record=True), facts=toy_facts(retries=0))
    assert ends(events) == {"one": ENDED}


def test_a_task_beyond_its_wall_clock_is_ended_by_batch_and_lost(azure: Cloud) -> None:
    task = toy_task(sleep_s=60)
    told = why(azure.run(task, facts=toy_facts(wall_clock_s=1)))
    assert "maximum wall clock time (exit code 137)" in told
    assert len(azure.starts_of(task)) == 1


def test_a_preempted_task_runs_again_under_the_same_id(azure: Cloud) -> None:
    task = toy_task(sleep_s=0.5)
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([task])
        first = next(events)
        node = the_node(azure)
        while not azure.starts_of(task):
            time.sleep(0.01)
        azure.batch.preempt(node)
        azure.batch.add_node()
        rest = list(events)
    assert [event.state for event in (first, *rest)] == [TaskState.STARTED, ENDED]
    assert [name for name, _ in azure.batch.scheduler.attempts] == [task_id(task)] * 2
    assert len({node for _, node in azure.batch.scheduler.attempts}) == 2


def test_a_node_that_dies_unnoticed_is_found_by_the_clock(azure: Cloud) -> None:
    task = toy_task(sleep_s=60)
    with azure.dispatcher(facts=toy_facts(wall_clock_s=1)) as dispatcher:
        events = dispatcher.run([task])
        first = next(events)
        azure.batch.lose(the_node(azure))
        told = why([first, *events])
    assert "hangs: it was shown as running 0 s past its limit of 1 s" in told
    assert f"on node '{the_node(azure)}'" in told
    assert azure.batch.task(JOB, task_id(task)).state == "completed"


def test_every_try_of_a_task_has_its_own_time(azure: Cloud) -> None:
    task = toy_task(sleep_s=0.6, exits=[75, 75, 0])
    assert ends(azure.run(task, facts=toy_facts(wall_clock_s=1))) == {"one": ENDED}
    assert len(azure.starts_of(task)) == 3


def test_a_task_that_batch_gives_no_start_time_has_its_time_too(azure: Cloud) -> None:
    watch = JobWatch(azure.client, azure.storage, JOB, QUICK)
    watch.expect({"t": toy_task()}, {"t": 1.0})
    found = models.BatchTask({"id": "t", "state": "running"})
    assert [event.state for event in watch._take(found)] == [TaskState.STARTED]
    assert list(watch._take(found)) == []


def test_a_node_that_dies_after_its_task_left_a_record_is_no_loss(azure: Cloud) -> None:
    task = toy_task(linger_s=60)
    with azure.dispatcher(facts=toy_facts(wall_clock_s=1)) as dispatcher:
        events = dispatcher.run([task])
        first = next(events)
        while azure.storage.stat(record_location(task)) is None:
            time.sleep(0.01)
        azure.batch.lose(the_node(azure))
        assert ends([first, *events]) == {"one": ENDED}


def test_without_a_pool_tasks_are_lost_and_do_not_start_later(azure: Cloud) -> None:
    azure.batch.drop_pool("execution")
    task = toy_task()
    assert why(azure.run(task)) == "there is no pool 'execution' in the Batch account"
    azure.batch.add_pool()
    assert azure.starts_of(task) == []
    assert azure.batch.job(JOB).state == "completed"


def test_a_pool_that_goes_away_takes_its_tasks_along(azure: Cloud) -> None:
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([toy_task(sleep_s=60)])
        first = next(events)
        azure.batch.drop_pool("execution")
        assert why([first, *events]) == "there is no pool 'execution' in the Batch account"


def test_a_pool_that_is_being_deleted_gives_no_nodes(azure: Cloud) -> None:
    pool = azure.batch.scheduler.pools["execution"]
    pool.nodes.clear()
    pool.state = "deleting"
    assert why(azure.run(toy_task())) == "pool 'execution' is being deleted"


def test_a_pool_that_gets_no_nodes_loses_its_tasks_after_a_while(azure: Cloud) -> None:
    azure.batch.starve("execution", "AccountCoreQuotaReached", "The account has no cores left")
    began_s = time.monotonic()
    told = why(azure.run(toy_task()))
    assert time.monotonic() - began_s >= QUICK.starved_s
    assert told == (
        "pool 'execution' gets no nodes (AccountCoreQuotaReached: The account has no cores left)"
    )


def test_a_pool_that_gets_nodes_in_time_loses_nothing(azure: Cloud) -> None:
    azure.batch.starve("execution", "AllocationTimedout", "later")
    with azure.dispatcher(pace=replace(QUICK, starved_s=30)) as dispatcher:
        events = dispatcher.run([toy_task()])
        # Nobody hears of a node before the first look, which comes after the submission.
        azure.batch.add_node()
        assert ends(list(events)) == {"one": ENDED}


def test_a_pool_that_is_merely_busy_loses_nothing(azure: Cloud) -> None:
    azure.batch.scheduler.pools["execution"].resize_errors = [{"code": "x", "message": "y"}]
    tasks = [toy_task(str(n), sleep_s=0.2) for n in range(17)]
    assert set(ends(azure.run(*tasks)).values()) == {ENDED}


def test_a_job_that_somebody_terminates_loses_its_running_tasks(azure: Cloud) -> None:
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([toy_task(sleep_s=60)])
        first = next(events)
        end_job(azure.client, JOB, "maintenance", QUICK)
        told = why([first, *events])
    assert "left no record: TaskEnded: Task Was Ended by User Request" in told


def test_tasks_that_wait_in_a_job_that_somebody_terminates_are_lost(azure: Cloud) -> None:
    tasks = [toy_task(str(n), sleep_s=60) for n in range(8)]
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([*tasks, toy_task("waits")])
        seen = [next(events)]
        end_job(azure.client, JOB, "maintenance", QUICK)
        seen += events
    told = {event.task.part: event.why for event in seen if event.state is LOST}
    assert len(told) == 9
    assert told["waits"] == f"Batch job '{JOB}' was terminated by somebody (reason: maintenance)"


def test_a_job_that_somebody_deletes_loses_its_tasks(azure: Cloud) -> None:
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([toy_task(sleep_s=60)])
        first = next(events)
        azure.client.begin_delete_job(JOB, polling_interval=1).wait(5)
        assert why([first, *events]) == f"Batch job '{JOB}' was deleted by somebody"


def test_a_task_that_somebody_deletes_is_lost(azure: Cloud) -> None:
    task, other = toy_task(sleep_s=60), toy_task("other", sleep_s=0.3)
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([task, other])
        first = next(events)
        azure.client.delete_task(JOB, task_id(task))
        rest = [first, *events]
    assert ends(rest) == {"one": LOST, "other": ENDED}
    assert why(rest) == f"Batch task '{task_id(task)}' was deleted by somebody"


def test_a_task_that_somebody_terminates_is_lost(azure: Cloud) -> None:
    task = toy_task(sleep_s=60)
    with azure.dispatcher() as dispatcher:
        events = dispatcher.run([task])
        first = next(events)
        azure.client.terminate_task(JOB, task_id(task))
        assert "TaskEnded: Task Was Ended by User Request" in why([first, *events])


def test_a_node_that_cannot_start_the_container_loses_the_task(azure: Cloud) -> None:
    image = f"fleet.azurecr.io/worker@sha256:{'0' * 64}"
    dispatcher = azure.dispatcher()
    dispatcher._submission = replace(dispatcher._submission, image=image)
    told = why(list(dispatcher.run([toy_task()])))
    assert "CommandProgramNotFound: this pool's nodes have no containers" in told
    assert "exit code" not in told


def test_a_log_that_cannot_be_uploaded_loses_nothing(azure: Cloud) -> None:
    dispatcher = azure.dispatcher()
    logs = LogContainer(url="http://127.0.0.1:9/logs?sig=x")
    dispatcher._submission = replace(dispatcher._submission, logs=logs)
    assert ends(list(dispatcher.run([toy_task()]))) == {"one": ENDED}
    info = azure.batch.task(JOB, task_id(toy_task())).info
    assert info["failureInfo"]["code"] == "FileUploadMiscError"
    assert info["result"] == "failure"
