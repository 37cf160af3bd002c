"""Waiting at traffic lights."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.detectors.traffic_light_stop import Params, find
from avdataops.ports.detecting import Detection, Drive
from avdataops.testing.drives import (
    EGO_HZ,
    bump,
    clock,
    cruise,
    drive,
    seconds,
    unknown_within,
    without_rows,
)
from avdataops.testing.drives_places import red_light, route_context, without_route


def waiting(ahead_m: float, stands_s: float = 20.0) -> Drive:
    """A minute with a stop in the middle, so far before a signal."""
    t_s = clock(60.0)
    speed = 10.0 * (1.0 - bump(t_s, 20.0, stands_s + 4.0, 2.0))
    columns = cruise(60.0, 10.0)
    columns["ego_speed_mps"] = np.where(speed < 0.01, 0.0, speed)
    s_m = np.cumsum(speed)[::EGO_HZ] / EGO_HZ
    at = float(np.interp(22.0 + stands_s / 2, np.arange(61), s_m))
    return drive(columns, context=route_context(s_m, {"traffic_signal": (at + ahead_m,)}))


def test_a_stop_before_a_signal_is_a_wait_with_its_time() -> None:
    (scene,) = find(red_light(), Params()).found
    assert scene.evidence["signal_ahead_m"] == pytest.approx(12.0, abs=0.1)
    assert scene.evidence["wait_s"] == pytest.approx(20.3, abs=0.5)
    assert seconds(scene.start_ns) == pytest.approx(21.9, abs=0.2)
    assert seconds(scene.stop_ns) == pytest.approx(42.3, abs=0.2)


@pytest.mark.parametrize(
    ("ahead_m", "found"), [(39.0, 1), (41.0, 0), (1.0, 1), (-4.0, 1), (-6.0, 0)]
)
def test_it_counts_up_to_40_m_before_and_5_m_behind(ahead_m: float, found: int) -> None:
    assert len(find(waiting(ahead_m), Params()).found) == found


def test_the_distance_is_a_parameter() -> None:
    assert len(find(waiting(55.0), Params(max_ahead_m=60.0)).found) == 1


def test_a_short_stop_is_none() -> None:
    assert find(waiting(10.0, stands_s=1.0), Params()) == Detection()


def test_a_signal_that_is_passed_without_a_stop_is_none() -> None:
    s_m = 10.0 * clock(60.0, 1)
    moving = drive(cruise(60.0, 10.0), context=route_context(s_m, {"traffic_signal": (300.0,)}))
    assert find(moving, Params()) == Detection()


def test_a_stop_where_no_signal_is_is_none() -> None:
    given = red_light()
    assert given.context is not None
    bare = {k: v for k, v in given.context.columns.items() if not k.startswith("traffic_signal")}
    assert (
        find(replace(given, context=replace(given.context, columns=bare)), Params()) == Detection()
    )


def test_without_a_map_or_a_speed_all_is_unknown() -> None:
    no_map = find(replace(red_light(), context=None), Params())
    assert (no_map.found, [one.reason for one in no_map.unknown]) == ((), ["no matched road"])
    blind = find(unknown_within(red_light(), "ego_speed_mps", 0.0, 61.0), Params())
    assert (blind.found, [one.reason for one in blind.unknown]) == ((), ["no ego speed"])


def test_where_the_route_is_lost_a_stop_is_unknown() -> None:
    detection = find(without_route(red_light(), 15.0, 50.0), Params())
    assert detection.found == ()
    assert [(seconds(a.start_ns), seconds(a.stop_ns)) for a in detection.unknown] == [(14, 50)]


def test_a_stop_cut_by_a_gap_says_so() -> None:
    detection = find(without_rows(red_light(), 30.0, 34.0), Params())
    assert [one.truncated for one in detection.found] == [True, True]
