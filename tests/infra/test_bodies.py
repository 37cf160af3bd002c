"""Bodies that azapi sends, held against the models of the management SDKs."""

import copy
import json
import subprocess
from typing import Any

import pytest

from tests.doubles.terraform.bodies import MODELS
from tests.doubles.terraform.environment import ROOT, infra_environment
from tests.doubles.terraform.planning import Plan

FACTORY = "Microsoft.DataFactory/factories/"


def bodies(plan: Plan) -> list[tuple[str, dict[str, Any]]]:
    """Return type and body of what azapi makes outside of the data factory."""
    made = [
        (one.values["type"].split("@")[0], one.values["body"]) for one in plan.of("azapi_resource")
    ]
    return [(type_, body) for type_, body in made if not type_.startswith(FACTORY)]


def findings(asked: list[tuple[str, dict[str, Any]]]) -> list[str]:
    done = subprocess.run(
        [str(infra_environment() / "python"), "-m", "tests.doubles.terraform.bodies"],
        input=json.dumps(asked),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_every_body_that_is_ours_has_a_model(plans: dict[str, Plan]) -> None:
    assert {type_ for type_, _ in bodies(plans["prod"])} == set(MODELS)


def test_the_models_know_every_property(plans: dict[str, Plan]) -> None:
    assert findings(bodies(plans["prod"])) == []


@pytest.fixture
def container(plans: dict[str, Plan]) -> tuple[str, dict[str, Any]]:
    """The body of the container that holds scenes."""
    (found,) = [
        (type_, copy.deepcopy(body))
        for type_, body in bodies(plans["prod"])
        if body["properties"].get("resource", {}).get("id") == "scenes"
    ]
    return found


def test_faults_in_a_body_are_found(container: tuple[str, dict[str, Any]]) -> None:
    type_, body = container
    resource = body["properties"]["resource"]
    resource["partitionKey"]["kind"] = "Hashed"
    resource["indexingPolicy"]["compositeIndexes"][0][0]["sort"] = "ascending"
    resource["defaultTtl"] = "never"
    body["properties"]["option"] = {}
    del resource["id"]
    said = "\n".join(findings([(type_, body)]))
    for wanted in (
        "'Hashed' is none of hash, multihash, range",
        "no property 'sort'",
        "defaultTtl: str does not fit",
        "no property 'option'",
        "'id' is missing",
    ):
        assert wanted in said, said
