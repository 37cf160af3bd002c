"""Makes the images of the product where no registry can be reached.

The base is a small Debian with its own Python 3.11, a stand-in for python:3.11-slim-bookworm:
same release, same Python minor version, other folders.  Libraries come from a folder of wheels
that the lock names.  Both are kept, so that a second build is quick.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.doubles.container_engine import Engine, run
from tests.doubles.node import Missing

ROOT = Path(__file__).parents[2]
BASE = "localhost/python:3.11-slim-bookworm"
PYTHON = (3, 11)
_LOCKS = (ROOT / "requirements" / "runtime.txt", ROOT / "docker" / "build.txt")
_MANUALS = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")


@dataclass(frozen=True, slots=True)
class Image:
    """A built image."""

    engine: Engine
    name: str
    digest: str
    """Of the manifest, as ``sha256:...``."""
    bytes: int
    """Unpacked, all layers."""


def build_image(engine: Engine, target: str) -> Image:
    """Build ``worker`` or ``orchestrator`` with docker/build.sh and return it."""
    with _alone(engine):
        with ThreadPoolExecutor() as pool:
            wheels = pool.submit(_wheels, engine)
            base = pool.submit(_base, engine)
        options = ("--isolation", "chroot", "--format", "docker", "--timestamp", "0")
        offline = ("--build-arg", "PIP_NO_INDEX=1")
        named = ("--build-context", f"wheels={wheels.result()}")
        environment = {
            **engine.environment,
            "BASE": base.result(),
            "ENGINE": " ".join(engine.command),
            "PREFIX": "localhost",
            "REVISION": "test",
        }
        script = str(ROOT / "docker" / "build.sh")
        out = run([script, target, "--", *options, *offline, *named], environment)
    name = out.split()[0]
    facts = "{{.Digest}} {{.Size}}"
    digest, size = engine.call("image", "inspect", "--format", facts, name).split()
    return Image(engine, name, digest, int(size))


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    with (engine.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _base(engine: Engine) -> str:
    """Return the image to build on: the one that is named, else the stand-in."""
    if named := os.environ.get("AVDATAOPS_TEST_BASE"):
        return named
    if not engine.has(BASE):
        archive = engine.folder / "base.tar"
        left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in _MANUALS]
        included = "--include=python3,python3-venv,ca-certificates"
        make = ["mmdebstrap", "--variant=minbase", included, *left_out, "bookworm", str(archive)]
        _fetch(make, "Debian packages for the base image")
        engine.call("import", "--quiet", str(archive), BASE)
        archive.unlink()
    return BASE


def _wheels(engine: Engine) -> Path:
    """Return a folder with the wheels of the locks, fetched on first use."""
    content = b"".join(path.read_bytes() for path in _LOCKS)
    folder = engine.folder / f"wheels-{hashlib.sha256(content).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    if sys.version_info[:2] != PYTHON:
        # pip resolves the markers of a lock for the Python that it runs on.
        raise Missing("the image is made with Python 3.11: run the tests with it")
    fresh = folder.with_suffix(".incoming")
    wanted = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--quiet", "--dest"]
    pip = [sys.executable, "-m", "pip", "download", *wanted, str(fresh)]
    for lock in _LOCKS:
        _fetch([*pip, "-r", str(lock)], f"the wheels of {lock.name}")
    return fresh.rename(folder)


def _fetch(command: list[str], what: str) -> None:
    try:
        run(command)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise Missing(f"{what} cannot be had: {last}") from error
