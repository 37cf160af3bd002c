"""The score of clocks: stamps and role decide, regularity and coverage between like ones."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.reference_clock import best_clock, clock_scores, regularity
from avdataops.signals.stream_timing import StreamTiming

S = 1_000_000_000
CAN = StreamTiming(
    stream="Can",
    topic_class="vehicle",
    clock="mdf",
    first_ns=0,
    last_ns=100 * S,
    rows=1001,
    period_ns=S // 10,
    jitter_ms=0.0,
    coverage=1.0,
    backwards=0,
    duplicates=0,
    gaps=np.empty((0, 2), dtype=np.int64),
)
LIDAR = replace(CAN, stream="/lidar", topic_class="lidar", clock="ros")


def test_the_score_is_the_weighted_sum_of_what_is_known() -> None:
    assert clock_scores([CAN]) == {"mdf": 0.45}
    assert clock_scores([LIDAR]) == {"ros": 0.6}
    assert clock_scores([LIDAR], {"/lidar": "common"}) == {"ros": 1.0}


@pytest.mark.parametrize(
    ("stamp_kind", "more"),
    [("common", 0.4), ("own", 0.267), ("software", 0.133), ("none", 0.0), ("strange", 0.0)],
)
def test_stamps_that_devices_keep_rank_first(stamp_kind: str, more: float) -> None:
    score = clock_scores([CAN], {"Can": stamp_kind})["mdf"]
    assert score == pytest.approx(0.45 + more)


def test_perception_comes_before_navigation_before_buses() -> None:
    classes = ("lidar", "imu", "vehicle", "can", "other")
    scores = clock_scores(replace(CAN, topic_class=one, clock=one) for one in classes)
    assert sorted(scores, key=scores.__getitem__, reverse=True) == list(classes)


def test_ros_has_the_role_of_perception_without_any_frame() -> None:
    scores = clock_scores([CAN, replace(CAN, stream="/odometry", clock="ros")])
    assert best_clock(scores) == "ros"


def test_a_clock_whose_devices_keep_it_is_better_than_ros_without_stamps() -> None:
    scores = clock_scores([LIDAR, CAN], {"Can": "common"})
    assert best_clock(scores) == "mdf"


@pytest.mark.parametrize(
    ("jitter_ms", "expected"), [(0.0, 1.0), (32.9, 0.9), (329.0, 0.0), (3290.0, 0.0), (None, 0.0)]
)
def test_regularity_is_one_minus_the_variation_of_the_period(
    jitter_ms: float | None, expected: float
) -> None:
    assert regularity(replace(CAN, jitter_ms=jitter_ms)) == pytest.approx(expected)


def test_of_like_clocks_the_regular_and_then_the_whole_one_is_better() -> None:
    shaky = replace(CAN, clock="a", jitter_ms=40.0)
    holey = replace(CAN, clock="b", coverage=0.5)
    assert best_clock(clock_scores([shaky, CAN])) == "mdf"
    assert best_clock(clock_scores([holey, CAN])) == "mdf"


def test_a_single_message_has_neither_period_nor_coverage() -> None:
    single = replace(CAN, period_ns=None, jitter_ms=None, coverage=None)
    assert clock_scores([single]) == {"mdf": 0.15}


def test_a_clock_is_as_good_as_its_best_stream() -> None:
    bad = replace(LIDAR, stream="/log", coverage=0.0, jitter_ms=1e6)
    assert clock_scores([bad, LIDAR]) == clock_scores([LIDAR, bad]) == {"ros": 0.6}


def test_equal_clocks_are_chosen_by_name_in_any_order() -> None:
    streams = [replace(CAN, clock=name) for name in ("tdms", "mdf", "blf")]
    found = {best_clock(clock_scores(order)) for order in permutations(streams)}
    assert found == {"blf"}


def test_a_difference_of_less_than_a_thousandth_is_none() -> None:
    scores = clock_scores([CAN, replace(CAN, clock="a", coverage=0.999)])
    assert best_clock(scores) == "a"


def test_no_stream_has_no_clock() -> None:
    assert clock_scores([]) == {}
    assert best_clock({}) is None


@given(
    st.floats(0, 1e6),
    st.floats(0, 10),
    st.sampled_from(["lidar", "imu", "can", "other"]),
    st.sampled_from(["common", "own", "software", "none"]),
)
def test_every_score_is_from_zero_to_one(
    jitter_ms: float, coverage: float, topic_class: str, stamp_kind: str
) -> None:
    timing = replace(CAN, jitter_ms=jitter_ms, coverage=coverage, topic_class=topic_class)
    assert 0.0 <= clock_scores([timing], {"Can": stamp_kind})["mdf"] <= 1.0
