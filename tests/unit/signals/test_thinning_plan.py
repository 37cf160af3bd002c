"""The time axis of a thinned stream: rate, stages, pieces between gaps, and numbers of ticks."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.signals.align import regular_grid
from avdataops.signals.ordered_rows import OrderedRows, ordered_rows
from avdataops.signals.thinning_plan import Axis, Piece, axis_of, longest_step_of
from avdataops.signals.timing import TimingAccumulator
from avdataops.testing.step_tables import memory_table

MS = 1_000_000
S = 1_000_000_000
T0 = 1_700_000_000 * S


def rows(*parts: np.ndarray) -> OrderedRows:
    tables = tuple(
        memory_table(
            pa.table({"t_ns": pa.array(t, pa.int64())}), kind="stream", name="/s", part=str(n)
        )
        for n, t in enumerate(parts)
    )
    schema = pa.schema([pa.field("t_ns", pa.int64())])
    return ordered_rows(tables, schema, lambda table: table)


def every(period_ms: float, seconds: float, start_s: float = 0.0) -> np.ndarray:
    count = round(seconds * 1000 / period_ms) + 1
    return T0 + round(start_s * S) + np.round(np.arange(count) * period_ms * MS).astype(np.int64)


def test_a_fast_stream_gets_ticks_and_stages() -> None:
    axis = axis_of(rows(every(1, 10)), 50.0)
    assert axis.rows == 10_001
    assert axis.rate == Fraction(50)
    assert int(np.prod(axis.stages)) == 20
    assert max(axis.stages) <= 13
    (piece,) = axis.pieces
    assert (piece.first_ns, piece.last_ns) == (T0, T0 + 10 * S)
    assert axis.size == piece.stop - piece.start == 501
    assert (
        axis.times(piece.start, piece.stop).tolist()
        == regular_grid(T0, T0 + 10 * S + 1, 50.0).tolist()
    )


@pytest.mark.parametrize("period_ms", [20.0, 25.0, 100.0, 1000.0])
def test_a_slow_stream_keeps_its_rows(period_ms: float) -> None:
    axis = axis_of(rows(every(period_ms, 20)), 50.0)
    assert axis.stages == ()
    assert axis.pieces == ()
    assert axis.size == axis.rows == round(20_000 / period_ms) + 1


def test_a_gap_cuts_and_a_pause_does_not() -> None:
    early, pause, late = every(1, 2), every(1, 2, 2.15), every(1, 2, 5.0)
    axis = axis_of(rows(np.concatenate((early, pause, late))), 50.0)
    ends = [(piece.first_ns - T0, piece.last_ns - T0) for piece in axis.pieces]
    assert ends == [(0, 4_150 * MS), (5 * S, 7 * S)]
    assert axis.max_gap_ns == 200 * MS


def test_a_piece_between_two_ticks_has_none() -> None:
    lone = T0 + 30 * S + 3 * MS + np.arange(3) * MS
    axis = axis_of(rows(np.concatenate((every(1, 10), lone))), 50.0)
    assert len(axis.pieces) == 1
    assert axis.rows == 10_004


def test_the_longest_pause_is_three_periods_or_a_fifth_of_a_second() -> None:
    for period_ms, longest_ms in ((1, 200), (60, 200), (100, 300), (1000, 3000)):
        stamps = TimingAccumulator()
        stamps.add(every(period_ms, 30))
        assert longest_step_of(stamps) == longest_ms * MS
    assert longest_step_of(TimingAccumulator()) == 200 * MS


def test_parts_that_overlap_are_one_axis() -> None:
    whole = every(2, 8)
    assert axis_of(rows(whole[::2], whole[1::2]), 50.0) == axis_of(rows(whole), 50.0)


def test_times_that_repeat_count_once() -> None:
    t = np.repeat(every(1, 4), 2)
    axis = axis_of(rows(t), 50.0)
    assert axis.rows == 4001
    assert axis.size == 201


def test_nothing_has_no_axis() -> None:
    axis = axis_of(rows(np.empty(0, dtype=np.int64)), 50.0)
    assert (axis.rows, axis.size, axis.pieces) == (0, 0, ())


def test_a_stretch_has_the_ticks_inside_it_both_ends_included() -> None:
    axis = Axis(100, 200 * MS, Fraction(50), (5, 4), (Piece(T0, T0 + S, 0, 0),))
    run = axis.run(T0 + 20 * MS, T0 + 60 * MS)
    assert run is not None
    assert (run.tick_ns, run.ticks, run.period_ns) == (T0 + 20 * MS, 3, 20.0 * MS)
    assert axis.run(T0 + 21 * MS, T0 + 39 * MS) is None
    lone = axis.run(T0 + 40 * MS, T0 + 40 * MS)
    assert lone is not None
    assert lone.ticks == 1


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.integers(1, 400), min_size=1, max_size=60),
    rate_hz=st.sampled_from([1.0, 10.0, 50.0, 12.5]),
)
def test_every_tick_lies_between_samples_that_no_gap_parts(
    steps: list[int], rate_hz: float
) -> None:
    t = T0 + np.cumsum(np.array(steps, dtype=np.int64)) * MS
    axis = axis_of(rows(t), rate_hz)
    for piece in axis.pieces:
        ticks = axis.times(piece.start, piece.stop)
        assert piece.first_ns <= ticks.min()
        assert ticks.max() <= piece.last_ns
        inside = t[(t >= piece.first_ns) & (t <= piece.last_ns)]
        assert np.diff(inside).max(initial=0) <= axis.max_gap_ns
    assert axis.size == (sum(p.stop - p.start for p in axis.pieces) if axis.stages else t.size)
