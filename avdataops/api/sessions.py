"""Sessions of browsers on this machine: one link opens one, a signed cookie holds it.

A link is good once and for ten minutes, so that what a terminal, a history or a log keeps of it
opens nothing.  The cookie is signed with a key made of the workspace's token: it outlives a restart
and ends with the token.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable

from avdataops.api.access import Caller, Role

COOKIE = "avdataops_session"
LASTS_S = 30 * 24 * 3600
CODE_LASTS_S = 600
MAX_CODES = 100
"""Links that wait to be opened; the oldest goes first."""

_VALUE = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")
_PURPOSE = b"sessions of browsers, version 1"


class Sessions:
    """Opens sessions and knows them again.  Threads may share it."""

    def __init__(self, token: str, clock_s: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest(token.encode(), _PURPOSE, "sha256")
        self._clock_s = clock_s
        self._turn = threading.Lock()
        self._codes: dict[str, float] = {}

    def new_code(self) -> str:
        """Return a code that opens one session."""
        code = secrets.token_urlsafe(32)
        with self._turn:
            while len(self._codes) >= MAX_CODES:
                del self._codes[next(iter(self._codes))]
            self._codes[_hashed(code)] = self._clock_s() + CODE_LASTS_S
        return code

    def open(self, code: str) -> str | None:
        """Return the cookie of a new session, None for a code that is used, old or made up."""
        with self._turn:
            until_s = self._codes.pop(_hashed(code), 0.0)
        if self._clock_s() >= until_s:
            return None
        content = f"{int(self._clock_s()) + LASTS_S}.{secrets.token_hex(16)}"
        return f"{content}.{self._signature(content)}"

    def caller(self, cookie: str) -> Caller | None:
        """Return the owner of the workspace for a cookie of ours that has not ended."""
        parts = _VALUE.fullmatch(cookie)
        if parts is None:
            return None
        expected = self._signature(f"{parts[1]}.{parts[2]}")
        if not hmac.compare_digest(expected, parts[3]) or self._clock_s() >= int(parts[1]):
            return None
        return Caller("local", Role.ADMIN)

    def _signature(self, content: str) -> str:
        return hmac.digest(self._key, content.encode(), "sha256").hex()


def _hashed(code: str) -> str:
    # Looked up by its hash: how long that takes tells nothing about the code.
    return hashlib.sha256(code.encode()).hexdigest()
