"""Threads that work ahead, while their results come in the order of the work."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

MAX_WORKERS = 4
"""Beyond that, whoever writes what comes out is the slower one."""

T = TypeVar("T")


def available_cores() -> int:
    """Return how many cores this process may use."""
    # Not everywhere can a process ask which cores are its own.
    own = getattr(os, "sched_getaffinity", None)
    return len(own(0)) if own else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Later(Generic[T]):
    """Work that is done when its result is asked for."""

    result: Callable[[], T]


class Crew:
    """A few threads; results come in order, with at most one more piece ahead than threads.

    Without workers, nothing is done before it is asked for.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = min(available_cores() if workers is None else workers, MAX_WORKERS)
        self._pool = ThreadPoolExecutor(max(self.workers, 1), thread_name_prefix="ros")

    def submit(self, work: Callable[[], T]) -> "Future[T] | Later[T]":
        """Begin a piece of work."""
        return self._pool.submit(work) if self.workers else Later(work)

    def ahead(self, pieces: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Yield the results of all pieces in their order."""
        waiting: deque[Future[T] | Later[T]] = deque()
        for piece in pieces:
            waiting.append(self.submit(piece))
            if len(waiting) > self.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def __enter__(self) -> Self:
        """Return the crew itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Drop what has not begun, and wait for the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)
