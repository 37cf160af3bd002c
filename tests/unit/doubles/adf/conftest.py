"""Small pipelines for the rules of the driver."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.adf.clock import FastClock
from tests.doubles.adf.context import Seams
from tests.doubles.adf.driver import Driver
from tests.doubles.adf.resources import Document, Factory

Activities = list[dict[str, Any]]
MakeDriver = Callable[..., Driver]


def activity(kind: str, name: str, *after: tuple[str, str], **inside: Any) -> dict[str, Any]:
    """Return an activity of ``kind`` that depends on (activity, condition) pairs."""
    depends = [{"activity": one, "dependencyConditions": [when]} for one, when in after]
    return {"name": name, "type": kind, "dependsOn": depends, "typeProperties": inside}


def wait(name: str, *after: tuple[str, str]) -> dict[str, Any]:
    return activity("Wait", name, *after, waitTimeInSeconds=1)


def fail(name: str, *after: tuple[str, str]) -> dict[str, Any]:
    return activity("Fail", name, *after, message=f"{name} on order", errorCode="42")


def put(variable: str, value: Any, name: str = "Put", *after: tuple[str, str]) -> dict[str, Any]:
    return activity("SetVariable", name, *after, variableName=variable, value=value)


def pipeline(activities: Activities, **more: Any) -> Document:
    return {"activities": activities, **more}


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def make_driver(tmp_path: Path, clock: FastClock) -> MakeDriver:
    def make(
        pipelines: Mapping[str, Document],
        more: Mapping[str, Mapping[str, Document]] | None = None,
        **seams: Any,
    ) -> Driver:
        given = {"folder": tmp_path, "clock": clock, **seams}
        return Driver(Factory({"pipeline": pipelines, **(more or {})}), {}, Seams(**given))

    return make
