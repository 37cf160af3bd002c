import threading
from datetime import timedelta

import pytest
from azure.batch import models

from avdataops.adapters.azure_batch.jobs import (
    JobOver,
    add_tasks,
    close_job,
    delete_jobs,
    end_job,
    end_task,
    job_id,
    number_of,
    open_job,
)
from avdataops.adapters.azure_batch.tasks import Submission, task_id, task_options
from avdataops.model.errors import ConfigError, PermissionDenied, TransientError, UnsafeName
from tests.doubles.batch.faults import RESET_AFTER_COMMIT, Fault
from tests.doubles.batch.kit import JOB, MEASUREMENT, QUICK, Cloud, toy_task

SECOND = job_id(MEASUREMENT, 2)


def opened(azure: Cloud, first: int = 1) -> str:
    return open_job(azure.client, MEASUREMENT, "execution", QUICK, first)


def options(*names: str) -> list[models.BatchTaskCreateOptions]:
    return [task_options(toy_task(name), Submission(pool="execution")) for name in names]


def test_the_id_of_a_job_is_that_of_its_measurement_and_a_number() -> None:
    assert job_id(MEASUREMENT, 12) == f"avdataops-{MEASUREMENT}-12"
    assert number_of(job_id(MEASUREMENT, 12)) == 12
    assert len(job_id("m_" + "0" * 40, 1000)) <= 64


@pytest.mark.parametrize("name", ["", "a b", "A", "x" * 60, "a;b", "ä"])
def test_what_cannot_be_in_an_id_is_refused(name: str) -> None:
    with pytest.raises(UnsafeName, match="cannot be part of the id"):
        job_id(name, 1)


def test_a_job_is_opened_once_and_found_again(azure: Cloud) -> None:
    assert [opened(azure), opened(azure)] == [JOB, JOB]
    made = azure.batch.job(JOB).body
    assert made["onAllTasksComplete"] == "noaction"
    assert made["usesTaskDependencies"] is True
    assert made["poolInfo"] == {"poolId": "execution"}


def test_orchestrators_that_race_get_the_same_job(azure: Cloud) -> None:
    found: list[str] = []
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        found.append(opened(azure))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [JOB] * 8
    assert list(azure.batch.scheduler.jobs) == [JOB]


def test_a_job_whose_creation_was_not_answered_is_taken_for_ours(azure: Cloud) -> None:
    azure.batch.faults.next(RESET_AFTER_COMMIT)
    assert opened(azure) == JOB
    assert list(azure.batch.scheduler.jobs) == [JOB]


@pytest.mark.parametrize("state", ["completed", "terminating", "deleting", "disabled"])
def test_a_job_that_takes_no_tasks_is_passed_over(azure: Cloud, state: str) -> None:
    opened(azure)
    azure.batch.job(JOB).state = state
    assert opened(azure) == SECOND


def test_a_job_that_was_closed_is_passed_over_though_its_tasks_still_run(azure: Cloud) -> None:
    opened(azure)
    azure.batch.scheduler.pools.clear()
    add_tasks(azure.client, JOB, options("x"), QUICK)
    close_job(azure.client, JOB, QUICK)
    assert opened(azure) == SECOND


def test_a_job_on_another_pool_is_passed_over(azure: Cloud) -> None:
    open_job(azure.client, MEASUREMENT, "other", QUICK)
    assert opened(azure) == SECOND


def test_a_job_that_vanishes_between_two_questions_is_passed_over(azure: Cloud) -> None:
    opened(azure)
    azure.batch.faults.at(2, Fault(status=404, code="JobNotFound"))
    assert opened(azure) == SECOND


def test_the_quota_of_jobs_is_something_that_passes(azure: Cloud) -> None:
    azure.batch.service.active_job_quota = 0
    with pytest.raises(TransientError, match="quota of active jobs"):
        opened(azure)


def test_an_identity_without_rights_is_told_which_role_it_needs(azure: Cloud) -> None:
    azure.batch.faults.next(Fault(status=403, code="AuthorizationPermissionMismatch"))
    with pytest.raises(PermissionDenied) as caught:
        opened(azure)
    assert "Azure Batch Data Contributor" in str(caught.value.hint)


def test_tasks_are_added_a_hundred_at_a_time(azure: Cloud) -> None:
    job = opened(azure)
    azure.batch.scheduler.pools.clear()
    add_tasks(azure.client, job, options(*(str(n) for n in range(250))), QUICK)
    assert len(azure.batch.job(job).tasks) == 250
    assert sum("addtaskcollection" in one for one in azure.batch.faults.requests) == 3


def test_a_request_that_is_too_large_is_halved(azure: Cloud) -> None:
    job = opened(azure)
    azure.batch.scheduler.pools.clear()
    azure.batch.service.body_limit_tasks = 3
    add_tasks(azure.client, job, options(*"abcdefghij"), QUICK)
    assert len(azure.batch.job(job).tasks) == 10


def test_one_task_that_is_too_large_is_an_error(azure: Cloud) -> None:
    job = opened(azure)
    azure.batch.service.body_limit_tasks = 0
    with pytest.raises(ConfigError, match="RequestBodyTooLarge"):
        add_tasks(azure.client, job, options("a"), QUICK)


def test_a_task_that_is_there_already_is_adopted(azure: Cloud) -> None:
    job = opened(azure)
    azure.batch.scheduler.pools.clear()
    add_tasks(azure.client, job, options("a", "b"), QUICK)
    add_tasks(azure.client, job, options("b", "c"), QUICK)
    assert [task.body["displayName"] for task in azure.batch.job(job).tasks.values()] == [
        "toy a",
        "toy b",
        "toy c",
    ]


def test_a_task_that_is_refused_is_an_error_that_names_it(azure: Cloud) -> None:
    job = opened(azure)
    (task,) = options("a")
    task.depends_on = models.BatchTaskDependencies(task_ids=["b"])
    azure.batch.job(job).body["usesTaskDependencies"] = False
    with pytest.raises(ConfigError, match=rf"'{task.id}' of job .*DependenciesNotSpecified"):
        add_tasks(azure.client, job, [task], QUICK)


def test_a_job_that_is_over_says_so_to_who_adds(azure: Cloud) -> None:
    job = opened(azure)
    end_job(azure.client, job, "test", QUICK)
    with pytest.raises(JobOver):
        add_tasks(azure.client, job, options("a"), QUICK)
    with pytest.raises(JobOver):
        add_tasks(azure.client, SECOND, options("a"), QUICK)


def test_closing_and_ending_twice_changes_nothing(azure: Cloud) -> None:
    job = opened(azure)
    close_job(azure.client, job, QUICK)
    close_job(azure.client, job, QUICK)
    end_job(azure.client, job, "test", QUICK)
    end_job(azure.client, "avdataops-m_0-1", "test", QUICK)
    assert azure.batch.job(job).reason == "AllTasksComplete"


def test_a_job_is_ended_with_a_reason(azure: Cloud) -> None:
    job = opened(azure)
    azure.batch.faults.next(RESET_AFTER_COMMIT)
    end_job(azure.client, job, "cancelled by avdataops", QUICK)
    assert azure.batch.job(job).state == "completed"
    assert azure.batch.job(job).reason == "cancelled by avdataops"


def test_ending_a_task_never_fails(azure: Cloud) -> None:
    job = opened(azure)
    azure.batch.scheduler.pools.clear()
    add_tasks(azure.client, job, options("a"), QUICK)
    name = task_id(toy_task("a"))
    for _ in range(2):
        end_task(azure.client, job, name, QUICK)
    end_task(azure.client, job, "nobody", QUICK)
    end_task(azure.client, "nowhere", name, QUICK)
    assert azure.batch.task(job, name).info["failureInfo"]["code"] == "TaskEnded"


def test_old_jobs_are_deleted_and_only_our_own(azure: Cloud) -> None:
    done, running = opened(azure), job_id("m_b", 1)
    end_job(azure.client, done, "test", QUICK)
    open_job(azure.client, "m_b", "execution", QUICK)
    for name in ("somebody-elses", "avdataops-by-hand"):
        pool = models.BatchPoolInfo(pool_id="execution")
        azure.client.create_job(models.BatchJobCreateOptions(id=name, pool_info=pool))
        azure.client.update_job(
            name, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob")
        )
    assert delete_jobs(azure.client, timedelta(hours=1), QUICK) == []
    assert delete_jobs(azure.client, timedelta(0), QUICK) == [done]
    left = set(azure.batch.scheduler.jobs)
    assert left == {running, "somebody-elses", "avdataops-by-hand"}


def test_old_jobs_on_all_pages_are_deleted(azure: Cloud) -> None:
    azure.batch.service.page_size = 2
    for number in range(5):
        end_job(azure.client, opened(azure, number + 1), "test", QUICK)
    deleted = delete_jobs(azure.client, timedelta(0), QUICK)
    assert deleted == [job_id(MEASUREMENT, n) for n in range(1, 6)]


def test_a_measurement_with_endless_jobs_is_an_error(
    azure: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avdataops.adapters.azure_batch.jobs.MAX_JOBS_PER_MEASUREMENT", 1)
    end_job(azure.client, opened(azure), "test", QUICK)
    with pytest.raises(ConfigError, match="finished Batch jobs"):
        opened(azure)
