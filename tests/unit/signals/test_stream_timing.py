"""The timing of a stream as rows, and back."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.stream_timing import from_table, measure, stamps_of, to_batch
from avdataops.tables.kinds import kind

MS = 1_000_000


def _measured(t_ms: list[int], batch: int = 1000) -> pa.Table:
    t = np.array(t_ms, dtype=np.int64) * MS
    batches = [t[start : start + batch] for start in range(0, t.size, batch)]
    return pa.Table.from_batches([to_batch(measure("/s", "imu", "ros", batches))])


def test_a_stream_has_one_summary_and_one_row_per_gap() -> None:
    table = _measured([0, 100, 200, 1200, 1300, 5000, 5100])
    kind("stream_timing").check(table.schema)
    summary, first, second = table.to_pylist()
    assert summary["gap_stop_ns"] is None
    assert (summary["t_ns"], summary["last_ns"], summary["rows"]) == (0, 5100 * MS, 7)
    assert (first["t_ns"], first["gap_stop_ns"]) == (200 * MS, 1200 * MS)
    assert (second["t_ns"], second["gap_stop_ns"]) == (1300 * MS, 5000 * MS)
    assert first["rows"] is None
    assert first["period_ns"] == summary["period_ns"]
    assert {row["stream"] for row in (summary, first, second)} == {"/s"}


def test_a_stream_without_a_message_has_no_row() -> None:
    assert measure("/s", "imu", "ros", []) is None
    assert measure("/s", "imu", "ros", [np.empty(0, dtype=np.int64)]) is None
    table = pa.Table.from_batches([to_batch(None)])
    assert table.num_rows == 0
    assert from_table(table) is None


def test_a_single_message_has_no_period() -> None:
    timing = from_table(_measured([7]))
    assert timing is not None
    assert (timing.rows, timing.period_ns, timing.jitter_ms, timing.coverage) == (
        1,
        None,
        None,
        None,
    )
    assert timing.stretches.tolist() == [[7 * MS, 7 * MS + 1]]


def test_backward_and_repeated_stamps_are_counted() -> None:
    timing = from_table(_measured([0, 10, 10, 5, 20]))
    assert timing is not None
    assert (timing.backwards, timing.duplicates) == (1, 1)


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=60), st.integers(1, 60))
def test_what_is_written_is_read_back_however_it_was_batched(t_ms: list[int], size: int) -> None:
    t = np.array(t_ms, dtype=np.int64) * MS
    whole = measure("/s", "imu", "ros", [t])
    back = from_table(_measured(t_ms, size))
    assert whole is not None
    assert back is not None
    assert np.array_equal(back.gaps, whole.gaps)
    for name in ("rows", "first_ns", "last_ns", "period_ns", "jitter_ms", "coverage", "clock"):
        assert getattr(back, name) == getattr(whole, name)


def test_stretches_are_the_time_between_gaps_and_hold_every_message() -> None:
    t_ms = [0, 100, 200, 1200, 1300]
    timing = from_table(_measured(t_ms))
    assert timing is not None
    assert timing.stretches.tolist() == [[0, 200 * MS + 1], [1200 * MS, 1300 * MS + 1]]


def test_stamps_come_batch_by_batch() -> None:
    table = pa.table({"t_ns": [1, 2, 3]})
    batches = list(stamps_of(table.to_batches(max_chunksize=2)))
    assert [batch.tolist() for batch in batches] == [[1, 2], [3]]
