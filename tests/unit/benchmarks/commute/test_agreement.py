"""Agreement of series with known lag, bias, scale and noise."""

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.signals.clocks import ClockModel
from benchmarks.commute.agreement import Series, agreement, clock_agreement, rate_agreement

T0 = 1_700_000_000 * NS_PER_S


def times(duration_s: float, rate_hz: float) -> np.ndarray:
    return T0 + np.round(np.arange(duration_s * rate_hz) / rate_hz * NS_PER_S).astype(np.int64)


def wave(t_ns: np.ndarray) -> np.ndarray:
    t_s = (t_ns - T0) / NS_PER_S
    return np.asarray(10.0 + 5.0 * np.sin(t_s / 4.0) + 2.0 * np.sin(t_s / 1.7))


@pytest.mark.parametrize("lag_s", [-0.7, 0.0, 0.4])
def test_a_later_source_has_a_positive_lag(lag_s: float) -> None:
    fast, slow = times(300.0, 50.0), times(300.0, 1.0)
    other = Series(slow, wave(slow - round(lag_s * NS_PER_S)))
    found = agreement(Series(fast, wave(fast)), other, 0.1)
    assert found.lag_s == pytest.approx(lag_s, abs=0.011)
    assert found.rms < 0.03
    assert found.bias == pytest.approx(0.0, abs=0.01)
    assert found.correlation > 0.9999
    assert found.rms_unshifted >= found.rms


def test_bias_is_reference_minus_other_and_slope_is_the_scale_of_the_other() -> None:
    t = times(300.0, 10.0)
    found = agreement(Series(t, wave(t)), Series(t, 0.5 * wave(t) + 1.0), 0.2)
    assert found.slope == pytest.approx(0.5)
    low = agreement(Series(t, wave(t)), Series(t, wave(t) - 0.3), 0.2)
    assert low.bias == pytest.approx(0.3)
    assert low.rms == pytest.approx(0.3)


def test_samples_in_gaps_and_outside_the_reference_are_not_compared() -> None:
    t = times(100.0, 10.0)
    kept = (t < t[300]) | (t >= t[500])
    found = agreement(Series(t[kept], wave(t[kept])), Series(t[100:900], wave(t[100:900])), 0.2)
    assert found.lag_s == 0.0
    assert found.samples == 800 - 201
    assert found.rms < 1e-9


def test_values_between_samples_are_linear_and_unknown_in_gaps() -> None:
    series = Series(T0 + np.array([0, 1, 5]) * NS_PER_S, np.array([0.0, 2.0, 4.0]))
    asked = T0 + np.array([-1, 0, 0.5, 1, 3, 6]) * NS_PER_S
    got = series.at(asked.astype(np.int64), 1.5)
    assert np.array_equal(got, [np.nan, 0.0, 1.0, 2.0, np.nan, np.nan], equal_nan=True)


def test_the_change_of_an_angle_agrees_with_its_rate() -> None:
    fast, slow = times(200.0, 50.0), times(200.0, 1.0)
    t_s = (fast - T0) / NS_PER_S
    rate = Series(fast, 0.3 * np.cos(t_s / 3.0))
    angle = Series(slow, 0.9 * np.sin(((slow - T0) / NS_PER_S - 0.2) / 3.0))
    found = rate_agreement(rate, angle, 0.1)
    assert found.lag_s == pytest.approx(0.2, abs=0.011)
    assert found.slope == pytest.approx(1.0, abs=0.01)
    assert found.rms < 0.002


def test_angles_far_apart_give_no_rate() -> None:
    fast, slow = times(100.0, 50.0), times(100.0, 1.0)
    kept = np.delete(slow, [20, 21, 60])
    rate = Series(fast, 0.1 + 0.05 * np.sin((fast - T0) / NS_PER_S))
    angle = Series(kept, 0.1 * (kept - T0) / NS_PER_S - 0.05 * np.cos((kept - T0) / NS_PER_S))
    assert rate_agreement(rate, angle, 0.1).samples == kept.size - 1 - 2


def test_a_clock_that_runs_fast_has_a_positive_drift_and_the_model_takes_it_away() -> None:
    utc = times(1000.0, 1.0)
    recorded = utc + 5 * NS_PER_S + np.round((utc - T0) * 60e-6).astype(np.int64)
    model = ClockModel(
        t0_ns=int(recorded[0]),
        offset_ns=-5 * NS_PER_S,
        skew_ppm=-60.0,
        residual_p50_ms=0.0,
        residual_p95_ms=0.0,
        sigma_ms=None,
        points=1000,
    )
    found = clock_agreement(utc, recorded, model)
    assert found.messages == 1000
    assert found.ahead_first_s == pytest.approx(5.0)
    assert found.ahead_last_s == pytest.approx(5.0 + 999 * 60e-6)
    assert found.drift_ppm == pytest.approx(60.0, abs=0.01)
    assert found.model_drift_ppm == 60.0
    assert found.before_p50_ms == pytest.approx(5030.0, abs=1.0)
    assert found.after_p95_ms < 0.01
