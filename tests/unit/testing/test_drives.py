"""The builders of test drives: physically consistent, and exact about what they change."""

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.testing.drives import (
    EGO_HZ,
    LANE_M,
    START_NS,
    at,
    bump,
    busy_drive,
    change_lane,
    clock,
    cruise,
    cutting_in,
    drive,
    follow_acceleration,
    move_across,
    ramp,
    seconds,
    shifted,
    unknown_within,
    walking,
    without_column,
    without_rows,
)


def test_times_go_there_and_back() -> None:
    assert seconds(at(12.34)) == pytest.approx(12.34, abs=1e-9)
    assert at(0) == START_NS
    assert clock(2.0).tolist() == [n / EGO_HZ for n in range(101)]


def test_ramps_and_bumps_stay_inside_their_stretch() -> None:
    t_s = clock(10.0)
    assert ramp(t_s, 2.0, 3.0)[[0, 100, 250, 500]].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert ramp(np.array([3.5]), 2.0, 3.0)[0] == pytest.approx(0.5)
    pulse = bump(t_s, 2.0, 4.0)
    assert np.all(pulse[(t_s <= 2.0) | (t_s >= 6.0)] == 0.0)
    assert np.all(pulse[(t_s >= 2.5) & (t_s <= 5.5)] == 1.0)
    assert np.sum(pulse) / EGO_HZ == pytest.approx(3.5, abs=0.01)


def test_speed_follows_acceleration_and_never_goes_below_zero() -> None:
    accel = -4.0 * bump(clock(20.0), 5.0, 6.0)
    columns = follow_acceleration(cruise(20.0), accel)
    speed = columns["ego_speed_mps"]
    assert speed[0] == 15.0
    assert speed.min() == 0.0
    falling = speed > 0
    np.testing.assert_allclose(
        np.diff(speed)[falling[1:]] * EGO_HZ, accel[1:][falling[1:]], atol=1e-9
    )


@pytest.mark.parametrize("direction", [1, -1])
def test_a_lane_change_keeps_the_lane_as_wide_and_jumps_once(direction: int) -> None:
    columns = change_lane(cruise(20.0), 8.0, 5.0, direction)
    left, right = columns["lane_left_c0_m"], columns["lane_right_c0_m"]
    np.testing.assert_allclose(left - right, LANE_M)
    jumps = np.flatnonzero(np.abs(np.diff(left)) > 1.0)
    assert jumps.size == 1
    assert np.sign(np.diff(left)[jumps[0]]) == direction
    assert np.sum(columns["yaw_rate_radps"]) / EGO_HZ == pytest.approx(0.0, abs=1e-6)


def test_moving_left_brings_the_left_line_nearer() -> None:
    columns = move_across(cruise(10.0), np.full(clock(10.0).size, 0.5))
    assert columns["lane_left_c0_m"][0] == pytest.approx(1.25)
    assert columns["lane_right_c0_m"][0] == pytest.approx(-2.25)


def test_a_car_that_cuts_in_ends_in_front_with_its_gap_in_the_middle() -> None:
    car = cutting_in(gap_m=12.0, closing_mps=2.0)
    middle = int(np.argmin(np.abs(car.t_s - 8.0)))
    assert car.x_m[middle] - 2.25 - 3.7 == pytest.approx(12.0)
    assert car.y_m[0] == -LANE_M
    assert car.y_m[-1] == 0.0
    assert car.vx_mps == pytest.approx(np.full(car.t_s.size, 13.0))


def test_a_walker_ends_on_the_other_side() -> None:
    person = walking(from_m=6.0)
    assert (person.y_m[0], person.y_m[-1]) == (6.0, -6.0)
    assert person.vy_mps.min() == pytest.approx(-1.4)


def test_objects_are_sorted_by_time_and_id() -> None:
    objects = drive(cruise(20.0), (cutting_in("b"), cutting_in("a"))).objects
    assert objects is not None
    assert np.all(np.diff(objects.t_ns) >= 0)
    assert objects.columns["track_id"][:4].tolist() == ["a", "b", "a", "b"]


def test_shifting_moves_every_time() -> None:
    here, there = busy_drive(), shifted(busy_drive(), 5)
    assert (there.start_ns, there.stop_ns) == (here.start_ns + 5, here.stop_ns + 5)
    for one, other in ((here.ego, there.ego), (here.context, there.context)):
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(other.t_ns, one.t_ns + 5)
    assert there.gaps["/camera"] == tuple((a + 5, b + 5) for a, b in here.gaps["/camera"])


def test_cutting_rows_takes_them_everywhere_and_says_so() -> None:
    cut = without_rows(busy_drive(), 10.0, 12.0)
    for signals in (cut.ego, cut.context, cut.objects):
        assert signals is not None
        assert not np.any((signals.t_ns >= at(10.0)) & (signals.t_ns < at(12.0)))
        assert all(column.size == signals.t_ns.size for column in signals.columns.values())
    assert cut.gaps["/objects"] == ((at(10.0), at(12.0)),)
    assert cut.ego.t_ns.size == busy_drive().ego.t_ns.size - 2 * EGO_HZ


def test_unknown_is_nan_in_numbers_and_none_in_text() -> None:
    given = drive(cruise(4.0))
    speed = unknown_within(given, "ego_speed_mps", 1.0, 2.0).ego.columns["ego_speed_mps"]
    assert np.count_nonzero(np.isnan(speed)) == EGO_HZ
    wiper = unknown_within(given, "wiper_status", 1.0, 2.0).ego.columns["wiper_status"]
    assert np.count_nonzero(wiper == "off") == wiper.size - EGO_HZ
    assert wiper[EGO_HZ] is None
    assert not np.isnan(given.ego.columns["ego_speed_mps"]).any()


def test_a_column_can_be_taken_away() -> None:
    given = drive(cruise(1.0))
    left = without_column(given, "lat_deg", "lon_deg").ego.columns
    assert set(given.ego.columns) - set(left) == {"lat_deg", "lon_deg"}


def test_the_drive_ends_just_after_its_last_tick() -> None:
    given = drive(cruise(2.0))
    assert given.stop_ns == START_NS + 2 * NS_PER_S + 1
    assert given.objects is None
