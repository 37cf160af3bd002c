"""Compressed data blocks of MDF 4, inflated no further than they state."""

import struct
from dataclasses import dataclass
from typing import Any

import lz4.frame
import numpy as np
import pyarrow as pa
from isal import igzip_lib, isal_zlib

from avdataops.model.errors import HostileInput, UnreadableFile

MAX_ZIPPED_BYTES = 256 << 20
"""Of one block once inflated; writers keep to 4 MB (ASAM MDF 4.2, 5.24)."""
HEAD = struct.Struct("<2sBBIQQ")
DEFLATE, ZSTD, LZ4 = 0, 2, 4
METHODS = (DEFLATE, ZSTD, LZ4)
_FAILURES: Any = (igzip_lib.IsalError, OSError, RuntimeError, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class Zip:
    """How a block is compressed."""

    method: int
    columns: int
    """Bytes of a record if the block is transposed, else 0."""
    original: int
    stored: int


def read_head(content: bytes, address: int) -> Zip:
    """Return what the first 24 bytes of a block's content state.

    Raises ``HostileInput`` for a size that no writer makes, ``UnreadableFile`` for an unknown
    method.
    """
    _, method, _, columns, original, stored = HEAD.unpack_from(content)
    if original > MAX_ZIPPED_BYTES:
        raise HostileInput(f"the DZ block at byte {address} claims {original} bytes")
    if method & ~1 not in METHODS:
        raise UnreadableFile(f"the DZ block at byte {address} is packed by method {method}")
    return Zip(method & ~1, columns if method & 1 else 0, original, stored)


def inflate(zipped: Zip, data: bytes, address: int) -> bytes:
    """Return the content of a block.

    Of a block whose end is missing (``data`` is shorter than it states) the beginning comes, if
    its method gives one.  Raises ``UnreadableFile`` for damage and for a size that is a lie.
    """
    is_whole = len(data) >= zipped.stored
    try:
        raw = _unpack(zipped, data, is_whole=is_whole)
    except _FAILURES as error:
        raise UnreadableFile(f"the DZ block at byte {address} is damaged: {error}") from error
    if not is_whole:
        return b"" if zipped.columns else raw[: zipped.original]
    if len(raw) != zipped.original:
        held = f"over {zipped.original}" if len(raw) > zipped.original else str(len(raw))
        raise UnreadableFile(
            f"the DZ block at byte {address} holds {held} bytes and claims {zipped.original}"
        )
    return _turned(raw, zipped.columns) if zipped.columns else raw


def _unpack(zipped: Zip, data: bytes, *, is_whole: bool) -> bytes:
    if zipped.method == DEFLATE:
        machine: Any = isal_zlib.decompressobj()
        raw: bytes = machine.decompress(data, max_length=zipped.original + 1)
        return raw
    if not is_whole:
        return b""
    if zipped.method == LZ4:
        # Arrow's codec says nothing of how much of its output it has filled.
        frame: bytes = lz4.frame.LZ4FrameDecompressor().decompress(data, zipped.original + 1)
        return frame
    codec = pa.Codec("zstd")
    unpacked: bytes = codec.decompress(data, decompressed_size=zipped.original, asbytes=True)
    return unpacked


def _turned(raw: bytes, columns: int) -> bytes:
    """Return records from the columns of their bytes; what makes no whole record is as it is."""
    rows = len(raw) // columns
    if not rows:
        return raw
    whole = np.frombuffer(raw, np.uint8, rows * columns).reshape(columns, rows)
    return np.ascontiguousarray(whole.T).tobytes() + raw[rows * columns :]
