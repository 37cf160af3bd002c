"""Runs command lines in the worker image, as a node of a container pool does.

``worker_image`` is a session fixture; ``python -m tests.doubles.containers`` makes the image ahead
of the tests, so that it can be made while others run, and prints one JSON line about it.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.doubles.container_engine import Engine, find_engine, must_run
from tests.doubles.container_images import Image, build_image
from tests.doubles.node import Missing

_USER = 1000


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the host inside a container."""

    source: Path
    target: str
    writable: bool = False

    @property
    def option(self) -> str:
        """The mount as podman wants it."""
        return f"{self.source}:{self.target}:{'rw' if self.writable else 'ro'}"


class ContainerProcess(subprocess.Popen[bytes]):
    """A container in the foreground, in a session of its own.

    SIGTERM to the client is passed on to the command in the container.  When the client is killed,
    ``wait`` removes the container that it leaves behind.
    """

    def __init__(
        self, engine: Engine, options: Sequence[str], out: IO[bytes] | int, err: IO[bytes] | int
    ) -> None:
        self.engine = engine
        self.name = f"test-{uuid.uuid4().hex}"
        given = (*engine.command, "run", "--rm", "--no-healthcheck", "--name", self.name, *options)
        super().__init__(
            given,
            # When memory runs out, a file that says so is left in this folder.
            cwd=engine.folder,
            env=engine.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status when the container has gone."""
        status = super().wait(timeout)
        if status == -signal.SIGKILL:
            self.engine.call("rm", "--force", "--ignore", "--time=0", self.name)
        return status


def run_in_container(
    image: Image,
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    mounts: Iterable[Mount],
    run_options: str,
) -> ContainerProcess:
    """Start ``argv`` in a container and return it; its output comes in pipes.

    ``run_options`` are those of ``docker create``, as Batch has them in one string.  Without a
    ``--network`` among them there is none.
    """
    options = container_options(env, cwd, mounts, run_options)
    pipe = subprocess.PIPE
    return ContainerProcess(image.engine, (*options, image.name, *argv), pipe, pipe)


def container_options(
    env: Mapping[str, str], cwd: str, mounts: Iterable[Mount], run_options: str
) -> list[str]:
    """Return the options of podman run that give a container what a task is given."""
    given = shlex.split(run_options)
    if not any(option.startswith(("--network", "--net")) for option in given):
        given.append("--network=none")
    if "--read-only" in given:
        # Docker gives no scratch folders unasked.
        given.append("--read-only-tmpfs=false")
    for name, value in env.items():
        given += ["--env", f"{name}={value}"]
    for mount in mounts:
        given += ["--volume", mount.option]
    return [*given, "--workdir", cwd]


def give_to_user(folder: Path) -> None:
    """Let the user of the images own a folder and what is in it, as a node does for a task."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            os.chown(path, _USER, _USER)


def prepare_worker() -> Image:
    """Build the worker image, or find it built; raises ``Missing``."""
    return build_image(find_engine(), "worker")


@pytest.fixture(scope="session")
def worker_image() -> Image:
    """The worker image of this source; tests are skipped with a reason where none can be had."""
    try:
        return prepare_worker()
    except Missing as reason:
        if must_run():
            raise
        pytest.skip(str(reason))


def main() -> None:
    """Make the image and tell about it."""
    started = time.monotonic()
    image = prepare_worker()
    told = {"image": image.name, "digest": image.digest, "bytes": image.bytes}
    sys.stdout.write(f"{json.dumps({**told, 'seconds': round(time.monotonic() - started)})}\n")


if __name__ == "__main__":
    main()
