"""Cut-outs: the line, how long it led, whose motion it is, and what stood behind."""

import numpy as np
import pytest

from avdataops.detectors.cut_out import Params, find
from avdataops.testing.drives import LANE_M, clock, cruise, drive, move_across, ramp, seconds
from avdataops.testing.drives_traffic import among, beside, lead

T_S = beside()
OUT = ramp(T_S, 15.0, 4.0)


@pytest.mark.parametrize(("side", "name"), [(LANE_M, "left"), (-LANE_M, "right")])
def test_it_leaves_to_either_side(side: float, name: str) -> None:
    (scene,) = find(among(lead(np.full(T_S.size, 25.0), "leaver", side * OUT)), Params()).found
    assert (scene.actor, scene.evidence["side"]) == ("leaver", name)
    # 0.375 m of 3.5 m are left behind after 0.86 s; the near edge is outside at 2.95 m, 2.9 s.
    assert seconds(scene.start_ns) == pytest.approx(15.8, abs=0.25)
    assert seconds(scene.stop_ns) == pytest.approx(18.0, abs=0.35)
    assert scene.evidence["severity"] == "mild"


def test_swaying_over_the_line_is_none() -> None:
    sway = 1.6 * (OUT - ramp(T_S, 20.0, 4.0))
    assert find(among(lead(np.full(T_S.size, 25.0), "leaver", sway)), Params()).found == ()


def test_one_that_has_just_come_in_was_no_lead() -> None:
    visit = LANE_M * (1.0 - ramp(T_S, 10.0, 3.0) + ramp(T_S, 13.5, 3.0))
    passing = lead(np.full(T_S.size, 25.0), "visitor", visit)
    assert find(among(passing), Params(lead_s=4.0)).found == ()


def test_what_stood_behind_is_revealed() -> None:
    gone = lead(np.full(T_S.size, 25.0), "leaver", LANE_M * OUT)
    still = lead(330.0 - 15.0 * T_S, "standing")
    (scene,) = find(among(gone, still), Params()).found
    assert scene.evidence["severity"] == "revealing"
    revealed = scene.evidence["revealed_ttc_s"]
    assert isinstance(revealed, float)
    assert revealed < 4.0


def test_when_the_ego_leaves_it_is_no_cut_out() -> None:
    ego_s = clock(40.0)
    across = LANE_M * ramp(ego_s, 15.0, 4.0)
    seen_y = -np.interp(T_S, ego_s, across)
    stays = lead(np.full(T_S.size, 25.0), "stays", seen_y)
    given = drive(move_across(cruise(40.0), across), (stays,))
    assert find(given, Params()).found == ()


def test_far_ahead_it_does_not_matter() -> None:
    far = lead(np.full(T_S.size, 90.0), "leaver", LANE_M * OUT)
    assert find(among(far), Params()).found == ()
