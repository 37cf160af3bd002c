"""Scores, by counts worked out by hand."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmarks.accuracy.matching import Event, Scene, match
from benchmarks.accuracy.scoring import Tally, f1_interval, score, tally


def drive(hits: int = 0, missed: int = 0, false: int = 0, excused: int = 0) -> Tally:
    return Tally(
        hits=hits, missed=missed, false=false, excused=excused, known_s=1800.0, whole_s=3600.0
    )


def test_a_tally_counts_one_drive() -> None:
    events = (
        Event(start_s=10, stop_s=14),
        Event(start_s=20, stop_s=24),
        Event(start_s=0, stop_s=4, onset_known=False),
        Event(start_s=50, stop_s=52),
    )
    scenes = (
        Scene(start_s=10.5, stop_s=14),
        Scene(start_s=0.5, stop_s=4),
        Scene(start_s=40, stop_s=41),
    )
    outcome = match(events, scenes, ((50.0, 60.0),), tolerance_s=1.0)
    one = tally(events, scenes, outcome, known_s=50.0, whole_s=60.0)
    assert (one.hits, one.missed, one.false, one.excused) == (2, 1, 1, 1)
    assert one.onset_errors_s == (0.5,)
    assert one.overlaps == pytest.approx((0.875, 0.875))
    assert (one.known_s, one.whole_s) == (50.0, 60.0)


def test_figures_of_counts() -> None:
    one = score((drive(3, 1, 0), drive(3, 0, 2, excused=2)), seed=1)
    assert one.events == 9
    assert one.precision == 0.75
    assert one.recall == pytest.approx(6 / 7, abs=1e-4)
    assert one.recall_with_unknown == pytest.approx(6 / 9, abs=1e-4)
    assert one.f1 == 0.8
    assert one.coverage == 0.5
    # Two false alarms in the one hour in which the detector could tell.
    assert one.false_alarms_per_h == 2.0


def test_figures_of_onsets() -> None:
    errors = (0.1, -0.1, 0.4, 0.0)
    one = score((Tally(hits=4, onset_errors_s=errors, overlaps=(0.5, 1.0)),), seed=1)
    assert one.onset_bias_s == 0.1
    assert one.onset_spread_s == pytest.approx(np.std(errors), abs=1e-4)
    assert one.onset_p95_s == pytest.approx(0.355, abs=1e-4)
    assert one.temporal_iou == 0.75


def test_nothing_to_measure_is_unknown_and_not_zero() -> None:
    one = asdict(score((), seed=1))
    assert one.pop("events") == 0
    assert set(one.values()) == {None}


def test_quiet_drives_have_no_false_alarms_and_no_f1() -> None:
    one = score((drive(), drive()), seed=1)
    assert one.f1 is None
    assert (one.false_alarms_per_h, one.coverage) == (0.0, 0.5)


def test_all_missed_is_zero_and_not_unknown() -> None:
    one = score((drive(0, 3, 0),), seed=1)
    assert (one.f1, one.recall, one.precision) == (0.0, 0.0, None)


def test_perfect_drives_leave_no_doubt() -> None:
    assert f1_interval(np.array([[1.0, 0, 0]] * 20), seed=1) == (1.0, 1.0)


def test_the_interval_holds_f1_and_shrinks_with_more_drives() -> None:
    mixed = np.array([[1.0, 0, 0]] * 9 + [[0.0, 1, 0]])
    few, many = f1_interval(mixed, seed=1), f1_interval(np.tile(mixed, (40, 1)), seed=1)
    f1 = 18 / 19
    for low, high in (few, many):
        assert low is not None
        assert high is not None
        assert low < f1 < high
    assert many[1] is not None
    assert many[0] is not None
    assert few[1] is not None
    assert few[0] is not None
    assert many[1] - many[0] < 0.4 * (few[1] - few[0])


def test_whole_drives_are_drawn_and_not_events() -> None:
    spread = np.array([[1.0, 0, 0], [0.0, 1, 0]] * 20)
    lumped = np.array([[20.0, 0, 0], [0.0, 20, 0]])
    low, _ = f1_interval(spread, seed=1)
    # One time in four both draws are the drive in which all was missed.
    assert f1_interval(lumped, seed=1) == (0.0, 1.0)
    assert low is not None
    assert low > 0.4


def test_the_same_seed_gives_the_same_interval() -> None:
    counts = np.array([[3.0, 1, 0], [2.0, 0, 1], [0.0, 0, 0]])
    assert f1_interval(counts, seed=4) == f1_interval(counts, seed=4)


def test_no_counts_have_no_interval() -> None:
    assert f1_interval(np.zeros((0, 3)), seed=1) == (None, None)
    assert f1_interval(np.zeros((5, 3)), seed=1) == (None, None)
