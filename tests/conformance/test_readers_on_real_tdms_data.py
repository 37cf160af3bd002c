"""A recording of a fibre-optic recorder, 2,432 channels, cut off; equal to npTDMS."""

import functools
import logging
from pathlib import Path

import numpy as np
import pytest
from nptdms import TdmsFile

from avdataops.adapters.local_storage import LocalFile
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import CountingFile, tables_of

CHANNELS, ROWS, PROMISED = 2_432, 216, 30_000
STEP_NS = 2_000_000
START_NS = 1_555_299_215_812_034_314


@pytest.fixture
def path(real_data: Path) -> Path:
    return real_data / "tdms" / "sample_tdms_file_v4713.tdms"


@functools.cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _open(path: Path) -> Reader:
    return open_recording(BytesFile(path.name, _bytes(path)))


def test_every_value_is_the_one_that_nptdms_reads(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("nptdms.reader"), "disabled", True)
    theirs = TdmsFile.read(path)["Measurement"].channels()
    with _open(path) as reader:
        table = tables_of(reader.batches())["Measurement"]
    assert table.num_columns == CHANNELS + 1
    for number, channel in enumerate(theirs, 1):
        field = table.schema.field(number)
        assert field.metadata[b"source"] == channel.name.encode()
        ours = table.column(number).to_numpy()
        assert ours.dtype == np.int16
        np.testing.assert_array_equal(ours, channel[:])


def test_times_follow_what_the_recorder_says_of_start_and_rate(path: Path) -> None:
    with _open(path) as reader:
        (stream,) = reader.streams
        table = tables_of(reader.batches())["Measurement"]
        assert reader.time == TimeRange(START_NS, START_NS + (ROWS - 1) * STEP_NS + 1)
    assert table["t_ns"].to_pylist() == [START_NS + n * STEP_NS for n in range(ROWS)]
    assert stream.type == "tdms/waveform"


def test_what_is_cut_off_is_said_and_counted(path: Path) -> None:
    with _open(path) as reader:
        told = {problem.code: problem for problem in reader.problems()}
        messages = " ".join(problem.message for problem in reader.problems())
        (batch,) = reader.batches()
        assert reader.streams[0].rows == PROMISED
    assert set(told) == {"truncated", "file_clock"}
    assert told["truncated"].lost_rows == PROMISED - ROWS
    assert f"read {ROWS} of {PROMISED} samples" in messages
    assert "'GPSTimeStamp' and 'SamplingFrequency[Hz]'" in messages
    assert batch.dropped == {"missing": PROMISED - ROWS}


def test_opening_reads_the_metadata_only(path: Path) -> None:
    file = CountingFile(LocalFile(path))
    with open_recording(file) as reader:
        assert reader.streams
    assert file.bytes_read < 4 * 122_880


@pytest.mark.parametrize("rows", [0, 1, 100, 215])
@pytest.mark.parametrize("extra", [0, 1, 4_863])
def test_the_file_cut_further_gives_a_prefix(path: Path, rows: int, extra: int) -> None:
    data = _bytes(path)[: 122_880 + rows * 2 * CHANNELS + extra]
    with _open(path) as reader:
        whole = tables_of(reader.batches())["Measurement"]
    with open_recording(BytesFile("cut.tdms", data)) as reader:
        part = tables_of(reader.batches())["Measurement"]
    if extra > 1:
        complete = part.slice(0, rows)
        assert part.num_rows == rows + 1
        assert part.column(CHANNELS)[rows].as_py() is None
    else:
        complete = part
    assert complete == whole.slice(0, rows)


def test_a_stretch_of_time_is_a_slice(path: Path) -> None:
    wanted = TimeRange(START_NS + 10 * STEP_NS, START_NS + 20 * STEP_NS)
    with _open(path) as reader:
        whole = tables_of(reader.batches())["Measurement"]
        part = tables_of(reader.batches(time=wanted, max_rows=3))["Measurement"]
    assert part.combine_chunks() == whole.slice(10, 10).combine_chunks()
