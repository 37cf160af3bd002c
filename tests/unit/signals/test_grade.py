"""Grade of a road from noisy altitudes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats
from avdataops.signals.grade import grade_deg

GAP_NS = NS_PER_S // 2
RATE_HZ = 10


def of(altitude_m: Floats, speed_mps: Floats, *, window_m: float = 100.0) -> Floats:
    t = np.arange(altitude_m.size, dtype=np.int64) * (NS_PER_S // RATE_HZ)
    return grade_deg(t, altitude_m, speed_mps, window_m=window_m, max_gap_ns=GAP_NS)


def climb(
    seconds: int = 60, speed_mps: float = 10.0, degrees: float = 3.0
) -> tuple[Floats, Floats]:
    t_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    return 100.0 + np.tan(np.radians(degrees)) * speed_mps * t_s, np.full(t_s.size, speed_mps)


@given(st.floats(-19.0, 19.0), st.floats(3.0, 40.0))
def test_a_steady_slope_is_found_exactly(degrees: float, speed_mps: float) -> None:
    found = of(*climb(degrees=degrees, speed_mps=speed_mps))
    assert np.allclose(found, degrees, atol=1e-6)


def test_noise_of_a_receiver_averages_out() -> None:
    altitude, speed = climb(seconds=120, speed_mps=15.0)
    noisy = altitude + np.random.default_rng(1).normal(0.0, 0.5, altitude.size)
    error = of(noisy, speed) - 3.0
    # 67 samples over 100 m: 0.5 m / (sqrt(67) * 29 m) are 0.12 degrees; at the ends about 6 times.
    assert np.sqrt(np.mean(error[100:-100] ** 2)) < 0.2


def test_over_a_crest_the_sign_turns() -> None:
    t_s = np.arange(600) / RATE_HZ
    along_m = 10.0 * t_s
    altitude = -0.0002 * (along_m - 300.0) ** 2
    found = of(altitude, np.full(t_s.size, 10.0))
    expected = np.degrees(np.arctan(-0.0004 * (along_m - 300.0)))
    assert np.allclose(found[60:-60], expected[60:-60], atol=0.01)


def test_standing_and_too_short_ways_tell_nothing() -> None:
    assert np.isnan(of(np.full(100, 5.0), np.zeros(100))).all()
    altitude, speed = climb(seconds=3)
    assert np.isnan(of(altitude, speed)).all()
    altitude, speed = climb(seconds=4)
    assert np.isfinite(of(altitude, speed)).any()


def test_unknown_altitudes_are_unknown_grades_and_gaps_are_not_crossed() -> None:
    altitude, speed = climb()
    altitude[200:300] = np.nan
    altitude[300:] += 50.0
    found = of(altitude, speed)
    assert np.isnan(found[200:300]).all()
    assert np.allclose(found[:200], 3.0)
    assert np.allclose(found[300:], 3.0)


def test_a_jump_steeper_than_any_road_is_unknown() -> None:
    altitude, speed = climb(degrees=0.0)
    altitude[300:] += 200.0
    found = of(altitude, speed)
    assert np.isnan(found[290:310]).all()
    assert np.allclose(found[:240], 0.0)


def test_reversing_up_a_hill_is_the_slope_along_the_way() -> None:
    altitude, speed = climb()
    assert np.allclose(of(altitude, -speed), 3.0)


def test_a_long_drive_keeps_its_digits() -> None:
    altitude, speed = climb(seconds=7200, speed_mps=40.0, degrees=1.0)
    assert np.allclose(of(altitude, speed), 1.0, atol=1e-4)


def test_nothing_gives_nothing() -> None:
    assert of(np.empty(0), np.empty(0)).size == 0
    assert np.isnan(of(np.array([1.0]), np.array([1.0]))).all()


@pytest.mark.parametrize("missing", ["altitude", "speed"])
def test_a_missing_signal_leaves_all_unknown(missing: str) -> None:
    altitude, speed = climb()
    (altitude if missing == "altitude" else speed)[:] = np.nan
    assert np.isnan(of(altitude, speed)).all()
