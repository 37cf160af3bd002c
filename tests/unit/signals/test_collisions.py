"""Times to collision in the plane, against the closed form and against stepping in time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.signals.collisions import HORIZON_S, closing_mps, planar_ttc
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import EgoBox

BOX = EgoBox()


def sighting(x_m: float, y_m: float, vx: float, vy: float, ego: float = 10.0) -> Sightings:
    one = np.ones(1)
    return Sightings(
        t=np.zeros(1, dtype=np.int64),
        track_id=np.array(["a"], dtype=object),
        object_class=np.array(["car"], dtype=object),
        x_m=x_m * one,
        y_m=y_m * one,
        heading_rad=0 * one,
        vx_mps=vx * one,
        vy_mps=vy * one,
        length_m=4.5 * one,
        width_m=1.8 * one,
        reach_x_m=2.25 * one,
        reach_y_m=0.9 * one,
        size_known=one > 0,
        ego_mps=ego * one,
        ego_lateral_mps=0 * one,
        offset_m=y_m * one,
        half_width_m=1.75 * one,
        direction_rad=0 * one,
        by_lines=one > 0,
    )


def test_straight_ahead_it_is_gap_over_closing_speed() -> None:
    (ttc,) = planar_ttc(sighting(3.7 + 2.25 + 12.0, 0.0, 4.0, 0.0), BOX)
    assert ttc == pytest.approx(2.0)


def test_beside_it_never_comes() -> None:
    assert planar_ttc(sighting(20.0, 3.5, 0.0, 0.0), BOX).tolist() == [np.inf]


def test_beyond_the_horizon_it_is_not_believed() -> None:
    assert planar_ttc(sighting(3.7 + 2.25 + 31.0, 0.0, 0.0, 0.0), BOX).tolist() == [np.inf]


def test_touching_already_is_now() -> None:
    assert planar_ttc(sighting(4.0, 0.5, 10.0, 0.0), BOX).tolist() == [0.0]


def test_an_unknown_speed_is_unknown() -> None:
    assert np.isnan(planar_ttc(sighting(20.0, 0.0, np.nan, 0.0), BOX)).all()


def stepped(seen: Sightings) -> float:
    for ahead_s in np.arange(0.0, HORIZON_S + 1e-9, 0.001):
        dx = seen.x_m[0] - BOX.centre_m + (seen.vx_mps[0] - seen.ego_mps[0]) * ahead_s
        dy = seen.y_m[0] + seen.vy_mps[0] * ahead_s
        if abs(dx) <= 2.25 + BOX.length_m / 2 and abs(dy) <= 0.9 + BOX.width_m / 2:
            return float(ahead_s)
    return float("inf")


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-30, 60), st.floats(-15, 15), st.floats(-15, 20), st.floats(-8, 8), st.floats(0, 20)
)
def test_it_is_the_first_moment_at_which_stepping_touches(
    x: float, y: float, vx: float, vy: float, ego: float
) -> None:
    seen = sighting(x, y, vx, vy, ego)
    (ttc,) = planar_ttc(seen, BOX)
    expected = stepped(seen)
    # Corners may graze between two steps, or at the very end of the horizon.
    grazes = np.isfinite(ttc) != np.isfinite(expected)
    if grazes:
        again = replace(seen, reach_x_m=seen.reach_x_m + 0.05, reach_y_m=seen.reach_y_m + 0.05)
        assert np.isfinite(planar_ttc(again, BOX)[0]) or ttc > HORIZON_S - 0.01
    elif np.isfinite(ttc):
        assert ttc == pytest.approx(expected, abs=0.002)


def test_closing_is_the_change_of_the_distance() -> None:
    seen = sighting(20.0, 5.0, 3.0, -1.0)
    later = sighting(20.0 - 7.0 * 0.001, 5.0 - 0.001, 3.0, -1.0)
    before = np.hypot(seen.x_m - BOX.centre_m, seen.y_m)
    after = np.hypot(later.x_m - BOX.centre_m, later.y_m)
    assert closing_mps(seen, BOX)[0] == pytest.approx((before - after)[0] / 0.001, rel=1e-3)
