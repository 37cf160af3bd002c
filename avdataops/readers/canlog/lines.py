"""Whole lines of a text log in bounded pieces."""

from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.ports.files import ReadableFile
from avdataops.readers.canlog.log import Faults

PIECE_BYTES = 4 << 20
MAX_LINE_BYTES = 64 << 10
_OVERLONG = b"?"
"""Stands for the beginning of a line that is longer; it makes the line a bad one anywhere."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some whole lines, each with its end."""

    text: bytes
    first: int
    """Number of the first line, from 1."""


def whole_lines(file: ReadableFile, faults: Faults, size: int = PIECE_BYTES) -> Iterator[Chunk]:
    """Yield all ended lines in chunks of about ``size`` bytes.

    A last line without an end is not given, because nobody can tell what it lacks: half a payload
    would look whole.  It is told as ``truncated``.
    """
    tail, first, at = b"", 1, 0
    while block := file.read_at(at, size):
        at += len(block)
        cut = block.rfind(b"\n") + 1
        if cut:
            text = tail + block[:cut]
            yield Chunk(text, first)
            first += text.count(b"\n")
            tail = b""
        tail += block[cut:]
        if len(tail) > MAX_LINE_BYTES:
            tail = _OVERLONG
    if tail.strip():
        faults.note(
            "truncated",
            f"breaks off in line {first}: the line has no end at byte {file.size}",
            lost_rows=1,
        )
