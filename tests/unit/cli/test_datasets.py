"""Datasets at the command line, and through the Python door."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import avdataops as av
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.cli import main
from avdataops.testing.catalog_store import detected, fill
from avdataops.testing.facts import scene, uploaded
from avdataops.wiring.scene_questions import SceneWords

DRIVES = [uploaded(f"drive {n}") for n in range(4)]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(tmp_path))
    with SqliteCatalog(tmp_path / "catalog.sqlite") as catalog:
        for drive in DRIVES:
            scenes = [scene(drive.id, "cut_in", n, evidence={"n": n}) for n in range(3)]
            fill(catalog, scenes, drive)
    return tmp_path


@pytest.fixture
def ask(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    del workspace

    def asking(*given: str, status: int = 0) -> Any:
        assert main(["datasets", *given, "--format", "json"]) == status
        told = capsys.readouterr()
        return json.loads(told.out) if told.out else json.loads(told.err.splitlines()[-1])

    return asking


def test_a_dataset_is_frozen_listed_and_shown(ask: Any) -> None:
    made = ask("freeze", "cuts", "--type", "cut_in", "--where", "n < 2")
    assert (made["scenes"], made["measurements"], made["detectors"]) == (8, 4, {"cut_in": [1]})
    assert made["text"] == "--type cut_in --where 'n < 2'"
    assert ask("list") == [made]
    assert ask("show", "cuts") == ask("show", made["id"]) == made
    assert ask("freeze", "cuts", "cut_in & n < 2")["id"] == made["id"]


def test_mistakes_name_the_near_miss_and_the_next_command(ask: Any) -> None:
    ask("freeze", "cuts", "--type", "cut_in")
    error = ask("show", "cut", status=4)["error"]
    assert "did you mean 'cuts'" in error["message"]
    assert error["hint"] == "avdataops datasets list"
    taken = ask("freeze", "cuts", "--where", "n < 1", status=65)["error"]
    assert (taken["code"], "another name" in taken["hint"]) == ("conflict", True)
    assert "cut_in" in ask("freeze", "x", "--type", "cutin", status=65)["error"]["message"]


def test_a_table_tells_people_what_is_frozen(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del workspace
    assert main(["datasets", "freeze", "cuts", "--type", "cut_in"]) == 0
    told = capsys.readouterr().out
    assert "12 scenes of 4 measurements" in told
    assert "detector cut_in version 1" in told
    for command in (["list"], ["show", "cuts"], ["verify", "cuts"], ["diff", "cuts", "cuts"]):
        assert main(["datasets", *command]) == 0
    assert "no difference" in capsys.readouterr().err


def test_a_split_keeps_drives_apart_and_says_how_it_came_out(
    ask: Any, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del workspace
    ask("freeze", "cuts", "--type", "cut_in")
    given = ["split", "cuts", "--parts", "train=0.5,test=0.5", "--seed", "3"]
    rows = ask(*given)
    assert len(rows) == 12
    assert len({(row["measurement"], row["part"]) for row in rows}) == 4
    assert rows == ask(*given)
    assert main(["datasets", *given]) == 0
    assert "train: 6 scenes in 2 groups, 50% for 50%" in capsys.readouterr().err
    error = ask("split", "cuts", "--parts", "a=0.2,b=0.2,c=0.2,d=0.2,e=0.2", status=65)["error"]
    assert "4 drives cannot fill 5 parts" in error["message"]


def test_an_export_holds_scenes_and_hashes(ask: Any, workspace: Path, tmp_path: Path) -> None:
    made = ask("freeze", "cuts", "--type", "cut_in")
    whole = ask("export", "cuts")
    assert whole["dataset"] == made
    assert (len(whole["scenes"]), len(whole["artifacts"])) == (12, made["artifacts"])
    for what, number in (("scenes", 12), ("artifacts", made["artifacts"])):
        file = tmp_path / f"{what}.parquet"
        command = ["datasets", "export", "cuts", "--what", what, "--format", "parquet"]
        assert main([*command, "-o", str(file)]) == 0
        assert pq.read_table(file).num_rows == number
    table = pq.read_table(workspace / "scenes.parquet")
    assert {len(text) for text in table["artifact_sha256"].to_pylist()} == {64}
    assert main(["datasets", "export", "cuts", "--format", "csv"]) == 65


def test_what_was_superseded_is_told(ask: Any, workspace: Path) -> None:
    ask("freeze", "cuts", "--type", "cut_in")
    assert ask("verify", "cuts") == []
    with SqliteCatalog(workspace / "catalog.sqlite") as catalog:
        old = catalog.artifacts(DRIVES[0].id, kind="scenes")[0].run
        streams = catalog.artifacts(DRIVES[0].id, kind="stream")
        catalog.commit([detected(DRIVES[0], streams[:1])], superseded=[str(old)])
    found = ask("verify", "cuts")
    assert {row["measurement"] for row in found} == {DRIVES[0].id}
    assert [(row["what"], row["state"]) for row in found] == [("scene", "superseded")] * 3 + [
        ("artifact", "superseded")
    ]


def test_python_freezes_splits_and_keeps_what_was_frozen(workspace: Path) -> None:
    with av.connect(workspace) as lake:
        made = lake.freeze("cuts", SceneWords(types=("cut_in",)))
        assert lake.freeze("cuts", "cut_in") == made
        assert list(lake.datasets()) == [made]
        assert lake.dataset(made.id) == lake.dataset("cuts") == made
        assert lake.frozen_scenes("cuts").to_arrow().equals(lake.scenes("cut_in").to_arrow())
        parts = lake.split("cuts", train=0.75, test=0.25)
        drives = {name: {one.measurement for one in held} for name, held in parts.items()}
        assert [len(found) for found in drives.values()] == [3, 1]
        assert not drives["train"] & drives["test"]
        assert made.id in {node.id for node in lake.lineage(made.id).nodes}
