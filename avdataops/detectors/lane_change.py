"""Lane changes of the ego vehicle by the lane lines, and without any by the mapped road."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.across_road import AcrossRoad, Swerve, Swerved, across_road, swerves
from avdataops.signals.arrays import Bools, Floats, Pairs, Times, segments
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.evidence import confidence, highest, integral, margin, number
from avdataops.signals.filters import derivative, low_pass
from avdataops.signals.intervals import intersect, union
from avdataops.signals.lanes import (
    Crossing,
    find_crossings,
    lane_lines,
    lane_position,
    unwrap_lanes,
)
from avdataops.signals.nullable import floats, words

_JUMP_LAG_NS = 150_000_000
"""Lines seen at 10 Hz jump over a tenth of a second when laid on a faster grid."""
_ONE_LINE, _NO_YAW, _NO_LINES = 0.7, 0.8, 0.6
"""Confidence at most with one line only, without a yaw rate to tell a bend, and by the map only."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a lane change.

    Lateral speed 0.1 m/s (RefAV); duration 1.5 to 12 s around the 5 to 6 s of Toledo & Zohar and
    the 6.3 +- 2.0 s of Lee, Olsen & Wierwille; the other values are the product's own defaults.
    """

    lateral_mps: float = 0.1
    """The change lasts while the ego moves across the lane at least this fast."""
    min_s: float = 1.5
    max_s: float = 12.0
    jump_share: float = 0.5
    """Of a lane width, for both lines to have taken their neighbour's place."""
    shift_share: float = 0.5
    """Of a lane width, for the ego to have moved sideways."""
    max_road_turn_deg: float = 15.0
    """More is a turn or a bend, where lines are lost and found."""
    return_s: float = 3.0
    """Crossing back earlier is an excursion."""
    lane_width_m: float = 3.5
    """Where no two lines tell it."""
    cutoff_hz: float = 0.5
    """Low-pass of the lateral position; a change takes about 0.2 Hz."""
    map_min_m: float = 2.5
    """Across the mapped road, where no line is seen."""
    map_max_m: float = 4.5
    map_min_s: float = 2.0
    map_max_s: float = 10.0
    map_turn_deg: float = 5.0
    """The ego heads along the road again within this."""
    map_lateral_mps: float = 0.3
    """It moves across the mapped road at least this fast at its peak; headings are noisy."""


@dataclass(frozen=True, slots=True)
class _Motion:
    """The ego across lanes, where at least one line is known."""

    t: Times
    across_m: Floats
    lateral_mps: Floats
    yaw_rate: Floats
    speed: Floats
    both_lines: Bools
    indicator: NDArray[Any]
    width_m: float
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    first: int
    last: int
    crossing: Crossing
    truncated: bool


def find(drive: Drive, params: Params) -> Detection:
    """Return lane changes and excursions; unknown where neither a line nor the road is known."""
    gap_ns = drive.ego.max_gap_ns
    motion = _motion(drive, params)
    found: list[Found] = []
    lines = known_spans(motion.t, np.ones(motion.t.size, dtype=np.bool_), gap_ns)
    by_map, mapped = _by_map(drive, lines, params)
    spans = {"lane lines": union(lines, mapped)}
    unknown = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    for change in _changes(motion, params, gap_ns):
        scene = _scene(motion, change, params)
        if scene is not None:
            found.append(scene)
        elif change.truncated:
            start, stop = int(motion.t[change.first]), int(motion.t[change.last])
            unknown.append(Unknown(start_ns=start, stop_ns=stop, reason="lane change cut by a gap"))
    found += _excursions(motion, params, gap_ns)
    return settle([*found, *by_map], unknown)


def _motion(drive: Drive, params: Params) -> _Motion:
    columns, gap_ns, size = drive.ego.columns, drive.ego.max_gap_ns, drive.ego.t_ns.size
    lane = lane_position(lane_lines(columns, size), default_width_m=params.lane_width_m)
    known = np.isfinite(lane.offset_m)
    t, offset = drive.ego.t_ns[known], lane.offset_m[known]
    width = lane.typical_width_m
    crossings = find_crossings(
        t, offset, jump_m=params.jump_share * width, lag_ns=_JUMP_LAG_NS, max_gap_ns=gap_ns
    )
    across = unwrap_lanes(t, offset, crossings, width_m=width, lag_ns=_JUMP_LAG_NS)
    smooth = low_pass(t, across, params.cutoff_hz, gap_ns)
    return _Motion(
        t=t,
        across_m=smooth,
        lateral_mps=derivative(t, smooth, gap_ns),
        yaw_rate=floats(columns, "yaw_rate_radps", size)[known],
        speed=floats(columns, "ego_speed_mps", size)[known],
        both_lines=lane.both[known],
        indicator=words(columns, "turn_indicator", size)[known],
        width_m=width,
        crossings=crossings,
    )


def _changes(motion: _Motion, params: Params, gap_ns: int) -> Iterator[_Change]:
    """Yield what lies around each crossing that is not taken back at once."""
    for index in range(len(motion.crossings)):
        if not _taken_back(motion, index, params):
            yield _around(motion, index, params, gap_ns)


def _around(motion: _Motion, index: int, params: Params, gap_ns: int) -> _Change:
    """Return while the ego moves across in the direction of a crossing."""
    rows = [crossing.row for crossing in motion.crossings]
    crossing = motion.crossings[index]
    start, stop = _segment(motion.t, crossing.row, gap_ns)
    # Two changes in a row are told apart half-way between their crossings.
    before = rows[index - 1] if index else -1
    after = rows[index + 1] if index + 1 < len(rows) else motion.t.size
    low = max(start, (before + crossing.row) // 2) if before >= start else start
    high = min(stop, (after + crossing.row) // 2) if after < stop else stop
    moving = crossing.direction * motion.lateral_mps[low:high] >= params.lateral_mps
    still = np.flatnonzero(~moving)
    at = crossing.row - low
    earlier, later = still[still < at], still[still >= at]
    first = low + (int(earlier[-1]) + 1 if earlier.size else 0)
    last = low + int(later[0]) if later.size else high - 1
    cut = (not earlier.size and low == start) or (not later.size and high == stop)
    return _Change(first, last, crossing, truncated=cut)


def _excursions(motion: _Motion, params: Params, gap_ns: int) -> list[Found]:
    """Return what was crossed and taken back at once, from leaving to being back."""
    found: list[Found] = []
    for index, (out, back) in enumerate(pairwise(motion.crossings)):
        away_ns = int(motion.t[back.row]) - int(motion.t[out.row])
        taken_back = back.direction != out.direction and away_ns <= params.return_s * NS_PER_S
        if not taken_back or (found and int(motion.t[out.row]) < found[-1].stop_ns):
            continue
        left, returned = (_around(motion, at, params, gap_ns) for at in (index, index + 1))
        rows = slice(left.first, returned.last + 1)
        across = out.direction * (motion.across_m[rows] - motion.across_m[left.first])
        found.append(
            Found(
                type="lane_excursion",
                start_ns=int(motion.t[left.first]),
                stop_ns=int(motion.t[returned.last]),
                confidence=_ONE_LINE,
                truncated=left.truncated or returned.truncated,
                evidence={
                    "side": "left" if out.direction > 0 else "right",
                    "away_s": number(away_ns / NS_PER_S),
                    "lateral_shift_m": highest(across),
                    "ego_speed_mps": number(float(motion.speed[left.first])),
                    "turn_indicator": motion.indicator[out.row],
                },
            )
        )
    return found


def _by_map(drive: Drive, lines: Pairs, params: Params) -> tuple[list[Found], Pairs]:
    """Return lane changes across the mapped road where no line is seen, and where that is known."""
    motion = across_road(drive, params.cutoff_hz)
    swerve = Swerve(params.map_lateral_mps, params.lateral_mps, drive.ego.max_gap_ns)
    found = [
        _mapped(motion, one, params)
        for one in swerves(motion, swerve)
        if params.map_min_m <= abs(one.shift_m) <= params.map_max_m
        and params.map_min_s <= one.episode.duration_s <= params.map_max_s
        and abs(one.turned_deg) < params.map_turn_deg
        and abs(one.ego_turned_deg) <= params.max_road_turn_deg
    ]
    known = known_spans(motion.t, np.ones(motion.t.size, dtype=np.bool_), drive.ego.max_gap_ns)
    seen = [(one.start_ns, one.stop_ns) for one in found]
    unseen = [len(intersect(np.array([span]), lines)) == 0 for span in seen]
    return [one for one, free in zip(found, unseen, strict=True) if free], known


def _mapped(motion: AcrossRoad, one: Swerved, params: Params) -> Found:
    rows = one.episode.rows
    return Found(
        type="lane_change_left" if one.shift_m > 0 else "lane_change_right",
        start_ns=one.episode.start_ns,
        stop_ns=one.episode.stop_ns,
        confidence=min(confidence(margin(abs(one.shift_m), params.map_min_m)), _NO_LINES),
        truncated=one.episode.truncated,
        evidence={
            "lateral_shift_m": number(abs(one.shift_m)),
            "lat_speed_mps": highest(np.abs(motion.lateral_mps[rows])),
            "duration_s": number(one.episode.duration_s),
            "heading_change_deg": number(one.turned_deg),
            "ego_speed_mps": number(float(motion.speed_mps[one.episode.onset])),
            "source": "map",
        },
    )


def _taken_back(motion: _Motion, index: int, params: Params) -> bool:
    crossing = motion.crossings[index]
    limit_ns = params.return_s * NS_PER_S
    return any(
        other.direction != crossing.direction
        and abs(int(motion.t[other.row]) - int(motion.t[crossing.row])) <= limit_ns
        for other in motion.crossings[max(0, index - 1) : index + 2]
    )


def _segment(t: Times, row: int, gap_ns: int) -> tuple[int, int]:
    pieces = segments(t, gap_ns)
    start, stop = pieces[int(np.searchsorted(pieces[:, 0], row, side="right")) - 1]
    return int(start), int(stop)


def _scene(motion: _Motion, change: _Change, params: Params) -> Found | None:
    rows = slice(change.first, change.last + 1)
    t = motion.t[rows]
    direction = change.crossing.direction
    shift = direction * float(motion.across_m[change.last] - motion.across_m[change.first])
    duration_s = float(t[-1] - t[0]) / NS_PER_S if t.size else 0.0
    turned_deg = math.degrees(integral(t, motion.yaw_rate[rows]))
    bent = abs(turned_deg) > params.max_road_turn_deg
    wanted = params.shift_share * motion.width_m
    if not params.min_s <= duration_s <= params.max_s or bent or not shift >= wanted:
        return None
    at = change.crossing.row
    return Found(
        type="lane_change_left" if direction > 0 else "lane_change_right",
        start_ns=int(t[0]),
        stop_ns=int(t[-1]),
        confidence=confidence(
            margin(shift, wanted),
            1.0 if motion.both_lines[rows].mean() > 0.5 else _ONE_LINE,  # noqa: PLR2004 - mostly
            1.0 if math.isfinite(turned_deg) else _NO_YAW,
        ),
        truncated=change.truncated,
        evidence={
            "lateral_shift_m": number(shift),
            "lat_speed_mps": highest(direction * motion.lateral_mps[rows]),
            "lane_width_m": number(motion.width_m),
            "duration_s": number(duration_s),
            "crossing_after_s": number(float(motion.t[at] - t[0]) / NS_PER_S),
            "heading_change_deg": number(turned_deg),
            "ego_speed_mps": number(float(motion.speed[change.first])),
            "turn_indicator": motion.indicator[at],
        },
    )


LANE_CHANGE = Detector(
    name="lane_change",
    version=2,
    types=("lane_change_left", "lane_change_right", "lane_excursion"),
    params=Params,
    find=find,
    tags={
        "lane_change_left": "MotionLaneChangeLeft",
        "lane_change_right": "MotionLaneChangeRight",
    },
    doc="The ego crosses a lane line and stays on the other side, or comes back within 3 s.",
)
