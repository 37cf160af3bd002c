"""Dense traffic: how many, how near, how long."""

import numpy as np
import pytest

from avdataops.detectors.dense_traffic import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import EGO_MPS, other, ramp, seconds
from avdataops.testing.drives_traffic import among, beside

T_S = beside(20.0)


def around(count: int, radius_m: float, duration_s: float = 10.0, kind: str = "car") -> Drive:
    away = 100.0 * (1.0 - ramp(T_S, 5.0, 0.1) + ramp(T_S, 5.0 + duration_s, 0.1))
    cars = tuple(
        other(f"c{n}", T_S, radius_m + away, np.full(T_S.size, 0.2 * n), EGO_MPS, object_class=kind)
        for n in range(count)
    )
    return among(*cars, duration_s=20.0)


@pytest.mark.parametrize(("count", "radius", "found"), [(8, 40.0, 1), (7, 40.0, 0), (9, 55.0, 0)])
def test_eight_within_fifty_metres_are_dense(count: int, radius: float, found: int) -> None:
    scenes = find(around(count, radius), Params()).found
    assert len(scenes) == found
    for scene in scenes:
        assert scene.actor is None
        assert scene.evidence["max_count_ids"] == count
        assert seconds(scene.start_ns) == pytest.approx(5.1, abs=0.15)


def test_a_moment_is_too_short() -> None:
    assert find(around(9, 30.0, duration_s=0.7), Params()).found == ()


def test_people_are_no_traffic() -> None:
    assert find(around(9, 30.0, kind="pedestrian"), Params()).found == ()
