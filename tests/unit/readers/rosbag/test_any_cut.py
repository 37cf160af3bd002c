"""A recording that breaks off at any byte gives every message before the damage, and says so."""

import functools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, bag1_bytes, db3_bytes, mcap_bytes

FLOAT = "std_msgs/msg/Float64"
DEFINITIONS = {FLOAT: "float64 data\n"}
T0_NS = 1_700_000_000_000_000_000
COUNT = 60
STYLES = {
    "mcap": McapStyle(compression="none", chunk_bytes=400),
    "mcap-unindexed": McapStyle(compression="none", chunk_bytes=400, is_indexed=False),
    "mcap-unchunked": McapStyle(is_chunked=False),
    "mcap-zstd": McapStyle(compression="zstd", chunk_bytes=400),
    "mcap-lz4": McapStyle(compression="lz4", chunk_bytes=400),
}
BAGS = ("none", "lz4", "bz2")
PLAIN = ("mcap", "mcap-unindexed", "mcap-unchunked", "bag-none")
"""Where each message stands in the file as it is."""


def _value(number: int) -> float:
    return number + 1.0 / 7.0


@functools.cache
def _recording(name: str) -> bytes:
    header = b"" if name.startswith("bag") else b"\x00\x01\x00\x00"
    said = [
        Said("/v", FLOAT, T0_NS + n * 1_000_000, header + struct.pack("<d", _value(n)))
        for n in range(1, COUNT + 1)
    ]
    if name.startswith("bag"):
        return bag1_bytes(said, DEFINITIONS, name.removeprefix("bag-"))
    return (
        db3_bytes(said, DEFINITIONS)
        if name == "db3"
        else mcap_bytes(said, DEFINITIONS, STYLES[name])
    )


def _read(data: bytes) -> tuple[list[float], set[str]]:
    """Return the values and what is wrong; a file of which nothing can be read holds none."""
    try:
        with open_recording(BytesFile("cut", data)) as reader:
            tables = tables_of(reader.batches())
            codes = {problem.code for problem in reader.problems()}
    except InputError as error:
        return [], {error.code}
    return (tables["/v"]["data"].to_pylist() if "/v" in tables else []), codes


def _whole_before(data: bytes, cut: int) -> int:
    """Return how many messages end before the cut, by where their bytes stand."""
    ends = [data.index(struct.pack("<d", _value(n))) + 8 for n in range(1, COUNT + 1)]
    return sum(end <= cut for end in ends)


@pytest.mark.parametrize("name", [*STYLES, *(f"bag-{codec}" for codec in BAGS)])
@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1))
def test_what_comes_out_is_the_beginning(name: str, share: float) -> None:
    data = _recording(name)
    cut = int(share * (len(data) - 1))
    values, codes = _read(data[:cut])
    assert values == [_value(n) for n in range(1, len(values) + 1)]
    assert codes
    if name in PLAIN:
        assert len(values) >= _whole_before(data, cut)
    if values and len(values) < COUNT:
        assert "truncated" in codes


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1))
def test_pages_of_a_database_that_are_there_give_their_messages(share: float) -> None:
    data = _recording("db3")
    cut = int(share * (len(data) - 1))
    values, codes = _read(data[:cut])
    assert set(values) <= {_value(n) for n in range(1, COUNT + 1)}
    assert len(values) == len(set(values))
    assert codes


@pytest.mark.parametrize("name", [*STYLES, *(f"bag-{codec}" for codec in BAGS), "db3"])
def test_the_whole_gives_everything_and_no_problem(name: str) -> None:
    values, codes = _read(_recording(name))
    assert values == [_value(n) for n in range(1, COUNT + 1)]
    assert codes <= {"unindexed"}
