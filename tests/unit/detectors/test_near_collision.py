"""Near collisions: the time, the age of the track, and passing beside."""

import numpy as np
import pytest

from avdataops.detectors.near_collision import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import EGO_MPS, LANE_M, other, ramp, seconds
from avdataops.testing.drives_traffic import among, beside, lead

T_S = beside(20.0)


def approach(closing_mps: float, least_gap_m: float, y_m: float = 0.0) -> Drive:
    """Return a lead that is approached until 10 s, then suddenly as fast as the ego."""
    speed = closing_mps * (1.0 - ramp(T_S, 9.8, 0.4))
    gap = least_gap_m + (np.sum(speed) - np.cumsum(speed)) / 10.0
    return among(lead(gap, y_m=y_m), duration_s=20.0)


@pytest.mark.parametrize(("gap", "count"), [(18.0, 0), (10.0, 1)])
def test_a_second_and_a_half_decides(gap: float, count: int) -> None:
    assert len(find(approach(10.0, gap), Params()).found) == count


def test_least_time_and_actor_are_told() -> None:
    (scene,) = find(approach(10.0, 8.0), Params()).found
    least = scene.evidence["min_ttc_s"]
    assert isinstance(least, float)
    assert least == pytest.approx(1.05, abs=0.2)
    assert scene.actor == "lead"
    # 15 m remain 0.7 s before the gap stays.
    assert seconds(scene.start_ns) == pytest.approx(9.3, abs=0.25)


@pytest.mark.parametrize(("gap", "severity"), [(11.0, "conflict"), (4.0, "critical")])
def test_severity_follows_the_least_time(gap: float, severity: str) -> None:
    (scene,) = find(approach(10.0, gap), Params()).found
    assert scene.evidence["severity"] == severity


def test_passing_in_the_next_lane_is_none() -> None:
    given = among(lead(80.0 - 10.0 * T_S, y_m=LANE_M), duration_s=20.0)
    assert find(given, Params()).found == ()


def test_closing_slowly_is_parking_not_danger() -> None:
    assert find(approach(0.9, 1.0), Params()).found == ()


@pytest.mark.parametrize(("duration_s", "count"), [(0.4, 0), (1.2, 1)])
def test_a_ghost_of_some_rows_is_not_believed(duration_s: float, count: int) -> None:
    glimpse = beside(duration_s)
    place = 20.0 - 10.0 * glimpse
    ghost = other("ghost", glimpse + 9.0, place, 0.0 * glimpse, EGO_MPS)
    assert len(find(among(ghost, duration_s=20.0), Params()).found) == count


def test_a_loosened_gate_finds_the_near_miss() -> None:
    from avdataops.detectors.near_collision import NEAR_COLLISION

    (gate,) = NEAR_COLLISION.gates
    loose = Params(on_ttc_s=gate.loosened(1.5), off_ttc_s=gate.loosened(2.0))
    (near,) = find(approach(10.0, 16.0), loose).found
    least = near.evidence[gate.evidence]
    assert isinstance(least, float)
    assert gate.holds(least, loose.on_ttc_s)
    assert not gate.holds(least, 1.5)
