"""Counting identifiers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import TimeRange
from avdataops.readers.can.census import Census, Seen
from avdataops.readers.can.frames import Frames

Row = tuple[int, int, int, bool]


def frames_of(rows: list[Row]) -> Frames:
    """Return frames of (time, channel, id, extended)."""
    count = len(rows)
    t_ns, bus, number, extended = (list(column) for column in zip(*rows, strict=True))
    return Frames(
        t_ns=np.array(t_ns, dtype=np.int64),
        bus=np.array(bus, dtype=np.int64),
        id=np.array(number, dtype=np.int64),
        extended=np.array(extended, dtype=np.bool_),
        dlc=np.zeros(count, dtype=np.int64),
        length=np.zeros(count, dtype=np.int64),
        data=np.zeros((count, 8), dtype=np.uint8),
    )


def test_nothing_seen_adds_nothing() -> None:
    seen = Seen(3, TimeRange(5, 9))
    assert Seen().plus(seen) == seen
    assert seen.plus(Seen()) == seen
    assert Seen().plus(Seen()) == Seen(0, None)


def test_two_sightings_span_both() -> None:
    assert Seen(2, TimeRange(5, 9)).plus(Seen(1, TimeRange(1, 3))) == Seen(3, TimeRange(1, 9))


def test_frames_are_counted_by_channel_id_and_length_of_the_id() -> None:
    census = Census()
    census.add(frames_of([(10, 1, 0x10, False), (30, 1, 0x10, True), (20, 2, 0x10, False)]))
    census.add(frames_of([(5, 1, 0x10, False)]))
    assert census.ids == {
        1: {(0x10, False): Seen(2, TimeRange(5, 11)), (0x10, True): Seen(1, TimeRange(30, 31))},
        2: {(0x10, False): Seen(1, TimeRange(20, 21))},
    }


def test_the_highest_id_and_channel_stay_apart() -> None:
    census = Census()
    top = (1 << 29) - 1
    census.add(frames_of([(0, 65_535, top, True), (0, 65_535, 0x7FF, False), (0, 0, 0, False)]))
    assert set(census.ids) == {0, 65_535}
    assert set(census.ids[65_535]) == {(top, True), (0x7FF, False)}


def test_backward_times_are_spanned_too() -> None:
    census = Census()
    census.add(frames_of([(50, 1, 1, False), (-7, 1, 1, False), (20, 1, 1, False)]))
    assert census.ids[1][1, False].time == TimeRange(-7, 51)


def test_frames_without_data_make_a_channel_known() -> None:
    census = Census()
    census.leave_out(4, "error_frame", 2)
    census.leave_out(4, "error_frame", 3)
    census.leave_out(1, "remote_frame", 1)
    census.add(frames_of([(0, 2, 1, False)]))
    assert census.channels == (1, 2, 4)
    assert census.without_data == {4: {"error_frame": 5}, 1: {"remote_frame": 1}}


def test_no_frames_leave_an_empty_census() -> None:
    census = Census()
    census.add(frames_of([(0, 1, 1, False)]).take(np.array([], dtype=np.int64)))
    assert census.ids == {}
    assert census.channels == ()


rows = st.tuples(
    st.integers(-(10**15), 10**15), st.integers(0, 3), st.integers(0, 5), st.booleans()
)


@given(st.lists(rows, min_size=1, max_size=40), st.integers(0, 40))
def test_parts_add_up_to_the_whole(given_rows: list[Row], cut: int) -> None:
    whole, parts = Census(), Census()
    whole.add(frames_of(given_rows))
    for part in (given_rows[:cut], given_rows[cut:]):
        if part:
            parts.add(frames_of(part))
    assert whole.ids == parts.ids
    expected: dict[tuple[int, int, bool], list[int]] = {}
    for t_ns, channel, number, extended in given_rows:
        expected.setdefault((channel, number, extended), []).append(t_ns)
    assert {
        (channel, *key): (seen.frames, seen.time)
        for channel, ids in whole.ids.items()
        for key, seen in ids.items()
    } == {key: (len(t), TimeRange(min(t), max(t) + 1)) for key, t in expected.items()}
