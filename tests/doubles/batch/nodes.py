"""The nodes of a pool: task folders, environment, processes, uploads of output files."""

import glob
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult, quote, urlsplit

from tests.doubles.batch.state import Job, Task
from tests.doubles.batch.wire import Document

ROOT = Path(__file__).parents[3]
_UPLOAD_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One process to start, all that a node knows of it."""

    argv: list[str]
    environment: dict[str, str]
    folder: Path
    """The task's folder on the node; ``wd`` in it is the working directory."""
    stdout: IO[bytes]
    stderr: IO[bytes]
    container: Document | None
    """``containerSettings`` of the task."""


Runner = Callable[[Start], "subprocess.Popen[bytes]"]


def run_on_node(start: Start) -> "subprocess.Popen[bytes]":
    """Start the command on this machine, in a session of its own; no shell reads it."""
    if start.container is not None:
        raise OSError("this pool's nodes have no containers")
    argv = [sys.executable if start.argv[0] == "python" else start.argv[0], *start.argv[1:]]
    return subprocess.Popen(
        argv,
        cwd=start.folder / "wd",
        env=start.environment,
        stdin=subprocess.DEVNULL,
        stdout=start.stdout,
        stderr=start.stderr,
        start_new_session=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """How the nodes of the double work."""

    root: Path
    runner: Runner = run_on_node
    environment: Mapping[str, str] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    """Shared access signature that stands for each managed identity, by resource id."""

    def start(self, job: Job, task: Task, node: str) -> "subprocess.Popen[bytes]":
        """Start a task on a node."""
        folder = self.root / node / job.id / task.id
        (folder / "wd").mkdir(parents=True, exist_ok=True)
        (self.root / node / "mounts").mkdir(exist_ok=True)
        task.folder = str(folder)
        with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
            return self.runner(
                Start(
                    argv=shlex.split(task.body["commandLine"]),
                    environment=self._environment(job, task, node),
                    folder=folder,
                    stdout=out,
                    stderr=err,
                    container=task.body.get("containerSettings"),
                )
            )

    def _environment(self, job: Job, task: Task, node: str) -> dict[str, str]:
        given = [
            *job.body.get("commonEnvironmentSettings", ()),
            *task.body.get("environmentSettings", ()),
        ]
        root = self.root / node
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "HOME": f"{task.folder}/wd",
            "AZ_BATCH_ACCOUNT_NAME": "emulator",
            "AZ_BATCH_POOL_ID": job.pool,
            "AZ_BATCH_NODE_ID": node,
            "AZ_BATCH_JOB_ID": job.id,
            "AZ_BATCH_TASK_ID": task.id,
            "AZ_BATCH_NODE_ROOT_DIR": str(root),
            "AZ_BATCH_NODE_MOUNTS_DIR": str(root / "mounts"),
            "AZ_BATCH_TASK_DIR": task.folder,
            "AZ_BATCH_TASK_WORKING_DIR": f"{task.folder}/wd",
            **self.environment,
            **{one["name"]: one.get("value", "") for one in given},
        }

    def upload(self, task: Task, *, success: bool) -> str | None:
        """Upload the task's output files; returns what went wrong, if something did."""
        wanted = {"taskcompletion", "tasksuccess" if success else "taskfailure"}
        for output in task.body.get("outputFiles", ()):
            if output["uploadOptions"]["uploadCondition"] not in wanted:
                continue
            pattern = os.path.join(task.folder, "wd", output["filePattern"])  # noqa: PTH118 - a pattern, not a path
            found = sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern leaves the folder
            if not found:
                return f"no file matches {output['filePattern']}"
            for name in found:
                problem = self._put(Path(name), output)
                if problem:
                    return problem
        return None

    def _put(self, file: Path, output: Document) -> str | None:
        to = output["destination"]["container"]
        container, _, query = to["containerUrl"].partition("?")
        if "identityReference" in to:
            query = self.identities.get(to["identityReference"].get("resourceId", ""), "")
        if not query:
            return "neither a signature nor an identity that this pool has"
        folder = to.get("path", "")
        blob = f"{folder}/{file.name}" if any(c in output["filePattern"] for c in "*?[") else folder
        url = f"{container}/{blob or file.name}?{query}"
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2025-05-05"}
        return _answer_to_put(urlsplit(url), file.read_bytes(), headers)


def _answer_to_put(url: SplitResult, data: bytes, headers: Mapping[str, str]) -> str | None:
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = kind(url.netloc, timeout=_UPLOAD_S)
    try:
        connection.request("PUT", f"{quote(url.path)}?{url.query}", body=data, headers=headers)
        status = connection.getresponse().status
    except OSError as error:
        return f"upload to the container failed: {error}"
    finally:
        connection.close()
    return None if status == HTTPStatus.CREATED else f"the container answered {status}"


def end(process: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """End a process and all it started: politely, then not."""
    with suppress(ProcessLookupError, PermissionError):
        if grace_s > 0:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_s)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
