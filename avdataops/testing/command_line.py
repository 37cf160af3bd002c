"""The command line as tests use it: in a process of its own, or quickly in this one."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from avdataops.cli import main
from avdataops.ports.dispatch import Execute, Limits
from avdataops.testing.inline_dispatcher import InlineDispatcher

_TOO_LONG_S = 240


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left: its exit status, result and messages."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """The result as text."""
        return self.out.decode()

    @property
    def json(self) -> Any:
        """The result as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at a terminal, with a workspace and settings in the environment."""

    workspace: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str | Path, err: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a command as a process; its messages go to the file ``err`` if one is given."""
        sink = err.open("wb") if err else subprocess.PIPE
        try:
            return subprocess.Popen(  # noqa: S603 - the product's own command
                [sys.executable, "-m", "avdataops", *self._complete(arguments)],
                stdout=subprocess.PIPE,
                stderr=sink,
                env={**os.environ, **self.environment},
            )
        finally:
            if not isinstance(sink, int):
                sink.close()

    def call(self, *arguments: str | Path) -> Answer:
        """Give a command in a process of its own, as a person would."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=_TOO_LONG_S)
        return Answer(process.returncode, out, err.decode())

    def here(self, *arguments: str | Path) -> Answer:
        """Give a command in this process, its tasks too: the same code without start-up time."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with (
            patch.dict(os.environ, self.environment),
            patch("avdataops.wiring.dispatchers.LocalPool", without_processes),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            status = main(self._complete(arguments))
        out.flush()
        return Answer(status, out.buffer.getvalue(), err.getvalue())

    def files(self, *zones: str) -> dict[str, str]:
        """Return the SHA-256 of every file in ``zones`` by its path in the workspace."""
        found = {}
        for zone in zones:
            for path in sorted((self.workspace / zone).rglob("*")):
                if path.is_file() and ".incoming" not in path.parts:
                    found[path.relative_to(self.workspace).as_posix()] = sha256_of(path)
        return found

    def results(self) -> dict[str, str]:
        """Return the SHA-256 of every stored file of raw and derived, run records left out."""
        found = self.files("raw", "derived")
        # Records hold times; the manifest holds when the upload was.
        own = ("derived/runs/",)
        return {
            name: sha256
            for name, sha256 in found.items()
            if not name.startswith(own) and not name.endswith("/manifest.json")
        }

    def _complete(self, arguments: tuple[str | Path, ...]) -> list[str]:
        return ["--workspace", str(self.workspace), *map(str, arguments)]


def without_processes(
    execute: Execute, workers: int, limits: Limits
) -> AbstractContextManager[InlineDispatcher]:
    """Stand in for ``LocalPool``: the tasks run in this process, which has no limits."""
    del workers, limits
    return nullcontext(InlineDispatcher(execute))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as ``sha256sum`` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
