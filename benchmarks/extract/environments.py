"""Environments of peers that this repository does not depend on, made by uv and kept."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"


class NoEnvironmentError(Exception):
    """A peer cannot be installed here; its rows are left out and the reason is told."""


def python_for(needs: tuple[str, ...]) -> Path:
    """Return the interpreter that has ``needs``; raises ``NoEnvironmentError``."""
    if not needs:
        return Path(sys.executable)
    name = hashlib.sha256("\n".join(needs).encode()).hexdigest()[:12]
    folder = CACHE / "environments" / name
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    uv = Path(sys.executable).parent / "uv"
    _call([str(uv), "venv", "-q", "--clear", "--python", sys.executable, str(folder)], needs)
    try:
        _call([str(uv), "pip", "install", "-q", "--python", str(python), *needs], needs)
    except NoEnvironmentError:
        # Where uv's own way to the index is closed, pip may know another.
        _call(
            [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", *needs], needs
        )
    (folder / "ready").touch()
    return python


def _call(command: list[str], needs: tuple[str, ...]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())  # noqa: S603 - our own tools
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoEnvironmentError(f"{', '.join(needs)} cannot be installed: {last}")


def _environment() -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own pip
    index = told.stdout.strip()
    return dict(os.environ) | ({"UV_DEFAULT_INDEX": index} if index and not told.returncode else {})
