"""Runs of frames with something wrong."""

import numpy as np

from avdataops.ports.detecting import Signals
from avdataops.signals.frame_spells import lasting, spells, told, unseen
from avdataops.testing.drives import at, seconds, without_rows
from avdataops.testing.drives_frames import frames, pictured

S = 1_000_000_000
END = 100 * S


def _frames(*at_s: float) -> Signals:
    t = np.array([round(one * S) for one in at_s], dtype=np.int64)
    return Signals(t, {"luma": np.zeros(t.size)}, S)


def _found(given: Signals, bad: list[int], stop_ns: int = END) -> list[tuple[float, float, bool]]:
    found = spells(given, np.array(bad, dtype=bool), stop_ns)
    return [(one.start_ns / S, one.stop_ns / S, one.cut) for one in found]


def test_a_run_lasts_until_the_next_good_frame() -> None:
    given = _frames(1.0, 1.5, 2.0, 2.5, 3.0)
    assert _found(given, [0, 1, 1, 0, 0]) == [(1.5, 2.5, False)]
    assert _found(given, [0, 1, 0, 1, 0]) == [(1.5, 2.0, False), (2.5, 3.0, False)]


def test_a_run_at_an_edge_is_cut_and_lasts_one_period_more() -> None:
    given = _frames(1.0, 1.5, 2.0)
    assert _found(given, [1, 0, 0]) == [(1.0, 1.5, True)]
    assert _found(given, [0, 0, 1]) == [(2.0, 2.5, True)]
    assert _found(given, [0, 0, 1], 2 * S + 7) == [(2.0, 2.000000007, True)]


def test_a_gap_ends_a_run() -> None:
    given = _frames(1.0, 1.5, 2.0, 9.0, 9.5, 10.0)
    assert _found(given, [0, 1, 1, 1, 1, 0]) == [(1.5, 2.5, True), (9.0, 10.0, True)]


def test_no_frames_have_no_runs() -> None:
    assert _found(_frames(), []) == []
    assert _found(_frames(1.0, 2.0), [0, 0]) == []


def test_short_breaks_are_bridged_and_short_spells_dropped() -> None:
    given = _frames(*np.arange(0.0, 10.0, 0.1).tolist())
    bad = np.zeros(100, dtype=bool)
    bad[[10, 11, 12, 14, 15, 16, 50]] = True
    limits = {"merge_ns": S // 5, "least_ns": S // 2, "drive_stop_ns": END}
    (one,) = lasting(given, spells(given, bad, END), **limits)
    assert (one.start_ns / S, one.stop_ns / S, one.frames) == (1.0, 1.7, 7)
    assert one.duration_s == 0.7
    assert (one.rows.start, one.rows.stop) == (10, 17)


def test_unseen_is_when_no_stream_tells() -> None:
    both = pictured(front=frames(40.0), rear=frames(40.0))
    assert unseen(both, told(both, "luma").values(), "luma", "picture") == []
    gone = without_rows(both, 10.0, 15.0)
    (hole,) = unseen(gone, told(gone, "luma").values(), "luma", "picture")
    assert (seconds(hole.start_ns), hole.stop_ns) == (9.900000001, at(15.0))
    assert hole.reason == "gap in picture"


def test_only_streams_that_tell_a_column_are_asked() -> None:
    given = pictured(front=frames(40.0), lidar=_frames(1.0, 2.0))
    assert sorted(told(given, "sharpness")) == ["/front"]
    assert sorted(told(given, "luma")) == ["/front", "/lidar"]
