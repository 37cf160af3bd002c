"""How the ego moves along and across, as detectors need it: known samples, and what is missing."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Drive, Unknown
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.coverage import known_spans, missing
from avdataops.signals.filters import low_pass
from avdataops.signals.kinematics import acceleration_from_speed
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Along:
    """Motion along x where speed and acceleration are known; one row per known sample."""

    t: Times
    speed_mps: Floats
    accel_mps2: Floats
    """Low-passed; measured, else the slope of the speed."""
    measured: Bools
    """True where the acceleration was measured."""

    def source(self, rows: slice) -> str:
        """Return which signals the acceleration of some rows came from."""
        measured = self.measured[rows]
        if measured.all():
            return "accel_x_mps2"
        return "accel_x_mps2 and ego_speed_mps" if measured.any() else "ego_speed_mps"


def along(drive: Drive, cutoff_hz: float) -> tuple[Along, list[Unknown]]:
    """Return the motion along x, and where it is unknown."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    own = low_pass(t, floats(drive.ego.columns, "accel_x_mps2", t.size), cutoff_hz, gap_ns)
    slope = acceleration_from_speed(t, speed, max_gap_ns=gap_ns, cutoff_hz=cutoff_hz)
    accel = np.where(np.isfinite(own), own, slope)
    known = np.isfinite(accel) & np.isfinite(speed)
    spans = {"ego speed": known_spans(t, known, gap_ns)}
    lost = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    return Along(t[known], speed[known], accel[known], np.isfinite(own[known])), lost


@dataclass(frozen=True, slots=True)
class Turning:
    """Rate of turn where speed and yaw rate are known; one row per known sample."""

    t: Times
    speed_mps: Floats
    rate_radps: Floats
    """Low-passed, left positive."""


def turning(drive: Drive, cutoff_hz: float) -> tuple[Turning, list[Unknown]]:
    """Return the motion about z, and where speed or yaw rate is unknown."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    rate = low_pass(t, floats(drive.ego.columns, "yaw_rate_radps", t.size), cutoff_hz, gap_ns)
    spans = {
        "ego speed": known_spans(t, np.isfinite(speed), gap_ns),
        "yaw rate": known_spans(t, np.isfinite(rate), gap_ns),
    }
    known = np.isfinite(speed) & np.isfinite(rate)
    lost = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    return Turning(t[known], speed[known], rate[known]), lost
