"""Settings: flag over environment over file over default."""

import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from avdataops.model.errors import ConfigError
from avdataops.model.location import Zone
from avdataops.settings import (
    ApiSettings,
    AzureSettings,
    LimitSettings,
    Settings,
    inherited_trace,
    load_settings,
    origins,
    settings_file,
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder with an empty environment."""
    for name in list(os.environ):
        if name.startswith("AVDATAOPS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def toml(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "avdataops.toml").write_text(text, encoding="utf-8")
    return folder


def test_without_anything_the_defaults_hold() -> None:
    found = load_settings()
    assert found.workspace == Path("workspace")
    assert found.jobs >= 1
    assert (found.pipeline, found.weather, found.map, found.params) == (
        "drive_to_scenes",
        (),
        None,
        {},
    )


def test_the_flag_beats_the_environment_beats_the_file_beats_the_default(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().jobs == Settings.model_fields["jobs"].get_default(
        call_default_factory=True
    )
    toml(here, "jobs = 3")
    assert load_settings().jobs == 3
    monkeypatch.setenv("AVDATAOPS_JOBS", "5")
    assert load_settings().jobs == 5
    assert load_settings(jobs=7).jobs == 7
    assert load_settings(jobs=None).jobs == 5


def test_every_value_knows_where_it_comes_from(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml(here, 'jobs = 3\npipeline = "mine"\nworkspace = "w"')
    monkeypatch.setenv("AVDATAOPS_JOBS", "5")
    found = origins(workspace=here / "flag")
    assert found["workspace"] == (here / "flag", "flag")
    assert found["jobs"] == (5, "AVDATAOPS_JOBS")
    assert found["pipeline"] == ("mine", str(here / "avdataops.toml"))
    assert found["map"] == (None, "default")
    groups: dict[str, type[BaseModel]] = {
        "azure": AzureSettings,
        "api": ApiSettings,
        "limits": LimitSettings,
    }
    inner = {f"{group}.{name}" for group, of in groups.items() for name in of.model_fields}
    assert set(found) == set(Settings.model_fields) - set(groups) | inner


def test_paths_in_a_file_count_from_its_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'workspace = "w"\nmap = "/abs/m.osm"\nweather = ["a.gz", "sub/b.gz"]\n'
    toml(here, text + 'rules = ["r/*.yaml"]\nmodel = "net.onnx"')
    (here / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(here / "deep" / "er")
    found = load_settings()
    assert found.workspace == here / "w"
    assert found.map == Path("/abs/m.osm")
    assert found.weather == (here / "a.gz", here / "sub" / "b.gz")
    assert found.model == here / "net.onnx"
    assert found.rules == (here / "r" / "*.yaml",)


def test_paths_of_flags_and_environment_count_from_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(here, 'workspace = "w"\nmap = "m.osm"')
    monkeypatch.setenv("AVDATAOPS_MAP", "other.osm")
    found = load_settings(workspace=Path("x"))
    assert (found.workspace, found.map) == (Path("x"), Path("other.osm"))


def test_several_weather_files_fit_into_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVDATAOPS_WEATHER", os.pathsep.join(["a.gz", "b.gz", ""]))
    assert load_settings().weather == (Path("a.gz"), Path("b.gz"))


def test_a_workspace_keeps_settings_of_its_own(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml(here, "jobs = 3")
    toml(here / "demo", 'map = "sample/town.osm"')
    assert load_settings().map is None
    by_flag = load_settings(workspace=here / "demo")
    assert by_flag.map == here / "demo" / "sample" / "town.osm"
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(here / "demo"))
    assert load_settings() == by_flag
    assert origins()["map"][1] == str(here / "demo" / "avdataops.toml")
    assert load_settings(workspace=here / "fresh").jobs == 3


def test_the_nearest_file_upwards_counts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_file({}) is None
    toml(here, "")
    toml(here / "a" / "b", "")
    (here / "a" / "b" / "c").mkdir()
    monkeypatch.chdir(here / "a")
    assert settings_file({}) == here / "avdataops.toml"
    monkeypatch.chdir(here / "a" / "b" / "c")
    assert settings_file({}) == here / "a" / "b" / "avdataops.toml"


def test_parameters_come_from_a_file_or_the_environment(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(here, "[params.sync]\nrate_hz = 20\n")
    assert load_settings().params == {"sync": {"rate_hz": 20}}
    monkeypatch.setenv("AVDATAOPS_PARAMS__DOWNSAMPLE__SIGNAL_RATE_HZ", "50")
    assert load_settings().params == {
        "sync": {"rate_hz": 20},
        "downsample": {"signal_rate_hz": "50"},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jobs = 0", "setting 'jobs'"),
        ('jobs = "many"', "setting 'jobs'"),
        ("wether = []", "setting 'wether'"),
        ("params = 3", "setting 'params'"),
        ("jobs = ", "avdataops.toml cannot be read"),
    ],
)
def test_a_wrong_setting_in_a_file_is_named(here: Path, text: str, told: str) -> None:
    toml(here, text)
    with pytest.raises(ConfigError, match=told):
        load_settings()


def test_a_wrong_setting_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVDATAOPS_JOBS", "many")
    with pytest.raises(ConfigError, match="setting 'jobs'"):
        load_settings()
    monkeypatch.setenv("AVDATAOPS_JOBS", "1")
    monkeypatch.setenv("AVDATAOPS_PARAMS", "{not json")
    with pytest.raises(ConfigError, match="params"):
        load_settings()


def test_a_setting_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match="setting 'wrkspace'"):
        load_settings(wrkspace="x")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_settings(), "jobs", 3)  # noqa: B010 - the type checker refuses the plain way


def test_the_parts_of_a_group_have_values_and_origins_of_their_own(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(here, '[azure]\nbatch_pool = "mine"\n[azure.storage]\nraw = "https://raw.example"\n')
    monkeypatch.setenv("AVDATAOPS_AZURE__STORAGE__LANDING", "https://landing.example")
    monkeypatch.setenv("AVDATAOPS_AZURE__COSMOS_KEY", "c2VjcmV0")
    settings = load_settings(azure={"image": "w@sha256:1"})
    assert {zone: at.get_secret_value() for zone, at in settings.azure.storage.items()} == {
        Zone.LANDING: "https://landing.example",
        Zone.RAW: "https://raw.example",
    }
    found = origins(azure={"image": "w@sha256:1"})
    assert {name: where for name, (_, where) in found.items() if name.startswith("azure.")} == {
        "azure.storage.landing": "AVDATAOPS_AZURE__STORAGE__LANDING",
        "azure.storage.raw": str(here / "avdataops.toml"),
        "azure.cosmos_endpoint": "default",
        "azure.cosmos_database": "default",
        "azure.cosmos_key": "AVDATAOPS_AZURE__COSMOS_KEY",
        "azure.batch_endpoint": "default",
        "azure.batch_key": "default",
        "azure.batch_pool": str(here / "avdataops.toml"),
        "azure.pool_identity": "default",
        "azure.image": "flag",
        "azure.client_id": "default",
    }
    assert "c2VjcmV0" not in repr(found)


def test_a_zone_that_does_not_exist_is_named_and_its_secret_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AVDATAOPS_AZURE__STORAGE__COLD", "AccountKey=c2VjcmV0")
    with pytest.raises(ConfigError, match=r"azure\.storage\.cold") as told:
        load_settings()
    assert "c2VjcmV0" not in str(told.value)


def test_the_trace_comes_from_whoever_started_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEPARENT", raising=False)
    assert inherited_trace() is None
    monkeypatch.setenv("TRACEPARENT", "00-1-2-01")
    assert inherited_trace() == "00-1-2-01"
