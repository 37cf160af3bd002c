"""Python environments of locks of their own, each made when it is first asked for.

They lie beside the packages of the project's own environment, under the hash of their lock, so
that each is made once and a changed lock makes another.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _index() -> dict[str, str]:
    """Return the setting that makes uv ask the index that pip is set to ask."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return {"UV_DEFAULT_INDEX": said.stdout.strip()} if said.returncode == 0 else {}


def _make(folder: Path, lock: Path) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    environment = os.environ | _index()
    python = str(folder / "bin" / "python")
    steps = [
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(lock)],
    ]
    for step in steps:
        subprocess.run(step, env=environment, check=True)


def environment_of(name: str) -> Path:
    """Return the ``bin`` folder for ``requirements/<name>.txt``; raises ``CalledProcessError``."""
    lock = ROOT / "requirements" / f"{name}.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = Path(sys.prefix) / name / digest
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f"{digest}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder, lock)
            (folder / "made").touch()
    return folder / "bin"
