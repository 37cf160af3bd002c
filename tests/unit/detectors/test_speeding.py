"""Speeding: the tolerance, the limit's age, and unknown without a tagged limit."""

import numpy as np
import pytest

from avdataops.detectors.speeding import Params, find
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import context_rows, cruise, drive, seconds

SECONDS = np.arange(31)


def limited(limit_mps: Floats | float, speed_mps: float = 15.0) -> Drive:
    return drive(cruise(30.0, speed_mps), context=context_rows(30.0, speed_limit_mps=limit_mps))


@pytest.mark.parametrize(("limit", "count"), [(12.9, 0), (12.6, 1), (20.0, 0)])
def test_the_tolerance_decides(limit: float, count: int) -> None:
    detection = find(limited(limit), Params())
    assert len(detection.found) == count
    assert detection.unknown == ()


def test_it_lasts_from_the_lower_limit_to_the_higher() -> None:
    limit = np.where((SECONDS >= 10) & (SECONDS < 20), 10.0, 20.0)
    (scene,) = find(limited(limit), Params()).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 20.0)
    assert scene.evidence["max_over_mps"] == pytest.approx(5.0)
    assert scene.evidence["limit_mps"] == 10.0
    assert scene.evidence["max_speed_mps"] == 15.0


def test_an_untagged_limit_is_unknown_not_obeyed() -> None:
    detection = find(limited(np.where(SECONDS < 15, 10.0, np.nan)), Params())
    (scene,) = detection.found
    (lost,) = detection.unknown
    assert lost.reason == "gap in tagged speed limit"
    assert scene.truncated
    assert seconds(scene.stop_ns) <= seconds(lost.start_ns) < 15.1


def test_without_a_map_all_is_unknown() -> None:
    (lost,) = find(drive(cruise(30.0)), Params()).unknown
    assert lost.reason == "no tagged speed limit"


def test_a_limit_never_counts_before_it_is_reached() -> None:
    limit = np.where(SECONDS >= 29, 5.0, 30.0)
    (scene,) = find(limited(limit), Params(min_s=0.5)).found
    assert seconds(scene.start_ns) == 29.0


def test_the_way_back_is_as_fast() -> None:
    backwards = limited(10.0, speed_mps=-15.0)
    assert len(find(backwards, Params()).found) == 1
