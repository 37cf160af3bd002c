"""Answers of the service become errors of the product, without its secrets."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from avdataops.adapters.azure_blob.failures import (
    READER,
    DamagedAnswerError,
    Doing,
    asked_wait_s,
    code_of,
    failure,
    is_temporary,
    status_of,
)
from avdataops.model.errors import (
    AvdataopsError,
    ConfigError,
    Conflict,
    PermissionDenied,
    StorageUnavailable,
)

DOING = Doing("reading raw/imu/x", "acme", READER)
SIGNED = "sv=2026&sig=Zm9v%2BYmFy%3D&sp=r"


def answer(status: int, code: str = "", **headers: str) -> HttpResponseError:
    response = SimpleNamespace(
        status_code=status, reason=SIGNED, headers={"x-ms-error-code": code, **headers}
    )
    error = HttpResponseError(SIGNED)
    error.status_code = status
    error.response = response
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answer(401, "NoAuthenticationInformation"), PermissionDenied),
        (answer(403, "AuthorizationPermissionMismatch"), PermissionDenied),
        (answer(403, "AuthenticationFailed"), PermissionDenied),
        (ClientAuthenticationError(SIGNED), PermissionDenied),
        (answer(408), StorageUnavailable),
        (answer(429, "TooManyRequests"), StorageUnavailable),
        (answer(500, "InternalError"), StorageUnavailable),
        (answer(500, "OperationTimedOut"), StorageUnavailable),
        (answer(503, "ServerBusy"), StorageUnavailable),
        (answer(400, "Md5Mismatch"), StorageUnavailable),
        (answer(409, "ContainerBeingDeleted"), StorageUnavailable),
        (answer(409, "BlobArchived"), StorageUnavailable),
        (answer(409, "BlobBeingRehydrated"), StorageUnavailable),
        (ServiceRequestError(SIGNED), StorageUnavailable),
        (ServiceResponseError(SIGNED), StorageUnavailable),
        (AzureError(SIGNED), StorageUnavailable),
        (answer(400, "InvalidBlobOrBlock"), Conflict),
        (answer(412, "LeaseIdMissing"), Conflict),
        (answer(409, "BlobImmutableDueToPolicy"), Conflict),
        (answer(400, "InvalidHeaderValue"), ConfigError),
        (answer(404, "ResourceNotFound"), ConfigError),
    ],
)
def test_each_answer_has_its_error(error: AzureError, kind: type[AvdataopsError]) -> None:
    told = failure(error, DOING)
    assert type(told) is kind
    assert told.message.startswith("reading raw/imu/x: ")
    assert code_of(error) in told.message
    assert "sig" not in f"{told.message} {told.hint}"


def test_only_what_may_pass_is_asked_again() -> None:
    again = [answer(429), answer(503), answer(400, "Md5Mismatch"), ServiceResponseError("x")]
    assert all(is_temporary(error) for error in again)
    never = [answer(403), answer(404), answer(409), answer(412), answer(400, "InvalidUri")]
    never += [answer(501), answer(409, "BlobArchived")]
    assert not any(is_temporary(error) for error in [*never, ClientAuthenticationError("x")])


def test_a_refusal_names_account_role_and_what_to_do() -> None:
    told = failure(answer(403, "AuthorizationFailure"), DOING)
    assert "account 'acme'" in told.message
    assert f"role '{READER}'" in str(told.hint)


def test_broken_answers_are_told_apart() -> None:
    errors = DamagedAnswerError("x"), ServiceResponseError("x")
    said = [failure(error, DOING).message for error in errors]
    assert "(DamagedAnswerError)" in said[0]
    assert "(ServiceResponseError)" in said[1]


def test_an_archived_object_says_what_to_do() -> None:
    assert "rehydrate" in str(failure(answer(409, "BlobArchived"), DOING).hint)


def test_an_answer_without_a_code_has_none() -> None:
    assert (code_of(answer(500)), status_of(answer(500))) == ("", 500)
    assert (code_of(ServiceRequestError("x")), status_of(ServiceRequestError("x"))) == ("", 0)


@pytest.mark.parametrize(("text", "wait_s"), [("7", 7.0), ("0", 0.0), ("", 0.0), ("soon", 0.0)])
def test_the_pause_that_is_asked_for_is_read(text: str, wait_s: float) -> None:
    assert asked_wait_s(answer(503, "", **{"Retry-After": text})) == wait_s


def test_the_pause_may_be_a_date() -> None:
    then = datetime.now(UTC) + timedelta(seconds=90)
    found = asked_wait_s(answer(429, "", **{"Retry-After": format_datetime(then, usegmt=True)}))
    assert 85 < found <= 90
    past = asked_wait_s(answer(429, "", **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))
    assert past == 0


def test_a_broken_connection_asks_for_nothing() -> None:
    assert asked_wait_s(ServiceRequestError("x")) == 0
