"""Requests that go wrong on purpose."""

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How one request goes wrong."""

    status: int = 0
    """Answer with this status and leave everything as it is."""
    code: str = "ServerBusy"
    retry_after_s: float | None = None
    """Sent in the header that asks for patience."""
    commit: bool = False
    """Carry the request out, then cut the connection (only without ``status``)."""


THROTTLED = Fault(status=429, code="TooManyRequests")
TIMED_OUT = Fault(status=500, code="OperationTimedOut")
BUSY = Fault(status=503, code="ServerBusy")
RESET = Fault()
RESET_AFTER_COMMIT = Fault(commit=True)


class Faults:
    """Which of the coming requests go wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: deque[Fault] = deque()
        self._at: dict[int, Fault] = {}
        self.requests: list[str] = []
        """Method and path of every request so far."""

    def next(self, fault: Fault, times: int = 1) -> None:
        """Let the next ``times`` requests go wrong."""
        with self._lock:
            self._next.extend([fault] * times)

    def at(self, index: int, fault: Fault) -> None:
        """Let the request with this index, counted from 0, go wrong."""
        with self._lock:
            self._at[index] = fault

    def take(self, request: str) -> Fault | None:
        """Note a request and return how it goes wrong, or None."""
        with self._lock:
            index = len(self.requests)
            self.requests.append(request)
            if index in self._at:
                return self._at.pop(index)
            return self._next.popleft() if self._next else None
