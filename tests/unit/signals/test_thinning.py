"""Streams of signals at a lower rate, on one time axis."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.signals.thinning import longest_step_ns, thin_signals

MS = 1_000_000
S = 1_000_000_000


def _table(t: np.ndarray, **columns: object) -> pa.Table:
    data = pa.table({"t_ns": pa.array(t, pa.int64())} | columns)
    fields = [f.with_metadata({"unit": "m/s"} if f.name != "t_ns" else {}) for f in data.schema]
    return data.cast(pa.schema(fields))


def _ms(*values: float) -> np.ndarray:
    return np.array([round(value * MS) for value in values], dtype=np.int64)


@pytest.mark.parametrize(("period_ms", "step_ms"), [(10, 200), (100, 300), (1000, 3000)])
def test_three_periods_are_no_gap(period_ms: int, step_ms: int) -> None:
    t = np.arange(10, dtype=np.int64) * period_ms * MS
    assert longest_step_ns(t) == pytest.approx(step_ms * MS, rel=1e-3)


def test_nothing_and_one_sample_have_the_shortest_limit() -> None:
    assert longest_step_ns(_ms()) == 200 * MS
    assert longest_step_ns(_ms(5)) == 200 * MS


def test_a_slow_stream_is_sorted_and_freed_of_duplicates() -> None:
    thinned = thin_signals(
        _table(_ms(200, 0, 100, 100), v=[2.0, 0.0, 9.0, 1.0]), 50.0, envelope=True
    )
    assert thinned.table["v"].to_pylist() == [0.0, 1.0, 2.0]
    assert (thinned.duplicates, thinned.beyond_rate) == (1, 0)


def test_a_constant_stays_constant_at_any_rate() -> None:
    t = np.arange(1000, dtype=np.int64) * 3 * MS
    for rate_hz in (7.0, 10.0, 29.97, 50.0):
        table = thin_signals(_table(t, v=np.full(1000, 5.0)), rate_hz, envelope=True).table
        for name in ("v", "v_min", "v_max"):
            assert np.allclose(table[name].to_numpy(), 5.0)


def test_all_columns_share_one_axis_of_multiples() -> None:
    t = np.arange(1000, dtype=np.int64) * 5 * MS + 3
    state = pa.array(["a"] * 500 + ["b"] * 500)
    thinned = thin_signals(
        _table(t, v=np.zeros(1000), w=np.ones(1000), state=state), 50.0, envelope=False
    )
    assert thinned.table.column_names == ["t_ns", "v", "w", "state"]
    axis = thinned.table["t_ns"].to_numpy()
    assert np.all(axis % (20 * MS) == 0)
    assert thinned.beyond_rate == 1000 - axis.size


def test_a_stretch_of_unknown_values_is_not_bridged() -> None:
    t = np.arange(1000, dtype=np.int64) * 5 * MS
    v = np.ones(1000)
    v[300:500] = np.nan
    table = thin_signals(_table(t, v=v), 50.0, envelope=False).table
    at = table["t_ns"].to_numpy()
    got = table["v"].to_numpy(zero_copy_only=False)
    inside = (at > t[305]) & (at < t[495])
    assert np.isnan(got[inside]).all()
    assert np.isfinite(got[(at < t[299]) | (at > t[500])]).all()


def test_small_lists_and_payloads() -> None:
    t = np.arange(100, dtype=np.int64) * 5 * MS
    pairs = pa.array([[float(n), 0.0] for n in range(100)], pa.list_(pa.float64(), 2))
    data = pa.table({"t_ns": t, "pair": pairs, "bytes": pa.array([b"x"] * 100)})
    table = thin_signals(data, 50.0, envelope=True).table
    assert table.column_names == ["t_ns", "pair"]
    assert table["pair"].to_pylist()[:3] == [[0.0, 0.0], [4.0, 0.0], [8.0, 0.0]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=100),
    st.sampled_from([5.0, 10.0, 50.0, 100.0]),
)
def test_rows_never_grow_and_the_envelope_holds_the_samples(
    steps: list[int], rate_hz: float
) -> None:
    t = np.cumsum(np.array(steps, dtype=np.int64)) * MS
    v = np.cos(np.arange(t.size) * 1.7)
    thinned = thin_signals(_table(t, v=v), rate_hz, envelope=True)
    assert thinned.beyond_rate >= 0
    assert thinned.table.num_rows + thinned.beyond_rate == t.size
    if "v_min" in thinned.table.column_names:
        low = thinned.table["v_min"].to_numpy(zero_copy_only=False)
        high = thinned.table["v_max"].to_numpy(zero_copy_only=False)
        assert np.all(low <= high)
