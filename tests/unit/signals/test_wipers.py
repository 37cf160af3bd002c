"""How much wipers move: the whole window counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Bools
from avdataops.signals.wipers import most_wiping, share_around, wiping
from avdataops.testing.drives import at, clock, cruise, drive, unknown_within, without_column

T = np.arange(121, dtype=np.int64) * NS_PER_S


def moving(start: int, stop: int) -> Bools:
    rows = np.arange(T.size)
    return np.asarray((rows >= start) & (rows < stop))


def test_the_share_is_of_the_window_around() -> None:
    found = share_around(T, moving(50, 65), 60.0)
    assert found[57] == 0.25
    assert found[20] == pytest.approx(10 / 60)
    assert found[90] == pytest.approx(5 / 60)
    assert found[110] == pytest.approx(5 / 60)
    assert found[35] == pytest.approx(15 / 60)
    assert found[34] == pytest.approx(14 / 60)


def test_at_the_ends_the_window_is_shifted_inwards() -> None:
    found = share_around(T, moving(0, 15), 60.0)
    assert found[0] == found[30] == 0.25


def test_short_data_is_still_held_against_the_whole_window() -> None:
    assert share_around(T[:11], np.ones(11, np.bool_), 60.0)[5] == pytest.approx(11 / 60)


@given(st.lists(st.booleans(), min_size=1, max_size=121))
def test_a_share_is_a_share(moves: list[bool]) -> None:
    found = share_around(T[: len(moves)], np.array(moves), 60.0)
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_wiping_and_the_most_of_it_in_a_stretch() -> None:
    columns = cruise(200.0)
    t_s = clock(200.0)
    status = np.full(t_s.size, "off", dtype=object)
    status[(t_s >= 60) & (t_s < 90)] = "fast"
    given_drive = drive({**columns, "wiper_status": status})
    found = wiping(given_drive, window_s=60.0, min_share=0.2)
    assert found.says.tolist() == [[at(60.0), at(90.0)]]
    most = most_wiping(given_drive, at(0.0), at(200.0), window_s=60.0)
    assert most == pytest.approx(0.5, abs=0.01)
    assert most_wiping(given_drive, at(150.0), at(200.0), window_s=60.0) == 0.0
    silent = without_column(given_drive, "wiper_status")
    assert most_wiping(silent, at(0.0), at(200.0), window_s=60.0) is None
    lost = unknown_within(given_drive, "wiper_status", 0.0, 201.0)
    assert wiping(lost, window_s=60.0, min_share=0.2).known.size == 0
