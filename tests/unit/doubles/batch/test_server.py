import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceResponseError
from azure.core.rest import HttpRequest

from avdataops.adapters.azure_batch import open_batch
from tests.doubles.batch.faults import RESET, RESET_AFTER_COMMIT, THROTTLED
from tests.doubles.batch.nodes import Start, run_on_node
from tests.doubles.batch.server import KEY, BatchDouble

POOL = {"poolInfo": {"poolId": "execution"}}


@pytest.fixture
def batch() -> Iterator[BatchDouble]:
    with BatchDouble(identities={"/identity/workers": "sig=identity"}) as double:
        double.add_pool(slots=2)
        yield double


@pytest.fixture
def client(batch: BatchDouble) -> Iterator[BatchClient]:
    with open_batch(batch.endpoint, key=KEY) as made:
        yield made


def until(true: Callable[[], bool]) -> None:
    stop = time.monotonic() + 5
    while not true():
        assert time.monotonic() < stop, "it did not happen"
        time.sleep(0.005)


def script(text: str) -> str:
    return f'{sys.executable} -S -c "{text}"'


def new_job(**settings: Any) -> models.BatchJobCreateOptions:
    return models.BatchJobCreateOptions({**POOL, **settings})


def new_task(body: dict[str, Any]) -> models.BatchTaskCreateOptions:
    return models.BatchTaskCreateOptions(body)


def add(client: BatchClient, *tasks: dict[str, Any], job: str = "j", **settings: Any) -> None:
    with suppress(HttpResponseError):
        client.create_job(new_job(id=job, usesTaskDependencies=True, **settings))
    for task in tasks:
        client.create_task(job, new_task({"commandLine": "true", **task}))


def over(batch: BatchDouble, *names: str, job: str = "j") -> None:
    tasks = batch.job(job).tasks
    until(lambda: all(tasks[name].state == "completed" for name in names))


def code(error: HttpResponseError) -> tuple[int | None, str]:
    return error.status_code, str(getattr(error.error, "code", None))


def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as caught:
        call()
    return code(caught.value)


def test_a_command_runs_with_the_environment_of_a_node(
    batch: BatchDouble, client: BatchClient
) -> None:
    text = "import os; print(os.environ['AZ_BATCH_TASK_ID'], os.environ['GREETING'], os.getcwd())"
    greeting = {"name": "GREETING", "value": "hello; exit 1"}
    add(client, {"id": "t", "commandLine": script(text), "environmentSettings": [greeting]})
    over(batch, "t")
    out = b"".join(client.download_task_file("j", "t", "stdout.txt")).decode()
    assert out.startswith("t hello; exit 1 ")
    assert out.strip().endswith("/j/t/wd")
    found = client.get_task("j", "t")
    assert found.execution_info is not None
    assert found.execution_info.result == "success"
    assert found.execution_info.exit_code == 0
    assert found.node_info is not None
    assert found.node_info.pool_id == "execution"


def test_no_shell_reads_a_command(batch: BatchDouble, client: BatchClient) -> None:
    add(client, {"id": "t", "commandLine": "echo $HOME; exit 3"})
    over(batch, "t")
    assert b"".join(client.download_task_file("j", "t", "stdout.txt")) == b"$HOME; exit 3\n"


def test_files_outside_a_task_cannot_be_read(batch: BatchDouble, client: BatchClient) -> None:
    add(client, {"id": "t"})
    over(batch, "t")
    for name in ("../../../x", "nothing.txt", "../../t2/stdout.txt"):
        with pytest.raises(ResourceNotFoundError):
            list(client.download_task_file("j", "t", name))


def test_slots_limit_what_runs_at_once(batch: BatchDouble, client: BatchClient) -> None:
    sleeping = {"commandLine": "sleep 60", "requiredSlots": 2}
    add(client, {"id": "big", **sleeping}, {"id": "next"})
    until(lambda: batch.task("j", "big").process is not None)
    assert batch.task("j", "next").state == "active"
    client.terminate_task("j", "big")
    over(batch, "next")


def test_a_task_waits_for_those_it_depends_on(batch: BatchDouble, client: BatchClient) -> None:
    add(
        client,
        {"id": "z", "dependsOn": {"taskIds": ["a", "b"]}},
        {"id": "a", "commandLine": "sleep 0.2"},
        {"id": "b"},
    )
    over(batch, "a", "b", "z")
    assert [name for name, _ in batch.scheduler.attempts][-1] == "z"


def test_a_failure_blocks_what_depends_on_it_unless_it_says_otherwise(
    batch: BatchDouble, client: BatchClient
) -> None:
    allowed = {"exitConditions": {"default": {"dependencyAction": "satisfy"}}}
    add(
        client,
        {"id": "bad", "commandLine": "false"},
        {"id": "so-so", "commandLine": "false", **allowed},
        {"id": "blocked", "dependsOn": {"taskIds": ["bad"]}},
        {"id": "runs", "dependsOn": {"taskIds": ["so-so"]}},
        {"id": "waits", "dependsOn": {"taskIds": ["not-there"]}},
    )
    over(batch, "bad", "so-so", "runs")
    assert [batch.task("j", name).state for name in ("blocked", "waits")] == ["active"] * 2


def test_a_task_is_tried_as_often_as_it_may(batch: BatchDouble, client: BatchClient) -> None:
    add(client, {"id": "t", "commandLine": "false", "constraints": {"maxTaskRetryCount": 2}})
    over(batch, "t")
    info = batch.task("j", "t").info
    assert (info["retryCount"], info["exitCode"]) == (2, 1)
    assert info["failureInfo"]["code"] == "FailureExitCode"
    assert len(batch.scheduler.attempts) == 3


def test_a_task_that_takes_too_long_is_ended_and_not_tried_again(
    batch: BatchDouble, client: BatchClient
) -> None:
    limits = models.BatchTaskConstraints(
        max_wall_clock_time=timedelta(seconds=0.2), max_task_retry_count=5
    )
    add(client, {"id": "t", "commandLine": "sleep 60", "constraints": limits.as_dict()})
    over(batch, "t")
    assert batch.task("j", "t").info["exitCode"] == 137
    assert len(batch.scheduler.attempts) == 1


def test_a_command_that_is_not_there_fails_before_it_starts(
    batch: BatchDouble, client: BatchClient
) -> None:
    add(client, {"id": "t", "commandLine": "no-such-program"})
    over(batch, "t")
    info = batch.task("j", "t").info
    assert info["failureInfo"]["code"] == "CommandProgramNotFound"
    assert "exitCode" not in info


def test_a_job_with_no_tasks_and_terminatejob_ends_at_once(
    batch: BatchDouble, client: BatchClient
) -> None:
    add(client, job="empty", onAllTasksComplete="terminatejob")
    assert batch.job("empty").state == "completed"
    late = new_task({"id": "t", "commandLine": "true"})
    assert refused(lambda: client.create_task("empty", late)) == (409, "JobCompleted")


def test_terminatejob_cannot_be_taken_back(batch: BatchDouble, client: BatchClient) -> None:
    add(client, {"id": "t", "commandLine": "sleep 60"}, onAllTasksComplete="noaction")
    ending = models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob")
    client.update_job("j", ending)
    back = models.BatchJobUpdateOptions(all_tasks_complete_mode="noaction")
    assert refused(lambda: client.update_job("j", back)) == (400, "InvalidPropertyValue")
    assert batch.job("j").state == "active"


def test_an_exit_can_end_the_job_if_the_job_lets_it(
    batch: BatchDouble, client: BatchClient
) -> None:
    ends = {"exitConditions": {"default": {"jobAction": "terminate"}}, "commandLine": "false"}
    add(client, {"id": "t", **ends}, job="deaf")
    add(client, {"id": "t", **ends}, job="hears", onTaskFailure="performexitoptionsjobaction")
    over(batch, "t", job="deaf")
    over(batch, "t", job="hears")
    assert batch.job("deaf").state == "active"
    assert batch.job("hears").reason == "TaskFailed"


def test_a_disabled_job_starts_nothing_until_it_is_enabled(
    batch: BatchDouble, client: BatchClient
) -> None:
    add(client)
    how = models.BatchJobDisableOptions(disable_tasks="wait")
    client.begin_disable_job("j", how, polling_interval=1).wait(5)
    add(client, {"id": "t"})
    assert batch.task("j", "t").state == "active"
    client.begin_enable_job("j", polling_interval=1).wait(5)
    over(batch, "t")


def test_counts_are_of_tasks_and_slots(batch: BatchDouble, client: BatchClient) -> None:
    add(client, {"id": "good"}, {"id": "bad", "commandLine": "false"})
    over(batch, "good", "bad")
    sleeping = {"commandLine": "sleep 60", "requiredSlots": 2}
    add(client, {"id": "runs", **sleeping}, {"id": "waits"})
    counts = client.get_job_task_counts("j")
    assert dict(counts.task_counts) == {
        "active": 1,
        "running": 1,
        "completed": 2,
        "succeeded": 1,
        "failed": 1,
    }
    assert counts.task_slot_counts.running == 2


def test_lists_come_in_pages(batch: BatchDouble, client: BatchClient) -> None:
    batch.scheduler.pools.clear()
    batch.service.page_size = 3
    add(client, *({"id": f"t{n}"} for n in range(8)))
    assert [task.id for task in client.list_tasks("j")] == [f"t{n}" for n in range(8)]
    some = client.list_tasks("j", filter="state eq 'active'", select=["id"], max_results=2)
    assert [dict(task) for task in some] == [{"id": f"t{n}"} for n in range(8)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "a b", "commandLine": "true"}, (400, "InvalidPropertyValue")),
        ({"id": "a" * 65, "commandLine": "true"}, (400, "InvalidPropertyValue")),
        ({"id": "a"}, (400, "InvalidRequestBody")),
        ({"id": "a", "commandLine": "true", "speed": 9}, (400, "InvalidRequestBody")),
        ({"id": "T", "commandLine": "true"}, (409, "TaskExists")),
        (
            {"id": "a", "commandLine": "true", "dependsOn": {"taskIds": ["x" * 64] * 1001}},
            (400, "TaskDependencyListTooLong"),
        ),
    ],
)
def test_wrong_tasks_are_refused(
    client: BatchClient, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    add(client, {"id": "t"})
    assert refused(lambda: client.create_task("j", new_task(body))) == expected


def test_more_than_a_hundred_tasks_at_once_are_refused(client: BatchClient) -> None:
    add(client)
    tasks = [new_task({"id": f"t{n}", "commandLine": "true"}) for n in range(101)]
    group = models.BatchTaskGroup(task_values=tasks)
    assert refused(lambda: client.create_task_collection("j", group))[0] == 400


def test_a_collection_tells_of_each_task(client: BatchClient) -> None:
    add(client, {"id": "t"})
    tasks = [new_task({"id": n, "commandLine": "true"}) for n in ("t", "u")]
    group = models.BatchTaskGroup(task_values=tasks)
    answer = client.create_task_collection("j", group).result_values or []
    assert [(one.status, one.error.code if one.error else None) for one in answer] == [
        ("clienterror", "TaskExists"),
        ("success", None),
    ]


def test_what_is_not_there_is_not_found(client: BatchClient) -> None:
    add(client)
    assert refused(lambda: client.get_job("x")) == (404, "JobNotFound")
    assert refused(lambda: client.get_task("j", "x")) == (404, "TaskNotFound")
    assert refused(lambda: client.get_pool("x")) == (404, "PoolNotFound")
    assert refused(lambda: client.create_job(new_job(id="j"))) == (409, "JobExists")


def test_what_the_double_does_not_know_is_refused(client: BatchClient) -> None:
    add(client)
    assert refused(lambda: list(client.list_nodes("execution")))[0] == 400
    assert refused(lambda: list(client.list_tasks("j", expand=["stats"])))[0] == 400
    assert refused(lambda: list(client.list_tasks("j", filter="state gt 'a'")))[0] == 400
    assert refused(lambda: list(client.list_tasks("j", select=["mood"])))[0] == 400


@pytest.mark.parametrize(
    ("url", "body"),
    [("/jobs", b"{}"), ("/jobs?api-version=1", b"[]"), ("/jobs?api-version=1", b"{")],
)
def test_requests_out_of_shape_are_refused(client: BatchClient, url: str, body: bytes) -> None:
    request = HttpRequest("POST", url, content=body)
    assert refused(lambda: client.send_request(request))[0] == 400


def test_faults_come_when_they_were_ordered(batch: BatchDouble, client: BatchClient) -> None:
    batch.faults.next(THROTTLED)
    assert refused(lambda: client.get_pool("execution")) == (429, "TooManyRequests")
    batch.faults.next(RESET)
    batch.faults.next(RESET_AFTER_COMMIT)
    for there in (False, True):
        with pytest.raises(ServiceResponseError):
            client.create_job(new_job(id="j"))
        assert ("j" in batch.scheduler.jobs) is there
    batch.faults.at(4, THROTTLED)
    client.get_job("j")
    assert refused(lambda: client.get_job("j"))[0] == 429


def test_a_preempted_node_gives_its_tasks_back(batch: BatchDouble, client: BatchClient) -> None:
    add(client, {"id": "t", "commandLine": "sleep 60"})
    until(lambda: batch.task("j", "t").process is not None)
    (node,) = batch.scheduler.pools["execution"].nodes
    batch.preempt(node)
    assert batch.task("j", "t").state == "active"
    assert client.get_pool("execution").current_low_priority_nodes == 0
    batch.add_node(dedicated=True)
    until(lambda: batch.task("j", "t").state == "running")
    assert client.get_pool("execution").current_dedicated_nodes == 1


def test_children_end_with_the_double(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = f"import os, time; open('{pids}', 'w').write(str(os.getpid())); time.sleep(60)"
    with BatchDouble() as batch, open_batch(batch.endpoint, key=KEY) as client:
        batch.add_pool()
        add(client, {"id": "t", "commandLine": script(text)})
        until(lambda: pids.exists() and bool(pids.read_text()))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)


def test_another_runner_gets_what_a_container_needs() -> None:
    seen: list[Start] = []

    def runner(start: Start) -> Any:
        seen.append(start)
        return run_on_node(
            Start(
                argv=["true"],
                environment=start.environment,
                folder=start.folder,
                stdout=start.stdout,
                stderr=start.stderr,
                container=None,
            )
        )

    settings = {"imageName": "x@sha256:0", "containerRunOptions": "--read-only"}
    with BatchDouble(runner=runner) as batch, open_batch(batch.endpoint, key=KEY) as client:
        batch.add_pool()
        add(client, {"id": "t", "commandLine": "python -m x", "containerSettings": settings})
        over(batch, "t")
    (start,) = seen
    assert start.container == settings
    assert start.argv == ["python", "-m", "x"]


@contextmanager
def blobs() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Give the address of a small container of blobs, and what was put there."""
    put: dict[str, bytes] = {}

    class Container(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            put[self.path] = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(403 if "sig=wrong" in self.path else 201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Container)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/account/logs", put
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def output(container: dict[str, Any], condition: str = "taskcompletion") -> dict[str, Any]:
    return {
        "outputFiles": [
            {
                "filePattern": "../std*.txt",
                "destination": {"container": {"path": "m/run", **container}},
                "uploadOptions": {"uploadCondition": condition},
            }
        ]
    }


def test_output_files_are_uploaded_with_a_signature_or_an_identity(
    batch: BatchDouble, client: BatchClient
) -> None:
    identity = {"identityReference": {"resourceId": "/identity/workers"}}
    with blobs() as (url, put):
        add(
            client,
            {"id": "a", "commandLine": "echo a", **output({"containerUrl": f"{url}?sig=x"})},
            {"id": "b", "commandLine": "false", **output({"containerUrl": url, **identity})},
            {"id": "c", **output({"containerUrl": url, **identity}, "taskfailure")},
        )
        over(batch, "a", "b", "c")
    path = "/account/logs/m/run"
    assert put == {
        f"{path}/stdout.txt?sig=x": b"a\n",
        f"{path}/stderr.txt?sig=x": b"",
        f"{path}/stdout.txt?sig=identity": b"",
        f"{path}/stderr.txt?sig=identity": b"",
    }


def test_an_upload_that_fails_is_a_failure_of_its_own(
    batch: BatchDouble, client: BatchClient
) -> None:
    stranger = {"identityReference": {"resourceId": "/identity/stranger"}}
    with blobs() as (url, _):
        add(
            client,
            {"id": "unsigned", **output({"containerUrl": url})},
            {"id": "wrong", **output({"containerUrl": f"{url}?sig=wrong"})},
            {"id": "stranger", **output({"containerUrl": url, **stranger})},
            {"id": "nowhere", **output({"containerUrl": "http://127.0.0.1:9/x?sig=x"})},
        )
        over(batch, "unsigned", "wrong", "stranger", "nowhere")
    for task in batch.job("j").tasks.values():
        assert task.info["failureInfo"]["code"] == "FileUploadMiscError"
        assert task.info["exitCode"] == 0
        assert task.satisfies is False
