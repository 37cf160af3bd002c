"""The lead brakes: threshold, headway, noise and classes."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.detectors.lead_brake import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import LANE_M, ramp, seconds
from avdataops.testing.drives_traffic import among, beside, lead

T_S = beside()


def braking(lost_mps: float, within_s: float, gap_m: float = 40.0, y_m: float = 0.0) -> Drive:
    """Return a lead that loses speed along a raised cosine: its peak is pi/2 of the mean."""
    slower = lost_mps * (ramp(T_S, 10.0, within_s) - ramp(T_S, 10.0 + within_s, 12.0))
    gap = gap_m - np.cumsum(slower) / 10.0
    return among(lead(gap, y_m=y_m))


@pytest.mark.parametrize(("lost", "count"), [(2.5, 0), (5.0, 1)])
def test_the_deceleration_decides(lost: float, count: int) -> None:
    # Over 2.5 s the peaks are 1.6 and 3.1 m/s2.
    assert len(find(braking(lost, 2.5), Params()).found) == count


def test_begin_peak_and_actor_are_told() -> None:
    (scene,) = find(braking(5.0, 2.5), Params()).found
    assert scene.actor == "lead"
    assert seconds(scene.start_ns) == pytest.approx(10.1, abs=0.3)
    assert scene.evidence["min_lead_ax_mps2"] == pytest.approx(-3.1, abs=0.4)
    assert scene.evidence["lead_speed_mps"] == pytest.approx(15.0, abs=0.3)


@pytest.mark.parametrize(
    ("lost", "severity"), [(4.0, "moderate"), (6.5, "high"), (11.0, "emergency")]
)
def test_severity_follows_the_deceleration(lost: float, severity: str) -> None:
    (scene,) = find(braking(lost, 2.5, gap_m=44.0), Params()).found
    assert scene.evidence["severity"] == severity


def test_far_ahead_it_is_nobodys_lead() -> None:
    assert find(braking(5.0, 2.5, gap_m=120.0), Params()).found == ()


def test_in_the_next_lane_it_is_no_lead() -> None:
    assert find(braking(5.0, 2.5, y_m=LANE_M), Params()).found == ()


def test_noise_of_the_speed_brakes_nobody() -> None:
    steady = lead(np.full(T_S.size, 30.0))
    noise = np.random.default_rng(5).normal(0.0, 0.3, T_S.size)
    assert find(among(replace(steady, vx_mps=steady.vx_mps + noise)), Params()).found == ()


def test_without_speeds_positions_tell_it() -> None:
    slower = 6.0 * (ramp(T_S, 10.0, 2.5) - ramp(T_S, 12.5, 12.0))
    silent = replace(lead(40.0 - np.cumsum(slower) / 10.0), vx_mps=np.full(T_S.size, np.nan))
    assert len(find(among(silent), Params()).found) == 1
