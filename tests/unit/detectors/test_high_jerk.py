"""Jerks: either direction, the threshold, and where the acceleration comes from."""

import numpy as np
import pytest

from avdataops.detectors.high_jerk import HIGH_JERK, Params, find
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import clock, ramp, seconds, without_column
from avdataops.testing.drives_motion import pushed

T_S = clock(30.0)


def step(accel_mps2: float, within_s: float) -> Floats:
    """Return an acceleration that sets in at 10 s and fades over 6 s, far below any threshold."""
    onset = ramp(T_S, 10.0, within_s)
    return accel_mps2 * (onset - ramp(T_S, 14.0, 6.0))


def test_an_abrupt_brake_jerks_once() -> None:
    (scene,) = find(pushed(step(-5.0, 1.2), 25.0), Params()).found
    assert scene.evidence["direction"] == "braking"
    assert scene.evidence["min_jerk_mps3"] == pytest.approx(-5.0 * np.pi / 2 / 1.2, rel=0.15)
    assert 10.0 < seconds(scene.start_ns) < 10.6


def test_an_abrupt_push_jerks_too() -> None:
    (scene,) = find(pushed(step(5.0, 1.2), 5.0), Params()).found
    assert scene.evidence["direction"] == "accelerating"


def test_the_same_brake_built_up_slowly_does_not() -> None:
    assert find(pushed(step(-5.0, 4.0), 25.0), Params()).found == ()


def test_setting_in_and_letting_go_shortly_after_are_one() -> None:
    accel = -5.0 * (ramp(T_S, 10.0, 1.2) - ramp(T_S, 11.3, 1.2))
    assert len(find(pushed(accel, 25.0), Params()).found) == 1


def test_from_speed_alone_it_is_less_sure() -> None:
    whole = pushed(step(-6.0, 1.2), 60.0)
    (measured,) = find(whole, Params()).found
    (derived,) = find(without_column(whole, "accel_x_mps2"), Params()).found
    assert derived.confidence <= 0.5 < measured.confidence
    assert derived.evidence["source"] == "ego_speed_mps"


def test_both_levels_move_with_the_gate() -> None:
    (gate,) = HIGH_JERK.gates
    assert gate.also == ("off_mps3",)
    loose = Params(on_mps3=gate.loosened(4.13), off_mps3=gate.loosened(2.0))
    near_miss = pushed(step(-3.0, 1.2), 25.0)
    assert find(near_miss, Params()).found == ()
    (near,) = find(near_miss, loose).found
    peak = near.evidence[gate.evidence]
    assert isinstance(peak, float)
    assert 0.7 * 4.13 <= peak < 4.13
