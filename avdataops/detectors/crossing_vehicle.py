"""Vehicles that cross the ego's way ahead."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Floats
from avdataops.signals.coverage import settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, lowest, margin, number
from avdataops.signals.kinematics import time_headway
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import EgoBox, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a crossing vehicle.

    Directions that differ by 45 to 135 degrees and a path across the ego's forward half line within
    10 m: RefAV.  PET of 1.5 s is the product's own class, as the other values are.
    """

    min_heading_deg: float = 45.0
    max_heading_deg: float = 135.0
    max_ahead_m: float = 10.0
    """Of the front bumper, where it crosses the ego's axis."""
    min_lateral_mps: float = 1.0
    within_m: float = 5.0
    """Of the ego's axis: begin and end."""
    critical_pet_s: float = 1.5
    ego_front_m: float = 3.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5


def find(drive: Drive, params: Params) -> Detection:
    """Return the crossings; the actor is the track id where it crosses the ego's axis."""
    box = EgoBox(
        front_m=params.ego_front_m, width_m=params.ego_width_m, lane_width_m=params.lane_width_m
    )
    around = traffic(drive, box)
    seen = around.seen
    heading = np.abs(np.degrees(np.arctan2(seen.vy_mps, seen.vx_mps)))
    across = (
        around.vehicle
        & (heading >= params.min_heading_deg)
        & (heading <= params.max_heading_deg)
        & (np.abs(seen.vy_mps) > params.min_lateral_mps)
        & (np.abs(seen.y_m) <= params.within_m)
        & (seen.x_m + seen.reach_x_m > params.ego_front_m)
    )
    trigger = Trigger(on=1.0, off=0.5, max_gap_ns=around.users.max_gap_ns, merge_ns=300_000_000)
    found: list[Found] = []
    for rows in around.tracks_where(across):
        mine = seen.rows(rows)
        for one in episodes(mine.t, across[rows].astype(np.float64), trigger):
            ahead = _ahead_m(mine, one, params)
            if 0 < ahead <= params.max_ahead_m:
                found.append(_scene(mine, one, ahead, params))
    return settle(found, around.unknown)


def _ahead_m(seen: Sightings, one: Episode, params: Params) -> float:
    """Return where it crosses the ego's axis, ahead of the bumper; NaN if it does not.

    The straight line through all sightings beside the axis: one of them alone is noise.
    """
    x, y = seen.x_m[one.rows], seen.y_m[one.rows]
    if np.sign(y[0]) == np.sign(y[-1]):
        return float("nan")
    spread = y - y.mean()
    slope = float(np.sum(spread * (x - x.mean()))) / float(np.sum(spread**2))
    return float(x.mean()) - slope * float(y.mean()) - params.ego_front_m


def _scene(seen: Sightings, one: Episode, ahead_m: float, params: Params) -> Found:
    rows = one.rows
    at = one.onset + int(np.argmin(np.abs(seen.y_m[rows])))
    ahead: Floats = seen.x_m - params.ego_front_m
    arrival = time_headway(ahead, seen.ego_mps)
    clear = np.flatnonzero(np.abs(seen.y_m[at:]) - seen.reach_y_m[at:] > params.ego_width_m / 2)
    # When it has left the ego's way, the ego still needs this long to where it crossed.
    pet = number(float(arrival[at + int(clear[0])])) if clear.size else None
    return Found(
        type="crossing_vehicle",
        actor=str(seen.track_id[at]),
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(
            margin(float(np.abs(seen.vy_mps[rows]).mean()), params.min_lateral_mps),
            1.0 if bool(seen.size_known[rows].all()) else 0.8,
        ),
        truncated=one.truncated,
        evidence={
            "distance_at_crossing_m": number(ahead_m),
            "pet_s": pet,
            "lat_speed_mps": highest(np.abs(seen.vy_mps[rows])),
            "min_time_to_arrival_s": lowest(arrival[rows]),
            "ego_speed_mps": number(float(seen.ego_mps[at])),
            "from_side": "left" if seen.y_m[one.onset] > 0 else "right",
            "object_class": seen.object_class[at],
            "severity": (
                "critical" if pet is not None and pet <= params.critical_pet_s else "normal"
            ),
        },
    )


CROSSING_VEHICLE = Detector(
    name="crossing_vehicle",
    version=1,
    types=("crossing_vehicle",),
    params=Params,
    find=find,
    gates=(Gate(param="max_ahead_m", evidence="distance_at_crossing_m", op="<="),),
    tags={"crossing_vehicle": "MotionCross"},
    doc="A vehicle crosses the ego's axis within 10 m ahead of its front.",
)
