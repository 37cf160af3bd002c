"""Pedestrians near the ego's way, and several vulnerable road users at once."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Floats
from avdataops.signals.coverage import settle
from avdataops.signals.crowds import Crowd, counted, crowds
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, lowest, margin, middle, number
from avdataops.signals.filters import low_pass
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import VULNERABLE, EgoBox, Traffic, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of vulnerable road users nearby.

    Three within 10 m: RefAV.  Distances beside and ahead are the product's own defaults; below
    1.0 m beside is the class `close`.
    """

    aside_m: float = 1.5
    """From the ego's side."""
    min_ahead_m: float = 10.0
    ahead_s: float = 2.0
    """Looked at is the greater of the two."""
    min_ego_mps: float = 1.0
    near_s: float = 0.5
    merge_s: float = 0.5
    close_m: float = 1.0
    crowd_count: float = 3.0
    crowd_m: float = 10.0
    crowd_s: float = 1.0
    ego_front_m: float = 3.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    cutoff_hz: float = 1.0


_NOISE_M = 0.5
"""Of one sighting: a first look lets so much more pass than the smoothed one."""


def find(drive: Drive, params: Params) -> Detection:
    """Return pedestrians near the path, each the actor of its scene, and crowds without actor."""
    box = EgoBox(
        front_m=params.ego_front_m, width_m=params.ego_width_m, lane_width_m=params.lane_width_m
    )
    around = traffic(drive, box)
    found = [*_near(around, params), *_crowded(around, params)]
    return settle(found, around.unknown)


def _near(around: Traffic, params: Params) -> list[Found]:
    seen = around.seen
    ahead = seen.x_m - params.ego_front_m
    reach = np.maximum(params.min_ahead_m, params.ahead_s * seen.ego_mps)
    near = (
        (seen.object_class == "pedestrian")
        & (np.abs(seen.y_m) <= params.ego_width_m / 2 + params.aside_m + _NOISE_M)
        & (ahead > 0)
        & (ahead <= reach)
        & (seen.ego_mps > params.min_ego_mps)
    )
    trigger = Trigger(
        on=1.0,
        off=0.5,
        max_gap_ns=around.users.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    scenes: list[Found] = []
    for rows in around.tracks_where(near):
        mine = seen.rows(rows)
        aside = np.abs(low_pass(mine.t, mine.y_m, params.cutoff_hz, around.users.max_gap_ns))
        beside = near[rows] & (aside <= params.ego_width_m / 2 + params.aside_m)
        passing = episodes(mine.t, beside.astype(np.float64), trigger)
        lasting = (one for one in passing if one.duration_s >= params.near_s)
        scenes.extend(_pedestrian(mine, aside, one, params) for one in lasting)
    return scenes


def _pedestrian(seen: Sightings, aside_m: Floats, one: Episode, params: Params) -> Found:
    rows = one.rows
    clearance = np.maximum(aside_m[rows] - params.ego_width_m / 2, 0.0)
    ahead = seen.x_m[rows] - params.ego_front_m
    least = float(clearance.min())
    return Found(
        type="pedestrian_near_path",
        actor=str(seen.track_id[one.trigger]),
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(margin(1.0 / max(least, 0.2), 1.0 / params.aside_m), 0.9),
        truncated=one.truncated,
        evidence={
            "clearance_m": number(least),
            "min_distance_m": lowest(ahead),
            "ego_speed_mps": number(float(seen.ego_mps[one.trigger])),
            "side": "left" if seen.y_m[one.trigger] > 0 else "right",
            "severity": "close" if least < params.close_m else "normal",
        },
    )


def _crowded(around: Traffic, params: Params) -> list[Found]:
    seen = around.seen
    vulnerable = np.isin(seen.object_class.astype(str), VULNERABLE)
    within = vulnerable & (np.hypot(seen.x_m, seen.y_m) <= params.crowd_m)
    crowd = Crowd(params.crowd_count, params.crowd_s, params.merge_s)
    many = counted(seen.t, within)
    scenes = []
    for one in crowds(many, crowd, around.users.max_gap_ns):
        rows = one.rows
        peak = float(many.count[rows].max())
        scenes.append(
            Found(
                type="multi_vru",
                start_ns=one.start_ns,
                stop_ns=one.stop_ns,
                confidence=confidence(margin(peak, params.crowd_count) + 0.3, 0.9),
                truncated=one.truncated,
                evidence={
                    "max_count_ids": highest(many.count[rows]),
                    "mean_count_ids": middle(many.count[rows]),
                    "duration_s": number(one.duration_s),
                },
            )
        )
    return scenes


VRU_NEAR = Detector(
    name="vru_near",
    version=1,
    types=("pedestrian_near_path", "multi_vru"),
    params=Params,
    find=find,
    gates=(
        Gate(param="aside_m", evidence="clearance_m", op="<=", types=("pedestrian_near_path",)),
        Gate(param="crowd_count", evidence="max_count_ids", op=">=", types=("multi_vru",)),
    ),
    tags={"pedestrian_near_path": "HumanPedestrian", "multi_vru": "TrafficAgentDensity"},
    doc="A pedestrian within 1.5 m of the ego's way ahead; three vulnerable within 10 m.",
)
