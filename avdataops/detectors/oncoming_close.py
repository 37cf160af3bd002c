"""Oncoming vehicles that pass with little room."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Floats
from avdataops.signals.coverage import settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, margin, number
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import EgoBox, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a close oncoming vehicle; all are the product's own defaults."""

    max_clearance_m: float = 1.5
    severe_clearance_m: float = 0.7
    min_heading_deg: float = 135.0
    """Between the two directions of travel."""
    min_speed_mps: float = 3.0
    """Of both."""
    min_s: float = 0.2
    merge_s: float = 0.5
    ego_front_m: float = 3.7
    ego_length_m: float = 4.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5


def find(drive: Drive, params: Params) -> Detection:
    """Return the close passings; the actor is the track id while beside."""
    box = EgoBox(
        front_m=params.ego_front_m,
        length_m=params.ego_length_m,
        width_m=params.ego_width_m,
        lane_width_m=params.lane_width_m,
    )
    around = traffic(drive, box)
    seen = around.seen
    clearance = np.abs(seen.y_m) - seen.reach_y_m - box.width_m / 2
    beside = np.abs(seen.x_m - box.centre_m) <= seen.reach_x_m + box.length_m / 2
    speed = np.hypot(seen.vx_mps, seen.vy_mps)
    opposite = np.abs(np.degrees(seen.heading_rad)) >= params.min_heading_deg
    passing = (
        around.vehicle
        & beside
        & opposite
        & (clearance < params.max_clearance_m)
        & (speed > params.min_speed_mps)
        & (seen.ego_mps > params.min_speed_mps)
    )
    trigger = Trigger(
        on=1.0,
        off=0.5,
        max_gap_ns=around.users.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    found: list[Found] = []
    for rows in around.tracks_where(passing):
        mine = seen.rows(rows)
        beside_now = episodes(mine.t, passing[rows].astype(np.float64), trigger)
        lasting = (one for one in beside_now if one.duration_s >= params.min_s)
        found.extend(_scene(mine, clearance[rows], one, params) for one in lasting)
    return settle(found, around.unknown)


def _scene(seen: Sightings, clearance: Floats, one: Episode, params: Params) -> Found:
    rows = one.rows
    room = float(np.median(clearance[rows]))
    speed = np.hypot(seen.vx_mps, seen.vy_mps)[rows]
    return Found(
        type="oncoming_close",
        actor=str(seen.track_id[one.trigger]),
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(
            margin(1.0 / max(room, 0.1), 1.0 / params.max_clearance_m),
            1.0 if bool(seen.size_known[rows].all()) else 0.6,
        ),
        truncated=one.truncated,
        evidence={
            "clearance_m": number(room),
            "ego_speed_mps": number(float(seen.ego_mps[one.trigger])),
            "other_speed_mps": highest(speed),
            "object_class": seen.object_class[one.trigger],
            "side": "left" if seen.y_m[one.trigger] > 0 else "right",
            "severity": "severe" if room < params.severe_clearance_m else "close",
        },
    )


ONCOMING_CLOSE = Detector(
    name="oncoming_close",
    version=1,
    types=("oncoming_close",),
    params=Params,
    find=find,
    gates=(Gate(param="max_clearance_m", evidence="clearance_m", op="<="),),
    tags={"oncoming_close": "MotionTowards"},
    doc="An oncoming vehicle passes with less than 1.5 m between.",
)
