"""Other vehicles that the ego passes, and overtakes where it changes lanes for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.arrays import Indices
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, highest, lowest, number, share_received
from avdataops.signals.filters import low_pass
from avdataops.signals.intervals import true_runs
from avdataops.signals.lanes import Crossing, find_crossings, lane_lines, lane_position
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import EgoBox, Traffic, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of an overtaking.

    It "starts behind the object and then ends up in front of the object by changing lanes twice"
    (ASAM OpenLABEL 1.0.0); without the two changes it is a pass.  Directions that differ by less
    than 45 degrees: RefAV.  Distances and times are the product's own defaults.
    """

    from_m: float = 5.0
    """Ahead at first and behind at last, from middle to middle."""
    within_s: float = 60.0
    min_aside_m: float = 1.5
    max_aside_m: float = 6.0
    max_heading_deg: float = 45.0
    min_other_mps: float = 2.0
    change_within_s: float = 25.0
    """A lane change earlier before or later after has nothing to do with it."""
    noise_share: float = 0.1
    """Of the sightings beside, for the limits to be missed by noise."""
    ego_front_m: float = 3.7
    ego_length_m: float = 4.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    jump_share: float = 0.5
    """Of a lane width, for both lines to have taken their neighbour's place."""
    cutoff_hz: float = 1.0


_JUMP_LAG_NS = 150_000_000
_NO_LINES = 0.6
"""Confidence at most where no lane lines tell whether the ego changed lanes."""


@dataclass(frozen=True, slots=True)
class _Lanes:
    """Moments at which the ego crossed a line."""

    left_ns: Indices
    right_ns: Indices
    seen: bool
    """The drive has lane lines."""


def find(drive: Drive, params: Params) -> Detection:
    """Return overtakings and passes; the actor is the track id when beside."""
    box = EgoBox(
        front_m=params.ego_front_m,
        length_m=params.ego_length_m,
        width_m=params.ego_width_m,
        lane_width_m=params.lane_width_m,
    )
    around = traffic(drive, box)
    seen = around.seen
    beside = np.abs(seen.x_m - box.centre_m) <= params.from_m
    beside &= (np.abs(seen.y_m) > params.min_aside_m) & (np.abs(seen.y_m) < params.max_aside_m)
    lanes = _lanes(drive, params)
    found: list[Found] = []
    for rows in around.tracks_where(beside):
        found.extend(_of_track(around, rows, lanes, box, params))
    return settle(found, around.unknown)


def _lanes(drive: Drive, params: Params) -> _Lanes:
    columns, size = drive.ego.columns, drive.ego.t_ns.size
    lane = lane_position(lane_lines(columns, size), default_width_m=params.lane_width_m)
    known = np.isfinite(lane.offset_m)
    t = drive.ego.t_ns[known]
    crossings: Sequence[Crossing] = find_crossings(
        t,
        lane.offset_m[known],
        jump_m=params.jump_share * lane.typical_width_m,
        lag_ns=_JUMP_LAG_NS,
        max_gap_ns=drive.ego.max_gap_ns,
    )
    sides = [
        np.array([t[one.row] for one in crossings if one.direction == side], dtype=np.int64)
        for side in (1, -1)
    ]
    return _Lanes(sides[0], sides[1], bool(known.any()))


def _of_track(
    around: Traffic, rows: Indices, lanes: _Lanes, box: EgoBox, params: Params
) -> list[Found]:
    seen = around.seen.rows(rows)
    ahead = low_pass(seen.t, seen.x_m, params.cutoff_hz, around.users.max_gap_ns) - box.centre_m
    scenes = []
    for start, stop in true_runs(np.abs(ahead) <= params.from_m).tolist():
        from_ahead = start > 0 and ahead[start - 1] > params.from_m
        to_behind = stop < ahead.size and ahead[stop] < -params.from_m
        if from_ahead and to_behind and _is_fair(seen, start, stop, around, params):
            scenes.append(_scene(seen, start, stop, lanes, params))
    return scenes


def _is_fair(seen: Sightings, start: int, stop: int, around: Traffic, params: Params) -> bool:
    """Say whether the one beside drove along, in a lane beside, and was seen all the time."""
    inside = slice(start, stop)
    aside = np.abs(seen.y_m[inside])
    speed = np.hypot(seen.vx_mps, seen.vy_mps)[inside]
    heading = np.abs(np.degrees(seen.heading_rad[inside]))
    off = (aside <= params.min_aside_m) | (aside >= params.max_aside_m)
    off |= (speed <= params.min_other_mps) | (heading >= params.max_heading_deg)
    t = seen.t[start - 1 : stop + 1]
    seen_through = bool((np.diff(t) <= around.users.max_gap_ns).all())
    in_time = t[-1] - t[0] <= params.within_s * NS_PER_S
    is_person = seen.object_class[start] in ("pedestrian", "animal")
    return bool(off.mean() <= params.noise_share and seen_through and in_time and not is_person)


def _scene(seen: Sightings, start: int, stop: int, lanes: _Lanes, params: Params) -> Found:
    inside = slice(start, stop)
    begin, end = int(seen.t[start]), int(seen.t[stop])
    reach = round(params.change_within_s * NS_PER_S)
    on_left = bool(np.median(seen.y_m[inside]) > 0)
    # Past a vehicle on the right the ego goes out to the left and back to the right.
    out, back = (lanes.right_ns, lanes.left_ns) if on_left else (lanes.left_ns, lanes.right_ns)
    changed_out = bool(((out >= begin - reach) & (out <= begin)).any())
    changed_back = bool(((back >= end) & (back <= end + reach)).any())
    t = seen.t[inside]
    period_ns = float(np.median(np.diff(t))) if t.size > 1 else 0.0
    closing = seen.ego_mps[inside] - seen.vx_mps[inside]
    return Found(
        type="overtake" if changed_out and changed_back else "pass",
        actor=str(seen.track_id[start]),
        start_ns=begin,
        stop_ns=end,
        confidence=confidence(
            share_received(t.size, t, period_ns), 0.95 if lanes.seen else _NO_LINES
        ),
        evidence={
            "dv_mps": number(float(np.nanmean(closing))),
            "min_aside_m": lowest(np.abs(seen.y_m[inside])),
            "other_speed_mps": highest(np.hypot(seen.vx_mps, seen.vy_mps)[inside]),
            "ego_speed_mps": number(float(seen.ego_mps[start])),
            "side": "left" if on_left else "right",
            "changed_out": changed_out,
            "changed_back": changed_back,
            "object_class": seen.object_class[start],
        },
    )


OVERTAKE = Detector(
    name="overtake",
    version=1,
    types=("overtake", "pass"),
    params=Params,
    find=find,
    tags={"overtake": "MotionOvertake"},
    doc="From 5 m behind another vehicle to 5 m ahead of it; overtaking with two lane changes.",
)
