"""Following and close following: headway, speed, time, cut-ins and classes."""

import numpy as np
import pytest

from avdataops.detectors.following import Params, find
from avdataops.ports.detecting import Drive, Found
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import LANE_M, cruise, drive, other, ramp, seconds
from avdataops.testing.drives_traffic import among, beside, lead

T_S = beside()


def of(name: str, given: Drive, params: Params | None = None) -> list[Found]:
    return [one for one in find(given, params or Params()).found if one.type == name]


def steady(gap_m: float) -> Drive:
    return among(lead(np.full(T_S.size, gap_m)))


@pytest.mark.parametrize(("gap", "count"), [(30.0, 1), (44.0, 1), (46.5, 0)])
def test_following_is_within_three_seconds(gap: float, count: int) -> None:
    assert len(of("following", steady(gap))) == count


@pytest.mark.parametrize(("gap", "count"), [(14.0, 1), (16.0, 0)])
def test_close_is_below_one_second(gap: float, count: int) -> None:
    assert len(of("close_following", steady(gap))) == count


@pytest.mark.parametrize(("gap", "severity"), [(12.0, "moderate"), (7.5, "high"), (3.0, "extreme")])
def test_severity_follows_the_headway(gap: float, severity: str) -> None:
    (scene,) = of("close_following", steady(gap))
    assert scene.evidence["severity"] == severity
    assert scene.evidence["min_thw_s"] == pytest.approx(gap / 15.0, abs=0.02)


def approaching(gap_m: Floats) -> Drive:
    return among(lead(gap_m))


def test_close_following_lasts_from_one_second_to_one_point_two() -> None:
    gap = 30.0 - 20.0 * (ramp(T_S, 5.0, 8.0) - ramp(T_S, 22.0, 8.0))
    (scene,) = of("close_following", approaching(gap))
    assert seconds(scene.start_ns) == pytest.approx(10.3, abs=0.3)
    assert seconds(scene.stop_ns) == pytest.approx(25.5, abs=0.3)
    assert scene.actor == "lead"


def test_approaching_fast_is_no_following() -> None:
    assert of("following", approaching(120.0 - 3.0 * T_S)) == []


def test_in_town_close_is_allowed() -> None:
    slow = other("lead", T_S, np.full(T_S.size, 3.7 + 2.25 + 5.0), np.zeros(T_S.size), 7.0)
    given = drive(cruise(40.0, 7.0), (slow,))
    assert of("close_following", given) == []
    assert len(of("following", given)) == 1


def test_a_car_in_the_next_lane_is_not_followed() -> None:
    given = among(lead(np.full(T_S.size, 10.0), "side", LANE_M))
    assert find(given, Params()).found == ()


def test_three_seconds_after_a_cut_in_are_excused() -> None:
    cutter = lead(np.full(T_S.size, 12.0), "cutter", LANE_M * (1.0 - ramp(T_S, 10.0, 4.0)))
    (scene,) = of("close_following", among(cutter))
    assert seconds(scene.start_ns) > 14.5


def test_a_short_tailgate_is_too_short() -> None:
    gap = 30.0 - 18.0 * (ramp(T_S, 10.0, 2.0) - ramp(T_S, 12.5, 2.0))
    assert of("close_following", approaching(gap)) == []


def test_an_id_that_switches_does_not_split_it() -> None:
    gap = np.full(T_S.size, 12.0)
    whole = lead(gap)
    given = among(whole)
    assert given.objects is not None
    ids = given.objects.columns["track_id"]
    ids[T_S > 20.0] = "lead again"
    assert len(of("close_following", given)) == 1


def test_lost_rows_do_not_split_it() -> None:
    given = steady(12.0)
    assert given.objects is not None
    keep = np.random.default_rng(3).random(T_S.size) > 0.1
    kept = type(given.objects)(
        given.objects.t_ns[keep],
        {name: column[keep] for name, column in given.objects.columns.items()},
        given.objects.max_gap_ns,
    )
    thinned = Drive(given.measurement, given.start_ns, given.stop_ns, given.ego, None, kept)
    assert len(of("close_following", thinned)) == 1


def test_without_an_object_list_it_is_unknown() -> None:
    (lost,) = find(drive(cruise(20.0)), Params()).unknown
    assert lost.reason == "no object list"


def around_the_least_speed(low_mps: float) -> Drive:
    """Follow 5 m behind while the ego's speed goes up and down about 8.3 m/s."""
    speed = np.where(np.sin(2 * np.pi * T_S / 4.0) > 0, 8.5, low_mps)
    lead_car = other("lead", T_S, np.full(T_S.size, 3.7 + 2.25 + 5.0), np.zeros(T_S.size), 8.3)
    columns = cruise(40.0, 8.5)
    at = np.arange(columns["ego_speed_mps"].size) / 50.0
    columns["ego_speed_mps"] = np.interp(at, T_S, speed)
    return drive(columns, (lead_car,))


def test_speed_about_the_least_does_not_cut_it_into_pieces() -> None:
    assert len(of("close_following", around_the_least_speed(8.1))) == 1


def test_clearly_slower_ends_it() -> None:
    assert of("close_following", around_the_least_speed(7.0)) == []
