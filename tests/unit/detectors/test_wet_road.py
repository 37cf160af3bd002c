"""Wet road: during rain and an hour after; dry only after a dry hour."""

import numpy as np
import pytest

from avdataops.detectors.wet_road import Params, find
from avdataops.ports.detecting import Detection
from avdataops.testing.drives import clock, context_rows, cruise, drive, seconds

# An hour is made short, so that drives stay small.
SHORT = Params(dries_s=100.0)


def under(*showers: tuple[float, float], duration_s: float = 500.0, unknown: slice | None = None,
          ) -> Detection:  # fmt: skip
    t_s = clock(duration_s, 1)
    amount = np.zeros(t_s.size)
    for start, stop in showers:
        amount[(t_s >= start) & (t_s < stop)] = 2.0
    if unknown is not None:
        amount[unknown] = np.nan
    columns = cruise(duration_s)
    del columns["wiper_status"]
    context = context_rows(duration_s, precipitation_mmph=amount)
    return find(drive(columns, context=context), SHORT)


def spans(detection: Detection) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in detection.found]


def untold(detection: Detection) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in detection.unknown]


def test_the_road_is_wet_while_it_rains_and_until_it_has_dried() -> None:
    detection = under((200, 250))
    assert spans(detection) == [(200.0, 350.0)]
    (scene,) = detection.found
    assert scene.evidence == {"sources": "provider", "rain_s": 50.0, "since_rain_s": 100.0}
    assert scene.confidence == 0.6
    assert not scene.truncated


def test_before_a_whole_dry_hour_is_known_the_road_is_unknown() -> None:
    detection = under((200, 250))
    assert untold(detection) == [(0.0, 100.0)]
    assert {one.reason for one in detection.unknown} == {"rain of the last hour is not known"}


def test_rain_again_before_it_has_dried_is_one_wet_road() -> None:
    assert spans(under((150, 160), (240, 250))) == [(150.0, 350.0)]
    assert spans(under((150, 160), (280, 290))) == [(150.0, 260.0), (280.0, 390.0)]


def test_a_road_that_dries_after_the_drive_is_cut() -> None:
    (scene,) = under((450, 460)).found
    assert scene.truncated
    assert seconds(scene.stop_ns) == pytest.approx(500.0)


def test_rain_that_nobody_told_of_may_have_wet_the_road() -> None:
    detection = under(unknown=slice(200, 240))
    assert spans(detection) == []
    assert untold(detection) == [(0.0, 100.0), (199.0, 340.0)]


def test_a_wet_road_stays_wet_while_nobody_tells_of_the_rain() -> None:
    detection = under((150, 180), unknown=slice(200, 220))
    assert spans(detection) == [(150.0, 280.0)]
    assert untold(detection) == [(0.0, 100.0), (280.0, 320.0)]


def test_no_source_of_rain_is_unknown_throughout() -> None:
    columns = cruise(100.0)
    del columns["wiper_status"]
    detection = find(drive(columns), SHORT)
    assert detection.found == ()
    assert len(untold(detection)) == 1


def test_an_hour_is_the_default() -> None:
    assert Params().dries_s == 3600.0
