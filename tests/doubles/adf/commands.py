"""Starts the command of a custom activity, as a node of the orchestrator pool would."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).parents[3]
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    exit_code: int | None
    """None if it was killed because its time was over."""
    stdout: bytes = b""
    stderr: bytes = b""


StartCustom = Callable[[str, Path, float], Finished]
"""Runs (command, working directory, seconds at most) and waits for its end."""


def subprocess_commands(environment: Mapping[str, str] | None = None) -> StartCustom:
    """Return a ``StartCustom`` that starts processes with ``environment`` over our own.

    There is no shell, the working directory is not the repository, and ``python`` is this one
    with the repository importable.  When time is over the process gets SIGTERM, then SIGKILL.
    """
    paths = [str(_REPOSITORY), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **(environment or {})}

    def start(command: str, folder: Path, timeout_s: float) -> Finished:
        name, *arguments = shlex.split(command)
        program = sys.executable if name == "python" else name
        with subprocess.Popen(
            [program, *arguments],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            return _wait(process, timeout_s)

    return start


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> Finished:
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
    else:
        return Finished(process.returncode, stdout, stderr)
    try:
        stdout, stderr = process.communicate(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
    return Finished(None, stdout, stderr)
