"""Valhalla's package for this Python, and its builder of tiles, each beside the environment.

Made when first asked for, from wheels that are pinned by their hashes.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_HASH = " --hash=sha256:"
MATCHER = (
    f"pyvalhalla==3.2.0{_HASH}38b2366d1e7a41927f332f9877889ed74b6f6b61195fa6e70b8477169bd677f4"
)
BUILDER = (
    f"pyvalhalla==3.9.1{_HASH}7b49c5e5f86cefd555b473aaaf34df3305889d30aa889b8abd3b4c2acc622271"
)
"""Its wheel is for Python 3.12 and later; the program in it needs no Python."""


def _index() -> Mapping[str, str]:
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return {"UV_DEFAULT_INDEX": said.stdout.strip()} if said.returncode == 0 else {}


def packages(pinned: str, python: str) -> Path:
    """Return the folder of one pinned package; raises ``CalledProcessError``."""
    digest = hashlib.sha256(f"{pinned} {python}".encode()).hexdigest()[:12]
    folder = Path(sys.prefix) / "valhalla" / digest
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{digest}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            wanted = folder / "wanted.txt"
            wanted.write_text(pinned + "\n", encoding="utf-8")
            command = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet"]
            command += ["--no-deps", "--only-binary", ":all:", "--python-version", python]
            command += ["--require-hashes", "--target", str(folder), "-r", str(wanted)]
            subprocess.run(command, env=os.environ | _index(), check=True)
            (folder / "made").touch()
    return folder


def matcher() -> Path:
    """Return the folder that makes ``import valhalla`` work in this Python."""
    is_old = sys.version_info < (3, 12)
    return packages(*((MATCHER, "3.11") if is_old else (BUILDER, "3.12")))


def builder() -> Path:
    """Return the program that builds tiles."""
    return packages(BUILDER, "3.12") / "valhalla" / "bin" / "valhalla_build_tiles"
