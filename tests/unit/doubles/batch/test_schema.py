from typing import Any

import pytest

from tests.doubles.batch.schema import problems, properties, validator

JOB: dict[str, Any] = {"id": "j", "poolInfo": {"poolId": "p"}}
TASK: dict[str, Any] = {"id": "t", "commandLine": "true"}


def test_a_right_body_has_no_problems() -> None:
    full = TASK | {
        "constraints": {"maxWallClockTime": "PT1H30M", "maxTaskRetryCount": 3},
        "userIdentity": {"autoUser": {"scope": "task", "elevationLevel": "nonadmin"}},
        "dependsOn": {"taskIds": ["a"]},
        "exitConditions": {"default": {"dependencyAction": "block"}},
    }
    assert problems("BatchTaskCreateOptions", full) == []
    assert problems("BatchTaskGroup", {"value": [full, TASK]}) == []
    assert problems("BatchJobCreateOptions", JOB) == []


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        ("BatchTaskCreateOptions", {"id": "t"}, "'commandLine' is a required property"),
        ("BatchTaskCreateOptions", TASK | {"comandLine": "x"}, "'comandLine' was unexpected"),
        ("BatchTaskCreateOptions", TASK | {"requiredSlots": "1"}, "is not of type 'integer'"),
        ("BatchTaskCreateOptions", TASK | {"command_line": "x"}, "'command_line' was unexpected"),
        (
            "BatchTaskCreateOptions",
            TASK | {"constraints": {"maxWallClockTime": "P"}},
            "does not match",
        ),
        (
            "BatchTaskCreateOptions",
            TASK | {"userIdentity": {"autoUser": {"scope": "everything"}}},
            "is not one of ['task', 'pool']",
        ),
        ("BatchTaskGroup", {"value": [TASK, {"id": "u"}]}, "$.value[1]: 'commandLine' is a"),
        ("BatchJobCreateOptions", JOB | {"onAllTasksComplete": "end"}, "is not one of"),
        ("BatchJobCreateOptions", JOB | {"state": "active"}, "'state' was unexpected"),
        ("BatchPoolCreateOptions", {"id": "p"}, "'vmSize' is a required property"),
        ("BatchPoolCreateOptions", {"id": "p", "vmSize": "x", "identity": {}}, "'identity' was"),
    ],
)
def test_a_wrong_body_is_told_where_it_is_wrong(
    model: str, body: dict[str, Any], words: str
) -> None:
    (found,) = problems(model, body)
    assert words in found


def test_all_problems_are_told() -> None:
    assert len(problems("BatchTaskCreateOptions", {"extra": 1, "requiredSlots": "x"})) == 4


def test_what_only_the_service_sets_is_no_property_of_a_request() -> None:
    assert {"state", "url", "poolInfo"} <= properties("BatchJob")
    (found,) = problems("BatchJob", {"poolInfo": {"poolId": "p"}, "url": "x"})
    assert "'url' was unexpected" in found


def test_a_model_that_the_sdk_has_not_is_an_error() -> None:
    with pytest.raises(AttributeError):
        validator("BatchTaskOfTomorrow")
