"""Podman with storage and settings of its own, found or installed for the tests.

Its images lie in a cache folder outside the repository.  The settings are what lets containers
start on machines that are containers themselves: runc, cgroupfs, and limits that may be set there.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.doubles.node import Missing, cache_folder

PACKAGES = ("podman", "runc", "mmdebstrap", "debian-archive-keyring")
_SETTINGS = """\
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_CALL_S = 900


@dataclass(frozen=True, slots=True)
class Engine:
    """A podman whose state is all below one folder."""

    folder: Path

    @property
    def command(self) -> tuple[str, ...]:
        """What a podman command begins with."""
        return ("podman", "--root", f"{self.folder}/images", "--runroot", f"{self.folder}/running")

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment of podman commands."""
        return {**os.environ, "CONTAINERS_CONF": f"{self.folder}/containers.conf"}

    def call(self, *arguments: str) -> str:
        """Return the output of a podman command; raises ``CalledProcessError`` with its errors."""
        return run([*self.command, *arguments], self.environment)

    def has(self, image: str) -> bool:
        """Tell whether an image is stored here."""
        wanted = [*self.command, "image", "exists", image]
        return subprocess.run(wanted, env=self.environment, check=False).returncode == 0


def run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """Return the output of a command; raises ``CalledProcessError`` that shows its errors."""
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=_CALL_S
    )
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        error.add_note((done.stdout + done.stderr)[-4000:])
        raise error
    return done.stdout


def find_engine() -> Engine:
    """Return podman, installed first if this is CI; raises ``Missing`` where it cannot be had."""
    if os.getuid() != 0:
        raise Missing("containers are tested as root only: run the tests as root")
    programs = ("podman", "runc", "mmdebstrap")
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        if not must_run():
            packages = " ".join(PACKAGES)
            raise Missing(f"there is no {' and no '.join(absent)}: apt-get install {packages}")
        _install()
    engine = Engine(cache_folder() / "containers")
    engine.folder.mkdir(parents=True, exist_ok=True)
    (engine.folder / "containers.conf").write_text(_SETTINGS, encoding="utf-8")
    return engine


def must_run() -> bool:
    """Tell whether container tests may not be skipped here: in CI."""
    return os.environ.get("CI", "").lower() in ("1", "true")


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], environment)
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES], environment)
