"""Lines of text files of weather, plain or gzip, in bounded memory."""

import gzip
import io
import zlib
from collections.abc import Iterator

from avdataops.enrichers.weather.report import Tally
from avdataops.model.errors import HostileInput
from avdataops.ports.files import ReadableFile, as_stream

HEAD_BYTES = 4096
_GZIP = b"\x1f\x8b"
_MAX_LINE_BYTES = 4096
"""The longest record of the Integrated Surface Database has 2,844 characters."""


def head_of(file: ReadableFile) -> bytes:
    """Return the first bytes of a file, unpacked; nothing if they cannot be unpacked."""
    try:
        return _opened(file).read(HEAD_BYTES)
    except (EOFError, OSError, zlib.error):
        return b""


def lines_of(file: ReadableFile, max_bytes: int, tally: Tally) -> Iterator[str]:
    """Yield the lines that are not empty, without their ends.

    A damaged end of a compressed file is noted in ``tally``.  Raises ``HostileInput`` beyond
    ``max_bytes`` of text.
    """
    text = _opened(file)
    read = 0
    while True:
        try:
            line = text.readline(_MAX_LINE_BYTES)
        except (EOFError, OSError, zlib.error):
            tally.cut_off = True
            return
        if not line:
            return
        read += len(line)
        if read > max_bytes:
            raise HostileInput(f"{file.name}: more than {max_bytes >> 20} MiB of weather reports")
        stripped = line.decode("latin-1").rstrip("\r\n")
        if stripped:
            yield stripped


def _opened(file: ReadableFile) -> io.BufferedIOBase:
    raw = as_stream(file)
    return gzip.GzipFile(fileobj=raw) if file.read_at(0, len(_GZIP)) == _GZIP else raw
