"""Small drives for the detectors of the ego's own motion."""

import numpy as np

from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    EGO_HZ,
    Columns,
    bump,
    clock,
    context_rows,
    cruise,
    drive,
    follow_acceleration,
)

DURATION_S = 60.0


def pushed(accel_mps2: Floats, speed_mps: float = 10.0) -> Drive:
    """Return a straight drive with this acceleration, on the grid of ``clock``."""
    duration_s = (accel_mps2.size - 1) / EGO_HZ
    return drive(follow_acceleration(cruise(duration_s, speed_mps), accel_mps2))


def spirited_drive() -> Drive:
    """Return a minute with one push, two jerks, and one fast corner."""
    t_s = clock(DURATION_S)
    accel = 3.2 * bump(t_s, 8.0, 3.0, 1.2) - 5.0 * bump(t_s, 26.0, 1.6, 0.4)
    columns = follow_acceleration(cruise(DURATION_S, 14.0), accel)
    columns["yaw_rate_radps"] = 0.34 * bump(t_s, 44.0, 4.0, 0.8)
    return drive(columns)


def turned_round(
    angle_deg: float = 180.0, duration_s: float = 10.0, speed_mps: float = 5.0, start_s: float = 20
) -> Columns:
    """Return ego columns of a minute with one turn of this angle, to the left if positive."""
    t_s = clock(DURATION_S)
    rate = float(np.radians(angle_deg)) / (duration_s - 0.5)
    columns = cruise(DURATION_S, speed_mps)
    columns["yaw_rate_radps"] = rate * bump(t_s, start_s, duration_s)
    return columns


def round_trip() -> Drive:
    """Return a minute with one U-turn to the left."""
    return drive(turned_round())


def parking() -> Drive:
    """Return a minute: 10 s of standing, back for 5 s, 10 s of standing, and away."""
    t_s = clock(DURATION_S)
    back = -1.0 * bump(t_s, 10.0, 6.0, 1.0)
    away = np.clip((t_s - 30.0) * 1.5, 0.0, 8.0)
    columns = cruise(DURATION_S, 0.0)
    columns["ego_speed_mps"] = back + away
    columns["accel_x_mps2"] = np.gradient(columns["ego_speed_mps"], 1 / EGO_HZ)
    return drive(columns)


def fast_drive() -> Drive:
    """Return a minute at 15 m/s in which the limit falls to 40 km/h for 20 s."""
    limit = np.full(round(DURATION_S) + 1, 70 / 3.6)
    limit[20:40] = 40 / 3.6
    return drive(cruise(DURATION_S), context=context_rows(DURATION_S, speed_limit_mps=limit))
