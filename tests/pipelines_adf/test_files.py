"""The files of ``pipelines/adf`` against schema, references, limits; and that faults are seen."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from avdataops.model.location import Zone
from avdataops.settings import AzureSettings
from tests.doubles.adf.limits import broken_limits, forbidden_content
from tests.doubles.adf.orchestrator import STEPS
from tests.doubles.adf.references import broken_names, broken_references
from tests.doubles.adf.resources import Factory, all_activities
from tests.doubles.adf.schema import KINDS, problems
from tests.pipelines_adf.conftest import FOLDER

FILES = sorted(FOLDER.glob("*/*.json"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_file_fits_the_schema_of_the_management_sdk(path: Path) -> None:
    assert path.parent.name in KINDS
    assert problems(path.parent.name, json.loads(path.read_text(encoding="utf-8"))) == []


def test_every_reference_name_and_limit_holds(factory: Factory) -> None:
    assert broken_references(factory) == []
    assert broken_names(factory) == []
    assert broken_limits(factory) == []


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.*")), ids=lambda path: str(path.name))
def test_no_file_holds_a_secret_or_somebodys_account(path: Path) -> None:
    assert forbidden_content(path.read_text(encoding="utf-8")) == []


def test_no_two_files_differ_in_case_only() -> None:
    names = [named(path).lower() for path in FILES]
    assert len(set(names)) == len(names)


def test_the_chain_is_the_pipeline_of_the_product(factory: Factory) -> None:
    text = (FOLDER.parent / "drive_to_scenes.yaml").read_text(encoding="utf-8")
    wanted = [one["step"] for one in yaml.safe_load(text)["steps"]]
    chain = factory.get("pipeline", "drive_to_scenes")["activities"][1:]
    called = [one["typeProperties"]["pipeline"]["referenceName"] for one in chain]
    steps = []
    for name in called:
        (activity,) = factory.get("pipeline", name)["activities"]
        given = activity["typeProperties"]["parameters"]
        assert given["first"] == given["last"]
        steps.append(given["first"])
    assert steps == wanted
    # Steps beside the main pipeline are started by hand.
    assert set(steps) <= set(STEPS)


def test_every_global_parameter_is_documented_and_none_is_invented(factory: Factory) -> None:
    table = README.split("Global parameters (", 1)[1].split("ADF cannot compute", 1)[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert documented == set(factory.global_parameters)


def test_the_settings_are_those_of_the_product_without_keys(factory: Factory) -> None:
    settings = factory.global_parameters["settings"]
    assert set(settings) == set(AzureSettings.model_fields) - {"cosmos_key", "batch_key"}
    assert set(settings["storage"]) == set(Zone)
    row = next(line for line in README.splitlines() if line.startswith("| `settings`"))
    assert all(f"`{name}`" in row for name in set(settings) - {"storage"})


def test_every_property_that_the_deployment_sets_is_an_arm_parameter() -> None:
    text = (FOLDER / "arm-template-parameters-definition.json").read_text(encoding="utf-8")
    definition = json.loads(text)
    inside = {
        kind.rsplit("/", 1)[1]: set(given["properties"].get("typeProperties", {}))
        for kind, given in definition.items()
    }
    assert inside == {
        "globalparameters": set(),
        "triggers": {"scope"},
        "credentials": {"resourceId"},
    }
    zero = "00000000-0000-0000-0000-000000000000"
    holders = {named(path) for path in FILES if zero in path.read_text(encoding="utf-8")}
    assert holders == {"trigger/landed", "trigger/delivered", "credential/factory"}


def custom_activities(factory: Factory) -> list[Any]:
    return [
        activity
        for pipeline in factory.of("pipeline").values()
        for activity in all_activities(pipeline["activities"])
        if activity["type"] == "Custom"
    ]


def test_every_custom_activity_retries_and_ends_and_names_its_measurement(
    factory: Factory,
) -> None:
    found = custom_activities(factory)
    assert len(found) == 5
    for activity in found:
        assert activity["policy"]["retry"] >= 1
        assert activity["policy"]["retryIntervalInSeconds"] == 600
        assert activity["policy"]["timeout"]
        assert activity["typeProperties"]["retentionTimeInDays"] == 7
        assert activity["userProperties"]
        # A leading or trailing blank makes the task hang (azure-docs#56989).
        assert activity["typeProperties"]["command"] == "python -m batch_tasks.orchestrate"


def test_web_activities_log_neither_the_webhook_nor_what_leads_to_it(factory: Factory) -> None:
    read, send = factory.get("pipeline", "alert")["activities"]
    assert read["policy"]["secureOutput"]
    assert send["policy"]["secureInput"]
    assert send["policy"]["secureOutput"]


def test_every_pipeline_says_what_it_does_and_has_its_folder(factory: Factory) -> None:
    for name, pipeline in factory.of("pipeline").items():
        assert pipeline["description"].endswith("."), name
        assert pipeline["folder"]["name"] in {"entry", "steps", "parts"}
        assert pipeline["annotations"] == ["avdataops"]


Change = Callable[[list[Any]], object]
SCHEMA_FAULTS: dict[str, tuple[Change, str]] = {
    "a missing name": (lambda a: a[1].pop("name"), "'name' is a required property"),
    "a misspelt key": (lambda a: a[1]["policy"].update(retires=3), "'retires' was unexpected"),
    "an unknown type": (lambda a: a[1].update(type="Costum"), "'Costum' is not one of"),
    "a nested activity without its command": (
        lambda a: a[2]["typeProperties"]["ifTrueActivities"][0]["typeProperties"].pop("command"),
        "'command' is a required property",
    ),
    "an unknown dependency condition": (
        lambda a: a[2]["dependsOn"][0].update(dependencyConditions=["Success"]),
        "'Success' is not one of",
    ),
    "a retry interval that is no number": (
        lambda a: a[1]["policy"].update(retryIntervalInSeconds="600"),
        "is not of type 'integer'",
    ),
}


def run_steps() -> Any:
    return json.loads((FOLDER / "pipeline" / "run_steps.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("fault", SCHEMA_FAULTS)
def test_the_schema_sees(fault: str) -> None:
    change, message = SCHEMA_FAULTS[fault]
    document = run_steps()
    change(document["properties"]["activities"])
    (found,) = problems("pipeline", document)
    assert message in found


def test_parameter_types_in_lower_case_are_taken_as_studio_writes_them() -> None:
    document = run_steps()
    document["properties"]["parameters"]["first"]["type"] = "string"
    assert problems("pipeline", document) == []
    document["properties"]["parameters"]["first"]["type"] = "text"
    assert "'text' is not one of" in problems("pipeline", document)[0]


def first_true(activities: list[Any]) -> Any:
    return activities[2]["typeProperties"]["ifTrueActivities"]


NAME_FAULTS: dict[str, tuple[Change, str]] = {
    "a linked service that is not there": (
        lambda a: a[1]["linkedServiceName"].update(referenceName="pool"),
        "there is no linkedService 'pool'",
    ),
    "a linked service without its parameter": (
        lambda a: a[1]["linkedServiceName"]["parameters"].pop("poolName"),
        "linkedService 'orchestrator' needs parameter 'poolName'",
    ),
    "a pipeline that is not there": (
        lambda a: a[3]["typeProperties"]["pipeline"].update(referenceName="alarm"),
        "there is no pipeline 'alarm'",
    ),
    "a parameter that the pipeline does not have": (
        lambda a: a[3]["typeProperties"]["parameters"].update(loud="yes"),
        "pipeline 'alert' has no parameter 'loud'",
    ),
    "a pipeline without its parameter": (
        lambda a: a[3]["typeProperties"]["parameters"].pop("code"),
        "pipeline 'alert' needs parameter 'code'",
    ),
    "a reference of another type": (
        lambda a: a[1]["linkedServiceName"].update(type="LinkedService"),
        "a reference of unknown type 'LinkedService'",
    ),
    "a dependency on an activity elsewhere": (
        lambda a: first_true(a)[1]["dependsOn"][0].update(activity="Orchestrate"),
        "depends on 'Orchestrate', which is not beside it",
    ),
    "a circle": (
        lambda a: a[1]["dependsOn"].append(
            {"activity": "FailFailed", "dependencyConditions": ["Failed"]}
        ),
        "'Orchestrate' depends on itself",
    ),
    "an output of an activity that has not run": (
        lambda a: a[1]["typeProperties"].update(command="@activity('Rejected').output.x"),
        "'Rejected' has not run before",
    ),
    "an output of a branch from outside": (
        lambda a: a[4]["typeProperties"].update(message="@activity('SetAside').output.x"),
        "'SetAside' has not run before",
    ),
    "a parameter that is not declared": (
        lambda a: a[1]["typeProperties"].update(command="@pipeline().parameters.comand"),
        "parameters has no 'comand'",
    ),
    "a global parameter that is not declared": (
        lambda a: a[1]["typeProperties"].update(
            command="go @{pipeline().globalParameters.poolName}"
        ),
        "globalParameters has no 'poolName'",
    ),
    "a variable that is not declared": (
        lambda a: a[1]["typeProperties"].update(command="@variables('trace')"),
        "variable 'trace' is not declared",
    ),
    "a variable that is set and not declared": (
        lambda a: a[0]["typeProperties"].update(variableName="trace"),
        "sets variable 'trace', which is not declared",
    ),
    "a variable set from itself": (
        lambda a: a[0]["typeProperties"].update(value="@concat(variables('traceparent'), '')"),
        "sets 'traceparent' from itself",
    ),
    "item() outside a loop": (
        lambda a: a[1]["typeProperties"].update(command="@item()"),
        "item() outside a ForEach",
    ),
    "a name twice": (
        lambda a: first_true(a)[0].update(name="Orchestrate"),
        "two activities are called 'Orchestrate'",
    ),
}


def changed(factory: Factory, kind: str, name: str, change: Callable[[Any], object]) -> Factory:
    resources = copy.deepcopy({key: dict(value) for key, value in factory.resources.items()})
    change(resources[kind][name])
    return Factory(resources, factory.global_parameters)


@pytest.mark.parametrize("fault", NAME_FAULTS)
def test_the_check_of_names_sees(fault: str, factory: Factory) -> None:
    change, message = NAME_FAULTS[fault]
    broken = changed(factory, "pipeline", "run_steps", lambda p: change(p["activities"]))
    found = broken_references(broken) + broken_names(broken)
    assert any(message in problem for problem in found), found


def test_the_check_of_names_looks_into_datasets_linked_services_and_triggers(
    factory: Factory,
) -> None:
    def misspell(document: Any) -> None:
        document["typeProperties"]["location"]["folderPath"] = "@dataset().measurment"

    broken = changed(factory, "dataset", "landing_manifest", misspell)
    assert "names dataset().measurment" in broken_names(broken)[0]

    def forget(document: Any) -> None:
        document["parameters"].pop("poolName")

    broken = changed(factory, "linkedService", "orchestrator", forget)
    assert any("names linkedService().poolName" in one for one in broken_names(broken))

    def rename(document: Any) -> None:
        document["pipelines"][0]["parameters"]["folderPath"] = "@triggerBody().path"

    broken = changed(factory, "trigger", "landed", rename)
    assert "names triggerBody().path" in broken_names(broken)[0]


LIMIT_FAULTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "too many activities": (
        lambda p: p["activities"].extend(
            {**p["activities"][0], "name": f"A{n}"} for n in range(80)
        ),
        "activities, at most 80",
    ),
    "too many parameters": (
        lambda p: p["parameters"].update({f"p{n}": {"type": "String"} for n in range(51)}),
        "parameters, at most 50",
    ),
    "a long expression": (
        lambda p: p["activities"][0]["typeProperties"].update(
            value="@concat('" + "x" * 8200 + "')"
        ),
        "an expression of 8211 characters",
    ),
    "a large file": (
        lambda p: p.update(description="x" * 200_000),
        "more than 200000 bytes",
    ),
    "a name with a blank": (
        lambda p: p["activities"][0].update(name="Set trace"),
        "not a name",
    ),
    "a hasty retry": (
        lambda p: p["activities"][1]["policy"].update(retryIntervalInSeconds=5),
        "retry interval 5 s",
    ),
    "an endless activity": (
        lambda p: p["activities"][1]["policy"].update(timeout="7.00:00:01"),
        "timeout 7.00:00:01, at most 7 days",
    ),
    "many user properties": (
        lambda p: p["activities"][1].update(userProperties=[{"name": "a", "value": "b"}] * 6),
        "more than 5 user properties",
    ),
    "a choice inside a choice": (
        lambda p: first_true(p["activities"]).append(
            {"name": "Again", "type": "IfCondition", "typeProperties": {}}
        ),
        "IfCondition inside IfCondition",
    ),
    "a loop inside a choice": (
        lambda p: first_true(p["activities"]).append(
            {"name": "L", "type": "ForEach", "typeProperties": {"batchCount": 51, "activities": []}}
        ),
        "ForEach inside IfCondition",
    ),
    "a wide loop": (
        lambda p: p["activities"].append(
            {"name": "L", "type": "ForEach", "typeProperties": {"batchCount": 51, "activities": []}}
        ),
        "batchCount 51, at most 50",
    ),
}


@pytest.mark.parametrize("fault", LIMIT_FAULTS)
def test_the_check_of_limits_sees(fault: str, factory: Factory) -> None:
    change, message = LIMIT_FAULTS[fault]
    broken = changed(factory, "pipeline", "run_steps", change)
    assert any(message in problem for problem in broken_limits(broken)), broken_limits(broken)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b", "a key"),
        ("https://a.example/x?sv=1&sig=abc", "a signature"),
        ('{"type": "SecureString", "value": "x"}', "a secret"),
        ("https://fleet.blob.core.windows.net", "a host of somebody's account"),
        ("https://fleet.westeurope.batch.azure.com", "a host of somebody's account"),
        (
            "/subscriptions/1f0a3b52-9d5e-4c43-8f3a-2a6f1f2b7c11/x",
            "an id of somebody's subscription",
        ),
    ],
)
def test_the_check_of_contents_sees(text: str, what: str) -> None:
    assert what in forbidden_content(text)
