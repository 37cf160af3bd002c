"""Bytes: random-access reading, and adapters to what libraries expect.  Never a path."""

import io
from dataclasses import dataclass
from typing import Protocol, cast

from avdataops.model.errors import InputError


class ReadableFile(Protocol):
    """Random-access bytes: a local file, a blob, or a test's bytes."""

    @property
    def name(self) -> str:
        """Last part of its location, for messages."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset``; fewer than ``length`` only at the end of the file."""


@dataclass(frozen=True, slots=True)
class BytesFile:
    """A ReadableFile over bytes in memory."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return ``data[offset : offset + length]``."""
        if offset < 0 or length < 0:
            raise InputError(f"{self.name}: cannot read {length} bytes at {offset}")
        return self.data[offset : offset + length]


class _RawView(io.RawIOBase):
    def __init__(self, file: ReadableFile) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise OSError(f"seek before the start of {self._file.name}")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        data = self._file.read_at(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def as_stream(file: ReadableFile, buffer_bytes: int = 1 << 20) -> io.BufferedReader:
    """Return a seekable binary stream over ``file``, for libraries that want one."""
    return io.BufferedReader(_RawView(file), buffer_bytes)
