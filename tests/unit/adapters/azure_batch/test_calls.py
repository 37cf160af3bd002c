import time
from collections.abc import Callable

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from avdataops.adapters.azure_batch.calls import Pace, code_of, in_our_words, patiently
from avdataops.model.errors import (
    AvdataopsError,
    ConfigError,
    NotFound,
    PermissionDenied,
    StorageUnavailable,
    TransientError,
)
from tests.doubles.batch.faults import BUSY, RESET, RESET_AFTER_COMMIT, THROTTLED, TIMED_OUT, Fault
from tests.doubles.batch.kit import QUICK, Cloud

IMPATIENT = Pace(first_s=0.01, most_s=0.02, patience_s=0.05)


def get_pool(azure: Cloud) -> Callable[[], str]:
    return lambda: azure.client.get_pool("execution").id


ODD = Fault(status=409, code="OperationTimedOut")
"""The code says that it passes, whatever the status."""


@pytest.mark.parametrize("fault", [THROTTLED, TIMED_OUT, BUSY, ODD, RESET, RESET_AFTER_COMMIT])
def test_what_passes_is_waited_out(azure: Cloud, fault: Fault) -> None:
    azure.batch.faults.next(fault, 3)
    assert patiently(get_pool(azure), QUICK) == "execution"
    assert len(azure.batch.faults.requests) == 4


def test_what_does_not_pass_is_an_error_of_the_product(azure: Cloud) -> None:
    azure.batch.faults.next(BUSY, 100)
    with pytest.raises(TransientError, match="did not answer for 0 s") as caught:
        patiently(get_pool(azure), IMPATIENT)
    assert caught.value.exit_status == 75


def test_the_service_may_say_how_long_to_wait(azure: Cloud) -> None:
    azure.batch.faults.next(Fault(status=429, code="TooManyRequests", retry_after_s=0.3))
    began_s = time.monotonic()
    assert patiently(get_pool(azure), QUICK) == "execution"
    assert time.monotonic() - began_s >= 0.3
    azure.batch.faults.next(Fault(status=503, retry_after_s=3600))
    with pytest.raises(TransientError):
        patiently(get_pool(azure), QUICK)


def test_a_refusal_is_not_repeated(azure: Cloud) -> None:
    with pytest.raises(HttpResponseError):
        patiently(lambda: azure.client.get_pool("nowhere"), QUICK)
    assert azure.batch.faults.requests == ["GET /pools/nowhere"]


def test_a_storage_that_is_away_is_waited_for_too() -> None:
    answers: list[Exception | int] = [StorageUnavailable("away"), ServiceRequestError("no"), 7]

    def call() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(call, QUICK) == 7


def test_a_defect_comes_out_at_once() -> None:
    calls = []

    def call() -> None:
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        patiently(call, QUICK)
    assert calls == [1]


def test_pauses_grow_to_a_limit() -> None:
    pace = Pace(first_s=2, most_s=30, growth=2)
    pauses = [pace.first_s]
    for _ in range(6):
        pauses.append(pace.next(pauses[-1]))
    assert pauses == [2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(status=403, code="AuthorizationFailure"), PermissionDenied, "refused this identity"),
        (Fault(status=401, code="AuthenticationFailed"), PermissionDenied, "refused this identity"),
        (Fault(status=404, code="PoolNotFound"), NotFound, "looking: PoolNotFound"),
        (Fault(status=400, code="InvalidRequestBody"), ConfigError, "InvalidRequestBody"),
        (
            Fault(status=409, code="ActiveJobAndScheduleQuotaReached"),
            TransientError,
            "quota of active jobs",
        ),
    ],
)
def test_refusals_are_told_in_our_words(
    azure: Cloud, fault: Fault, kind: type[AvdataopsError], words: str
) -> None:
    azure.batch.faults.next(fault)
    with pytest.raises(HttpResponseError) as caught:
        azure.client.get_pool("execution")
    told = in_our_words(caught.value, "looking")
    assert type(told) is kind
    assert words in str(told)
    assert code_of(caught.value) == fault.code


def test_an_error_without_a_code_is_named_by_its_kind() -> None:
    assert code_of(ServiceRequestError("no route")) == "ServiceRequestError"
