"""The drives past places are as they say."""

import numpy as np
import pytest

from avdataops.testing.drives import clock
from avdataops.testing.drives_places import (
    past,
    red_light,
    road_works,
    route_context,
    with_words,
    without_route,
)


def test_distances_are_exact_along_the_route() -> None:
    s_m = 10.0 * clock(10.0, 1)
    table = route_context(s_m, {"crossing": (35.0,)}, {"tunnel": ((20.0, 50.0),)}).columns
    assert table["route_m"].tolist() == s_m.tolist()
    assert table["crossing_ahead_m"][:4].tolist() == [35.0, 25.0, 15.0, 5.0]
    assert table["crossing_behind_m"][4:6].tolist() == [5.0, 15.0]
    assert table["tunnel_ahead_m"][:5].tolist() == [20.0, 10.0, 0.0, 0.0, 0.0]
    assert table["tunnel_behind_m"][2:7].tolist() == [0.0, 0.0, 0.0, 0.0, 10.0]
    assert np.isnan(table["tunnel_behind_m"][:2]).all()


def test_a_drive_past_has_a_tick_a_second() -> None:
    given = past(school_distance_m=7.0)
    assert given.context is not None
    assert given.context.t_ns.size == 61
    assert set(given.context.columns["school_distance_m"].tolist()) == {7.0}


def test_the_red_light_is_12_m_ahead_while_the_ego_stands() -> None:
    given = red_light()
    assert given.context is not None
    assert given.context.columns["traffic_signal_ahead_m"][25:40] == pytest.approx(
        np.full(15, 12.0), abs=0.1
    )
    assert np.count_nonzero(given.ego.columns["ego_speed_mps"] == 0.0) > 900


def test_cones_stand_on_the_ground() -> None:
    objects = road_works(3).objects
    assert objects is not None
    assert set(objects.columns["track_id"]) == {"c0", "c1", "c2"}
    assert np.abs(objects.columns["vx_mps"]).max() < 1e-6


def test_a_route_is_lost_for_as_long_as_told() -> None:
    given = without_route(past(), 10.0, 20.0)
    assert given.context is not None
    assert np.flatnonzero(np.isnan(given.context.columns["route_m"])).tolist() == [*range(10, 20)]


def test_words_are_added_to_the_context() -> None:
    kinds = np.full(61, "residential", dtype=object)
    given = with_words(past(), road_class=kinds)
    assert given.context is not None
    assert given.context.columns["road_class"] is kinds
