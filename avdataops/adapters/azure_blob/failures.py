"""What the storage service answers, as errors of the product.

The texts of the service and of the SDK are left out of messages, and the SDK's errors out of what
is printed below them: some quote signed addresses (``sig=``) and what a signature was made of.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceResponseError,
)

from avdataops.model.errors import (
    AvdataopsError,
    ConfigError,
    Conflict,
    PermissionDenied,
    StorageUnavailable,
)

READER = "Storage Blob Data Reader"
WRITER = "Storage Blob Data Contributor"
DELEGATOR = "Storage Blob Delegator"

_DENIED = {401, 403}
_BUSY = {408, 429, 500, 502, 503, 504}
# Our requests are whole when they leave, so these were damaged on their way.
_DAMAGED_CODES = {"Md5Mismatch", "InvalidMd5", "InvalidXmlDocument", "InvalidXmlNodeValue"}
# A container that goes away can be made again soon.
_BUSY_CODES = _DAMAGED_CODES | {"ContainerBeingDeleted", "AccountBeingCreated"}
_ARCHIVED_CODES = {"BlobArchived", "BlobBeingRehydrated"}
_CLASH_CODES = {"InvalidBlobOrBlock", "InvalidBlockId"}
_CLASH = {409, 412}


class DamagedAnswerError(ServiceResponseError):
    """The bytes of an answer are not those that were sent."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What is being asked of an account, for messages."""

    what: str
    account: str
    role: str


def code_of(error: AzureError) -> str:
    """Return the service's error code (``BlobNotFound``), or nothing."""
    found = getattr(error, "error_code", None) or _header(error, "x-ms-error-code")
    return str(getattr(found, "value", found))


def _header(error: AzureError, name: str) -> str:
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
    return headers.get(name, "")


def status_of(error: AzureError) -> int:
    """Return the HTTP status, 0 if there was no answer."""
    return (error.status_code or 0) if isinstance(error, HttpResponseError) else 0


def is_temporary(error: AzureError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, ClientAuthenticationError):
        return False
    status = status_of(error)
    # Without an answer, or with half of one, nothing is known but that the network failed.
    return (
        status in _BUSY or code_of(error) in _BUSY_CODES or status < 300  # noqa: PLR2004  HTTP
    )


def asked_wait_s(error: AzureError) -> float:
    """Return how long the service asks to be left alone (``Retry-After``), 0 if it does not."""
    text = _header(error, "Retry-After")
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def failure(error: AzureError, doing: Doing) -> AvdataopsError:
    """Return the product's error for one that is not expected where it happened."""
    status, code = status_of(error), code_of(error)
    said = " ".join(part for part in (str(status or ""), code) if part) or type(error).__name__
    if status in _DENIED or isinstance(error, ClientAuthenticationError):
        return PermissionDenied(
            f"{doing.what}: account '{doing.account}' refused this identity ({said})",
            hint=f"give the identity the role '{doing.role}' on the account and let its network "
            "rules pass this machine; a new role takes some minutes to work",
        )
    if code in _ARCHIVED_CODES:
        return StorageUnavailable(
            f"{doing.what}: the object is in the archive tier ({said})",
            hint="rehydrate it and run the command again when that has ended",
        )
    if is_temporary(error):
        return StorageUnavailable(f"{doing.what}: account '{doing.account}' failed ({said})")
    if code in _CLASH_CODES:
        return Conflict(
            f"{doing.what}: another tool has left unfinished blocks there ({said})",
            hint="they go away by themselves after a week",
        )
    if status in _CLASH:
        return Conflict(f"{doing.what}: account '{doing.account}' refused ({said})")
    return ConfigError(f"{doing.what}: account '{doing.account}' refused the request ({said})")
