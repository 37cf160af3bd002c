"""Times of points as drivers state them: which column, which unit, since when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import ConfigError, InputError
from avdataops.signals.point_times import LONGEST_NS, since_message, time_column

STAMP = 1_700_000_000_123_456_789
MS = 1_000_000
TRUE = np.array([0, 20 * MS, 99 * MS])
NEVER = LONGEST_NS * 1000


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["points_x_m", "points_t"], "points_t"),
        (["points_time"], "points_time"),
        (["points_offset_time", "points_tag"], "points_offset_time"),
        (["points_timestamp", "points_t"], "points_t"),
    ],
)
def test_the_columns_of_known_drivers_are_found(columns: list[str], found: str) -> None:
    assert time_column(columns) == found


def test_another_column_is_taken_by_name_and_a_wrong_name_is_told() -> None:
    assert time_column(["points_when", "points_t"], "points_when") == "points_when"
    with pytest.raises(InputError, match="no column 'points_wen'; did you mean 'points_when'"):
        time_column(["points_when"], "points_wen")


def test_points_without_a_time_are_told() -> None:
    with pytest.raises(InputError, match="no time of their own") as caught:
        time_column(["points_x_m"])
    assert "deskew_lidar.time_column" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (TRUE.astype(np.uint32), ""),
        (TRUE.astype(np.float32) / 1e9, ""),
        (TRUE.astype(np.float64) / 1e9, "s"),
        ((TRUE // 1000).astype(np.uint32), "us"),
        (TRUE.astype(np.float64) / 1e6, "ms"),
        (TRUE + STAMP, ""),
        ((TRUE + STAMP).astype(np.uint64), "ns"),
    ],
    ids=["ns", "float32 s", "s", "us", "ms", "epoch ns", "unsigned epoch ns"],
)
def test_units_and_epochs_give_the_same_times(values: np.ndarray, unit: str) -> None:
    np.testing.assert_allclose(since_message(values, STAMP, unit), TRUE, atol=10)


def test_seconds_since_the_epoch_are_good_to_a_microsecond() -> None:
    values = STAMP / 1e9 + TRUE / 1e9
    np.testing.assert_allclose(since_message(values, STAMP), TRUE, atol=1000)


def test_points_before_their_message_are_as_good() -> None:
    assert since_message(np.array([-0.05, 0.0]), STAMP).tolist() == [-50 * MS, 0]


def test_a_time_that_is_none_or_of_another_sweep_is_never() -> None:
    values = np.array([0.01, np.nan, np.inf, -1.5, 2.0])
    assert since_message(values, STAMP).tolist() == [10 * MS, NEVER, NEVER, NEVER, NEVER]
    assert since_message(np.array([np.nan]), STAMP).tolist() == [NEVER]
    assert since_message(np.empty(0), STAMP).size == 0


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match="no unit of time 'usec'"):
        since_message(TRUE, STAMP, "usec")


@given(st.lists(st.integers(0, LONGEST_NS), max_size=20))
def test_whole_nanoseconds_stay_what_they_are(values: list[int]) -> None:
    assert since_message(np.array(values, dtype=np.int64), STAMP, "ns").tolist() == values
