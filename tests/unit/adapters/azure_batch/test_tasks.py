import re
import shlex
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.adapters.azure_batch.facts import pool_facts
from avdataops.adapters.azure_batch.logs import LogContainer
from avdataops.adapters.azure_batch.tasks import (
    Submission,
    record_location,
    spec_location,
    task_id,
    task_options,
    wall_clock_s,
    worker_environment,
)
from avdataops.model.errors import ConfigError, UnsafeName
from avdataops.model.ids import run_id
from avdataops.model.location import Zone, run_folder
from avdataops.model.run import TaskInput, TaskSpec
from avdataops.testing.engine_kit import loose_artifact
from tests.doubles.batch.kit import MEASUREMENT, toy_task
from tests.doubles.batch.schema import problems

IMAGE = f"fleet.azurecr.io/avdataops/worker@sha256:{'0' * 64}"
GIB = 1 << 30
HOSTILE = ["a; reboot", "$(reboot)", "`reboot`", "a b", "../x", "a\nb", "'", '"', "", "A", "é"]


def body(task: TaskSpec, submission: Submission, after: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = task_options(task, submission, after).as_dict()
    assert problems("BatchTaskCreateOptions", made) == []
    return made


def reading(task: TaskSpec, size: int, topic_class: str | None = None) -> TaskSpec:
    attributes = {"topic_class": topic_class} if topic_class else {}
    artifact = replace(loose_artifact("stream", "/s"), bytes=size, attributes=attributes)
    return replace(task, inputs=(TaskInput(role="stream", artifact=artifact),))


def test_ids_and_places_come_from_run_and_attempt_alone() -> None:
    task = toy_task(attempt=3)
    assert task_id(task) == f"run_{task.id}-3"
    assert spec_location(task) == run_folder(MEASUREMENT, run_id(task.id)) / "task-3.json"
    assert record_location(task) == run_folder(MEASUREMENT, run_id(task.id)) / "attempt-3.json"


def test_the_command_has_no_shell_and_no_name_of_a_user() -> None:
    task = replace(toy_task(), part="a;b $(reboot).mf4", vehicle="`x`", step="extract")
    command = body(task, Submission(pool="p"))["commandLine"]
    key = f"runs/{MEASUREMENT}/run_{task.id}/task-1.json"
    assert shlex.split(command) == ["python", "-m", "batch_tasks.run", "--task", key]
    assert re.fullmatch(r"[A-Za-z0-9_./ -]+", command)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_measurement_that_could_mean_something_to_a_shell_is_refused(name: str) -> None:
    with pytest.raises(UnsafeName):
        task_options(replace(toy_task(), measurement=name), Submission(pool="p"))


@pytest.mark.parametrize("name", HOSTILE[:-3])
def test_a_run_that_could_mean_something_to_a_shell_is_refused(name: str) -> None:
    with pytest.raises(UnsafeName):
        task_options(replace(toy_task(), id=name), Submission(pool="p"))


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_file_is_called_the_command_is_the_same(part: str, vehicle: str) -> None:
    task = replace(toy_task(), part=part, vehicle=vehicle)
    made = task_options(task, Submission(pool="p"))
    assert made.command_line == task_options(toy_task(), Submission(pool="p")).command_line


def test_without_an_image_there_is_no_container() -> None:
    assert "containerSettings" not in body(toy_task(), Submission(pool="p"))


def test_a_container_is_locked_down_and_sees_its_own_task_only() -> None:
    settings = body(toy_task(step="sync"), Submission(pool="p", image=IMAGE))["containerSettings"]
    assert settings["imageName"] == IMAGE
    assert settings["workingDirectory"] == "taskWorkingDirectory"
    assert settings["containerHostBatchBindMounts"] == [
        {"source": "Task", "isReadOnly": False},
        {"source": "VfsMounts", "isReadOnly": True},
    ]
    options = settings["containerRunOptions"].split()
    assert options == [
        "--read-only",
        "--tmpfs",
        "/tmp:rw,noexec,nosuid,size=256m",  # noqa: S108 - inside the container
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--pids-limit=512",
        f"--memory={4 * 3584}m",
    ]


@pytest.mark.parametrize(
    "image",
    [
        "fleet.azurecr.io/worker:latest",
        "fleet.azurecr.io/worker",
        f"fleet.azurecr.io/worker@sha256:{'0' * 63}",
        f"fleet.azurecr.io/worker@sha256:{'0' * 64} --privileged",
        f"worker@sha256:{'0' * 64}",
    ],
)
def test_an_image_that_somebody_could_exchange_is_refused(image: str) -> None:
    with pytest.raises(ConfigError, match="by its digest"):
        Submission(pool="p", image=image)


def test_tasks_run_as_nobody_special() -> None:
    # Batch makes this user the container's, so that it may write to the task's folder.
    user = body(toy_task(), Submission(pool="p"))["userIdentity"]
    assert user == {"autoUser": {"scope": "task", "elevationLevel": "nonadmin"}}


def test_limits_are_those_of_the_step() -> None:
    made = task_options(toy_task(step="extract"), Submission(pool="p"))
    assert made.required_slots == 4
    assert made.constraints is not None
    assert made.constraints.max_wall_clock_time == timedelta(seconds=3600)
    assert made.constraints.max_task_retry_count == 3
    assert made.constraints.retention_time == timedelta(days=7)


@pytest.mark.parametrize(
    ("size", "expected_s"), [(0, 3600), (GIB, 4800), (GIB // 2, 4200), (10 * GIB, 15600)]
)
def test_a_task_with_more_to_read_may_run_longer(size: int, expected_s: int) -> None:
    assert wall_clock_s(reading(toy_task(step="extract"), size), pool_facts()) == expected_s


@pytest.mark.parametrize(
    ("topic_class", "slots"), [("camera", 4), ("lidar", 4), ("radar", 2), ("imu", 2), (None, 2)]
)
def test_big_streams_take_more_slots(topic_class: str | None, slots: int) -> None:
    task = reading(toy_task(step="downsample"), 1, topic_class)
    assert task_options(task, Submission(pool="p")).required_slots == slots


def test_exit_codes_say_what_follows() -> None:
    conditions = body(toy_task(), Submission(pool="p"))["exitConditions"]
    satisfied, blocked = {"dependencyAction": "satisfy"}, {"dependencyAction": "block"}
    assert conditions == {
        "exitCodes": [
            {"code": 0, "exitOptions": satisfied},
            {"code": 75, "exitOptions": blocked},
        ],
        "preProcessingError": blocked,
        "fileUploadError": satisfied,
        "default": blocked,
    }


def test_dependencies_are_named_up_to_the_limit_of_the_service() -> None:
    fitting = tuple(f"{number:064}" for number in range(1000))
    made = body(toy_task(), Submission(pool="p"), fitting)
    assert made["dependsOn"] == {"taskIds": list(fitting)}
    assert "dependsOn" not in body(toy_task(), Submission(pool="p"), (*fitting, "x"))
    assert "dependsOn" not in body(toy_task(), Submission(pool="p"))


def test_the_environment_is_handed_on_in_order() -> None:
    submission = Submission(pool="p", environment={"B": "2", "A": "1"})
    settings = body(toy_task(), submission)["environmentSettings"]
    assert settings == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]


def test_logs_go_where_the_run_is_named() -> None:
    logs = LogContainer(
        url="https://derived.blob.core.windows.net/logs", identity="/subscriptions/x"
    )
    (output,) = body(toy_task(attempt=2), Submission(pool="p", logs=logs))["outputFiles"]
    assert output == {
        "filePattern": "../std*.txt",
        "destination": {
            "container": {
                "path": f"{MEASUREMENT}/run_{toy_task().id}/attempt-2",
                "containerUrl": "https://derived.blob.core.windows.net/logs",
                "identityReference": {"resourceId": "/subscriptions/x"},
            }
        },
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }


def test_a_worker_is_told_its_storage_and_trace() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    made = worker_environment({Zone.RAW: "https://raw.blob.core.windows.net"}, traceparent=trace)
    assert made == {
        "AVDATAOPS_AZURE__STORAGE__RAW": "https://raw.blob.core.windows.net",
        "TRACEPARENT": trace,
    }
    assert worker_environment({}) == {}


@pytest.mark.parametrize(
    "secret",
    [
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=core.x",
        "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x",
        "https://a.blob.core.windows.net/?sv=1&SIG=x",
    ],
)
def test_no_secret_of_the_cloud_gets_into_a_task(secret: str) -> None:
    with pytest.raises(ConfigError, match="zone 'raw' is named with a secret") as caught:
        worker_environment({Zone.RAW: secret})
    assert secret not in str(caught.value)


def test_an_emulators_connection_string_may_be_handed_on() -> None:
    connection = "AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:10000/a"
    made = worker_environment({Zone.DERIVED: connection})
    assert made == {"AVDATAOPS_AZURE__STORAGE__DERIVED": connection}
