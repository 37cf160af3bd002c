"""Small drives for the detectors of other road users; the ego goes straight at 15 m/s."""

import numpy as np

from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    EGO_MPS,
    LANE_M,
    OBJECT_HZ,
    Other,
    bump,
    clock,
    cruise,
    drive,
    move_across,
    other,
    ramp,
)

FRONT_M = 3.7
HALF_CAR_M = 2.25
WHOLE_S = 40.0


def beside(duration_s: float = WHOLE_S) -> Floats:
    """Return the grid of the object list in seconds."""
    return clock(duration_s, OBJECT_HZ)


def lead(gap_m: Floats, track_id: str = "lead", y_m: Floats | float = 0.0) -> Other:
    """Return a car ahead at this bumper-to-bumper gap."""
    t_s = beside((gap_m.size - 1) / OBJECT_HZ)
    return other(track_id, t_s, FRONT_M + HALF_CAR_M + gap_m, np.zeros(t_s.size) + y_m, EGO_MPS)


def among(*others: Other, duration_s: float = WHOLE_S) -> Drive:
    """Return a straight drive among these."""
    return drive(cruise(duration_s), others)


def tailing() -> Drive:
    """Return ten seconds behind a lead at 24 m, then close up to 9 m for the rest."""
    return among(lead(24.0 - 15.0 * ramp(beside(), 14.0, 10.0)))


def braking_lead() -> Drive:
    """Return a lead at 30 m that loses 5 m/s within 2 s, and gains them back."""
    t_s = beside()
    slower = 5.0 * (ramp(t_s, 10.0, 2.5) - ramp(t_s, 16.0, 6.0))
    gap = 40.0 - np.cumsum(slower) / OBJECT_HZ
    return among(lead(gap))


def leaving_lead() -> Drive:
    """Return a lead at 25 m that goes to the left lane from 15 s on, with a slow one behind it."""
    t_s = beside()
    gone = lead(np.full(t_s.size, 25.0), "leaver", LANE_M * ramp(t_s, 15.0, 4.0))
    return among(gone, lead(120.0 - 1.5 * t_s, "slow"))


def nearly_hit() -> Drive:
    """Return a standing car in the lane that the ego comes within about a second of."""
    t_s = beside(12.0)
    gap = 100.0 - EGO_MPS * t_s
    away = 6.0 * ramp(t_s, 5.7, 0.1)
    return among(lead(gap, "wall", away), duration_s=12.0)


def narrow_road() -> Drive:
    """Return an oncoming car that passes at 1 m from the ego's side."""
    t_s = beside(20.0)
    x_m = 200.0 - 2 * EGO_MPS * t_s
    y_m = np.full(t_s.size, 0.95 + 1.0 + 0.9)
    return among(other("oncoming", t_s, x_m, y_m, EGO_MPS), duration_s=20.0)


def crossed() -> Drive:
    """Return a slow ego in front of which a car crosses from the right, 6 m ahead."""
    t_s = beside(20.0)
    x_m = np.full(t_s.size, FRONT_M + 6.0)
    y_m = -40.0 + 5.0 * t_s
    crosser = other("crosser", t_s, x_m, y_m, 0.0)
    return drive(cruise(20.0, 0.0), (crosser,))


def overtaking() -> Drive:
    """Return an overtaking of one car, and later a pass of another in the left lane."""
    duration_s = 50.0
    t_s, ego_s = beside(duration_s), clock(duration_s)
    across = LANE_M * (ramp(ego_s, 8.0, 5.0) - ramp(ego_s, 34.0, 5.0))
    ego_y = np.interp(t_s, ego_s, across)
    slow = other("slow", t_s, 70.0 - 3.5 * t_s, -ego_y, EGO_MPS)
    third = other("third", t_s, 158.0 - 3.5 * t_s, LANE_M - ego_y, EGO_MPS)
    return drive(move_across(cruise(duration_s), across), (slow, third))


def school_run() -> Drive:
    """Return three children beside the way of an ego at walking pace."""
    t_s = beside(20.0)
    size = {"object_class": "pedestrian", "length_m": 0.5, "width_m": 0.5}
    children = tuple(
        other(
            f"child {n}", t_s, 22.0 + n - 2.0 * t_s, np.full(t_s.size, -2.0 - 0.3 * n), 2.0, **size
        )
        for n in range(3)
    )
    return drive(cruise(20.0, 2.0), children)


def jam() -> Drive:
    """Return nine cars around the ego for ten seconds."""
    t_s = beside(20.0)
    spread = 100.0 * (1.0 - bump(t_s, 5.0, 10.0, 0.1))
    places = [(8.0 * (n // 3 + 1), (n % 3 - 1) * LANE_M) for n in range(9)]
    cars = tuple(
        other(f"car {n}", t_s, x + 4.0 + spread, np.full(t_s.size, y), EGO_MPS)
        for n, (x, y) in enumerate(places)
    )
    return among(*cars, duration_s=20.0)
