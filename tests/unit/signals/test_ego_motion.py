"""Motion along and about z: sources, what is known, and what is missing."""

import numpy as np
import pytest

from avdataops.signals.ego_motion import along, turning
from avdataops.testing.drives import (
    at,
    bump,
    clock,
    cruise,
    drive,
    follow_acceleration,
    unknown_within,
    without_column,
)

T_S = clock(20.0)
WHOLE = drive(follow_acceleration(cruise(20.0), -2.0 * bump(T_S, 8.0, 4.0)))


def test_a_measured_acceleration_is_used_where_there_is_one() -> None:
    motion, lost = along(WHOLE, 1.0)
    assert lost == []
    assert motion.measured.all()
    assert motion.accel_mps2.min() == pytest.approx(-2.0, abs=0.1)
    assert motion.source(slice(0, 10)) == "accel_x_mps2"


def test_the_slope_of_the_speed_stands_in() -> None:
    motion, lost = along(without_column(WHOLE, "accel_x_mps2"), 1.0)
    assert lost == []
    assert not motion.measured.any()
    assert motion.accel_mps2.min() == pytest.approx(-2.0, abs=0.1)
    assert motion.source(slice(0, 10)) == "ego_speed_mps"


def test_a_gap_in_the_measured_one_is_filled_and_told() -> None:
    motion, lost = along(unknown_within(WHOLE, "accel_x_mps2", 5.0, 15.0), 1.0)
    assert lost == []
    whole = slice(0, motion.t.size)
    assert motion.source(whole) == "accel_x_mps2 and ego_speed_mps"
    assert motion.accel_mps2.min() == pytest.approx(-2.0, abs=0.1)


def test_without_a_speed_nothing_is_known() -> None:
    motion, (lost,) = along(without_column(WHOLE, "ego_speed_mps"), 1.0)
    assert motion.t.size == 0
    assert (lost.reason, lost.start_ns, lost.stop_ns) == ("no ego speed", at(0), WHOLE.stop_ns)


def test_turning_needs_speed_and_yaw_rate() -> None:
    columns = cruise(20.0)
    columns["yaw_rate_radps"] = 0.2 * bump(T_S, 5.0, 10.0)
    whole = drive(columns)
    motion, lost = turning(whole, 2.0)
    assert lost == []
    assert motion.rate_radps.max() == pytest.approx(0.2, abs=0.01)
    _, (gap,) = turning(unknown_within(whole, "yaw_rate_radps", 4.0, 6.0), 2.0)
    assert gap.reason == "gap in yaw rate"
    _, (gap,) = turning(without_column(whole, "ego_speed_mps"), 2.0)
    assert gap.reason == "no ego speed"
    assert np.isfinite(motion.speed_mps).all()
