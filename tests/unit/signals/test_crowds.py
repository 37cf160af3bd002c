"""Counting road users by stamp, and when they are many."""

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.crowds import Crowd, counted, crowds

STEP = NS_PER_S // 10


def stamps(counts: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(counts), dtype=np.int64) * STEP, counts)


def test_rows_are_counted_by_their_stamp() -> None:
    t = stamps([2, 1, 3])
    many = counted(t, np.array([True, False, True, True, True, True]))
    assert many.t.tolist() == [0, STEP, 2 * STEP]
    assert many.count.tolist() == [1.0, 1.0, 3.0]


def test_nothing_listed_is_nothing_counted() -> None:
    assert counted(np.empty(0, np.int64), np.empty(0, np.bool_)).count.size == 0


def test_enough_for_long_enough_is_a_crowd() -> None:
    many = counted(stamps([1] * 10 + [3] * 20 + [1] * 10), np.ones(80, dtype=np.bool_))
    (one,) = crowds(many, Crowd(3.0, 1.0, 0.0), 5 * STEP)
    assert (one.start_ns, one.stop_ns) == (10 * STEP, 30 * STEP)
    assert crowds(many, Crowd(3.0, 2.1, 0.0), 5 * STEP) == []
    assert crowds(many, Crowd(4.0, 1.0, 0.0), 5 * STEP) == []


def test_one_lost_for_a_moment_does_not_split_it() -> None:
    many = counted(stamps([3] * 15 + [2] * 3 + [3] * 15), np.ones(96, dtype=np.bool_))
    assert len(crowds(many, Crowd(3.0, 1.0, 0.5), 5 * STEP)) == 1
    assert len(crowds(many, Crowd(3.0, 1.0, 0.0), 5 * STEP)) == 2
