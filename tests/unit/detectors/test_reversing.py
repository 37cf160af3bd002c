"""Reversing: by gear, by the sign of the speed, and unknown without either."""

import numpy as np
import pytest

from avdataops.detectors.reversing import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import bump, clock, cruise, drive, seconds

T_S = clock(30.0)


def manoeuvre(speed_mps: float, *, signed: bool, gear: bool, duration_s: float = 6.0) -> Drive:
    """Return a drive with one move back at 10 s, as the wheels and the gear lever tell it."""
    move = -speed_mps * bump(T_S, 10.0, duration_s)
    columns = cruise(30.0, 0.0)
    columns["ego_speed_mps"] = move if signed else np.abs(move)
    if gear:
        columns["gear"] = np.where(move < 0, "R", "D").astype(object)
    return drive(columns)


@pytest.mark.parametrize(("signed", "gear"), [(True, False), (False, True), (True, True)])
def test_sign_or_gear_tells_it(signed: bool, gear: bool) -> None:
    detection = find(manoeuvre(1.0, signed=signed, gear=gear), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert 10.0 < seconds(scene.start_ns) < 10.5
    assert scene.evidence["min_speed_mps"] == pytest.approx(-1.0, abs=0.01)
    assert scene.evidence["distance_m"] == pytest.approx(5.5, abs=0.2)
    assert scene.evidence["source"] == ("gear" if gear else "sign of ego_speed_mps")


def test_without_gear_and_sign_nobody_can_tell() -> None:
    detection = find(manoeuvre(1.0, signed=False, gear=False), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no gear, nor a speed with a sign"]


def test_the_reverse_gear_at_rest_is_no_reversing() -> None:
    columns = cruise(30.0, 0.0)
    columns["gear"] = np.full(T_S.size, "R", dtype=object)
    assert find(drive(columns), Params()).found == ()


def test_an_unknown_gear_for_a_while_is_an_unknown_while() -> None:
    whole = manoeuvre(1.0, signed=False, gear=True)
    whole.ego.columns["gear"][(T_S > 20.0) & (T_S < 25.0)] = None
    (lost,) = find(whole, Params()).unknown
    assert lost.reason == "gap in gear, nor a speed with a sign"
    assert seconds(lost.start_ns) == pytest.approx(20.0, abs=0.05)


@pytest.mark.parametrize(("speed", "duration"), [(0.25, 6.0), (1.0, 1.2)])
def test_creeping_and_a_short_roll_are_none(speed: float, duration: float) -> None:
    given = manoeuvre(speed, signed=True, gear=True, duration_s=duration)
    assert find(given, Params()).found == ()


def test_a_pause_between_two_moves_is_bridged() -> None:
    columns = cruise(30.0, 0.0)
    columns["ego_speed_mps"] = -1.0 * (bump(T_S, 5.0, 4.0) + bump(T_S, 9.2, 4.0))
    assert len(find(drive(columns), Params()).found) == 1
