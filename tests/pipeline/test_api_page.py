"""Every command of docs/api.md is typed, against a server of its own; the settings are settings."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.settings import ApiSettings
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
DRIVE = uploaded()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the variables of somebody who has started a server over a filled workspace."""
    folder = tmp_path_factory.mktemp("served") / "workspace"
    folder.mkdir()
    with SqliteCatalog(folder / "catalog.sqlite") as catalog:
        fill(catalog, [scene(DRIVE.id, "cut_in", n) for n in range(3)], DRIVE)
    clean = {name: value for name, value in os.environ.items() if "AVDATAOPS" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "avdataops", "serve", "--port", "0"],
        env=clean | {"AVDATAOPS_WORKSPACE": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder.parent,
    )
    try:
        line = (process.stdout.readline() if process.stdout else "").strip()
        address = re.match(r"http://[^/\s]+", line)
        assert address, line
        token = (folder / "api-token").read_text(encoding="ascii").strip()
        yield clean | {"API": address[0], "AUTH": f"Authorization: Bearer {token}"}
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_every_command_is_answered(shell: dict[str, str]) -> None:
    told: list[str] = []
    for block in blocks("sh"):
        script = f"set -eu\n{block}"
        done = subprocess.run(
            ["bash", "-c", script],
            env=shell,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        told.append(done.stdout)
    assert len(told) == 4
    asked, reviewed, kept, frozen = told
    assert asked.count('"scn_') == 2
    # Sent twice with one key, told twice, there once.
    assert reviewed.count('"number":1') == 4
    assert '"number":2' not in reviewed
    assert '"version":2' in kept
    assert '"scenes":3' in frozen
    assert json.loads(frozen[frozen.rindex('{"items"') :]) == {"items": [], "next": None}


def test_the_settings_are_settings() -> None:
    (text,) = blocks("toml")
    given = ApiSettings.model_validate(tomllib.loads(text)["api"])
    assert given.domains == {"Domain.Fleet1": ("fleet1-*", "proto-7")}
