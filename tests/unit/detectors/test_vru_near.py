"""Pedestrians near the path and crowds of vulnerable road users."""

import numpy as np
import pytest

from avdataops.detectors.vru_near import Params, find
from avdataops.ports.detecting import Drive, Found
from avdataops.testing.drives import cruise, drive, other, seconds
from avdataops.testing.drives_traffic import FRONT_M, beside

T_S = beside(20.0)
PERSON = {"object_class": "pedestrian", "length_m": 0.5, "width_m": 0.5}


def passing(y_m: float, ego_mps: float = 5.0, **facts: object) -> Drive:
    x_m = 60.0 - ego_mps * T_S
    person = other("p", T_S, x_m, np.full(T_S.size, y_m), ego_mps, **{**PERSON, **facts})
    return drive(cruise(20.0, ego_mps), (person,))


def of(name: str, given: Drive) -> list[Found]:
    return [one for one in find(given, Params()).found if one.type == name]


@pytest.mark.parametrize(("y_m", "count"), [(2.3, 1), (-2.3, 1), (2.6, 0)])
def test_beside_the_way_is_near(y_m: float, count: int) -> None:
    assert len(of("pedestrian_near_path", passing(y_m))) == count


def test_it_counts_from_two_seconds_ahead_to_the_bumper() -> None:
    (scene,) = of("pedestrian_near_path", passing(1.5, ego_mps=8.0))
    assert seconds(scene.start_ns) == pytest.approx((60.0 - FRONT_M - 16.0) / 8.0, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx((60.0 - FRONT_M) / 8.0, abs=0.15)
    assert scene.evidence["clearance_m"] == pytest.approx(0.55, abs=0.01)
    assert (scene.evidence["severity"], scene.evidence["side"]) == ("close", "left")


def test_a_standing_ego_endangers_nobody() -> None:
    person = other("p", T_S, np.full(T_S.size, 8.0), np.full(T_S.size, 1.5), 0.0, **PERSON)
    assert find(drive(cruise(20.0, 0.0), (person,)), Params()).found == ()


def test_a_cyclist_is_no_pedestrian() -> None:
    assert of("pedestrian_near_path", passing(1.5, object_class="bicycle")) == []


@pytest.mark.parametrize(("count", "radius", "found"), [(3, 8.0, 1), (2, 8.0, 0), (3, 12.0, 0)])
def test_three_within_ten_metres_are_many(count: int, radius: float, found: int) -> None:
    near = np.where((T_S > 5.0) & (T_S < 10.0), radius, 40.0)
    people = tuple(
        other(f"p{n}", T_S, near, np.full(T_S.size, 0.1 * n), 0.0, **PERSON) for n in range(count)
    )
    scenes = of("multi_vru", drive(cruise(20.0, 0.0), people))
    assert len(scenes) == found
    for scene in scenes:
        assert scene.evidence["max_count_ids"] == count
        assert scene.actor is None
