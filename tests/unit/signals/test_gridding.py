"""Grids, gap limits, and whole streams at ticks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.gridding import (
    Limits,
    at_ticks,
    grid_over,
    has_numbers,
    rate_within,
    synced,
)

MS = 1_000_000
S = 1_000_000_000
LIMITS = Limits()


def _table(t: np.ndarray, **columns: tuple[object, pa.DataType, str]) -> pa.Table:
    fields, arrays = [pa.field("t_ns", pa.int64())], [pa.array(t)]
    for name, (values, kind, unit) in columns.items():
        fields.append(pa.field(name, kind, metadata={"unit": unit}))
        arrays.append(pa.array(values, kind, from_pandas=True))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


@pytest.mark.parametrize(
    ("period_ms", "limit_ms"), [(10, 200), (50, 200), (100, 300), (600, 1800), (1000, 2500)]
)
def test_three_periods_are_no_gap_within_bounds(period_ms: int, limit_ms: int) -> None:
    t = np.arange(20) * period_ms * MS
    assert LIMITS.max_gap_ns(t) == pytest.approx(limit_ms * MS, rel=1e-3)


def test_one_sample_has_the_shortest_limit() -> None:
    assert LIMITS.max_gap_ns(np.array([5])) == 200 * MS


def test_a_grid_covers_overlapping_stretches_once_and_leaves_out_the_rest() -> None:
    a = np.array([[0, 60 * MS], [200 * MS, 241 * MS]])
    b = np.array([[30 * MS, 90 * MS]])
    grid = grid_over([a, b], 50.0)
    assert grid.tolist() == [ms * MS for ms in (0, 20, 40, 60, 80, 200, 220, 240)]
    assert grid_over([], 50.0).size == 0


@pytest.mark.parametrize(
    ("period_ms", "rate"),
    [(20, 50.0), (20.3, 50.0), (10, 50.0), (25, 25.0), (100, 10.0), (33.3, 25.0), (1000, 1.0)],
)
def test_the_grid_of_a_stream_is_no_faster_than_the_stream(period_ms: float, rate: float) -> None:
    assert rate_within(50.0, int(period_ms * MS)) == pytest.approx(rate)


def test_a_single_message_gets_the_whole_rate() -> None:
    assert rate_within(50.0, None) == 50.0


@given(st.integers(1, 3_000))
def test_ticks_of_a_slower_grid_are_ticks_of_the_faster_one(period_ms: int) -> None:
    span = np.array([[1_700_000_000 * S, 1_700_000_010 * S]])
    slow = grid_over([span], rate_within(50.0, period_ms * MS))
    assert np.isin(slow, grid_over([span], 50.0)).all()


def test_methods_interpolate_turn_and_hold() -> None:
    t, ticks = np.array([0, 100 * MS]), np.array([0, 50 * MS, 100 * MS, 150 * MS])
    x = np.array([0.0, 1.0])
    linear = at_ticks(t, x, ticks, "linear", LIMITS)
    assert linear == pytest.approx([0.0, 0.5, 1.0, np.nan], nan_ok=True)
    assert at_ticks(t, x, ticks, "hold", LIMITS).tolist() == [0.0, 0.0, 1.0, 1.0]
    over_pi = at_ticks(t, np.array([3.0, -3.0]), ticks[:3], "angle", LIMITS)
    assert over_pi == pytest.approx([3.0, np.pi, -3.0])


@pytest.mark.parametrize("method", ["linear", "angle", "hold"])
def test_no_samples_give_nothing_but_unknown(method: str) -> None:
    none = np.empty(0, dtype=np.int64)
    assert np.isnan(at_ticks(none, np.empty(0), np.array([0, 1]), method, LIMITS)).all()


@given(
    st.lists(st.integers(0, 2_000), min_size=1, max_size=30, unique=True),
    st.lists(st.integers(-100, 2_100), min_size=1, max_size=30),
)
def test_a_held_value_is_the_last_one_and_never_older_than_the_limit(
    samples: list[int], asked: list[int]
) -> None:
    t, ticks = np.sort(np.array(samples)) * MS, np.array(asked) * MS
    held = at_ticks(t, t.astype(np.float64), ticks, "hold", LIMITS)
    limit = LIMITS.max_gap_ns(t)
    for tick, value in zip(ticks, held, strict=True):
        before = t[t <= tick]
        expected = before[-1] if before.size and tick - before[-1] <= limit else np.nan
        assert value == pytest.approx(expected, nan_ok=True)


def test_a_stream_at_ticks_interpolates_quantities_and_holds_the_rest() -> None:
    t = np.arange(5) * 100 * MS
    table = _table(
        t,
        v=([0.0, 1.0, 2.0, 3.0, 4.0], pa.float32(), "m/s"),
        state=([1, 1, 2, 2, 3], pa.uint8(), "1"),
        note=(["a", "a", "b", None, "c"], pa.string(), "1"),
        data=([b""] * 5, pa.binary(), "1"),
    )
    result = synced(table, t, np.array([50 * MS, 250 * MS, 350 * MS]), LIMITS)
    assert result.column_names == ["t_ns", "v", "state", "note"]
    assert result["v"].to_pylist() == [0.5, 2.5, 3.5]
    assert result["state"].to_pylist() == [1, 2, 2]
    assert result["note"].to_pylist() == ["a", "b", None]
    assert result.schema.field("v").metadata == {b"unit": b"m/s"}
    assert not result.schema.field("t_ns").nullable


def test_an_angle_of_a_stream_goes_the_short_way_in_its_own_unit() -> None:
    t = np.array([0, 100]) * MS
    table = _table(t, course=([350.0, 20.0], pa.float64(), "deg"))
    result = synced(table, t, np.array([0, 50, 100]) * MS, LIMITS)
    assert result["course"].to_pylist() == pytest.approx([350.0, 5.0, 20.0])


def test_flipped_quaternions_are_joined_on_one_side() -> None:
    t = np.array([0, 100]) * MS
    parts = {"x": [0.0, 0.0], "y": [0.0, 0.0], "z": [0.6, -0.6], "w": [0.8, -0.8]}
    columns = {f"q_{axis}": (values, pa.float64(), "1") for axis, values in parts.items()}
    result = synced(_table(t, **columns), t, np.array([50 * MS]), LIMITS)
    assert (result["q_z"][0].as_py(), result["q_w"][0].as_py()) == pytest.approx((0.6, 0.8))


def test_the_extremes_of_a_thinned_signal_are_left_out_and_other_names_stay() -> None:
    t = np.array([0, 20]) * MS
    values = ([0.0, 0.0], pa.float64(), "m")
    names = ("x", "x_min", "x_max", "pressure_min")
    result = synced(_table(t, **dict.fromkeys(names, values)), t, t, LIMITS)
    assert result.column_names == ["t_ns", "x", "pressure_min"]


def test_a_header_alone_has_no_numbers() -> None:
    header = pa.schema([pa.field("header_stamp_ns", pa.int64()), pa.field("name", pa.string())])
    assert not has_numbers(header)
    assert has_numbers(header.append(pa.field("v", pa.float64())))
    assert has_numbers(header.append(pa.field("state", pa.uint8())))
    assert not has_numbers(header.append(pa.field("data", pa.binary())))


def test_a_pause_that_may_be_joined_has_ticks_and_a_longer_one_has_none() -> None:
    stretches = np.array([[0, 1000], [2000, 3000], [9000, 9500]], dtype=np.int64) * MS
    seconds = grid_over([stretches], 2.0, join_ns=1500 * MS) // (500 * MS)
    assert seconds.tolist() == [0, 1, 2, 3, 4, 5, 18]
    assert (grid_over([stretches], 2.0) // (500 * MS)).tolist() == [0, 1, 4, 5, 18]


def _turning(yaw: np.ndarray, length: float = 1.0) -> pa.Table:
    values = [np.zeros(yaw.size), np.zeros(yaw.size), np.sin(yaw / 2), np.cos(yaw / 2)]
    fields = [
        pa.field(f"pose_q_{axis}", pa.float64(), metadata={"unit": "1"})
        for axis in ("x", "y", "z", "w")
    ]
    arrays = [pa.array(length * column) for column in values]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def test_orientations_turn_evenly_and_keep_their_length() -> None:
    t = np.array([0, 200], dtype=np.int64) * MS
    ticks = np.arange(0, 201, 50, dtype=np.int64) * MS
    table = _turning(np.array([0.0, 2.4]))
    made = synced(table, t, ticks, Limits())
    q = np.column_stack([made[name].to_numpy() for name in table.column_names])
    np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(2 * np.arctan2(q[:, 2], q[:, 3]), [0.0, 0.6, 1.2, 1.8, 2.4])


def test_an_unknown_orientation_is_bridged_as_a_lost_sample_is_and_no_gap() -> None:
    t = np.array([0, 100, 200, 900], dtype=np.int64) * MS
    yaw = np.array([0.0, np.nan, 0.4, 0.4])
    ticks = np.array([100, 500], dtype=np.int64) * MS
    made = synced(_turning(yaw), t, ticks, Limits(periods=2.0))
    z, w = made["pose_q_z"].to_pylist(), made["pose_q_w"].to_pylist()
    assert 2 * np.arctan2(z[0], w[0]) == pytest.approx(0.2)
    assert (z[1], w[1]) == (None, None)


def test_four_numbers_that_are_no_orientation_stay_as_they_are() -> None:
    t = np.array([0, 100], dtype=np.int64) * MS
    ticks = np.array([50], dtype=np.int64) * MS
    made = synced(_turning(np.array([0.0, np.pi]), length=3.0), t, ticks, Limits())
    assert made["pose_q_z"].to_pylist() == pytest.approx([1.5])
    assert made["pose_q_w"].to_pylist() == pytest.approx([1.5])
