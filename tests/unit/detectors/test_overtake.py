"""Overtaking and passing: the way past, the two changes, and what is neither."""

import numpy as np
import pytest

from avdataops.detectors.overtake import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import (
    EGO_MPS,
    LANE_M,
    clock,
    cruise,
    drive,
    move_across,
    other,
    ramp,
    seconds,
    without_column,
)
from avdataops.testing.drives_traffic import among, beside, overtaking

T_S = beside()


def passing(y_m: float = LANE_M, closing_mps: float = 3.5, **facts: str) -> Drive:
    x_m = 60.0 - closing_mps * T_S
    slow = other("slow", T_S, x_m, np.full(T_S.size, y_m), EGO_MPS, **facts)
    return among(slow)


def test_two_lane_changes_make_it_an_overtaking() -> None:
    found = find(overtaking(), Params()).found
    assert [(one.type, one.actor) for one in found] == [("overtake", "slow"), ("pass", "third")]
    assert found[0].evidence["side"] == "right"


def test_it_lasts_from_five_metres_behind_to_five_ahead() -> None:
    (scene,) = find(passing(), Params()).found
    # Middle to middle: the ego's middle is 1.35 m ahead of its rear axle.
    assert seconds(scene.start_ns) == pytest.approx((60 - 1.35 - 5) / 3.5, abs=0.15)
    assert seconds(scene.stop_ns) == pytest.approx((60 - 1.35 + 5) / 3.5, abs=0.15)
    assert scene.type == "pass"
    assert scene.evidence["dv_mps"] == pytest.approx(3.5, abs=0.1)


@pytest.mark.parametrize("y_m", [0.5, 7.0])
def test_in_the_own_lane_or_far_aside_it_is_none(y_m: float) -> None:
    assert find(passing(y_m), Params()).found == ()


def test_a_parked_car_is_not_overtaken() -> None:
    assert find(passing(closing_mps=EGO_MPS), Params()).found == ()


def test_a_pedestrian_is_not_overtaken() -> None:
    assert find(passing(closing_mps=12.0, object_class="pedestrian"), Params()).found == ()


def test_being_overtaken_is_another_matter() -> None:
    x_m = -60.0 + 3.5 * T_S
    fast = other("fast", T_S, x_m, np.full(T_S.size, LANE_M), EGO_MPS)
    assert find(among(fast), Params()).found == ()


def test_only_one_change_is_a_pass() -> None:
    ego_s = clock(40.0)
    across = LANE_M * ramp(ego_s, 6.0, 5.0)
    seen_y = -np.interp(T_S, ego_s, across)
    slow = other("slow", T_S, 60.0 - 3.5 * T_S, seen_y, EGO_MPS)
    (scene,) = find(drive(move_across(cruise(40.0), across), (slow,)), Params()).found
    assert (scene.type, scene.evidence["changed_out"]) == ("pass", True)


def test_without_lane_lines_it_is_a_pass_that_is_less_sure() -> None:
    names = [f"lane_{side}_{what}" for side in ("left", "right") for what in ("c0_m", "quality")]
    found = find(without_column(overtaking(), *names), Params()).found
    assert {one.type for one in found} == {"pass"}
    assert all(one.confidence <= 0.6 for one in found)


def test_a_track_that_begins_beside_tells_nothing() -> None:
    whole = passing()
    assert whole.objects is not None
    late = T_S > 16.5
    kept = {name: column[late] for name, column in whole.objects.columns.items()}
    cut = type(whole.objects)(whole.objects.t_ns[late], kept, whole.objects.max_gap_ns)
    given = Drive(whole.measurement, whole.start_ns, whole.stop_ns, whole.ego, None, cut)
    assert find(given, Params()).found == ()
