"""Repetition: as often as allowed, as long apart as asked."""

from types import SimpleNamespace

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceResponseError

from avdataops.adapters.azure_blob.failures import READER, Doing
from avdataops.adapters.azure_blob.patience import Patience
from avdataops.model.errors import PermissionDenied, StorageUnavailable

DOING = Doing("reading raw/imu/x", "acme", READER)


def answer(status: int, retry_after: str = "") -> HttpResponseError:
    error = HttpResponseError("no")
    error.status_code = status
    error.response = SimpleNamespace(status_code=status, headers={"Retry-After": retry_after})
    return error


class Service:
    """Fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.asked = 0
        self.waits: list[float] = []

    def request(self) -> str:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def ask(self, **given: float) -> str:
        longest_wait_s = given.get("longest_wait_s", 60.0)
        patience = Patience(sleep=self.waits.append, longest_wait_s=longest_wait_s)
        return patience.ask(self.request, DOING)


def test_what_works_is_asked_once() -> None:
    service = Service()
    assert (service.ask(), service.asked, service.waits) == ("answer", 1, [])


def test_pauses_double_and_never_agree() -> None:
    service = Service(*[answer(500) for _ in range(6)])
    assert service.ask() == "answer"
    expected = [0.5, 1, 2, 4, 8, 16]
    assert all(
        0.5 * wanted <= waited <= 1.5 * wanted
        for wanted, waited in zip(expected, service.waits, strict=True)
    )
    other = Service(*[answer(500) for _ in range(6)])
    other.ask()
    assert other.waits != service.waits


def test_it_ends_after_the_last_attempt() -> None:
    service = Service(*[answer(503) for _ in range(100)])
    with pytest.raises(StorageUnavailable, match="reading raw/imu/x: account 'acme' failed"):
        service.ask()
    assert (service.asked, len(service.waits)) == (7, 6)


def test_a_pause_is_as_long_as_asked_for() -> None:
    service = Service(answer(429, "20"), answer(503, "30"))
    service.ask()
    assert service.waits == [20, 30]


def test_a_short_request_for_a_pause_does_not_shorten_ours() -> None:
    service = Service(*[answer(503, "0") for _ in range(5)])
    service.ask()
    assert service.waits[-1] >= 4


def test_too_long_a_pause_is_not_begun() -> None:
    service = Service(answer(503, "61"))
    with pytest.raises(StorageUnavailable):
        service.ask()
    assert service.waits == []


def test_no_pause_is_longer_than_the_longest() -> None:
    service = Service(*[answer(500) for _ in range(6)])
    service.ask(longest_wait_s=3.0)
    assert max(service.waits) == 3.0


@pytest.mark.parametrize("status", [400, 404, 409, 412])
def test_what_may_be_expected_goes_to_the_caller(status: int) -> None:
    service = Service(answer(status))
    with pytest.raises(HttpResponseError):
        service.ask()
    assert service.asked == 1


def test_a_refusal_is_final() -> None:
    service = Service(answer(403))
    with pytest.raises(PermissionDenied) as refused:
        service.ask()
    assert service.asked == 1
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "broken", [ServiceResponseError("cut"), ConnectionResetError("reset"), AzureError("MD5")]
)
def test_broken_connections_and_bodies_are_asked_again(broken: Exception) -> None:
    service = Service(broken)
    assert (service.ask(), service.asked) == ("answer", 2)


def test_what_is_no_failure_of_the_service_is_left_alone() -> None:
    service = Service(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        service.ask()
    assert service.asked == 1
