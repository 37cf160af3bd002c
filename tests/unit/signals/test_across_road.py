"""Motion across the mapped road."""

import numpy as np
import pytest

from avdataops.ports.detecting import Drive
from avdataops.signals.across_road import Swerve, across_road, swerves
from avdataops.testing.drives import (
    EGO_HZ,
    clock,
    context_rows,
    cruise,
    drive,
    ramp,
    seconds,
    without_column,
)

SWERVE = Swerve(0.3, 0.1, 500_000_000)


def shifted(
    across_m: np.ndarray, *, road_rad: np.ndarray | float = 0.0, speed_mps: float = 20.0
) -> Drive:
    """A minute on a road with this heading at each second, moved across by so much."""
    t_s = clock(60.0)
    road = np.zeros(61) + road_rad
    along = np.interp(t_s, np.arange(61), np.unwrap(road))
    columns = cruise(60.0, speed_mps)
    off = np.arcsin(np.gradient(across_m) * EGO_HZ / speed_mps)
    columns["heading_rad"] = np.angle(np.exp(1j * (along + off)))
    return drive(columns, context=context_rows(60.0, road_heading_rad=np.angle(np.exp(1j * road))))


def lane(direction: float = 1.0) -> np.ndarray:
    return direction * 3.5 * ramp(clock(60.0), 20.0, 5.0)


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_move_to_the_next_lane_is_told_with_how_far_it_went(direction: float) -> None:
    (found,) = swerves(across_road(shifted(lane(direction)), 0.5), SWERVE)
    assert found.shift_m == pytest.approx(direction * 3.5, abs=0.15)
    assert found.turned_deg == pytest.approx(0.0, abs=0.2)
    assert seconds(found.episode.start_ns) == pytest.approx(20.2, abs=0.25)
    assert seconds(found.episode.stop_ns) == pytest.approx(24.8, abs=0.25)


def test_a_bend_of_the_road_is_no_move_across() -> None:
    bend = np.concatenate((np.zeros(20), np.linspace(0.0, 2.5, 21), np.full(20, 2.5)))
    assert swerves(across_road(shifted(np.zeros(3001), road_rad=bend), 0.5), SWERVE) == []


def test_headings_are_compared_the_short_way_round() -> None:
    (found,) = swerves(across_road(shifted(lane(), road_rad=np.pi - 0.01), 0.5), SWERVE)
    assert found.shift_m == pytest.approx(3.5, abs=0.15)


def test_a_slow_drift_is_no_move() -> None:
    drift = 1.0 * ramp(clock(60.0), 10.0, 40.0)
    assert swerves(across_road(shifted(drift), 0.5), SWERVE) == []


@pytest.mark.parametrize("gone", ["heading_rad", "ego_speed_mps"])
def test_without_heading_or_speed_nothing_is_known(gone: str) -> None:
    given = shifted(lane())
    given = without_column(given, gone)
    assert across_road(given, 0.5).t.size == 0


def test_without_a_matched_road_nothing_is_known() -> None:
    columns = cruise(10.0) | {"heading_rad": np.zeros(501)}
    assert across_road(drive(columns), 0.5).t.size == 0
    assert across_road(drive(columns, context=context_rows(10.0)), 0.5).t.size == 0
