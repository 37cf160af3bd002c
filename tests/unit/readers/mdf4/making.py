"""Parts of MDF files that several tests put together."""

import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from avdataops.readers.formats import MDF4
from avdataops.testing import mdf4_by_hand as h
from avdataops.testing.reader_suite import Case

S = 10**9
START_NS = 1_700_000_000 * S
UTC = h.Header(start_ns=START_NS)


def seconds(*times: float) -> list[bytes]:
    """Return the beginnings of records."""
    return [struct.pack("<d", time) for time in times]


def group(channels: Sequence[h.Channel], rests: Sequence[bytes], **facts: Any) -> h.DataGroup:
    """Return one group of records a second apart; ``rests`` are what follows the time."""
    records = b"".join(
        time + rest for time, rest in zip(seconds(*range(len(rests))), rests, strict=True)
    )
    invalid = facts.pop("invalid_bytes", 0)
    size = len(rests[0]) + 8 - invalid
    one = h.Group(
        channels=[h.SECONDS, *channels],
        data_bytes=size,
        cycles=facts.pop("cycles", len(rests)),
        invalid_bytes=invalid,
    )
    return h.DataGroup(groups=[one], records=records, **facts)


def table(times: Sequence[float], **columns: pa.Array) -> pa.Table:
    """Return a stream by seconds after the start."""
    t_ns = pa.array([START_NS + round(time * S) for time in times], pa.int64())
    first = pa.field("t_ns", pa.int64(), nullable=False)
    fields = [first, *(pa.field(name, values.type) for name, values in columns.items())]
    return pa.table([t_ns, *columns.values()], pa.schema(fields))


def case(name: str, data: bytes, expected: dict[str, pa.Table], *codes: str) -> Case:
    """Return a recording with what it must give."""
    return Case(name=name, format=MDF4, data=data, expected=expected, codes=frozenset(codes))


BYTE = h.Channel(name="Byte")
FOUR = [bytes([value]) for value in (1, 2, 250, 0)]
FOUR_ROWS = pa.array([1, 2, 250, 0], pa.uint8())


def length_and(value: bytes) -> bytes:
    """Return a value behind its length."""
    return struct.pack("<I", len(value)) + value
