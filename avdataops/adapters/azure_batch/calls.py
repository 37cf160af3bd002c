"""Calls to the Batch service that wait out what passes, and errors in the words of the product."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from avdataops.model.errors import ConfigError, NotFound, PermissionDenied, TransientError

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_PASSING_CODE = frozenset({"OperationTimedOut", "ServerBusy", "TooManyRequests", "InternalError"})
_QUOTA = "ActiveJobAndScheduleQuotaReached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to ask and how long to wait, in seconds."""

    first_s: float = 2.0
    """Pause before the first question; it grows while nothing happens."""
    most_s: float = 30.0
    growth: float = 1.5
    patience_s: float = 600.0
    """How long the service may be out of reach before that is an error."""
    grace_s: float = 300.0
    """How long past its time limit a task may be shown as running."""
    starved_s: float = 1800.0
    """How long a pool may fail to get any node before its tasks are given up."""

    def next(self, pause_s: float) -> float:
        """Return the pause after one of ``pause_s`` that brought nothing."""
        return min(self.most_s, max(pause_s, self.first_s) * self.growth)


def patiently(call: Callable[[], T], pace: Pace) -> T:
    """Return what ``call`` returns, trying again while the service or the network is to blame.

    ``call`` must be safe to repeat: a request whose answer was lost may have been carried out.
    Raises ``TransientError`` after ``pace.patience_s``; other refusals of the service come out as
    ``HttpResponseError``.
    """
    stop = time.monotonic() + pace.patience_s
    pause_s = pace.first_s
    while True:
        try:
            return call()
        except (AzureError, TransientError) as error:
            wait_s = _wait_s(error, pause_s)
            if wait_s is None:
                raise
            if time.monotonic() + wait_s > stop:
                raise TransientError(
                    f"the Batch service did not answer for {pace.patience_s:.0f} s: {error}",
                    hint="run the same command again later",
                ) from error
            _LOG.info("asking the Batch service again in %.1f s: %s", wait_s, code_of(error))
            time.sleep(wait_s)
            pause_s = pace.next(pause_s)


def _wait_s(error: AzureError | TransientError, pause_s: float) -> float | None:
    """Return the seconds until ``error`` may have passed, or None if it will not."""
    if isinstance(error, ServiceRequestError | ServiceResponseError | TransientError):
        return pause_s
    if not isinstance(error, HttpResponseError):
        return None
    if error.status_code not in _PASSING_STATUS and code_of(error) not in _PASSING_CODE:
        return None
    headers = getattr(error.response, "headers", {})
    try:
        asked_s = float(headers.get("Retry-After", 0))
    except ValueError:
        asked_s = 0.0
    return max(asked_s, pause_s)


def code_of(error: Exception) -> str:
    """Return the service's code of an error, or the kind of error."""
    code = getattr(getattr(error, "error", None), "code", None)
    return code if isinstance(code, str) else type(error).__name__


def in_our_words(error: HttpResponseError, doing: str) -> Exception:
    """Return the error of the product for a refusal of the service while ``doing`` something."""
    code, status = code_of(error), error.status_code
    if status in {401, 403}:
        return PermissionDenied(
            f"{doing}: the Batch account refused this identity ({code})",
            hint="it needs the role 'Azure Batch Data Contributor' on the account",
        )
    if code == _QUOTA:
        return TransientError(
            f"{doing}: the Batch account has reached its quota of active jobs",
            hint="wait for other measurements, or ask for a larger quota",
        )
    if status == 404:  # noqa: PLR2004 - a status of HTTP
        return NotFound(f"{doing}: {code}")
    return ConfigError(f"{doing}: Batch refused the request ({code}: {error.message})")
