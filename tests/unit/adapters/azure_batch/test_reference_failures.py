"""What the vendor's own sample orchestrator gets wrong, each as a test that ours does not."""

import shlex
from dataclasses import replace

import pytest
from azure.batch import models

from avdataops.adapters.azure_batch.jobs import job_id
from avdataops.adapters.azure_batch.logs import LogContainer, output_files
from avdataops.adapters.azure_batch.tasks import Submission, task_options
from avdataops.model.errors import ConfigError
from avdataops.ports.dispatch import TaskState
from tests.doubles.batch.kit import JOB, MEASUREMENT, Cloud, ends, toy_facts, toy_task


def test_a_failed_extraction_is_never_taken_for_success(azure: Cloud) -> None:
    tasks = [toy_task("good"), toy_task("bad", exits=[1])]
    found = ends(azure.run(*tasks, facts=toy_facts(retries=0)))
    assert found == {"good": TaskState.ENDED, "bad": TaskState.LOST}


def test_work_that_takes_longer_than_somebody_guessed_is_waited_for(azure: Cloud) -> None:
    assert ends(azure.run(toy_task(sleep_s=1))) == {"one": TaskState.ENDED}


def test_a_job_set_to_end_with_its_tasks_ends_before_it_has_any(azure: Cloud) -> None:
    mode = models.BatchAllTasksCompleteMode.TERMINATE_JOB
    pool = models.BatchPoolInfo(pool_id="execution")
    azure.client.create_job(
        models.BatchJobCreateOptions(id="race", pool_info=pool, all_tasks_complete_mode=mode)
    )
    assert azure.client.get_job("race").state == "completed"


def test_our_job_does_not_end_before_it_has_its_tasks(azure: Cloud) -> None:
    with azure.dispatcher() as dispatcher:
        list(dispatcher.run([toy_task("a")]))
        assert azure.batch.job(JOB).state == "active"
        assert ends(list(dispatcher.run([toy_task("b")]))) == {"b": TaskState.ENDED}
    assert azure.batch.job(JOB).state == "completed"


def test_running_again_within_a_second_makes_no_second_job_and_no_second_work(
    azure: Cloud,
) -> None:
    with azure.dispatcher() as one, azure.dispatcher() as two:
        list(one.run([toy_task()]))
        list(two.run([toy_task()]))
        assert list(azure.batch.scheduler.jobs) == [job_id(MEASUREMENT, 1)]
    assert len(azure.starts_of(toy_task())) == 1


def test_a_file_name_cannot_become_a_command(azure: Cloud) -> None:
    marker = azure.root / "owned"
    name = f"x'; touch {marker}; '.bag"
    assert ends(azure.run(toy_task(name))) == {name: TaskState.ENDED}
    assert not marker.exists()


def test_no_task_has_a_shell_rights_of_root_or_the_pools_scope(azure: Cloud) -> None:
    azure.run(toy_task())
    (task,) = azure.batch.job(JOB).tasks.values()
    assert shlex.split(task.body["commandLine"])[0] == "python"
    user = task.body["userIdentity"]["autoUser"]
    assert (user["elevationLevel"], user["scope"]) == ("nonadmin", "task")


def test_an_image_called_latest_is_refused() -> None:
    with pytest.raises(ConfigError, match="digest"):
        Submission(pool="p", image="fleet.azurecr.io/extract:latest")


def test_one_job_serves_all_files_of_a_measurement(azure: Cloud) -> None:
    azure.run(*(toy_task(f"{n}.bag") for n in range(9)))
    assert list(azure.batch.scheduler.jobs) == [JOB]


def test_nothing_that_is_uploaded_is_hidden_from_readers() -> None:
    logs = LogContainer(url="https://d.blob.core.windows.net/logs", identity="/x")
    (made,) = output_files(logs, replace(toy_task(), part="/_topic"), "run_1")
    container = made.destination.container
    assert container is not None
    assert container.path == f"{MEASUREMENT}/run_1/attempt-1"


def test_a_container_does_not_see_the_rest_of_its_node() -> None:
    image = f"fleet.azurecr.io/worker@sha256:{'0' * 64}"
    settings = task_options(toy_task(), Submission(pool="p", image=image)).container_settings
    assert settings is not None
    # None given would mean the whole folder of the node, with the files of all its tasks.
    assert settings.container_host_batch_bind_mounts
    sources = {str(one.source) for one in settings.container_host_batch_bind_mounts}
    assert "Shared" not in sources
