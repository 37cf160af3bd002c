"""Coverage: reasons, tiles that leave nothing out, and scenes that are never unknown."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avdataops.ports.detecting import Found, Unknown
from avdataops.signals.arrays import Pairs
from avdataops.signals.coverage import NOTHING, known_spans, missing, settle, tile


def pairs(*rows: tuple[int, int]) -> Pairs:
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def unknown(start: int, stop: int, reason: str = "r") -> Unknown:
    return Unknown(start_ns=start, stop_ns=stop, reason=reason)


def scene(start: int, stop: int, kind: str = "k") -> Found:
    return Found(type=kind, start_ns=start, stop_ns=stop, confidence=1.0, evidence={})


def told(stretches: list[Unknown]) -> list[tuple[int, int, str]]:
    return [(one.start_ns, one.stop_ns, one.reason) for one in stretches]


def test_a_lone_unknown_sample_does_not_split_and_a_gap_does() -> None:
    t = np.arange(10, dtype=np.int64) * 10
    known = np.ones(10, dtype=np.bool_)
    known[4] = False
    assert known_spans(t, known, 20).tolist() == [[0, 90]]
    assert known_spans(t, known, 10).tolist() == [[0, 30], [50, 90]]
    assert known_spans(t, np.zeros(10, dtype=np.bool_), 20).tolist() == []


def test_an_input_that_is_never_known_is_missing_throughout() -> None:
    assert told(missing(0, 100, {"speed": NOTHING}, 5)) == [(0, 100, "no speed")]


def test_gaps_are_missing_and_short_ones_are_not() -> None:
    known = {"speed": pairs((3, 40), (60, 70), (74, 97))}
    assert told(missing(0, 100, known, 5)) == [(40, 60, "gap in speed")]


def test_the_first_named_input_is_the_reason_where_several_are_missing() -> None:
    known = {"speed": pairs((0, 40), (60, 100)), "yaw": pairs((0, 30), (50, 100))}
    assert told(missing(0, 100, known, 0)) == [(40, 60, "gap in speed"), (30, 40, "gap in yaw")]


def test_nothing_missing_is_nothing_told() -> None:
    assert missing(0, 100, {"speed": pairs((0, 100))}, 0) == []


def test_what_was_found_is_not_unknown() -> None:
    detection = settle([scene(20, 30), scene(5, 8)], [unknown(0, 50), unknown(60, 70)])
    assert [one.start_ns for one in detection.found] == [5, 20]
    assert told(list(detection.unknown)) == [
        (0, 5, "r"),
        (8, 20, "r"),
        (30, 50, "r"),
        (60, 70, "r"),
    ]


def test_tiles_tell_the_first_reason_and_join_equal_neighbours() -> None:
    tiles = tile(0, 100, [unknown(10, 30, "a"), unknown(20, 40, "b"), unknown(40, 45, "b")])
    assert tiles == ((0, 10, None), (10, 30, "a"), (30, 45, "b"), (45, 100, None))


def test_a_drive_without_unknown_is_one_tile_and_an_empty_drive_none() -> None:
    assert tile(5, 9, []) == ((5, 9, None),)
    assert tile(5, 5, [unknown(0, 10)]) == ()


stretches = st.lists(
    st.tuples(st.integers(-20, 120), st.integers(0, 40), st.sampled_from("abc")), max_size=8
)


@given(stretches, st.integers(1, 100))
def test_tiles_cover_the_range_exactly_once(rows: list[tuple[int, int, str]], stop: int) -> None:
    given_unknown = [unknown(start, start + length, why) for start, length, why in rows]
    tiles = tile(0, stop, given_unknown)
    assert tiles[0].start_ns == 0
    assert tiles[-1].stop_ns == stop
    for one, other in pairwise(tiles):
        assert one.stop_ns == other.start_ns
        assert one.reason != other.reason
    for t in range(stop):
        (reason,) = [one.reason for one in tiles if one.start_ns <= t < one.stop_ns]
        reasons = {one.reason for one in given_unknown if one.start_ns <= t < one.stop_ns}
        assert reason in reasons if reasons else reason is None
