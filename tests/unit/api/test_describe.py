"""The description that is checked in, and answers that keep to it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from avdataops.api.describe import description
from avdataops.model.measurement import State
from avdataops.model.run import RunRecord
from avdataops.testing.facts import T0_NS
from tests.unit.api.door_kit import EMPTY, FIRST, Client

CHECKED_IN = Path(__file__).parents[3] / "schemas" / "api" / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(CHECKED_IN.read_text(encoding="utf-8"))

OPERATIONS = [one for methods in DOCUMENT["paths"].values() for one in methods.items()]


def test_the_checked_in_description_is_the_one_of_the_code() -> None:
    told = "run: python -m avdataops.api.describe > schemas/api/openapi.json"
    assert CHECKED_IN.read_text(encoding="utf-8") == description(), told


def test_the_command_writes_it_and_nothing_else() -> None:
    command = [sys.executable, "-m", "avdataops.api.describe"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (json.loads(done.stdout), done.stderr) == (DOCUMENT, "")


def test_it_is_served(api: Client) -> None:
    answer = api.ask("GET", "/openapi.json", headers={})
    assert (answer.status, answer.json) == (200, DOCUMENT)


def test_every_operation_has_a_name_a_text_and_refusals() -> None:
    names = []
    for method, operation in OPERATIONS:
        names.append(operation["operationId"])
        assert operation["description"].endswith((".", "``after`` is the id of an artifact."))
        good = {"post": {"201"}, "delete": {"204"}}.get(method, {"200"})
        assert set(operation["responses"]) == {*good, "4XX", "5XX"}
        assert ("requestBody" in operation) is (method in {"post", "put"})
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    text = json.dumps(DOCUMENT)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
    assert set(State) == set(schemas["State"]["enum"])
    assert set(schemas["RunRecord"]["properties"]) == set(RunRecord.__dataclass_fields__)


def conforms(document: Any, schema: dict[str, Any]) -> list[str]:
    """Return what is wrong with an answer; no field may be there that is not described."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(document)]


def described(path: str) -> dict[str, Any]:
    content = DOCUMENT["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


def addresses(api: Client) -> dict[str, str]:
    first = f"/measurements/{FIRST.id}"
    scene = api.get("/scenes", limit=1).json["items"][0]["id"]
    artifact = api.get(f"{first}/artifacts", limit=1).json["items"][0]["id"]
    run = api.get(f"{first}/runs", limit=1).json["items"][0]["run"]
    return {
        "/measurements": "/measurements?limit=2",
        "/measurements/{measurement}": first,
        "/measurements/{measurement}/recordings": f"{first}/recordings",
        "/measurements/{measurement}/streams": f"{first}/streams",
        "/measurements/{measurement}/artifacts": f"{first}/artifacts",
        "/measurements/{measurement}/runs": f"{first}/runs",
        "/artifacts/{artifact}": f"/artifacts/{artifact}?link=true",
        "/runs/{run}": f"/runs/{run}",
        "/lineage/{start}": f"/lineage/{scene}",
        "/scenes": "/scenes?limit=5",
        "/scenes/count": "/scenes/count?by=vehicle",
        "/scenes/facets": "/scenes/facets?q=cut_in",
        "/scenes/rate": "/scenes/rate?q=cut_in&per=1h",
        "/scenes/explain": "/scenes/explain?q=cut_in",
        "/scenes/why-not": f"/scenes/why-not?measurement={FIRST.id}&at={T0_NS}&type=cut_in",
        "/scenes/{scene}": f"/scenes/{scene}",
        "/scenes/{scene}/reviews": f"/scenes/{scene}/reviews",
        "/measurements/{measurement}/labels": f"{first}/labels",
        "/artifacts": "/artifacts?kind=stream&link=true",
        "/queries": "/queries?limit=1",
        "/queries/{name}": "/queries/wet",
        "/datasets": "/datasets?limit=1",
        "/datasets/{dataset}": "/datasets/cuts",
        "/datasets/{dataset}/scenes": "/datasets/cuts/scenes?limit=2&start=1",
        "/datasets/{dataset}/artifacts": "/datasets/cuts/artifacts",
        "/datasets/{dataset}/diff": "/datasets/cuts/diff?to=cuts",
        "/datasets/{dataset}/verify": "/datasets/cuts/verify",
    }


def test_every_answer_keeps_to_its_description(api: Client) -> None:
    asked = addresses(api)
    assert {f"/api/v1{path}" for path in asked} == set(DOCUMENT["paths"])
    for path, address in asked.items():
        answer = api.get(address)
        assert answer.status == 200, address
        assert conforms(answer.json, described(path)) == [], address
        assert fields(answer.json) == wanted(described(path)), address


def fields(document: Any) -> set[str]:
    return set(document)


def wanted(schema: dict[str, Any]) -> set[str]:
    name = schema["$ref"].rpartition("/")[2]
    return set(DOCUMENT["components"]["schemas"][name]["properties"])


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/measurements", "MeasurementRow"),
        (f"/measurements/{FIRST.id}/recordings", "Recording"),
        (f"/measurements/{FIRST.id}/streams", "StreamRow"),
        (f"/measurements/{FIRST.id}/artifacts", "Artifact"),
        (f"/measurements/{FIRST.id}/runs", "RunRow"),
        ("/scenes", "SceneRow"),
        ("/artifacts", "ArtifactDocument"),
        ("/queries", "SavedQuery"),
        ("/datasets", "Dataset"),
        ("/datasets/cuts/scenes", "SceneRow"),
        ("/datasets/cuts/artifacts", "Artifact"),
    ],
)
def test_items_have_exactly_the_described_fields(api: Client, path: str, part: str) -> None:
    for item in api.get(path).json["items"]:
        assert set(item) == set(DOCUMENT["components"]["schemas"][part]["properties"])


def test_a_measurement_without_results_keeps_to_it_too(api: Client) -> None:
    told = api.get(f"/measurements/{EMPTY.id}").json
    assert conforms(told, described("/measurements/{measurement}")) == []


@pytest.mark.parametrize("address", ["/nowhere", "/scenes?limit=0", "/scenes?type=x", "/runs/x"])
def test_refusals_keep_to_their_description(api: Client, address: str) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    told = api.get(address).json
    assert conforms(told, problem) == []
    assert set(told) == set(DOCUMENT["components"]["schemas"]["Problem"]["properties"])


def test_a_wrong_answer_would_be_noticed() -> None:
    assert conforms({"items": [{}], "next": 7}, described("/scenes")) != []
