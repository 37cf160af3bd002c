"""Tests of bounded decompression."""

import bz2
import os

import lz4.frame
import pytest
import zstandard

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.readers.rosbag.inflate import (
    MAX_CHUNK_BYTES,
    ZSTD,
    inflate,
    inflate_prefix,
    unpacked,
)

CONTENT = os.urandom(300_000) + bytes(100_000)
PACKED = {
    "": CONTENT,
    "none": CONTENT,
    "zstd": zstandard.compress(CONTENT),
    "lz4": lz4.frame.compress(CONTENT),
    "bz2": bz2.compress(CONTENT),
}


@pytest.mark.parametrize("codec", PACKED)
def test_every_codec_gives_the_content(codec: str) -> None:
    assert inflate(codec, PACKED[codec], len(CONTENT)) == CONTENT


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("wrong", [len(CONTENT) - 1, len(CONTENT) + 1, 16, 0])
def test_a_lie_about_the_size_is_refused(codec: str, wrong: int) -> None:
    with pytest.raises(UnreadableFile):
        inflate(codec, PACKED[codec], wrong)


@pytest.mark.parametrize("codec", ["zstd", "lz4", "bz2"])
def test_broken_data_is_refused(codec: str) -> None:
    with pytest.raises(UnreadableFile):
        inflate(codec, b"\0" * 50, 100)


@pytest.mark.parametrize("codec", PACKED)
def test_a_cut_off_chunk_gives_a_prefix(codec: str) -> None:
    content = CONTENT * 5  # A block of bzip2 has 900 kB.
    packed = {"bz2": bz2.compress, "lz4": lz4.frame.compress, "zstd": zstandard.compress}.get(
        codec, bytes
    )(content)
    for share in (0, 3, 5, 9):
        prefix = inflate_prefix(codec, packed[: len(packed) * share // 10], len(content))
        assert content.startswith(prefix)
    assert inflate_prefix(codec, packed[: len(packed) * 9 // 10], len(content))


@pytest.mark.parametrize("codec", ["zstd", "lz4", "bz2"])
def test_a_bomb_stops_at_the_declared_size(codec: str) -> None:
    zeros = bytes(1 << 24)
    pack = {"zstd": zstandard.compress, "lz4": lz4.frame.compress, "bz2": bz2.compress}[codec]
    with pytest.raises(UnreadableFile):
        inflate(codec, pack(zeros), 16)
    assert len(inflate_prefix(codec, pack(zeros), 16)) <= 16


def test_an_absurd_declared_size_is_refused_before_any_work() -> None:
    with pytest.raises(HostileInput, match="declares"):
        inflate("none", b"", MAX_CHUNK_BYTES + 1)
    with pytest.raises(HostileInput, match="declares"):
        inflate("bz2", bytes(100), 1 << 27)


def test_an_unknown_codec_is_named() -> None:
    with pytest.raises(UnreadableFile, match="brotli"):
        inflate("brotli", b"x", 10)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_791, 65_792, 300_000])
def test_a_message_packed_alone_states_its_size(size: int) -> None:
    content = bytes(n % 7 for n in range(size))
    frame = zstandard.ZstdCompressor().compress(content)
    assert frame.startswith(ZSTD)
    assert unpacked(frame) == content


def test_a_packed_message_without_its_size_or_cut_off_is_refused() -> None:
    stream = zstandard.ZstdCompressor().compressobj()
    unsized = stream.compress(b"text") + stream.flush()
    whole = zstandard.ZstdCompressor().compress(bytes(1000))
    for broken in (unsized, ZSTD, ZSTD + b"\x00", whole[:6], whole[:-3]):
        with pytest.raises(UnreadableFile):
            unpacked(broken)


def test_a_packed_message_that_claims_too_much_is_refused() -> None:
    claims = ZSTD + bytes([0b1110_0000]) + (1 << 40).to_bytes(8, "little") + bytes(20)
    with pytest.raises(HostileInput):
        unpacked(claims)
