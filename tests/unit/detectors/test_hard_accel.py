"""Hard acceleration: the threshold, the time, the onset, sources and gaps."""

import numpy as np
import pytest

from avdataops.detectors.hard_accel import HARD_ACCEL, Params, find
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    bump,
    clock,
    cruise,
    drive,
    follow_acceleration,
    seconds,
    unknown_within,
    without_column,
)
from avdataops.testing.drives_motion import pushed

T_S = clock(30.0)


def push(peak_mps2: float, start_s: float = 10.0, duration_s: float = 4.0) -> Floats:
    return peak_mps2 * bump(T_S, start_s, duration_s, 1.0)


@pytest.mark.parametrize(("peak", "count"), [(2.2, 0), (2.6, 1), (5.0, 1), (-4.0, 0)])
def test_the_acceleration_decides(peak: float, count: int) -> None:
    assert len(find(pushed(push(peak)), Params()).found) == count


def test_onset_and_peak_are_those_of_the_motion() -> None:
    (scene,) = find(pushed(push(3.2)), Params()).found
    # A raised cosine of 1 s passes 0.5 of 3.2 m/s2 after 0.26 s.
    assert seconds(scene.start_ns) == pytest.approx(10.26, abs=0.2)
    assert scene.evidence["max_ax_mps2"] == pytest.approx(3.2, abs=0.1)
    assert scene.evidence["dv_mps"] == pytest.approx(9.4, abs=0.4)
    assert scene.evidence["v_start_mps"] == pytest.approx(10.0, abs=0.1)
    assert scene.evidence["severity"] == "moderate"
    assert not scene.truncated


def test_a_strong_push_is_called_so() -> None:
    (scene,) = find(pushed(push(4.0)), Params()).found
    assert scene.evidence["severity"] == "strong"


def test_a_short_kick_is_not_held_long_enough() -> None:
    assert find(pushed(push(3.2, duration_s=1.0)), Params(min_s=1.0)).found == ()


def test_changing_gears_does_not_split_it() -> None:
    accel = push(3.2, 8.0, 8.0)
    accel[(T_S > 11.5) & (T_S < 12.2)] = 0.0
    assert len(find(pushed(accel), Params()).found) == 1


def test_the_speed_alone_tells_it_too() -> None:
    (scene,) = find(without_column(pushed(push(3.2)), "accel_x_mps2"), Params()).found
    assert scene.evidence["source"] == "ego_speed_mps"


def test_an_acceleration_that_the_speed_contradicts_is_hardly_believed() -> None:
    honest = pushed(push(3.2))
    lying = pushed(push(3.2))
    lying.ego.columns["ego_speed_mps"][:] = 10.0
    (sure,), (unsure,) = find(honest, Params()).found, find(lying, Params()).found
    assert unsure.confidence < 0.1 < sure.confidence


def test_what_a_gap_cuts_is_unknown() -> None:
    cut = unknown_within(pushed(push(3.2)), "ego_speed_mps", 10.9, 16.0)
    detection = find(cut, Params(min_s=1.0))
    assert detection.found == ()
    assert "acceleration cut by a gap" in {one.reason for one in detection.unknown}


def test_a_moved_threshold_finds_the_near_miss() -> None:
    (gate,) = HARD_ACCEL.gates
    near = find(pushed(push(2.2)), Params(on_mps2=gate.loosened(2.4))).found
    assert [one.type for one in near] == ["hard_accel"]
    peak = near[0].evidence[gate.evidence]
    assert isinstance(peak, float)
    assert not gate.holds(peak, 2.4)
    assert gate.holds(peak, 2.0)


def test_noise_does_not_find_more_than_the_truth() -> None:
    rng = np.random.default_rng(4)
    noisy = push(3.2) + rng.normal(0.0, 0.4, T_S.size)
    assert len(find(pushed(noisy), Params()).found) == 1


def test_pulling_away_gently_before_is_no_part_of_it() -> None:
    light = 0.8 * bump(T_S, 8.0, 8.0)
    given = drive(follow_acceleration(cruise(30.0, 5.0), light + 3.0 * bump(T_S, 14.0, 3.0)))
    (scene,) = find(given, Params()).found
    assert seconds(scene.start_ns) == pytest.approx(12.2, abs=0.4)
