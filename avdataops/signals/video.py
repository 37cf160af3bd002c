"""Where a video stream can be cut: pictures that need no other, found without decoding."""

import re
from collections.abc import Iterator
from enum import StrEnum

import numpy as np
import pyarrow as pa

from avdataops.ports.step import Table
from avdataops.signals.arrays import Indices

_START_CODE = b"\x00\x00\x01"
_H264_IDR = 5
_H265_IRAP = range(16, 24)


class Codec(StrEnum):
    """A video codec whose messages depend on earlier ones."""

    H264 = "h264"
    H265 = "h265"


_NAMES = {
    Codec.H264: re.compile(r"(?:^|[^a-z0-9])(?:[hx]\.?264|avc1?)(?:$|[^a-z0-9])", re.IGNORECASE),
    Codec.H265: re.compile(
        r"(?:^|[^a-z0-9])(?:[hx]\.?265|hevc|hvc1)(?:$|[^a-z0-9])", re.IGNORECASE
    ),
}


def codec_of(stated: str | None) -> Codec | None:
    """Return the video codec that a ``format`` field names, None for still pictures."""
    if not stated:
        return None
    return next((codec for codec, names in _NAMES.items() if names.search(stated)), None)


def is_key_frame(data: bytes, codec: Codec) -> bool:
    """Say whether a message in Annex B byte-stream format holds a picture to start decoding from.

    That is an IDR slice of H.264 (nal_unit_type 5) or an intra random access picture of H.265
    (nal_unit_type 16 to 23).  Source: ITU-T H.264 and H.265, clauses 7.3.1 and 7.4.2.2, Annex B.
    """
    if codec is Codec.H264:
        return any(head & 0x1F == _H264_IDR for head in _unit_heads(data))
    return any((head >> 1) & 0x3F in _H265_IRAP for head in _unit_heads(data))


def codec_in(parts: tuple[Table, ...]) -> Codec | None:
    """Return the codec that the first stated ``format`` of a stream names."""
    for table in parts:
        at = table.schema.get_field_index("format")
        if at >= 0 and pa.types.is_string(table.schema.field(at).type):
            for batch in table.batches(["format"]):
                stated = batch.column(0).drop_null()
                if len(stated):
                    return codec_of(stated[0].as_py())
    return None


def key_frame_rows(parts: tuple[Table, ...], codec: Codec) -> Indices:
    """Return which rows of a stream, counted over all its parts, are key frames.

    The message's bytes are the first column of bytes; a part without one has no key frame.
    """
    found = [np.empty(0, dtype=np.int64)]
    before = 0
    for table in parts:
        name = next((f.name for f in table.schema if pa.types.is_binary(f.type)), "t_ns")
        for batch in table.batches([name]):
            if name != "t_ns":
                flags = [is_key_frame(item.as_py() or b"", codec) for item in batch.column(0)]
                found.append(np.flatnonzero(flags) + before)
            before += batch.num_rows
    return np.concatenate(found)


def _unit_heads(data: bytes) -> Iterator[int]:
    """Yield the first byte of every NAL unit; an encoder's escapes keep start codes out of them."""
    at = data.find(_START_CODE)
    while 0 <= at < len(data) - len(_START_CODE):
        yield data[at + len(_START_CODE)]
        at = data.find(_START_CODE, at + len(_START_CODE))
