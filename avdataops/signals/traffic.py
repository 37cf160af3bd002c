"""Vehicles around the ego: gaps, headways, who leads, and tracks picked before they are smoothed.

A drive of an hour holds thousands of short tracks, most of them never near: what is cheap is done
for all rows at once, filters run only on the tracks that are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Drive, Unknown
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.corridor import CorridorParams
from avdataops.signals.filters import low_pass
from avdataops.signals.kinematics import gap_ahead, time_headway
from avdataops.signals.road_users import RoadUsers, Sightings, Sizes, road_users
from avdataops.signals.tracks import closing_speed, nearest_ahead

VULNERABLE = ("pedestrian", "bicycle")
NO_VEHICLES = (*VULNERABLE, "animal", "cone", "barrier")
LENGTH_M, WIDTH_M = 4.5, 1.8
"""Of a vehicle whose size the object list does not tell: a middle-sized car."""
_LEAD_TOLERANCE_M = 2.0
"""Two sightings of one vehicle may differ by this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgoBox:
    """The ego's outline and what is assumed of its way; lengths from the rear axle."""

    front_m: float = 3.7
    """Front bumper ahead of the rear axle, of a middle-sized car."""
    length_m: float = 4.7
    width_m: float = 1.9
    """UN R157 takes a vehicle of 5 x 1.9 m."""
    lane_width_m: float = 3.5

    @property
    def centre_m(self) -> float:
        """Middle of the outline ahead of the rear axle."""
        return self.front_m - self.length_m / 2


@dataclass(frozen=True, slots=True)
class Traffic:
    """All sightings of a drive; one value per row unless it says otherwise."""

    users: RoadUsers
    vehicle: Bools
    """No pedestrian, cyclist or animal; an unknown class counts as a vehicle."""
    gap_m: Floats
    """From bumper to bumper, of what is ahead."""
    thw_s: Floats
    is_lead: Bools
    """The nearest vehicle ahead with its centre in the ego's way."""
    order: Indices
    """Rows of all tracks, one track after the other."""
    first: Indices
    """Where each track begins in ``order``."""

    @property
    def seen(self) -> Sightings:
        """What is known of each row."""
        return self.users.seen

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """Where object list, ego speed or yaw rate are not known."""
        return self.users.unknown

    def tracks_where(self, rows: Bools) -> Iterator[Indices]:
        """Yield the rows of each road user for which the mask holds at least once."""
        if self.order.size == 0:
            return
        for number in np.flatnonzero(np.logical_or.reduceat(rows[self.order], self.first)):
            yield self.users.tracks[int(number)]


def traffic(drive: Drive, box: EgoBox) -> Traffic:
    """Return the vehicles around the ego; asked again, the answer is not worked out again."""
    key = ("traffic", box)
    if key not in drive.derived:
        drive.derived[key] = _traffic(drive, box)
    around: Traffic = drive.derived[key]
    return around


def _traffic(drive: Drive, box: EgoBox) -> Traffic:
    widths = CorridorParams(lane_width_m=box.lane_width_m, ego_width_m=box.width_m)
    users = road_users(drive, widths, Sizes(LENGTH_M, WIDTH_M))
    seen = users.seen
    vehicle = ~np.isin(seen.object_class.astype(str), NO_VEHICLES)
    gap = gap_ahead(seen.x_m, seen.reach_x_m, box.front_m)
    inside = vehicle & (np.abs(seen.offset_m) <= seen.half_width_m) & (gap > 0)
    nearest = nearest_ahead(seen.t, seen.x_m, inside)
    sizes = [track.size for track in users.tracks]
    return Traffic(
        users=users,
        vehicle=vehicle,
        gap_m=gap,
        thw_s=time_headway(gap, seen.ego_mps),
        is_lead=inside & (seen.x_m <= nearest + _LEAD_TOLERANCE_M),
        order=np.concatenate([np.empty(0, np.int64), *users.tracks]),
        first=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if sizes else _NONE,
    )


_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Track:
    """One road user in order of time; smoothed where it says so."""

    seen: Sightings
    rows: Indices
    gap_m: Floats
    """Smoothed."""
    closing_mps: Floats
    """Ego speed minus its speed along x, smoothed; positive when the gap shrinks."""
    offset_m: Floats
    """From the middle of the ego's way, smoothed."""
    thw_s: Floats
    is_lead: Bools


def smoothed(around: Traffic, rows: Indices, cutoff_hz: float) -> Track:
    """Return one track with gap, closing speed and offset low-passed."""
    seen, gap_ns = around.seen.rows(rows), around.users.max_gap_ns
    gap = low_pass(seen.t, around.gap_m[rows], cutoff_hz, gap_ns)
    closing = closing_speed(seen.t, seen.x_m, seen.vx_mps, seen.ego_mps)
    return Track(
        seen=seen,
        rows=rows,
        gap_m=gap,
        closing_mps=low_pass(seen.t, closing, cutoff_hz, gap_ns),
        offset_m=low_pass(seen.t, seen.offset_m, cutoff_hz, gap_ns),
        thw_s=time_headway(gap, seen.ego_mps),
        is_lead=around.is_lead[rows],
    )
