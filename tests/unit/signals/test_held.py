"""What lasts long enough, and what was cut before that could be told."""

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.episodes import Trigger
from avdataops.signals.held import held

T = np.arange(0, 10 * NS_PER_S, NS_PER_S // 10, dtype=np.int64)
TRIGGER = Trigger(on=1.0, off=0.5, max_gap_ns=NS_PER_S // 2)


def between(start_s: float, stop_s: float) -> np.ndarray:
    return np.where((start_s * NS_PER_S <= T) & (stop_s * NS_PER_S > T), 2.0, 0.0)


def test_only_what_lasts_is_told() -> None:
    lasting, cut = held(T, between(2, 4) + between(6, 6.4), TRIGGER, min_s=1.0, cut="x")
    assert [(one.start_ns, one.stop_ns) for one in lasting] == [(2 * NS_PER_S, 4 * NS_PER_S)]
    assert cut == []


def test_the_end_of_data_leaves_a_short_one_open() -> None:
    lasting, (cut,) = held(T, between(9.5, 10), TRIGGER, min_s=1.0, cut="cut by a gap")
    assert lasting == []
    assert (cut.start_ns, cut.stop_ns) == (9_500_000_000, int(T[-1]))
    assert cut.reason == "cut by a gap"


def test_the_end_of_data_does_not_undo_what_had_lasted() -> None:
    (one,), cut = held(T, between(8, 10), TRIGGER, min_s=1.0, cut="cut")
    assert one.truncated
    assert cut == []


def test_the_time_counts_from_the_trigger_not_from_the_onset() -> None:
    slow = np.clip(T / NS_PER_S - 2.0, 0.0, 1.0) * (T < 3.5 * NS_PER_S)
    trigger = Trigger(on=1.0, off=0.5, max_gap_ns=NS_PER_S // 2, onset=0.1)
    (one,), _ = held(T, slow, trigger, min_s=0.5, cut="cut")
    assert one.start_ns < 2.5 * NS_PER_S
    assert held(T, slow, trigger, min_s=0.6, cut="cut") == ([], [])
