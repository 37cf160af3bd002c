"""Runs the encoding of tables beside what fills them: few threads, bounded bytes, kept order."""

from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition
from types import TracebackType
from typing import Self

THREADS = 2
"""One encodes while the other waits for the disk or for a turn; Arrow works without the GIL."""
MOST_BYTES = 24 << 20
"""Rows that may be with the threads: one full row group, or small tables for each.

Twice as much is no faster beside a reader, and costs 20 MB more at the peak (mixed MCAP, 137 MB).
"""

Job = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: int
    size: int
    job: Job


class Encoders:
    """A few threads that run jobs; those of one key run one after another, in their order.

    What fails is told as if jobs had run at once, whatever the threads do: of several failures the
    first in the order of ``submit``, and rather than what failed in the caller afterwards.
    """

    def __init__(self, threads: int = THREADS, most_bytes: int = MOST_BYTES) -> None:
        self._pool = ThreadPoolExecutor(threads, "encode")
        self._most_bytes = most_bytes
        self._changed = Condition()
        self._queues: dict[Hashable, deque[_Waiting]] = {}
        self._failed: dict[int, BaseException] = {}
        self._number = 0
        self._bytes = 0
        self.peak_bytes = 0
        """The most bytes that were with the threads at once."""

    def submit(self, key: Hashable, job: Job, size: int) -> None:
        """Run ``job`` after all others of ``key``; waits until its bytes have room.

        Raises what an earlier job has raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failed or self._has_room(size))
            if not self._failed:
                self._enqueue(key, job, size)
                return
        self.wait()

    def wait(self) -> None:
        """Wait for all jobs; raises what the first of those that failed has raised."""
        with self._changed:
            self._changed.wait_for(lambda: not self._queues)
            if self._failed:
                raise self._failed[min(self._failed)]

    def _has_room(self, size: int) -> bool:
        # More than may ever be is let in alone: rows come as large as a reader makes them.
        return not self._bytes or self._bytes + size <= self._most_bytes

    def _enqueue(self, key: Hashable, job: Job, size: int) -> None:
        self._bytes += size
        self.peak_bytes = max(self.peak_bytes, self._bytes)
        self._number += 1
        queue = self._queues.setdefault(key, deque())
        queue.append(_Waiting(self._number, size, job))
        if len(queue) == 1:
            self._pool.submit(self._run_next, key)

    def _run_next(self, key: Hashable) -> None:
        with self._changed:
            one = self._queues[key][0]
            is_wanted = all(one.number < number for number in self._failed)
        error: BaseException | None = None
        if is_wanted:
            try:
                one.job()
            except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
                error = raised
        with self._changed:
            if error is not None:
                self._failed[one.number] = error
            queue = self._queues[key]
            queue.popleft()
            self._bytes -= one.size
            if queue:
                self._pool.submit(self._run_next, key)
            else:
                del self._queues[key]
            self._changed.notify_all()

    def __enter__(self) -> Self:
        """Return the threads themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Wait for what runs and end the threads; raises as ``wait`` does."""
        try:
            if error is None or isinstance(error, Exception):
                self.wait()
        finally:
            self._pool.shutdown()
