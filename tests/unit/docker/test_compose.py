"""compose.yaml: it names what exists, and its settings are settings of the product."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from avdataops.model.location import Zone
from avdataops.settings import load_settings
from avdataops.wiring.storages import place_of

ROOT = Path(__file__).parents[3]
KEY = "a2V5"


@pytest.fixture(scope="module")
def services() -> Any:
    text = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    # As compose fills in variables: ${NAME}, ${NAME:-default}, ${NAME:?message}.
    filled = re.sub(r"\$\{EMULATOR_KEY(:\?[^}]*)?\}", KEY, text)
    filled = re.sub(r"\$\{[A-Z]+:-([^}]*)\}", r"\1", filled)
    assert "${" not in filled
    return yaml.safe_load(filled)["services"]


def test_the_settings_of_the_pipeline_name_an_account_of_azurite_for_each_zone(
    services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in services["pipeline"]["environment"].items():
        monkeypatch.setenv(name, value)
    accounts = dict(place_of(load_settings(workspace=None)).accounts)
    served = dict(
        one.split(":") for one in services["azurite"]["environment"]["AZURITE_ACCOUNTS"].split(";")
    )
    assert set(accounts) == set(Zone)
    assert served == {zone.value: KEY for zone in Zone}
    for zone, text in accounts.items():
        parts = dict(part.split("=", 1) for part in text.rstrip(";").split(";"))
        assert parts == {
            "DefaultEndpointsProtocol": "http",
            "AccountName": zone.value,
            "AccountKey": KEY,
            "BlobEndpoint": f"http://azurite:10000/{zone.value}",
        }


def test_no_image_can_move(services: Any) -> None:
    azurite, own = services["azurite"]["image"], services["pipeline"]["image"]
    assert re.fullmatch(r"[^:@]+:\d+\.\d+\.\d+", azurite)
    assert own == f"localhost/avdataops-orchestrator:{version('avdataops')}"


def test_azurite_is_the_one_that_is_tested(services: Any) -> None:
    package = (ROOT / "tests" / "azurite" / "package.json").read_text(encoding="utf-8")
    tag = services["azurite"]["image"].rpartition(":")[2]
    assert re.search(rf'"azurite": "{re.escape(tag)}"', package)


def test_the_image_is_built_from_a_target_of_the_dockerfile(services: Any) -> None:
    build = services["pipeline"]["build"]
    folder = ROOT / "docker" / build["context"]
    text = (folder / build["dockerfile"]).read_text(encoding="utf-8")
    assert f" AS {build['target']}\n" in text
    for name in build["args"]:
        assert re.search(rf"^ARG {name}\b", text, re.MULTILINE), name


def test_the_pipeline_runs_as_confined_as_on_a_node(services: Any) -> None:
    pipeline = services["pipeline"]
    assert pipeline["read_only"] is True
    assert pipeline["cap_drop"] == ["ALL"]
    assert pipeline["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in pipeline
    assert all("docker.sock" not in volume for volume in pipeline["volumes"])


def test_every_volume_is_declared_or_a_folder(services: Any) -> None:
    declared = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))["volumes"]
    used = [volume for one in services.values() for volume in one.get("volumes", ())]
    named = {volume.split(":")[0] for volume in used if not volume.startswith((".", "/"))}
    assert named == set(declared)
