"""Times of recorded messages on the reference clock, from what sync has stored."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.clock_table import stamp_table
from avdataops.signals.clocks import ClockModel
from avdataops.signals.message_times import recorded_times, reference_times
from avdataops.signals.stamps import judge_stamps
from avdataops.signals.stream_timing import StreamTiming
from avdataops.signals.sync_quality import quality_table, to_reference
from avdataops.signals.ties import Tie
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import MemoryTable, memory_table

S = 1_000_000_000
MS = 1_000_000
T0 = 1_700_000_000 * S


def _part(t: np.ndarray, stamp: np.ndarray | None = None, part: str = "a") -> MemoryTable:
    columns = {"t_ns": pa.array(t)}
    if stamp is not None:
        columns["header_stamp_ns"] = pa.array(stamp)
    return memory_table(pa.table(columns), kind="stream", name="/imu", part=part)


def _quality(offset_ms: float | None, drift_ppm: float | None = None) -> MemoryTable:
    row = {
        "t_ns": T0 + round((offset_ms or 0.0) * MS),
        "stream": "/imu",
        "offset_ms": offset_ms,
        "drift_ppm": drift_ppm,
    }
    table = pa.Table.from_pylist([row], schema=kind("sync_quality").schema)
    return memory_table(table, kind="sync_quality", name="sync_quality")


T = T0 + np.arange(2000, dtype=np.int64) * 10 * MS


def test_all_parts_come_as_they_are() -> None:
    parts = (_part(T[5:]), _part(T[:5], part="b"))
    assert recorded_times(parts).tolist() == [*T[5:].tolist(), *T[:5].tolist()]
    assert recorded_times(()).size == 0


def test_without_a_model_of_stamps_the_arrival_counts() -> None:
    at = reference_times((_part(T, T - 15 * MS),), [_quality(-3.5)])
    assert at is not None
    assert np.array_equal(at, T - 3_500_000)


def test_stamps_that_tell_count_for_their_own_stream_alone() -> None:
    delay = np.random.default_rng(3).exponential(5 * MS, T.size).astype(np.int64) + 10 * MS
    arrived = np.maximum.accumulate(T + delay)
    model = stamp_table("/imu", "ros", (T0, T0 + 30 * S), judge_stamps(T, arrived))
    own, other = (memory_table(model, kind="stamp_models", name=name) for name in ("/imu", "/gps"))
    part = _part(arrived, T)
    by_stamp = reference_times((part,), [_quality(0.0)], [other, own])
    by_arrival = reference_times((part,), [_quality(0.0)], [other])
    assert by_stamp is not None
    assert by_arrival is not None
    assert np.array_equal(by_stamp, T)
    assert np.array_equal(by_arrival, arrived)


def test_a_clock_that_is_not_tied_has_no_time_on_the_reference() -> None:
    assert reference_times((_part(T),), [_quality(None)]) is None


@pytest.mark.parametrize("skew_ppm", [-150.0, 0.0, 71.5])
@pytest.mark.parametrize("offset_ns", [-2_345_678_901, 17, 4_000_000_123])
def test_a_row_of_the_quality_table_gives_what_the_tie_gives(
    skew_ppm: float, offset_ns: int
) -> None:
    model = ClockModel(
        t0_ns=T0 + 3 * S,
        offset_ns=offset_ns,
        skew_ppm=skew_ppm,
        sigma_ms=0.1,
        residual_p50_ms=0.1,
        residual_p95_ms=0.1,
        points=100,
    )
    tie = Tie(clock="can", method="speed", model=model)
    timing = StreamTiming(
        stream="/imu",
        topic_class="imu",
        clock="can",
        rows=T.size,
        first_ns=int(T[0]),
        last_ns=int(T[-1]),
        period_ns=10 * MS,
        jitter_ms=0.0,
        coverage=1.0,
        backwards=0,
        duplicates=0,
        gaps=np.empty((0, 2), dtype=np.int64),
    )
    at = to_reference(quality_table([(timing, tie)]), "/imu", T)
    assert at is not None
    assert np.abs(at - tie.to_reference(T)).max() <= 2
    assert to_reference(quality_table([(timing, tie)]), "/other", T) is None
