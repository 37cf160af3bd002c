"""Random access to a blob: a small cache that reads ahead, and parallel ranges.

Knows nothing of Azure: bytes come from a function that fetches one range.
"""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from avdataops.model.errors import InputError, UnreadableFile

Fetch = Callable[[int, int], bytes]
"""Return exactly ``length`` bytes from ``offset``."""

RANGE_BYTES = 4 << 20
"""Longest range of one request: the longest for which the service computes an MD5."""
CONCURRENCY = 8
"""Ranges in flight: with 4 MiB each they fill a link of 10 Gbit/s at 25 ms per request."""
FIRST_WINDOW_BYTES = 512 << 10
"""What a small read at a new place fetches: indexes and footers are near each other."""
LARGEST_WINDOW_BYTES = RANGE_BYTES * CONCURRENCY
"""What reading on fetches at last; each window is twice as long as the one before."""
CACHE_BYTES = 2 * LARGEST_WINDOW_BYTES
"""What one open file holds at most."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the whole object's bytes hash to."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Window:
    start: int
    data: bytes

    @property
    def stop(self) -> int:
        return self.start + len(self.data)


class BlobFile:
    """A ReadableFile over ranges.  Safe for many threads.

    ``known`` are first bytes that need not be fetched.  When it is read from its first byte to its
    last in order, the bytes are held against the object's checksum.
    """

    def __init__(
        self, name: str, size: int, fetch: Fetch, checksum: Checksum | None, known: bytes = b""
    ) -> None:
        self.name = name
        self.size = size
        self._fetch = fetch
        self._checksum = checksum
        # A checksum against damage and not against enemies.
        self._hash = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._hashed = 0
        self._windows = [_Window(0, known)] if known else []
        self._lock = threading.Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset``; fewer than ``length`` only at the end of the file.

        Raises ``UnreadableFile`` if the whole was read and differs from its checksum.
        """
        if offset < 0 or length < 0:
            raise InputError(f"{self.name}: cannot read {length} bytes at {offset}")
        at, stop = offset, min(offset + length, self.size)
        parts: list[bytes] = []
        while at < stop:
            part = self._cached(at, stop) or self._fetched(at, stop)
            parts.append(part)
            at += len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._verify(offset, data)
        return data

    def _cached(self, at: int, stop: int) -> bytes:
        with self._lock:
            for window in self._windows:
                if window.start <= at < window.stop:
                    return window.data[at - window.start : stop - window.start]
        return b""

    def _fetched(self, at: int, stop: int) -> bytes:
        size = min(self._window_bytes(at), self.size - at)
        window = _Window(at, self._gather(at, max(stop - at, size)))
        if len(window.data) <= LARGEST_WINDOW_BYTES:
            with self._lock:
                self._windows.append(window)
                while sum(len(one.data) for one in self._windows) > CACHE_BYTES:
                    self._windows.pop(0)
        return window.data[: stop - at]

    def _window_bytes(self, at: int) -> int:
        with self._lock:
            before = [len(one.data) for one in self._windows if one.stop == at]
        return min(2 * before[-1], LARGEST_WINDOW_BYTES) if before else FIRST_WINDOW_BYTES

    def _gather(self, start: int, length: int) -> bytes:
        ranges = [
            (offset, min(RANGE_BYTES, start + length - offset))
            for offset in range(start, start + length, RANGE_BYTES)
        ]
        if len(ranges) == 1:
            return self._fetch(*ranges[0])
        with ThreadPoolExecutor(min(CONCURRENCY, len(ranges))) as pool:
            return b"".join(pool.map(self._fetch, *zip(*ranges, strict=True)))

    def _verify(self, offset: int, data: bytes) -> None:
        with self._lock:
            if self._hash is None or self._checksum is None or offset != self._hashed or not data:
                return
            self._hash.update(data)
            self._hashed += len(data)
            if self._hashed == self.size and self._hash.digest() != self._checksum.digest:
                raise UnreadableFile(
                    f"{self.name}: its {self.size} bytes differ from their stored "
                    f"{self._checksum.algorithm}",
                    hint="restore it from another copy; it was damaged after it was stored",
                )
