from typing import Any

import pytest

from tests.doubles.batch.exits import End, exited, failure, options, satisfies

SATISFY, BLOCK = {"dependencyAction": "satisfy"}, {"dependencyAction": "block"}
BODY: dict[str, Any] = {
    "exitConditions": {
        "exitCodes": [{"code": 75, "exitOptions": BLOCK}, {"code": 10, "exitOptions": SATISFY}],
        "exitCodeRanges": [{"start": 20, "end": 29, "exitOptions": SATISFY}],
        "fileUploadError": SATISFY,
        "default": {"jobAction": "terminate"},
    }
}
UPLOAD = End(exit_code=0, failure=failure("FileUploadMiscError", "x"), condition="fileUploadError")
BROKEN = End(exit_code=None, failure=failure("x", "y"), condition="preProcessingError")


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (exited(0), {}),
        (exited(75), BLOCK),
        (exited(10), SATISFY),
        (exited(20), SATISFY),
        (exited(29), SATISFY),
        (exited(30), {"jobAction": "terminate"}),
        (UPLOAD, SATISFY),
        (BROKEN, {"jobAction": "terminate"}),
    ],
)
def test_the_most_exact_condition_counts(end: End, expected: dict[str, str]) -> None:
    assert options(BODY, end) == expected


@pytest.mark.parametrize(("code", "expected"), [(0, True), (1, False), (10, True), (75, False)])
def test_what_depends_on_a_task_runs_if_its_end_allows(code: int, *, expected: bool) -> None:
    assert satisfies(BODY, exited(code)) is expected


def test_without_conditions_only_success_satisfies() -> None:
    assert satisfies({}, exited(0)) is True
    assert satisfies({}, exited(10)) is False
    assert satisfies({}, UPLOAD) is False
