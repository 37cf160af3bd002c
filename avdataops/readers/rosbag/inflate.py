"""Decompression that never gives more bytes than a chunk declares."""

import bz2

import pyarrow as pa

from avdataops.model.errors import HostileInput, UnreadableFile

Raw = bytes | memoryview

ZSTD = bytes.fromhex("28 B5 2F FD")
"""What a zstd frame begins with; no message does, as their encapsulation begins with zero."""
MAX_CHUNK_BYTES = 1 << 30
MAX_RATIO = 1000
_RATIO_FREE_BYTES = 1 << 26
_STEP = 1 << 16


def inflate(codec: str, data: Raw, size: int) -> Raw:
    """Return the ``size`` bytes that ``data`` holds.

    ``codec`` is empty or ``none``, ``zstd``, ``lz4`` (frames) or ``bz2``.  Raises
    ``UnreadableFile`` if the data is broken or of another size, and ``HostileInput`` for a chunk
    that declares over 1 GiB, or over 64 MiB and a thousand times its compressed size.
    """
    check_size(codec, len(data), size)
    try:
        found = _inflate(codec, data, size)
    except (OSError, EOFError, ValueError, RuntimeError) as error:
        raise UnreadableFile(f"the {codec} data is broken: {error}") from error
    if len(found) != size:
        raise UnreadableFile(f"the chunk declares {size} bytes and holds {len(found)} or more")
    return found


def inflate_prefix(codec: str, data: Raw, size: int) -> Raw:
    """Return as many of the ``size`` bytes as a chunk still gives that was cut off."""
    check_size(codec, len(data), size)
    try:
        if codec == "zstd":
            return _zstd_prefix(data, size)
        return _inflate(codec, data, size)[:size]
    except (OSError, EOFError, ValueError, RuntimeError):
        return b""


def check_size(codec: str, packed: int, size: int) -> None:
    """Raise ``HostileInput`` for a declared size that no honest chunk has."""
    bomb = codec not in ("", "none") and size > _RATIO_FREE_BYTES and size > packed * MAX_RATIO
    if size > MAX_CHUNK_BYTES or bomb:
        raise HostileInput(f"a chunk of {packed} bytes declares {size} bytes inside")


def _inflate(codec: str, data: Raw, size: int) -> Raw:
    if codec in ("", "none"):
        return data
    if codec == "zstd":
        if not size:  # Arrow takes no empty target, so one byte is tried to see that there is none.
            return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read(1))
        return bytes(pa.Codec("zstd").decompress(data, size, asbytes=True))
    if codec == "lz4":
        import lz4.frame

        # Arrow's decompressor leaves the rest of the buffer as it was if the frame is shorter.
        return bytes(lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=size + 1))
    if codec == "bz2":
        return bz2.BZ2Decompressor().decompress(data, max_length=size + 1)
    raise UnreadableFile(f"chunks are compressed with '{codec[:20]}'; known are zstd, lz4 and bz2")


def unpacked(frame: bytes) -> bytes:
    """Return what a zstd frame of its own holds, as rosbag2 packs single messages.

    Raises ``UnreadableFile`` for a frame that is broken or does not state its size (RFC 8878,
    3.1.1.1), and ``HostileInput`` as ``inflate`` does.
    """
    marks = frame[4] if len(frame) > 4 else 0  # noqa: PLR2004 - behind the magic
    is_single = bool(marks & 0x20)
    width = (int(is_single), 2, 4, 8)[marks >> 6]
    at = 5 + (not is_single) + (0, 1, 2, 4)[marks & 3]
    if not width or len(frame) < at + width:
        raise UnreadableFile("a packed message does not state its size")
    size = int.from_bytes(frame[at : at + width], "little") + (256 if width == 2 else 0)  # noqa: PLR2004 - RFC 8878
    return bytes(inflate("zstd", frame, size))


def _zstd_prefix(data: Raw, size: int) -> bytes:
    parts: list[bytes] = []
    got = 0
    stream = pa.CompressedInputStream(pa.BufferReader(data), "zstd")
    try:
        while got < size:
            part = stream.read(min(_STEP, size - got))
            if not part:
                break
            parts.append(part)
            got += len(part)
    except OSError:
        pass
    return b"".join(parts)
