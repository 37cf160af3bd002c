"""Time for the driver: hours of waiting in no time, or in as little as a test can spare."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the driver takes its time from."""

    def now_s(self) -> float:
        """Return seconds since some start; never goes back."""

    def utc(self) -> datetime:
        """Return the time of day."""

    def sleep(self, duration_s: float) -> None:
        """Come back when ``duration_s`` seconds of this clock have passed."""


class FastClock:
    """A clock that jumps over every sleep, or sleeps a fraction of it.

    ``real_s_per_s`` is the real time that one second of sleep takes.  It is 0 where nothing
    happens outside; where a process works meanwhile (a leased measurement) it must be more.
    """

    def __init__(self, real_s_per_s: float = 0.0) -> None:
        self._scale = real_s_per_s
        self._start_s = time.monotonic()
        self._skipped_s = 0.0
        self._lock = threading.Lock()
        self.slept: list[float] = []
        """Every sleep that was asked for, in seconds of this clock."""

    def now_s(self) -> float:
        """Return real seconds since the start plus those that were jumped over."""
        return time.monotonic() - self._start_s + self._skipped_s

    def utc(self) -> datetime:
        """Return a time of day that moves with ``now_s`` from a fixed one."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s())

    def sleep(self, duration_s: float) -> None:
        """Jump, after the fraction of ``duration_s`` that is slept for real."""
        real_s = duration_s * self._scale
        time.sleep(real_s)
        with self._lock:
            self.slept.append(duration_s)
            self._skipped_s += duration_s - real_s
