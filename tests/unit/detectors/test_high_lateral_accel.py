"""Fast corners: by turning, by a measured acceleration, and what is neither."""

import numpy as np
import pytest

from avdataops.detectors.high_lateral_accel import Params, find
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import bump, clock, cruise, drive, seconds, without_column

T_S = clock(30.0)


def cornering(accel_mps2: float, speed_mps: float = 15.0, duration_s: float = 4.0) -> Drive:
    rate = accel_mps2 / speed_mps * bump(T_S, 10.0, duration_s, 0.8)
    return drive({**cruise(30.0, speed_mps), "yaw_rate_radps": rate})


@pytest.mark.parametrize(("accel", "count"), [(3.7, 0), (4.4, 1), (-4.4, 1), (-3.7, 0)])
def test_the_acceleration_decides_on_both_sides(accel: float, count: int) -> None:
    found = find(cornering(accel), Params()).found
    assert len(found) == count
    for scene in found:
        assert scene.evidence["direction"] == ("left" if accel > 0 else "right")


@pytest.mark.parametrize(("accel", "severity"), [(4.4, "moderate"), (5.4, "severe")])
def test_severity_follows_the_comfort_bound(accel: float, severity: str) -> None:
    (scene,) = find(cornering(accel), Params()).found
    assert scene.evidence["severity"] == severity
    assert scene.evidence["max_abs_ay_mps2"] == pytest.approx(accel, rel=0.03)
    assert 10.3 < seconds(scene.start_ns) < 10.9


def test_the_same_yaw_rate_is_harmless_when_slow() -> None:
    fast = cornering(4.4)
    slow = drive({**fast.ego.columns, "ego_speed_mps": np.full(T_S.size, 5.0)})
    assert find(slow, Params()).found == ()


def measured(accel: Floats) -> Drive:
    return drive({**cruise(30.0), "accel_y_mps2": accel})


def test_a_measured_acceleration_stands_in_for_an_unknown_yaw_rate() -> None:
    whole = without_column(measured(4.6 * bump(T_S, 10.0, 4.0, 0.8)), "yaw_rate_radps")
    (scene,) = find(whole, Params()).found
    assert scene.evidence["source"] == "accel_y_mps2"
    assert scene.confidence <= 0.7


def test_turning_is_believed_before_a_tilted_sensor() -> None:
    assert find(measured(np.full(T_S.size, 6.0)), Params()).found == ()


def test_without_any_source_all_is_unknown() -> None:
    bare = without_column(drive(cruise(30.0)), "yaw_rate_radps")
    (lost,) = find(bare, Params()).unknown
    assert lost.reason == "no lateral acceleration"


def test_a_twitch_is_too_short() -> None:
    assert find(cornering(5.0, duration_s=0.9), Params(min_s=0.6)).found == ()
