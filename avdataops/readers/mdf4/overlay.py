"""A writable stream over a file that is only read."""

import io
from typing import Any

from avdataops.ports.files import ReadableFile

_PAGE_BYTES = 1 << 15
_MAX_PAGES = 128


class Overlay(io.BufferedIOBase):
    """A stream over a file that keeps what is written to itself, and the pages read last.

    The library finalises files by editing their blocks, and jumps to and fro between them.
    """

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._pages: dict[int, bytes] = {}
        self._patches: list[tuple[int, bytes]] = []
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def writable(self) -> bool:
        """Say yes, though nothing reaches the file."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset from the start, from here, or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise OSError(f"seek before the start of {self._file.name}")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Return the offset from the start."""
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes as they are or were replaced."""
        left = max(self._file.size - self._at, 0)
        size = left if size is None or size < 0 else min(size, left)
        data = self._read_file(self._at, size)
        for at, patch in self._patches:
            start, stop = max(at, self._at), min(at + len(patch), self._at + len(data))
            if start < stop:
                inside = patch[start - at : stop - at]
                data = data[: start - self._at] + inside + data[stop - self._at :]
        self._at += len(data)
        return data

    def write(self, data: Any, /) -> int:
        """Replace the next bytes."""
        content = bytes(data)
        self._patches.append((self._at, content))
        self._at += len(content)
        return len(content)

    def _read_file(self, at: int, size: int) -> bytes:
        if size > _PAGE_BYTES:
            return self._file.read_at(at, size)
        first, last = at // _PAGE_BYTES, (at + max(size, 1) - 1) // _PAGE_BYTES
        both = b"".join(self._page(number) for number in range(first, last + 1))
        start = at - first * _PAGE_BYTES
        return both[start : start + size]

    def _page(self, number: int) -> bytes:
        page = self._pages.pop(number, None)
        if page is None:
            page = self._file.read_at(number * _PAGE_BYTES, _PAGE_BYTES)
            if len(self._pages) >= _MAX_PAGES:
                del self._pages[next(iter(self._pages))]
        self._pages[number] = page
        return page
