"""Asking again: bounded repetition of requests that failed for the moment."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from azure.core.exceptions import AzureError, ServiceResponseError

from avdataops.adapters.azure_blob.failures import (
    Doing,
    asked_wait_s,
    failure,
    is_temporary,
    status_of,
)

_EXPECTED = {400, 404, 409, 412, 416}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long a request is repeated.

    The SDK's own repetition is switched off: it ignores ``Retry-After`` and takes 429 for final.
    With these numbers a request is given up after about half a minute of pauses, and at once when
    the service asks for a pause of more than ``longest_wait_s``.
    """

    attempts: int = 7
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def ask(self, request: Callable[[], T], doing: Doing) -> T:
        """Return what ``request`` returns, repeating it while it fails for the moment.

        ``request`` may have been carried out even if it failed, so it must be repeatable.  Raises
        the SDK's ``HttpResponseError`` for 400, 404, 409, 412 and 416, which the caller may expect,
        and the product's error for everything else.
        """
        attempt = 0
        while True:
            try:
                return request()
            except OSError as error:
                # The SDK lets some of its transport's own errors through when a body breaks.
                met: AzureError = ServiceResponseError(type(error).__name__)
            except AzureError as error:
                if not is_temporary(error):
                    if status_of(error) in _EXPECTED:
                        raise
                    raise failure(error, doing) from None
                met = error
            attempt += 1
            self._pause(attempt, met, doing)

    def _pause(self, attempt: int, error: AzureError, doing: Doing) -> None:
        wanted_s = asked_wait_s(error)
        if attempt >= self.attempts or wanted_s > self.longest_wait_s:
            raise failure(error, doing) from None
        backoff_s: float = self.first_wait_s * 2 ** (attempt - 1)
        # Many workers that were throttled together must not come back together.
        jitter = 0.5 + secrets.randbelow(1000) / 1000
        self.sleep(min(self.longest_wait_s, max(wanted_s, backoff_s * jitter)))
