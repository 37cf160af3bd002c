"""Models of clocks as rows, and back."""

import numpy as np
import pyarrow as pa

from avdataops.signals.clock_pieces import piecewise_clock
from avdataops.signals.clock_table import clock_table, stamp_table, stamps_from
from avdataops.signals.clocks import ClockModel, Refusal
from avdataops.signals.gnss_ties import GnssClock
from avdataops.signals.stamps import StampKind, Stamps, judge_stamps
from avdataops.signals.ties import Tie, reference_tie
from avdataops.tables.kinds import kind
from sample_data.grid.clocks import one_way

S = 1_000_000_000
T0 = 1_760_000_000 * S
MODEL = ClockModel(
    t0_ns=T0,
    offset_ns=-5_500_000_000,
    skew_ppm=61.5,
    residual_p50_ms=30.0,
    residual_p95_ms=60.0,
    sigma_ms=None,
    points=2700,
)


def _stamps(step_ms: float = 50.0) -> Stamps:
    case = one_way(1, "gamma", rate_hz=10.0, duration_s=1500.0, step_ms=step_ms)
    pieces = piecewise_clock(case.t_sensor, case.t_receive)
    assert not isinstance(pieces, Refusal)
    return Stamps(StampKind.OWN, pieces)


def test_what_is_written_is_what_is_read() -> None:
    stamps = _stamps()
    table = stamp_table("/lidar", "ros", (T0, T0 + 1), stamps)
    kind("stamp_models").check(table.schema)
    assert stamps_from(table) == stamps
    assert table.num_rows == len(stamps.pieces) == 4


def test_a_refused_segment_is_read_back_with_its_reason() -> None:
    t = T0 + np.arange(1000, dtype=np.int64) * S // 10
    sensor = t.copy()
    sensor[500] += 3600 * S
    late = np.random.default_rng(1).exponential(3e6, 1000).astype(np.int64)
    stamps = judge_stamps(sensor, t + late)
    assert stamps.kind is StampKind.OWN
    back = stamps_from(stamp_table("/lidar", "ros", (T0, T0 + 1), stamps))
    assert [piece.model for piece in back.pieces] == [piece.model for piece in stamps.pieces]
    assert back.pieces[1].refused is not None
    assert back.pieces[1].refused.reason == "too_few_samples"
    np.testing.assert_array_equal(
        back.on_recorder(sensor, t + late), stamps.on_recorder(sensor, t + late)
    )


def test_the_step_stands_where_its_segment_begins() -> None:
    rows = stamp_table("/lidar", "ros", (T0, T0 + 1), _stamps(-80.0)).to_pylist()
    assert [row["segment"] for row in rows] == [0, 0, 1, 1]
    steps = [row["step_ms"] for row in rows]
    assert (steps[0], steps[1], steps[3]) == (None, None, None)
    assert abs(steps[2] + 80.0) < 0.5
    assert {row["method"] for row in rows} == {"one_way"}


def test_stamps_without_a_model_have_one_row_that_says_so() -> None:
    stamps = Stamps(StampKind.NONE, refused="too_few_samples (3 rows are fewer than 50)")
    table = stamp_table("/fix", "ros", (T0, T0 + 5), stamps)
    (row,) = table.to_pylist()
    assert (row["t_ns"], row["stop_ns"], row["method"]) == (T0, T0 + 5, "receive_time")
    assert (row["refused"], row["offset_ns"]) == (stamps.refused, None)
    assert stamps_from(table) == stamps


def test_no_rows_are_no_stamps() -> None:
    assert stamps_from(kind("stamp_models").schema.empty_table()) == Stamps(StampKind.NONE)


def test_every_link_between_clocks_is_a_row() -> None:
    ties = [reference_tie("ros"), Tie(clock="mdf", method="none", refused="yaw_rate: no")]
    gnss = {
        "ros": GnssClock("ros", "/time", MODEL),
        "mdf": GnssClock("mdf", "CAN2.gnss_time", Refusal("clock_stepped", "it stepped")),
    }
    stamps = [stamp_table("/lidar", "ros", (T0 + 9, T0 + 10), Stamps(StampKind.SOFTWARE))]
    table = clock_table(ties, "ros", {"ros": T0, "mdf": T0 + 5}, gnss, stamps)
    kind("clock_models").check(table.schema)
    rows = [(r["clock"], r["stream"], r["reference"], r["method"]) for r in table.to_pylist()]
    assert rows == [
        ("ros", "/time", "utc", "gnss_time"),
        ("ros", None, "ros", "reference"),
        ("mdf", "CAN2.gnss_time", "utc", "gnss_time"),
        ("mdf", None, "ros", "none"),
        ("stamps", "/lidar", "ros", "receive_time"),
    ]
    first, _, refused, none, _ = table.to_pylist()
    assert (first["offset_ns"], first["skew_ppm"], first["t0_ns"]) == (-5_500_000_000, 61.5, T0)
    assert refused["refused"] == "clock_stepped (it stepped)"
    assert none["refused"] == "yaw_rate: no"


def test_stored_stamp_tables_may_have_more_columns() -> None:
    stored = stamp_table("/lidar", "ros", (T0, T0 + 1), Stamps(StampKind.NONE))
    stored = stored.append_column("ts", pa.array([0], pa.timestamp("us", "UTC")))
    table = clock_table([], "ros", {}, {}, [stored])
    assert table.schema.names == kind("clock_models").schema.names
    assert stamps_from(stored) == Stamps(StampKind.NONE)
