"""Road users of a drive: what must be known, and what is told about each."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.ports.detecting import Drive
from avdataops.signals.corridor import CorridorParams
from avdataops.signals.road_users import RoadUsers, Sizes, road_users
from avdataops.testing.drives import (
    Other,
    at,
    clock,
    cruise,
    cutting_in,
    drive,
    other,
    seconds,
    unknown_within,
    walking,
    without_rows,
)

T_S = clock(20.0, 10)


def users(given: Drive) -> RoadUsers:
    return road_users(given, CorridorParams(), Sizes(4.5, 1.8))


def test_each_road_user_is_one_track_with_its_place_on_the_way() -> None:
    made = users(drive(cruise(20.0), (cutting_in("a"), walking("b", start_s=99.0))))
    assert len(made.tracks) == 2
    assert made.unknown == ()
    for rows in made.tracks:
        seen = made.seen.rows(rows)
        assert seen.t.size == T_S.size
        assert len(set(seen.track_id.tolist())) == 1
        np.testing.assert_allclose(seen.offset_m, seen.y_m, atol=1e-9)
    assert (made.seen.ego_mps == 15.0).all()


def test_a_turned_box_reaches_further_aside() -> None:
    car = other("a", T_S, np.full(T_S.size, 20.0), np.zeros(T_S.size), 15.0)
    given = drive(cruise(20.0), (car,))
    assert given.objects is not None
    columns = {**given.objects.columns, "yaw_rad": np.full(T_S.size, np.pi / 2)}
    across = users(replace(given, objects=replace(given.objects, columns=columns))).seen
    assert across.reach_y_m[0] == pytest.approx(2.25)
    assert across.reach_x_m[0] == pytest.approx(0.9)
    assert users(given).seen.reach_y_m[0] == pytest.approx(0.9)


def test_sizes_are_assumed_where_the_list_has_none_and_told() -> None:
    car = replace(cutting_in(), width_m=np.nan)
    seen = users(drive(cruise(20.0), (car,))).seen
    assert not seen.size_known.any()
    assert seen.reach_y_m[0] == pytest.approx(0.9)


def test_a_standing_object_without_orientation_has_no_heading() -> None:
    still = other("a", T_S, 90.0 - 15.0 * T_S, np.zeros(T_S.size), 15.0)
    assert np.isnan(users(drive(cruise(20.0), (still,))).seen.heading_rad).all()


def test_where_the_ego_is_unknown_nothing_is_seen() -> None:
    given = unknown_within(drive(cruise(20.0), (cutting_in(),)), "ego_speed_mps", 5.0, 8.0)
    made = users(given)
    assert len(made.tracks) == 2
    moments = [seconds(int(t)) for t in made.seen.t]
    assert not any(5.0 < moment < 7.9 for moment in moments)
    assert [one.reason for one in made.unknown] == ["gap in ego speed"]


def test_a_gap_in_the_list_cuts_tracks() -> None:
    made = users(without_rows(drive(cruise(20.0), (cutting_in(),)), 5.0, 6.0))
    assert len(made.tracks) == 2
    assert made.ended_with_data(at(4.9))
    assert not made.ended_with_data(at(4.0))
    assert made.ended_with_data(at(20.0))


def test_without_a_list_nobody_is_seen_and_all_is_unknown() -> None:
    made = users(drive(cruise(20.0)))
    assert made.tracks == ()
    assert made.seen.t.size == 0
    assert [one.reason for one in made.unknown] == ["no object list"]
    assert not made.ended_with_data(at(5.0))


def _hidden(one: Other, start_s: float, stop_s: float) -> Other:
    keep = (one.t_s < start_s) | (one.t_s > stop_s)
    arrays = {name: getattr(one, name)[keep] for name in ("x_m", "y_m", "vx_mps", "vy_mps")}
    return replace(one, t_s=one.t_s[keep], **arrays)


@pytest.mark.parametrize(("length_s", "tracks"), [(0.75, 2), (1.25, 3)])
def test_a_road_user_unseen_for_up_to_a_second_goes_on(length_s: float, tracks: int) -> None:
    hidden = _hidden(cutting_in("a"), 8.05, 8.05 + length_s)
    made = users(drive(cruise(20.0), (hidden, cutting_in("b", gap_m=60.0))))
    assert len(made.tracks) == tracks


def test_what_nobody_delivered_is_never_bridged_however_short() -> None:
    both = (cutting_in("a"), cutting_in("b", gap_m=60.0))
    made = users(without_rows(drive(cruise(20.0), both), 8.05, 8.75))
    assert len(made.tracks) == 4


def test_a_track_at_the_start_of_data_may_have_been_there_before() -> None:
    made = users(without_rows(drive(cruise(20.0), (cutting_in(),)), 5.0, 6.0))
    assert made.began_with_data(at(0.0))
    assert made.began_with_data(at(6.1))
    assert not made.began_with_data(at(3.0))
    assert not made.began_with_data(at(8.0))
