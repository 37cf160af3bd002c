"""Extremes of many windows, against the plain loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.ranges import window_highest, window_lowest


@st.composite
def windows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    x = draw(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
    stops = [draw(st.integers(row + 1, len(x))) for row in range(len(x))]
    return np.array(x), np.array(stops, dtype=np.int64)


@given(windows())
def test_every_window_gives_its_extremes(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    x, stop = drawn
    assert window_highest(x, stop).tolist() == [x[i:j].max() for i, j in enumerate(stop)]
    assert window_lowest(x, stop).tolist() == [x[i:j].min() for i, j in enumerate(stop)]


def test_the_input_is_left_as_it_is() -> None:
    x = np.array([3.0, 1.0, 2.0])
    window_highest(x, np.array([3, 3, 3]))
    assert x.tolist() == [3.0, 1.0, 2.0]


def test_no_rows_give_no_rows() -> None:
    assert window_highest(np.empty(0), np.empty(0, dtype=np.int64)).size == 0
