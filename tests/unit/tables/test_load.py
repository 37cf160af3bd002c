"""Schemas are found beside the package or inside the wheel."""

import json
from pathlib import Path

import pytest

from avdataops.model.errors import ConfigError
from avdataops.tables import load
from avdataops.tables.load import load_json, schemas_folder


def test_every_schema_is_json() -> None:
    for path in schemas_folder().rglob("*.json"):
        assert isinstance(json.loads(path.read_text(encoding="utf-8")), dict), path.name


def test_a_schema_is_read_once() -> None:
    assert load_json("topic_classes.json") is load_json("topic_classes.json")


def test_the_folder_inside_the_wheel_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    (inside / "tables").mkdir(parents=True)
    monkeypatch.setattr(load, "_INSIDE", inside)
    assert schemas_folder() == inside


def test_a_lost_folder_is_a_broken_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "_INSIDE", tmp_path / "a")
    monkeypatch.setattr(load, "_BESIDE", tmp_path / "b")
    with pytest.raises(ConfigError, match="schemas") as caught:
        schemas_folder()
    assert caught.value.hint == "reinstall"
