"""A drive through the worker image, task by task; and what ends containers early."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.model.documents import to_json
from avdataops.model.ids import run_id
from avdataops.model.location import Location, Zone
from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import TaskEvent, TaskState
from avdataops.testing.command_line import Desk
from sample_data import SampleDrive, write_drive
from tests.doubles.batch.nodes import Start
from tests.doubles.container_images import Image
from tests.doubles.container_nodes import in_containers
from tests.doubles.containers import (
    ContainerProcess,
    Mount,
    give_to_user,
    run_in_container,
)
from tests.system.test_images import HARDENED

WAITING = """
import sys, time
from avdataops.wiring.process import run_process
def work(log):
    print("ready", flush=True)
    time.sleep(60)
sys.exit(run_process(work))
"""


@dataclass(frozen=True, slots=True)
class InContainers:
    """A ``Dispatcher`` whose workers are containers with the workspace mounted."""

    image: Image
    workspace: Path

    def run(self, tasks: Sequence[TaskSpec]) -> Iterator[TaskEvent]:
        """Run the tasks, two at a time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            keys = [self._stored(task) for task in tasks]
            give_to_user(self.workspace)
            for task, (status, told) in zip(tasks, pool.map(self._run, keys), strict=True):
                state = TaskState.LOST if status else TaskState.ENDED
                yield TaskEvent(task, state, done=1.0, why=f"its container ended {status}: {told}")

    def _stored(self, task: TaskSpec) -> str:
        key = f"runs/{task.measurement}/{run_id(task.id)}/task-{task.attempt}.json"
        text = to_json(task).encode()
        LocalStorage(self.workspace).put(Location(Zone.DERIVED, key), iter([text]))
        return key

    def _run(self, key: str) -> tuple[int, str]:
        folder = str(self.workspace)
        argv = ("python", "-m", "batch_tasks.run", "--task", key, "--workspace", folder)
        mount = Mount(self.workspace, folder, writable=True)
        started = run_in_container(self.image, argv, {}, folder, [mount], HARDENED)
        out, err = started.communicate(timeout=120)
        return started.returncode, (out + err).decode()


@pytest.fixture
def drive(tmp_path: Path) -> SampleDrive:
    """MDF4, ROS 1 and ROS 2 recordings; cameras would only make more tasks of the same kind."""
    drive = write_drive(tmp_path / "sample", seed=7, duration_s=20.0)
    drive.sensors.unlink()
    return drive


def finished(desk: Desk, drive: SampleDrive) -> dict[str, str]:
    """Take the drive through the pipeline; return the hashes of all results."""
    upload = ("upload", drive.drive, "--vehicle", drive.vehicle, "--dbc", drive.dbc)
    uploaded = desk.here(*upload, "--format", "json")
    assert uploaded.status == 0, uploaded.err
    ran = desk.here("run", uploaded.json["measurement"], "--format", "json")
    assert ran.status == 0, ran.err
    return desk.results()


def test_a_drive_gives_the_same_bytes_in_containers_as_here(
    worker_image: Image, drive: SampleDrive, tmp_path: Path
) -> None:
    here = finished(Desk(tmp_path / "here"), drive)
    desk = Desk(tmp_path / "containers")

    def dispatcher(*_: object) -> AbstractContextManager[InContainers]:
        return nullcontext(InContainers(worker_image, desk.workspace))

    with patch("avdataops.wiring.workspace.open_dispatcher", dispatcher):
        there = finished(desk, drive)
    assert len(here) > 30
    assert there == here


def test_results_made_in_containers_belong_to_their_user(
    worker_image: Image, tmp_path: Path
) -> None:
    give_to_user(tmp_path)
    with run_in_container(
        worker_image,
        ["python", "-c", "import tempfile; print(tempfile.gettempdir()); open('made', 'w')"],
        {},
        "/task",
        [Mount(tmp_path, "/task", writable=True)],
        HARDENED,
    ) as started:
        out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (0, b"/task\n", b"")
    assert ((tmp_path / "made").stat().st_uid, (tmp_path / "made").stat().st_gid) == (1000, 1000)


def test_a_mount_is_read_only_unless_asked_otherwise(worker_image: Image, tmp_path: Path) -> None:
    give_to_user(tmp_path)
    argv = ["sh", "-c", "echo 1 > /task/made"]
    with run_in_container(worker_image, argv, {}, "/data", [Mount(tmp_path, "/task")], "") as made:
        made.communicate(timeout=60)
    assert made.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_environment_and_arguments_arrive_as_they_are(worker_image: Image) -> None:
    strange = "a b'c\"$HOME;*"
    argv = ["python", "-c", "import os, sys; print(os.environ['GIVEN'], sys.argv[1])", strange]
    with run_in_container(worker_image, argv, {"GIVEN": strange}, "/data", [], "") as started:
        out, _ = started.communicate(timeout=60)
    assert out.decode() == f"{strange} {strange}\n"


def test_there_is_no_network_unless_asked_for(worker_image: Image) -> None:
    argv = ["python", "-c", "import socket; print([n for _, n in socket.if_nameindex()])"]
    with run_in_container(worker_image, argv, {}, "/data", [], HARDENED) as started:
        out, _ = started.communicate(timeout=60)
    assert out == b"['lo']\n"


def waiting(image: Image) -> ContainerProcess:
    started = run_in_container(image, ["python", "-c", WAITING], {}, "/data", [], HARDENED)
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return started


def test_sigterm_ends_the_first_process_of_a_container_cleanly(worker_image: Image) -> None:
    with waiting(worker_image) as started:
        started.terminate()
        out, _ = started.communicate(timeout=10)
    assert started.returncode == 143
    assert b'"terminated"' in out


def test_killing_the_client_removes_the_container(worker_image: Image) -> None:
    with waiting(worker_image) as started:
        started.kill()
        started.wait(30)
        left = worker_image.engine.call(
            "ps", "--all", "--quiet", "--filter", f"name={started.name}"
        )
    assert (started.returncode, left) == (-9, "")


def test_a_command_that_is_not_there_is_told(worker_image: Image) -> None:
    with run_in_container(worker_image, ["no-such"], {}, "/data", [], HARDENED) as started:
        _, err = started.communicate(timeout=60)
    assert started.returncode == 127
    assert b"no-such" in err


def test_a_container_that_eats_its_memory_is_killed(worker_image: Image) -> None:
    argv = ["python", "-c", "b = bytearray(1 << 30); print(len(b))"]
    with run_in_container(worker_image, argv, {}, "/data", [], "--memory=64m") as started:
        out, _ = started.communicate(timeout=60)
    assert (started.returncode, out) == (137, b"")


def test_a_node_of_the_batch_double_runs_its_task_in_the_image(
    worker_image: Image, tmp_path: Path
) -> None:
    task, mounts = tmp_path / "job" / "task", tmp_path / "mounts"
    (task / "wd").mkdir(parents=True)
    mounts.mkdir()
    bound = [
        {"source": "Task", "isReadOnly": False},
        {"source": "VfsMounts", "isReadOnly": True},
    ]
    told = "import os, sys; print(os.getcwd(), os.environ['AZ_BATCH_TASK_ID'], os.environ['HOME'])"
    with (task / "stdout.txt").open("wb") as out, (task / "stderr.txt").open("wb") as err:
        given = Start(
            argv=["python", "-c", f"{told}; open('made', 'w'); sys.exit(75)"],
            environment={
                "PATH": "/nowhere",
                "HOME": "/nowhere",
                "AZ_BATCH_TASK_ID": "one",
                "AZ_BATCH_NODE_MOUNTS_DIR": str(mounts),
            },
            folder=task,
            stdout=out,
            stderr=err,
            container={
                "imageName": worker_image.name,
                "containerRunOptions": HARDENED,
                "containerHostBatchBindMounts": bound,
            },
        )
        status = in_containers(worker_image)(given).wait(60)
    assert (status, (task / "stderr.txt").read_text("utf-8")) == (75, "")
    assert (task / "stdout.txt").read_text("utf-8") == f"{task}/wd one /tmp\n"
    assert (task / "wd" / "made").exists()
