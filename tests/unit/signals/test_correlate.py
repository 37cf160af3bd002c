"""Tests of the common grid, the normalised correlation and its refinement."""

import numpy as np
import pytest

from avdataops.model.errors import InputError
from avdataops.signals.arrays import Floats
from avdataops.signals.correlate import (
    Gridded,
    Lag,
    Line,
    _slope_gain,
    best_lag,
    on_grid,
    refine,
    refine_with_drift,
)
from avdataops.signals.filters import low_pass

T0 = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
TICK = 20_000_000


def motion(t_s: Floats) -> Floats:
    bends = sum(
        height * np.exp(-(((t_s - middle) / 2) ** 2))
        for middle, height in ((12, 0.3), (25, -0.2), (37, 0.15), (44, 0.25), (58, -0.3), (81, 0.2))
    )
    return np.asarray(bends, dtype=np.float64)


def gridded(shift_s: float, seconds: float = 100.0, first_s: float = 0.0) -> Gridded:
    t_s = first_s + np.arange(round(seconds * 50)) / 50
    t = T0 + np.rint(t_s * 50).astype(np.int64) * TICK
    return Gridded(t, motion(t_s + shift_s), 50.0)


def lag_of(a: Gridded, b: Gridded, max_lag_s: float = 10.0) -> Lag:
    found = best_lag(a, b, max_lag_s=max_lag_s, min_overlap_s=20, min_std=0.02)
    assert found is not None
    return found


def test_a_signal_lies_on_ticks_shared_by_all() -> None:
    t = T0 + 7_000_000 + np.arange(1000, dtype=np.int64) * 10_000_000
    found = on_grid(t, np.ones(1000))
    assert np.all(found.t % TICK == 0)
    assert t[0] <= found.t[0] <= found.t[-1] <= t[-1]
    assert found.x[5:-5] == pytest.approx(1.0)
    assert found.rate_hz == 100.0


def test_gaps_stay_unknown_on_the_grid() -> None:
    t = T0 + np.arange(1000, dtype=np.int64) * 10_000_000
    kept = np.ones(1000, dtype=np.bool_)
    kept[400:600] = False
    found = on_grid(t[kept], np.ones(800))
    in_gap = (found.t > t[399]) & (found.t < t[600])
    assert np.isnan(found.x[in_gap]).all()
    assert found.known_s == pytest.approx(8.0, abs=0.1)


def test_too_few_samples_give_an_empty_grid() -> None:
    for count in (0, 1):
        found = on_grid(np.full(count, T0, dtype=np.int64), np.ones(count))
        assert (found.t.size, found.known_s) == (0, 0.0)
    with pytest.raises(InputError, match="do not match"):
        on_grid(np.array([T0]), np.ones(2))


def test_a_part_of_a_grid_is_half_open() -> None:
    whole = gridded(0.0, 1.0)
    part = whole.between(T0 + TICK, T0 + 3 * TICK)
    assert part.t.tolist() == [T0 + TICK, T0 + 2 * TICK]
    assert part.x.tolist() == whole.x[1:3].tolist()


@pytest.mark.parametrize("shift_s", [-6.0, -0.02, 0.0, 0.5, 9.9])
def test_the_best_lag_is_that_of_the_shift(shift_s: float) -> None:
    found = lag_of(gridded(0.0), gridded(shift_s))
    assert found.seconds == pytest.approx(shift_s)
    assert found.correlation == pytest.approx(1.0)
    assert not found.at_edge


def test_lags_are_of_time_and_not_of_rows() -> None:
    found = lag_of(gridded(0.0, 90, 5.0), gridded(1.0, 100, -3.0))
    assert found.seconds == pytest.approx(1.0)


def test_a_wrong_sign_correlates_with_nothing() -> None:
    a = gridded(0.0)
    assert lag_of(a, Gridded(a.t, -a.x, 50.0)).correlation < 0.9


def test_unknown_stretches_do_not_count_as_zero() -> None:
    a, b = gridded(0.0), gridded(2.0)
    x = a.x + 5.0
    x[1000:2000] = np.nan
    found = lag_of(Gridded(a.t, x, 50.0), b)
    assert found.seconds == pytest.approx(2.0)
    assert found.correlation == pytest.approx(1.0)


def test_a_repeating_signal_has_a_second_peak_as_high() -> None:
    a = gridded(0.0)
    t_s = (a.t - T0) / SECOND
    wave = Gridded(a.t, np.sin(2 * np.pi * 0.2 * t_s), 50.0)
    found = lag_of(wave, wave)
    assert found.second_peak == pytest.approx(1.0, abs=0.01)
    assert lag_of(a, a).second_peak < 0.6


def test_no_lag_is_looked_at_without_overlap_or_motion() -> None:
    a = gridded(0.0)
    flat = Gridded(a.t, np.zeros(a.t.size), 50.0)
    unknown = Gridded(a.t, np.full(a.t.size, np.nan), 50.0)
    later = Gridded(a.t + 200 * SECOND, a.x, 50.0)
    for b in (flat, unknown, later):
        assert best_lag(a, b, max_lag_s=10, min_overlap_s=20, min_std=0.02) is None


@pytest.mark.parametrize("shift_s", [-0.0137, 0.0, 0.0061])
def test_refinement_finds_a_part_of_a_tick(shift_s: float) -> None:
    fit = refine(gridded(0.0), gridded(3.0 + shift_s), Line(T0 + 50 * SECOND, 3.0, 0.0))
    assert fit is not None
    assert fit.line.offset_s == pytest.approx(3.0 + shift_s, abs=1e-6)
    assert fit.scale == pytest.approx(1.0, abs=1e-6)
    assert fit.sigma_s < 1e-5


def test_refinement_finds_scale_and_ignores_bias() -> None:
    a, b = gridded(0.0), gridded(0.01)
    fit = refine(a, Gridded(b.t, -b.x * 4 + 7, 50.0), Line(T0, 0.0, 0.0))
    assert fit is not None
    assert fit.scale == pytest.approx(-0.25, abs=1e-6)
    assert fit.line.offset_s == pytest.approx(0.01, abs=1e-6)


def test_refinement_finds_drift() -> None:
    a = gridded(0.0)
    t_s = (a.t - T0) / SECOND
    drifting = Gridded(a.t, motion(t_s + 0.2 + 100e-6 * (t_s - 50)), 50.0)
    fit = refine_with_drift(a, drifting, Line(T0 + 50 * SECOND, 0.2, 0.0))
    assert fit is not None
    # b is ahead by 0.2 s at 50 s of its own clock, which is 50.2 s of a's.
    assert fit.line.drift == pytest.approx(100e-6 / (1 + 100e-6), rel=1e-6)
    assert fit.line.offset_s == pytest.approx(0.2 - 0.2 * 100e-6, abs=1e-7)
    kept = refine(a, drifting, Line(T0 + 50 * SECOND, 0.2, 0.0))
    assert kept is not None
    assert kept.line.drift == 0.0


def test_refinement_tells_more_uncertainty_for_more_noise_and_for_drift() -> None:
    rng = np.random.default_rng(1)
    a, b = gridded(0.0), gridded(0.1)
    start = Line(T0 + 50 * SECOND, 0.1, 0.0)
    noise = low_pass(b.t, rng.normal(0, 0.05, b.t.size), 2.0, SECOND)
    quiet = refine(a, Gridded(b.t, b.x + noise / 10, 50.0), start)
    loud = refine(a, Gridded(b.t, b.x + noise, 50.0), start)
    slow = refine(a, Gridded(b.t, b.x + noise, 1.0), start)
    drift = refine_with_drift(a, Gridded(b.t, b.x + noise, 50.0), start)
    assert quiet is not None
    assert loud is not None
    assert slow is not None
    assert drift is not None
    assert quiet.sigma_s * 8 < loud.sigma_s < slow.sigma_s
    assert slow.sigma_s == pytest.approx(2 * loud.sigma_s, rel=0.01)
    assert drift.sigma_s > loud.sigma_s


def test_refinement_from_far_away_or_on_nothing_gives_nothing() -> None:
    a = gridded(0.0)
    nothing = Gridded(a.t, np.full(a.t.size, np.nan), 50.0)
    assert refine(a, nothing, Line(T0, 0.0, 0.0)) is None
    assert refine(nothing, a, Line(T0, 0.0, 0.0)) is None
    assert refine(a, a, Line(T0, 500.0, 0.0)) is None
    assert refine(a, gridded(1.2), Line(T0, 0.0, 0.0)) is None


def test_the_noise_of_a_slope_is_told_by_the_slope_of_another_record() -> None:
    rng = np.random.default_rng(2)
    true = rng.normal(size=100_000)
    one, other = true + rng.normal(size=true.size), true + rng.normal(size=true.size)
    assert _slope_gain(true, true) == 1.0
    assert _slope_gain(one, other) == pytest.approx(2.0, rel=0.05)
    other[::2] = np.nan
    assert _slope_gain(one, other) == pytest.approx(2.0, rel=0.05)


def test_slopes_that_have_nothing_in_common_give_the_largest_gain() -> None:
    slope = np.array([1.0, -1.0])
    assert _slope_gain(slope, -slope) == 5.0
    assert _slope_gain(slope, np.zeros(2)) == 5.0
