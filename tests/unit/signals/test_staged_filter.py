"""The staged low-pass: what passes, what does not, ends, and pieces that join to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.signals.staged_filter import (
    Run,
    level_at_first,
    level_at_last,
    low_passed,
    reach_of,
)

MS = 1_000_000
S = 1_000_000_000
T0 = 1_700_000_000 * S
PERIOD_NS = 20 * MS


def run_of(t: np.ndarray, stages: tuple[int, ...] = (5, 4)) -> Run:
    """All ticks of 50 Hz inside the samples."""
    first = -(-int(t[0]) // PERIOD_NS)
    count = int(t[-1]) // PERIOD_NS - first + 1
    return Run(int(t[0]), int(t[-1]), first * PERIOD_NS, count, stages, float(PERIOD_NS))


def every_ms(seconds: float, offset_ns: int = 0) -> np.ndarray:
    return T0 + offset_ns + np.arange(round(seconds * 1000) + 1) * MS


def filtered(run: Run, t: np.ndarray, x: np.ndarray) -> np.ndarray:
    levels = (level_at_first(run, t, x), level_at_last(run, t, x))
    return low_passed(run, levels, t, x, (0, run.ticks))


def ticks_s(run: Run) -> np.ndarray:
    return (run.tick_ns - T0 + np.arange(run.ticks) * PERIOD_NS) / S


@pytest.mark.parametrize("hz", [0.5, 2.0, 8.0])
def test_what_is_well_below_the_new_rate_passes_unchanged(hz: float) -> None:
    t = every_ms(4.0)
    run = run_of(t)
    made = filtered(run, t, np.sin(2 * np.pi * hz * (t - T0) / S))
    inside = slice(40, -40)
    truth = np.sin(2 * np.pi * hz * ticks_s(run))
    np.testing.assert_allclose(made[inside], truth[inside], atol=2e-3)


@pytest.mark.parametrize("hz", [30.0, 93.0, 240.0, 455.0])
def test_what_would_alias_is_gone(hz: float) -> None:
    t = every_ms(4.0)
    run = run_of(t)
    made = filtered(run, t, np.sin(2 * np.pi * hz * (t - T0) / S))
    assert np.abs(made[40:-40]).max() < 3e-3


@pytest.mark.parametrize("offset_ns", [0, 1, 7 * MS + 13, 19 * MS + 999_999])
def test_a_straight_line_stays_a_straight_line_up_to_its_ends(offset_ns: int) -> None:
    t = every_ms(1.0, offset_ns)
    run = run_of(t)
    made = filtered(run, t, 3.0 + 2.0 * (t - T0) / S)
    np.testing.assert_allclose(made, 3.0 + 2.0 * ticks_s(run), atol=1e-6)


@pytest.mark.parametrize("value", [0.0, -7.25, 1e9])
def test_a_level_stays_that_level(value: float) -> None:
    t = every_ms(0.5)
    np.testing.assert_allclose(filtered(run_of(t), t, np.full(t.size, value)), value, rtol=1e-12)


def test_a_step_is_passed_half_way_and_rings_but_little() -> None:
    t = every_ms(4.0)
    run = run_of(t)
    made = filtered(run, t, (t >= T0 + 2 * S).astype(np.float64))
    at = ticks_s(run)
    assert made[at < 1.8].max() < 0.02
    assert made[at > 2.2].min() > 0.98
    assert made.max() < 1.15
    assert np.interp(0.5, made[90:110], at[90:110]) == pytest.approx(2.0, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 2**31))
def test_any_stretch_of_ticks_is_the_same_to_the_last_bit(
    start: int, length: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    t = T0 + np.cumsum(rng.integers(MS // 2, 3 * MS // 2, 2100))
    x = np.cumsum(rng.normal(size=t.size))
    run = run_of(t)
    levels = (level_at_first(run, t, x), level_at_last(run, t, x))
    whole = low_passed(run, levels, t, x, (0, run.ticks))
    stop = min(start + length, run.ticks)
    part = low_passed(run, levels, t, x, (start, stop))
    assert part.tobytes() == whole[start:stop].tobytes()


def test_only_samples_within_reach_count() -> None:
    t = every_ms(6.0)
    run = run_of(t)
    rng = np.random.default_rng(5)
    x = rng.normal(size=t.size)
    levels = (0.0, 0.0)
    before = low_passed(run, levels, t, x, (150, 151))
    far_ns = run.reach * run.fine_ns + 2 * MS
    tick_ns = run.tick_ns + 150 * PERIOD_NS
    x[np.abs(t - tick_ns) > far_ns] = 1e6
    assert low_passed(run, levels, t, x, (150, 151)).tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("stages", "reach"), [((), 0), ((2,), 24), ((5, 4), 60 + 240), ((13, 13), 156 + 2028)]
)
def test_each_stage_reaches_twelve_of_its_own_steps(stages: tuple[int, ...], reach: int) -> None:
    assert reach_of(stages) == reach


def test_a_run_knows_its_grid() -> None:
    run = Run(T0 + 3 * MS, T0 + 103 * MS, T0 + 20 * MS, 5, (5, 4), float(PERIOD_NS))
    assert (run.many, run.fine_ns, run.lead) == (20, MS, 17)
    assert run.points == 17 + 4 * 20 + 3 + 1
    assert run.edge == 40
    short = Run(T0, T0, T0, 1, (5, 4), float(PERIOD_NS))
    assert (short.points, short.edge) == (1, 1)


def test_a_run_of_one_sample_is_that_sample() -> None:
    t = np.array([T0])
    run = Run(T0, T0, T0, 1, (5, 4), float(PERIOD_NS))
    assert low_passed(run, (4.5, 4.5), t, np.array([4.5]), (0, 1)).tolist() == [4.5]


def test_jitter_does_not_bend_a_slow_wave() -> None:
    rng = np.random.default_rng(2)
    t = T0 + np.cumsum(rng.integers(MS // 2, 3 * MS // 2, 4000))
    run = run_of(t)
    made = filtered(run, t, np.sin(2 * np.pi * (t - T0) / S))
    truth = np.sin(2 * np.pi * ticks_s(run))
    np.testing.assert_allclose(made[40:-40], truth[40:-40], atol=2e-3)
