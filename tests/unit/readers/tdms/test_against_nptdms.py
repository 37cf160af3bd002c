"""Tests that compare whole files with npTDMS: what it writes, and what it reads."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nptdms import ChannelObject, GroupObject, RootObject, TdmsFile, TdmsWriter

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.tdms_cases import SCENARIOS

START = np.datetime64("2024-02-29T12:00:00.250000", "us")
START_NS = int(START.astype("datetime64[ns]").astype(np.int64))
WAVE = {"wf_start_time": START, "wf_increment": 0.01, "wf_start_offset": 0.0}
DTYPES = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16", "?"]


def _written(*segments: list[Any]) -> bytes:
    target = io.BytesIO()
    with TdmsWriter(target) as writer:
        for objects in segments:
            writer.write_segment(objects)
    return target.getvalue()


def _tables(data: bytes) -> dict[str, pa.Table]:
    with open_recording(BytesFile("f.tdms", data)) as reader:
        return tables_of(reader.batches())


def _by_source(table: pa.Table, source: str) -> list[pa.ChunkedArray]:
    return [
        table[field.name]
        for field in table.schema
        if (field.metadata or {}).get(b"source") == source.encode()
    ]


def _equal(theirs: Any, ours: list[pa.ChunkedArray]) -> None:
    if isinstance(theirs, np.ndarray) and theirs.dtype.kind == "c":
        parts = [column.to_numpy() for column in ours]
        np.testing.assert_array_equal(parts[0] + 1j * parts[1], theirs)
    elif isinstance(theirs, np.ndarray) and theirs.dtype.kind == "M":
        ns = theirs.astype("datetime64[ns]").astype(np.int64)
        assert np.abs(ours[0].to_numpy() - ns).max(initial=0) < 1_000
    elif isinstance(theirs, np.ndarray) and theirs.dtype.kind == "f":
        np.testing.assert_allclose(ours[0].to_numpy(), theirs, rtol=1e-6)
    else:
        assert ours[0].to_pylist() == list(theirs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_type_come_back(dtype: str) -> None:
    values = np.array([0, 1, 100]).astype(dtype)
    table = _tables(_written([ChannelObject("g", "a", values, WAVE)]))["g"]
    assert table["t_ns"].to_pylist() == [START_NS + n * 10_000_000 for n in range(3)]
    _equal(values, _by_source(table, "a"))
    if values.dtype.kind in "iuf":
        assert table["a"].type == pa.from_numpy_dtype(values.dtype)


def test_strings_and_moments_come_back() -> None:
    moments = START + np.array([0, 1, 3], "timedelta64[us]")
    channels = [
        ChannelObject("g", "when", moments),
        ChannelObject("g", "text", ["a", "", "Straße"]),
    ]
    table = _tables(_written(channels))["g"]
    assert table.to_pydict() == {
        "t_ns": [START_NS, START_NS + 1_000, START_NS + 3_000],
        "text": ["a", "", "Straße"],
    }


def test_properties_of_file_and_group_give_time_and_scales() -> None:
    scale = {
        "NI_Number_Of_Scales": 1,
        "NI_Scale[0]_Scale_Type": "Linear",
        "NI_Scale[0]_Linear_Slope": 2.0,
        "NI_Scale[0]_Linear_Y_Intercept": 1.0,
    }
    data = _written(
        [
            RootObject({"datetime": START}),
            GroupObject("g", scale),
            ChannelObject("g", "a", np.array([1, 2], np.int16), {"wf_increment": 0.5}),
        ]
    )
    table = _tables(data)["g"]
    assert table["t_ns"].to_pylist() == [START_NS, START_NS + 500_000_000]
    assert table["a"].to_pylist() == TdmsFile.read(io.BytesIO(data))["g"]["a"][:].tolist()


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"truncated", "unfinished", "daqmx"}))
def test_both_read_the_same_from_files_put_together_by_hand(name: str) -> None:
    data, _ = SCENARIOS[name]()
    tables = _tables(data)
    _compare(data, tables)


def test_both_read_the_same_of_daqmx_cards() -> None:
    data, _ = SCENARIOS["daqmx"]()
    table = _tables(data)["g"]
    theirs = TdmsFile.read(io.BytesIO(data))["g"]
    for name in "bd":
        _equal(theirs[name][:], _by_source(table, name))
    _equal(theirs["a"].raw_scaler_data[0], _by_source(table, "a"))


def _compare(data: bytes, tables: dict[str, pa.Table]) -> None:
    file = TdmsFile.read(io.BytesIO(data))
    for group in file.groups():
        ours = [table for name, table in tables.items() if name.split("/")[0] == group.name]
        for channel in group.channels():
            found = [column for table in ours for column in _by_source(table, channel.name)]
            if found:
                _equal(channel[:], found)


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
    dtypes = {name: draw(st.sampled_from(DTYPES)) for name in names}
    segments = []
    for _ in range(draw(st.integers(1, 5))):
        part = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        lengths = [draw(st.integers(0, 7)) for _ in part]
        segments.append(
            [
                ChannelObject("g", name, np.arange(length).astype(dtypes[name]), WAVE)
                for name, length in zip(part, lengths, strict=True)
            ]
        )
    return _written(*segments)


@settings(deadline=None, max_examples=60)
@given(_files())
def test_whatever_nptdms_writes_both_read_alike(data: bytes) -> None:
    tables = _tables(data)
    _compare(data, tables)
    file = TdmsFile.read(io.BytesIO(data))
    promised = sorted({len(channel) for channel in file["g"].channels()})
    assert sorted({table.num_rows for table in tables.values()}) == promised
