"""Key frames of video streams, found by NAL units."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.video import Codec, codec_in, codec_of, is_key_frame, key_frame_rows
from avdataops.testing.step_tables import MemoryTable, memory_table

LONG, SHORT = b"\x00\x00\x00\x01", b"\x00\x00\x01"


def h264(*types: int, start: bytes = LONG) -> bytes:
    """Return a message of NAL units of these types."""
    return b"".join(start + bytes([0x60 | kind]) + b"\x88\x84\x21" for kind in types)


def h265(*types: int) -> bytes:
    """Return a message of NAL units of these types."""
    return b"".join(LONG + bytes([kind << 1, 1]) + b"\x88\x84" for kind in types)


@pytest.mark.parametrize(
    ("stated", "codec"),
    [
        ("h264", Codec.H264),
        ("H.264", Codec.H264),
        ("video/avc", Codec.H264),
        ("x264", Codec.H264),
        ("h265", Codec.H265),
        ("hevc", Codec.H265),
        ("rgb8; hevc 8 bit", Codec.H265),
        ("jpeg", None),
        ("rgb8; jpeg compressed bgr8", None),
        ("avcado", None),
        ("", None),
        (None, None),
    ],
)
def test_formats_name_their_codec(stated: str | None, codec: Codec | None) -> None:
    assert codec_of(stated) is codec


@pytest.mark.parametrize("start", [LONG, SHORT])
def test_an_idr_slice_is_a_key_frame_and_others_are_not(start: bytes) -> None:
    assert is_key_frame(h264(7, 8, 5, start=start), Codec.H264)
    assert not is_key_frame(h264(9, 1, start=start), Codec.H264)
    assert not is_key_frame(h264(7, 8, start=start), Codec.H264)


@pytest.mark.parametrize("kind", range(16, 22))
def test_every_random_access_picture_of_h265_is_a_key_frame(kind: int) -> None:
    assert is_key_frame(h265(32, 33, 34, kind), Codec.H265)


@pytest.mark.parametrize("kind", [0, 1, 9, 15, 24, 32, 39])
def test_other_units_of_h265_are_not(kind: int) -> None:
    assert not is_key_frame(h265(kind), Codec.H265)


@pytest.mark.parametrize("data", [b"", LONG, b"\x00\x00", b"no start code at all", SHORT])
def test_bytes_without_a_whole_unit_hold_no_key_frame(data: bytes) -> None:
    assert not is_key_frame(data, Codec.H264)
    assert not is_key_frame(data, Codec.H265)


def _part(name: str, messages: list[bytes], stated: list[str | None]) -> MemoryTable:
    table = pa.table(
        {
            "t_ns": np.arange(len(messages)),
            "format": pa.array(stated, pa.string()),
            "data": pa.array(messages, pa.binary()),
        }
    )
    return memory_table(table, kind="stream", name="/video", part=name)


def test_rows_are_counted_over_all_parts() -> None:
    key, other = h264(5), h264(1)
    parts = (
        _part("a", [key, other, other], [None, "h264", "h264"]),
        _part("b", [other, key], ["h264", "h264"]),
    )
    assert codec_in(parts) is Codec.H264
    assert key_frame_rows(parts, Codec.H264).tolist() == [0, 4]


def test_a_stream_without_formats_or_bytes_is_no_video() -> None:
    bare = memory_table(pa.table({"t_ns": [1, 2]}), kind="stream", name="/s")
    assert codec_in((bare,)) is None
    assert key_frame_rows((bare,), Codec.H264).tolist() == []
    assert codec_in((_part("a", [], []),)) is None
