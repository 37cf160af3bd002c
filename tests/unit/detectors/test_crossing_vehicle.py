"""Crossing vehicles: how far ahead, which way, and how near in time."""

import numpy as np
import pytest

from avdataops.detectors.crossing_vehicle import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import cruise, drive, other, seconds
from avdataops.testing.drives_traffic import FRONT_M, beside

T_S = beside(20.0)


def crossing(ahead_m: float, lateral_mps: float = 5.0, ego_mps: float = 0.0) -> Drive:
    """Return a car that crosses the axis at 8 s, ``ahead_m`` before the bumper at that time."""
    x_m = FRONT_M + ahead_m - ego_mps * (T_S - 8.0)
    y_m = lateral_mps * (T_S - 8.0)
    crosser = other("crosser", T_S, x_m, y_m, ego_mps)
    return drive(cruise(20.0, ego_mps), (crosser,))


@pytest.mark.parametrize(("ahead", "count"), [(6.0, 1), (9.5, 1), (12.0, 0), (-8.0, 0)])
def test_it_crosses_close_ahead(ahead: float, count: int) -> None:
    assert len(find(crossing(ahead), Params()).found) == count


@pytest.mark.parametrize(("speed", "side"), [(5.0, "right"), (-5.0, "left")])
def test_side_place_and_time_are_told(speed: float, side: str) -> None:
    (scene,) = find(crossing(6.0, speed), Params()).found
    assert (scene.actor, scene.evidence["from_side"]) == ("crosser", side)
    assert scene.evidence["distance_at_crossing_m"] == pytest.approx(6.0, abs=0.3)
    assert seconds(scene.start_ns) == pytest.approx(7.0, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx(9.0, abs=0.15)


def test_a_moving_ego_that_just_misses_is_critical() -> None:
    (scene,) = find(crossing(9.0, 6.0, ego_mps=6.0), Params()).found
    pet = scene.evidence["pet_s"]
    assert isinstance(pet, float)
    # It is off the ego's way 0.65 s after crossing, when 5 m are left at 6 m/s.
    assert pet == pytest.approx(0.8, abs=0.3)
    assert scene.evidence["severity"] == "critical"


def test_one_that_stops_before_the_way_does_not_cross() -> None:
    y_m = np.minimum(5.0 * (T_S - 8.0), -2.0)
    stopper = other("stopper", T_S, np.full(T_S.size, 10.0), y_m, 0.0)
    assert find(drive(cruise(20.0, 0.0), (stopper,)), Params()).found == ()


def test_a_pedestrian_is_another_scene() -> None:
    person = other(
        "p", T_S, np.full(T_S.size, 9.0), 1.5 * (T_S - 8.0), 0.0, object_class="pedestrian"
    )
    assert find(drive(cruise(20.0, 0.0), (person,)), Params()).found == ()
