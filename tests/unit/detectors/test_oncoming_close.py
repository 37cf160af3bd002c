"""Oncoming vehicles: room, direction and speed."""

import numpy as np
import pytest

from avdataops.detectors.oncoming_close import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import EGO_MPS, cruise, drive, other, seconds
from avdataops.testing.drives_traffic import among, beside

T_S = beside(20.0)


def meeting(room_m: float, other_mps: float = 15.0) -> Drive:
    x_m = 200.0 - (EGO_MPS + other_mps) * T_S
    y_m = np.full(T_S.size, 0.95 + room_m + 0.9)
    return among(other("oncoming", T_S, x_m, y_m, EGO_MPS), duration_s=20.0)


@pytest.mark.parametrize(("room", "count"), [(1.7, 0), (1.3, 1), (0.4, 1)])
def test_the_room_decides(room: float, count: int) -> None:
    assert len(find(meeting(room), Params()).found) == count


@pytest.mark.parametrize(("room", "severity"), [(1.3, "close"), (0.5, "severe")])
def test_room_side_and_class_are_told(room: float, severity: str) -> None:
    (scene,) = find(meeting(room), Params()).found
    assert scene.evidence["clearance_m"] == pytest.approx(room, abs=0.01)
    assert scene.evidence["severity"] == severity
    assert scene.evidence["side"] == "left"
    assert 6.3 < seconds(scene.start_ns) < 6.8


def test_a_parked_car_is_not_oncoming() -> None:
    parked = meeting(0.5, other_mps=0.0)
    assert find(parked, Params()).found == ()


def test_passing_in_the_same_direction_is_another_scene() -> None:
    x_m = 60.0 - 5.0 * T_S
    same = other("same", T_S, x_m, np.full(T_S.size, 2.5), EGO_MPS)
    assert find(among(same, duration_s=20.0), Params()).found == ()


def test_waiting_for_it_to_pass_is_harmless() -> None:
    x_m = 100.0 - 10.0 * T_S
    passing = other("oncoming", T_S, x_m, np.full(T_S.size, 2.5), 0.0)
    assert find(drive(cruise(20.0, 0.0), (passing,)), Params()).found == ()
