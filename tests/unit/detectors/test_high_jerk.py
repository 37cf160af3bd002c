"""Jerks: either direction, the threshold, and where the acceleration comes from."""

import numpy as np
import pytest

from avdataops.detectors.high_jerk import HIGH_JERK, Params, find
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import bump, clock, ramp, seconds, unknown_within, without_column
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


def test_a_step_between_two_sources_of_the_acceleration_is_no_jerk() -> None:
    # Half way through a firm brake the accelerometer falls silent, and the speed goes on telling.
    brake = -3.5 * bump(T_S, 10.0, 6.0, 1.5)
    whole = pushed(brake, 30.0)
    assert find(whole, Params()).found == ()
    for start_s, stop_s in ((12.0, 24.0), (13.0, 13.4), (0.0, 12.5)):
        partly = unknown_within(whole, "accel_x_mps2", start_s, stop_s)
        detection = find(partly, Params())
        assert detection.found == ()
        reasons = {one.reason for one in detection.unknown}
        assert reasons == {"the source of the acceleration changes"}
        assert sum(one.stop_ns - one.start_ns for one in detection.unknown) < 2.6e9
