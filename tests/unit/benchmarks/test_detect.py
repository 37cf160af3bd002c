"""The hour that detectors are timed on."""

import numpy as np

from avdataops.detectors import DETECTORS
from benchmarks.detect import AT_A_TIME, one_hour


def test_the_hour_holds_thirty_others_at_a_time() -> None:
    given = one_hour()
    assert given.objects is not None
    assert given.ego.t_ns.size == 180_001
    stamps, rows = np.unique(given.objects.t_ns, return_counts=True)
    assert stamps.size > 35_900
    assert np.median(rows) == AT_A_TIME


def test_the_same_seed_gives_the_same_hour() -> None:
    one, other = one_hour(3).objects, one_hour(3).objects
    assert one is not None
    assert other is not None
    assert all(np.array_equal(one.columns[name], other.columns[name]) for name in ("x_m", "y_m"))


def test_there_is_something_to_find_in_it() -> None:
    given = one_hour()
    (overtake,) = [detector for detector in DETECTORS if detector.name == "overtake"]
    assert len(overtake.find(given, overtake.params()).found) > 50
