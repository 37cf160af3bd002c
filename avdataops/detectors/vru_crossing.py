"""Pedestrians and cyclists who cross the ego's way."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.corridor import CorridorParams
from avdataops.signals.coverage import settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import (
    confidence,
    highest,
    lowest,
    margin,
    number,
    share_received,
)
from avdataops.signals.filters import derivative, low_pass
from avdataops.signals.kinematics import time_headway
from avdataops.signals.road_users import RoadUsers, Sightings, Sizes, road_users

VULNERABLE = ("pedestrian", "bicycle")
_PREDICTED = 0.8
"""Confidence at most without lane lines."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a crossing.

    Lateral speed 0.2 m/s, end of the excursion at 5 m: RefAV.  Critical below 2 s between the two
    at one place: post-encroachment time of conflict studies.  Reach, age and merging are the
    product's own defaults.
    """

    min_lateral_mps: float = 0.2
    excursion_m: float = 5.0
    min_reach_m: float = 15.0
    reach_s: float = 4.0
    """Ahead of the bumper it counts up to the greater of the two at ego speed."""
    min_age_s: float = 0.5
    """A track seen for less before it is inside may be noise."""
    pause_s: float = 1.0
    """A shorter stop beside the lane does not end the crossing, and none in the lane does."""
    critical_pet_s: float = 2.0
    ego_front_m: float = 3.7
    """Front bumper ahead of the rear axle, of a middle-sized car."""
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    cutoff_hz: float = 1.0


@dataclass(frozen=True, slots=True)
class _Walk:
    seen: Sightings
    offset_m: Floats
    lateral_mps: Floats
    """Over ground, across the ego's way; left positive."""
    ahead_m: Floats
    """Of the front bumper."""
    inside: Bools
    """In the ego's corridor, within reach."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the crossings; the actor is the track id on entering the ego's way."""
    widths = CorridorParams(lane_width_m=params.lane_width_m, ego_width_m=params.ego_width_m)
    users = road_users(drive, widths, Sizes(length_m=0.6, width_m=0.6))
    found: list[Found] = []
    for rows in users.tracks:
        if users.seen.object_class[rows[0]] in VULNERABLE:
            found.extend(_of_track(users, rows, params))
    return settle(found, users.unknown)


def _of_track(users: RoadUsers, rows: Indices, params: Params) -> list[Found]:
    walk = _walk(users, rows, params)
    seen = walk.seen
    # Who stops in the lane has not finished crossing: only 5 m aside ends the excursion.
    goes_on = (np.abs(walk.lateral_mps) >= params.min_lateral_mps) | (
        np.abs(walk.offset_m) <= seen.half_width_m
    )
    across = goes_on & (np.abs(walk.offset_m) <= params.excursion_m) & (seen.x_m > 0)
    trigger = Trigger(
        on=1.0,
        off=0.5,
        max_gap_ns=users.max_gap_ns,
        merge_ns=round(params.pause_s * NS_PER_S),
    )
    scenes = []
    for episode in episodes(seen.t, across.astype(np.float64), trigger):
        entry = _entry_row(walk, episode, params)
        if entry is not None:
            scenes.append(_scene(walk, episode, entry, users, params))
    return scenes


def _walk(users: RoadUsers, rows: Indices, params: Params) -> _Walk:
    seen, gap_ns = users.seen.rows(rows), users.max_gap_ns
    offset = low_pass(seen.t, seen.offset_m, params.cutoff_hz, gap_ns)
    over_ground = seen.vy_mps * np.cos(seen.direction_rad) - seen.vx_mps * np.sin(
        seen.direction_rad
    )
    speed = np.where(
        np.isfinite(over_ground),
        low_pass(seen.t, over_ground, params.cutoff_hz, gap_ns),
        derivative(seen.t, offset, gap_ns),
    )
    ahead = seen.x_m - params.ego_front_m
    reach = np.maximum(params.min_reach_m, params.reach_s * seen.ego_mps)
    inside = (np.abs(offset) <= seen.half_width_m) & (ahead > 0) & (ahead <= reach)
    return _Walk(seen, offset, np.asarray(speed), ahead, inside)


def _entry_row(walk: _Walk, episode: Episode, params: Params) -> int | None:
    """Return the first row inside, if it came from outside and was seen before."""
    inside = np.flatnonzero(walk.inside[episode.rows])
    if inside.size == 0:
        return None
    entry = episode.onset + int(inside[0])
    came = np.abs(walk.offset_m[:entry]) > walk.seen.half_width_m[:entry]
    # The ego's way may sweep over somebody who stands; then it is the ego that moves.
    walked = np.abs(walk.lateral_mps[episode.onset : entry + 1]) >= params.min_lateral_mps
    passed = np.sign(walk.offset_m[episode.onset]) != np.sign(walk.offset_m[episode.last])
    old = walk.seen.t[entry] - walk.seen.t[0] >= params.min_age_s * NS_PER_S
    return entry if old and walked.any() and (came.any() or passed) else None


def _scene(walk: _Walk, episode: Episode, entry: int, users: RoadUsers, params: Params) -> Found:
    seen = walk.seen
    inside = episode.onset + np.flatnonzero(walk.inside[episode.rows])
    left_at = int(inside[-1]) + 1
    arrival = time_headway(walk.ahead_m, seen.ego_mps)
    # When it has left the corridor, the ego still needs this long to where it crossed.
    has_left = left_at < seen.t.size and abs(walk.offset_m[left_at]) > seen.half_width_m[left_at]
    pet_s = number(float(arrival[left_at])) if has_left and walk.ahead_m[left_at] > 0 else None
    t = seen.t[episode.rows]
    period_ns = float(np.median(np.diff(t))) if t.size > 1 else 0.0
    fastest = highest(np.abs(walk.lateral_mps[inside])) or 0.0
    by_lines = bool(seen.by_lines[inside].all())
    ended = episode.last == seen.t.size - 1 and users.ended_with_data(int(seen.t[-1]))
    return Found(
        type="vru_crossing",
        actor=str(seen.track_id[entry]),
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(
            margin(fastest, params.min_lateral_mps),
            share_received(t.size, t, period_ns),
            1.0 if by_lines else _PREDICTED,
        ),
        truncated=ended,
        evidence={
            "distance_at_entry_m": number(float(walk.ahead_m[entry])),
            "min_distance_m": lowest(walk.ahead_m[inside]),
            "lat_speed_mps": number(fastest),
            "ego_speed_mps": number(float(seen.ego_mps[episode.onset])),
            "ego_speed_at_entry_mps": number(float(seen.ego_mps[entry])),
            "min_time_to_arrival_s": lowest(arrival[inside]),
            "pet_s": pet_s,
            "entered_after_s": number(float(seen.t[entry] - episode.start_ns) / NS_PER_S),
            "from_side": "left" if walk.offset_m[episode.onset] > 0 else "right",
            "passed_through": bool(
                np.sign(walk.offset_m[episode.onset]) != np.sign(walk.offset_m[episode.last])
            ),
            "object_class": seen.object_class[entry],
            "corridor": "lane lines" if by_lines else "predicted path",
            "severity": (
                "critical" if pet_s is not None and pet_s < params.critical_pet_s else "normal"
            ),
        },
    )


VRU_CROSSING = Detector(
    name="vru_crossing",
    version=2,
    types=("vru_crossing",),
    params=Params,
    find=find,
    tags={"vru_crossing": "MotionCross"},
    doc="A pedestrian or cyclist enters or passes the ego's way ahead.",
)
