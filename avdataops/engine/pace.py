"""A cap on the rate of bytes, as a token bucket."""

import threading
import time
from collections.abc import Callable


class Pace:
    """Lets ``rate_bps`` bytes per second pass on average; threads may share one."""

    def __init__(
        self,
        rate_bps: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate_bps = rate_bps
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def take(self, size: int) -> None:
        """Wait until what was taken before has had its time, then take ``size`` bytes.

        Time in which nothing was taken is not saved up: there are no bursts after a pause.
        """
        with self._lock:
            now = self._clock()
            wait_s = self._free_at - now
            self._free_at = max(self._free_at, now) + size / self._rate_bps
        if wait_s > 0:
            self._sleep(wait_s)


def unhurried(size: int) -> None:
    """Let any number of bytes pass at once: the pace of an upload without a cap."""
    del size
