"""Who leads, which tracks are looked at, and what is worked out once."""

import numpy as np
import pytest

from avdataops.signals.traffic import EgoBox, smoothed, traffic
from avdataops.testing.drives import LANE_M, walking
from avdataops.testing.drives_traffic import among, beside, lead

T_S = beside(20.0)


def rows_of(around_ids: np.ndarray, name: str) -> np.ndarray:
    return np.asarray(around_ids == name)


def test_the_nearest_in_the_lane_leads() -> None:
    near, far = lead(np.full(T_S.size, 20.0), "near"), lead(np.full(T_S.size, 50.0), "far")
    side = lead(np.full(T_S.size, 10.0), "side", LANE_M)
    around = traffic(among(near, far, side, duration_s=20.0), EgoBox())
    ids = around.seen.track_id
    assert around.is_lead[rows_of(ids, "near")].all()
    assert not around.is_lead[rows_of(ids, "far")].any()
    assert not around.is_lead[rows_of(ids, "side")].any()
    assert around.gap_m[rows_of(ids, "near")] == pytest.approx(20.0)
    assert around.thw_s[rows_of(ids, "near")] == pytest.approx(20.0 / 15.0)


def test_a_pedestrian_is_no_vehicle_and_never_leads() -> None:
    person = walking("p", x_m=12.0, ego_mps=15.0)
    around = traffic(among(person, duration_s=20.0), EgoBox())
    assert not around.vehicle.any()
    assert not around.is_lead.any()


def test_only_tracks_in_question_are_given() -> None:
    near, far = lead(np.full(T_S.size, 20.0), "near"), lead(np.full(T_S.size, 50.0), "far")
    around = traffic(among(near, far, duration_s=20.0), EgoBox())
    (rows,) = around.tracks_where(around.gap_m < 30.0)
    assert set(around.seen.track_id[rows]) == {"near"}
    assert list(around.tracks_where(np.zeros(around.gap_m.size, dtype=np.bool_))) == []


def test_an_empty_list_has_no_tracks() -> None:
    around = traffic(among(duration_s=20.0), EgoBox())
    assert list(around.tracks_where(around.vehicle)) == []


def test_the_same_question_is_answered_once_per_drive() -> None:
    given = among(lead(np.full(T_S.size, 20.0)), duration_s=20.0)
    assert traffic(given, EgoBox()) is traffic(given, EgoBox())
    assert traffic(given, EgoBox()) is not traffic(given, EgoBox(front_m=3.0))


def test_smoothing_keeps_the_motion_and_takes_the_noise() -> None:
    rng = np.random.default_rng(1)
    gap = 30.0 - 0.8 * T_S
    noisy = lead(gap + rng.normal(0.0, 0.3, T_S.size))
    around = traffic(among(noisy, duration_s=20.0), EgoBox())
    (rows,) = around.tracks_where(around.vehicle)
    track = smoothed(around, rows, 0.5)
    middle = slice(20, -20)
    assert np.abs(track.gap_m - gap)[middle].max() < 0.35
    assert np.abs(track.gap_m - gap)[middle].std() < 0.15
