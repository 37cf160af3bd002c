"""Every expression of every pipeline, read and evaluated for given inputs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.doubles.adf.expressions import evaluate, expressions, parse, resolve
from tests.doubles.adf.functions import FUNCTIONS
from tests.doubles.adf.resources import Document, Factory, all_activities, load_factory
from tests.pipelines_adf.conftest import FOLDER

RUN = "0b0f2c3e-1111-4222-8333-444455556666"
TRACE = "00-0b0f2c3e111142228333444455556666-0b0f2c3e11114222-01"
SAMPLES: Mapping[str, Any] = {
    "String": "text",
    "Int": 7,
    "Array": ["m_1", "m_2"],
    "Object": {"sync": {"rate_hz": 20}},
    "Bool": True,
}
ANSWER = {
    "verdict": "rejected",
    "reason": {"code": "c", "message": "m", "fix": "f"},
    "measurements": ["m_1"],
    "waiting": 0,
}
ENDED = {
    "output": {"exitcode": 75, "customOutput": ANSWER, "exists": True, "value": "http://x"},
    "error": {"errorCode": "e", "message": "it failed"},
}


def functions_for(factory: Factory, pipeline: Document) -> Mapping[str, Callable[..., Any]]:
    parameters = {n: SAMPLES[d["type"]] for n, d in pipeline.get("parameters", {}).items()}
    if "folderPath" in parameters:
        parameters["folderPath"] = "drives/m_1/deeper"
    variables = {n: SAMPLES[d["type"]] for n, d in pipeline.get("variables", {}).items()}
    run = {
        "RunId": RUN,
        "Pipeline": "p",
        "DataFactory": "f",
        "parameters": parameters,
        "globalParameters": dict(factory.global_parameters),
    }
    return {
        **FUNCTIONS,
        "pipeline": lambda: run,
        "variables": lambda name: variables[name],
        "activity": lambda _: ENDED,
        "item": lambda: "m_1",
    }


def all_expressions() -> Iterator[Any]:
    for name, pipeline in load_factory(FOLDER).of("pipeline").items():
        for text in sorted(set(expressions(pipeline))):
            yield pytest.param(name, text, id=f"{name}: {text[:60]}")


@pytest.mark.parametrize(("name", "text"), list(all_expressions()))
def test_every_expression_evaluates(name: str, text: str, factory: Factory) -> None:
    functions = functions_for(factory, factory.get("pipeline", name))
    for part in parse(text):
        evaluate(part, functions)


def value_of(factory: Factory, pipeline: str, activity: str, *path: str) -> Any:
    document = factory.get("pipeline", pipeline)
    found = next(a for a in all_activities(document["activities"]) if a["name"] == activity)
    inside = found["typeProperties"]
    for part in path:
        inside = inside[part]
    return resolve(inside, functions_for(factory, document))


@pytest.mark.parametrize(
    ("pipeline", "activity", "path", "expected"),
    [
        ("drive_to_scenes", "Trace", ("value",), TRACE),
        ("landed", "Measurement", ("value",), "m_1"),
        ("run_steps", "Rejected", ("expression",), True),
        ("run_steps", "Trace", ("value",), "text"),
        ("run_steps", "AlertFailed", ("parameters", "severity"), "warning"),
        ("run_steps", "AlertRejected", ("parameters", "message"), "m Fix: f"),
        ("delivered", "Import", ("parameters", "delivery"), "drives/m_1/deeper/text"),
        ("label_exchange", "Rejected", ("expression",), True),
        ("label_exchange", "Exchange", ("extendedProperties", "direction"), "text"),
        ("rehydrate", "Asked", ("value",), True),
        ("rehydrate", "Pause", ("waitTimeInSeconds",), 1),
        ("rehydrate", "Reprocess", ("parameters", "measurements"), ["text"]),
        ("reconcile", "Find", ("extendedProperties", "limit"), "7"),
        ("reconcile", "Each", ("items",), ["m_1"]),
        ("alert", "ReadWebhook", ("url",), "/secrets/?api-version=7.4"),
    ],
)
def test_what_an_expression_comes_to(
    factory: Factory, pipeline: str, activity: str, path: tuple[str, ...], expected: object
) -> None:
    assert value_of(factory, pipeline, activity, *path) == expected


def test_objects_reach_the_orchestrator_as_json_text(factory: Factory) -> None:
    given = value_of(factory, "run_steps", "Orchestrate", "extendedProperties")
    assert given["params"] == '{"sync":{"rate_hz":20}}'
    assert given["settings"].startswith('{"storage":{"landing":""')
    assert all(isinstance(value, str) for value in given.values())


@pytest.mark.parametrize(
    ("output", "code"),
    [({"exitcode": 75}, "temporary"), ({"exitcode": 1}, "failed"), ({}, "failed")],
)
def test_a_failure_is_classed_even_if_adf_does_not_show_the_exit_code(
    factory: Factory, output: object, code: str
) -> None:
    document = factory.get("pipeline", "run_steps")
    fail = next(a for a in document["activities"] if a["name"] == "FailFailed")
    functions = {
        **functions_for(factory, document),
        "activity": lambda _: {"output": output, "error": {"message": "it failed"}},
    }
    found = resolve(fail["typeProperties"], functions)
    assert found == {"message": "it failed", "errorCode": code}
