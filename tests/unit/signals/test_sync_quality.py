"""Quality and gaps of streams on the reference clock."""

import numpy as np

from avdataops.signals.clocks import ClockModel
from avdataops.signals.stream_timing import StreamTiming, measure
from avdataops.signals.sync_quality import gap_table, quality_table
from avdataops.signals.ties import Tie, reference_tie
from avdataops.tables.kinds import kind

MS = 1_000_000


def _timing(name: str, t_ms: list[int], clock: str = "ros") -> StreamTiming:
    found = measure(name, "imu", clock, [np.array(t_ms, dtype=np.int64) * MS])
    assert found is not None
    return found


ROS = reference_tie("ros")
MDF = Tie(
    clock="mdf",
    method="yaw_rate",
    model=ClockModel(
        t0_ns=0,
        offset_ns=-50 * MS,
        skew_ppm=0.0,
        residual_p50_ms=0.1,
        residual_p95_ms=0.2,
        sigma_ms=1.5,
        points=2,
    ),
)
LOST = Tie(clock="mdf", method="none", refused="straight drive")


def test_every_stream_has_a_row_by_name() -> None:
    placed = [(_timing("b", [0, 100]), ROS), (_timing("a", [0, 100]), ROS)]
    table = quality_table(placed)
    kind("sync_quality").check(table.schema)
    assert table["stream"].to_pylist() == ["a", "b"]


def test_a_tied_stream_lies_on_the_reference_clock() -> None:
    (row,) = quality_table([(_timing("a", [100, 200, 300, 1300], "mdf"), MDF)]).to_pylist()
    assert (row["t_ns"], row["last_ns"]) == (50 * MS, 1250 * MS)
    assert (row["method"], row["offset_ms"], row["sigma_ms"]) == ("yaw_rate", -50.0, 1.5)
    assert (row["gaps"], row["longest_gap_s"], row["rows"]) == (1, 1.0, 4)
    assert abs(row["rate_hz"] - 10.0) < 0.02
    assert row["drift_ppm"] == 0.0


def test_a_refused_stream_keeps_its_own_times_and_says_why() -> None:
    (row,) = quality_table([(_timing("a", [100, 200], "mdf"), LOST)]).to_pylist()
    assert (row["t_ns"], row["offset_ms"], row["drift_ppm"]) == (100 * MS, None, None)
    assert (row["method"], row["refused"]) == ("none", "straight drive")


def test_a_single_message_has_no_rate_and_no_gap() -> None:
    (row,) = quality_table([(_timing("a", [5]), ROS)]).to_pylist()
    assert (row["rate_hz"], row["gaps"], row["longest_gap_s"]) == (None, 0, 0.0)


def test_gaps_and_summaries_are_sorted_by_time_on_the_reference_clock() -> None:
    placed = [
        (_timing("a", [0, 100, 200, 1200]), ROS),
        (_timing("b", [10, 110], "mdf"), MDF),
    ]
    table = gap_table(placed)
    kind("gaps").check(table.schema)
    rows = [(r["t_ns"], r["stream"], r["gap_stop_ns"]) for r in table.to_pylist()]
    assert rows == [(-40 * MS, "b", None), (0, "a", None), (200 * MS, "a", 1200 * MS)]
    summary = table.to_pylist()[0]
    assert (summary["first_ns"], summary["last_ns"]) == (-40 * MS, 60 * MS)


def test_gaps_of_a_refused_clock_are_nowhere() -> None:
    assert gap_table([(_timing("a", [0, 100, 2000], "mdf"), LOST)]).num_rows == 0


def test_nothing_gives_empty_tables() -> None:
    assert quality_table([]).num_rows == 0
    assert gap_table([]).num_rows == 0
