"""Whatever the command line tells as JSON, the API tells with the same fields and values."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.cli import main
from avdataops.testing.catalog_store import fill, register
from avdataops.testing.facts import scene, uploaded
from tests.unit.api.door_kit import Client, app_over

DRIVE = uploaded()
SCENES = [scene(DRIVE.id, "cut_in", n, evidence={"min_ttc_s": n + 0.5}) for n in range(4)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    with SqliteCatalog(folder / "catalog.sqlite") as catalog:
        fill(catalog, SCENES, DRIVE)
        register(catalog, uploaded("another", vehicle="car-2"))
    return folder


@pytest.fixture(scope="module")
def asked(workspace: Path, loop: asyncio.Runner) -> Iterator[Client]:
    with SqliteCatalog(workspace / "catalog.sqlite") as catalog:
        yield Client(app_over(catalog), loop)


@pytest.mark.parametrize(
    ("command", "path", "part"),
    [
        (["measurements", "list"], "/measurements", "items"),
        (["measurements", "list", "--vehicle", "car-2"], "/measurements?vehicle=car-2", "items"),
        (["measurements", "show", DRIVE.id], f"/measurements/{DRIVE.id}", None),
        (["scenes", "find"], "/scenes", "items"),
        (
            ["scenes", "find", "--type", "cut_in", "--where", "min_ttc_s > 2", "--limit", "1"],
            "/scenes?type=cut_in&where=min_ttc_s%20%3E%202&limit=1",
            "items",
        ),
        (["scenes", "count", "--by", "vehicle"], "/scenes/count?by=vehicle", "items"),
        (["scenes", "show", SCENES[0].id], f"/scenes/{SCENES[0].id}", None),
        (["lineage", "show", SCENES[0].id], f"/lineage/{SCENES[0].id}", None),
        (
            ["lineage", "show", SCENES[0].id, "--depth", "1"],
            f"/lineage/{SCENES[0].id}?depth=1&direction=up",
            None,
        ),
    ],
    ids=lambda given: " ".join(given[:2]) if isinstance(given, list) else "",
)
def test_the_same_question_has_the_same_answer(
    workspace: Path,
    asked: Client,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    path: str,
    part: str | None,
) -> None:
    assert main(["--workspace", str(workspace), *command, "--format", "json"]) == 0
    printed: Any = json.loads(capsys.readouterr().out)
    told = asked.get(path).json
    answered = told if part is None else told[part]
    assert answered == printed
    assert printed


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (["scenes", "find", "--type", "cutin"], "/scenes?type=cutin"),
        (["scenes", "find", "--where", "x"], "/scenes?where=x"),
        (["scenes", "find", "--near", "1,2"], "/scenes?near=1,2"),
        (
            ["scenes", "show", "scn_000000000000000000000000"],
            "/scenes/scn_000000000000000000000000",
        ),
    ],
)
def test_the_same_mistake_is_told_in_the_same_words(
    workspace: Path,
    asked: Client,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    path: str,
) -> None:
    assert main(["--workspace", str(workspace), *command, "--format", "json"]) != 0
    error = json.loads(capsys.readouterr().err)["error"]
    problem = asked.get(path).json
    assert problem["detail"] == error["message"]
    assert {name: problem[name] for name in ("code", "hint", "retryable")} == {
        name: error[name] for name in ("code", "hint", "retryable")
    }
