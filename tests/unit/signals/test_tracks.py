"""Tracks: splitting, mending id switches, and when a list says anything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.arrays import Floats, Indices, Pairs, Times
from avdataops.signals.tracks import (
    closing_speed,
    join_switched,
    list_spans,
    nearest_ahead,
    split_tracks,
)

MS = 1_000_000
GAP_NS = 500 * MS


def times(*in_ms: int) -> Times:
    return np.array(in_ms, dtype=np.int64) * MS


def ids(text: str) -> np.ndarray:
    return np.array(list(text), dtype=object)


def rows(parts: tuple[Indices, ...]) -> list[list[int]]:
    return [part.tolist() for part in parts]


def joined(
    t: Times, track: np.ndarray, x: Floats, y: Floats, gap_ns: int = GAP_NS
) -> list[list[int]]:
    pieces = split_tracks(t, track, GAP_NS)
    return rows(join_switched(t, x, y, pieces, gap_ns=gap_ns, reach_m=2.0))


def test_each_id_is_a_track_in_order_of_time() -> None:
    pieces = split_tracks(times(0, 0, 200, 100, 100), ids("abaab"), GAP_NS)
    assert rows(tuple(piece.rows for piece in pieces)) == [[0, 3, 2], [1, 4]]
    assert [(piece.start_ns, piece.stop_ns) for piece in pieces] == [(0, 200 * MS), (0, 100 * MS)]


def test_a_silent_id_begins_anew() -> None:
    pieces = split_tracks(times(0, 500, 1001), ids("aaa"), GAP_NS)
    assert rows(tuple(piece.rows for piece in pieces)) == [[0, 1], [2]]


def test_of_two_rows_at_one_time_the_first_stays() -> None:
    (piece,) = split_tracks(times(0, 100, 100, 200), ids("aaaa"), GAP_NS)
    assert piece.rows.tolist() == [0, 1, 3]


def test_no_rows_are_no_tracks() -> None:
    assert split_tracks(times(), ids(""), GAP_NS) == ()
    assert joined(times(), ids(""), np.empty(0), np.empty(0)) == []


def test_a_new_id_where_the_old_one_led_is_the_same_road_user() -> None:
    t = times(0, 100, 200, 300, 400)
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert joined(t, ids("aaabb"), x, np.zeros(5)) == [[0, 1, 2, 3, 4]]


def test_motion_is_led_on_over_a_missing_row() -> None:
    t = times(0, 100, 200, 500, 600)
    fast = np.array([0.0, 3.0, 6.0, 15.0, 18.0])
    assert joined(t, ids("aaabb"), fast, np.zeros(5)) == [[0, 1, 2, 3, 4]]
    standing = np.array([0.0, 0.0, 0.0, 15.0, 18.0])
    assert joined(t, ids("aaabb"), standing, np.zeros(5)) == [[0, 1, 2], [3, 4]]


def test_neither_too_late_nor_at_the_same_time() -> None:
    x = np.zeros(4)
    assert joined(times(0, 100, 700, 800), ids("aabb"), x, x) == [[0, 1], [2, 3]]
    assert joined(times(0, 100, 100, 200), ids("aabb"), x, x) == [[0, 1], [2, 3]]


def test_the_nearest_continuation_wins_and_each_is_used_once() -> None:
    t = times(0, 0, 100, 100)
    x = np.array([0.0, 1.0, 0.9, 0.1])
    assert joined(t, ids("abcd"), x, np.zeros(4)) == [[0, 3], [1, 2]]


def test_many_switches_in_a_row_are_one_chain() -> None:
    t = times(0, 100, 200, 300)
    assert joined(t, ids("abcd"), np.zeros(4), np.zeros(4)) == [[0, 1, 2, 3]]


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=40, unique=True))
def test_every_row_is_in_exactly_one_track(given_rows: list[tuple[int, str]]) -> None:
    t = times(*(100 * tick for tick, _ in given_rows))
    track = ids("".join(name for _, name in given_rows))
    x = np.arange(len(given_rows), dtype=np.float64)
    parts = joined(t, track, x, x)
    assert sorted(row for part in parts for row in part) == list(range(len(given_rows)))
    for part in parts:
        steps = np.diff(t[part])
        assert np.all(steps > 0)
        assert np.all(steps <= GAP_NS)


def pairs(*given_rows: tuple[int, int]) -> Pairs:
    return np.array(given_rows, dtype=np.int64).reshape(-1, 2) * MS


def test_a_stream_without_objects_still_speaks() -> None:
    spans = list_spans(times(), (pairs((1000, 3000)),), 0, 9000 * MS, GAP_NS)
    assert spans.tolist() == pairs((0, 1000), (3000, 9000)).tolist()


def test_short_gaps_of_a_stream_do_not_count_and_a_second_stream_fills_long_ones() -> None:
    gaps = (pairs((1000, 1400), (4000, 6000)), pairs((0, 5000)))
    spans = list_spans(times(), gaps, 0, 9000 * MS, GAP_NS)
    assert spans.tolist() == pairs((0, 4000), (5000, 9000)).tolist()


def test_without_a_known_stream_only_rows_speak() -> None:
    spans = list_spans(times(0, 100, 100, 2000, 2400), (), 0, 9000 * MS, GAP_NS)
    assert spans.tolist() == pairs((0, 100), (2000, 2400)).tolist()


def test_the_nearest_is_told_per_moment() -> None:
    t = times(0, 0, 0, 100, 100)
    x = np.array([30.0, 10.0, 20.0, 5.0, 7.0])
    inside = np.array([True, False, True, False, False])
    assert nearest_ahead(t, x, inside).tolist() == [20.0, 20.0, 20.0, np.inf, np.inf]


def test_closing_speed_falls_back_on_positions() -> None:
    t = times(0, 1000, 2000)
    x = np.array([30.0, 27.0, 24.0])
    vx = np.array([12.0, np.nan, 12.0])
    ego = np.full(3, 15.5)
    assert closing_speed(t, x, vx, ego) == pytest.approx([3.5, 3.0, 3.5])
    assert closing_speed(t[:1], x[:1], vx[:1], ego[:1]) == pytest.approx([3.5])
