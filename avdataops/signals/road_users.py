"""Other road users of a drive: their tracks, and where they are on the ego's way."""

from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.ports.detecting import Drive, Unknown
from avdataops.signals.arrays import Bools, Floats, Indices, Pairs, Times
from avdataops.signals.corridor import Corridor, CorridorParams, Ego, corridor_at, ego_at
from avdataops.signals.coverage import NO_SIGNALS, NOTHING, known_spans, missing
from avdataops.signals.intervals import intersect
from avdataops.signals.kinematics import box_reach
from avdataops.signals.nullable import floats, words
from avdataops.signals.tracks import join_switched, list_spans, split_tracks

_COAST_NS = 1_000_000_000
"""A road user unseen for up to a second goes on: hidden, or missed by its tracker, while the list
itself was delivered.  Trackers coast for about as long; what nobody delivered is never bridged."""
_SWITCH_REACH_M = 2.0
"""A new id this near to where the old one was led to is the same road user."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is taken where the object list does not tell a size."""

    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Sightings:
    """Rows of the object list with what the ego knows about each; SI units, ego frame."""

    t: Times
    track_id: NDArray[Any]
    object_class: NDArray[Any]
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    """Relative to the ego's way beside it; NaN unknown."""
    vx_mps: Floats
    vy_mps: Floats
    reach_x_m: Floats
    reach_y_m: Floats
    length_m: Floats
    """Of its box; what is taken for its class where the list tells none."""
    width_m: Floats
    size_known: Bools
    ego_mps: Floats
    ego_lateral_mps: Floats
    """Speed of the ego across its own lane; NaN without lane lines."""
    offset_m: Floats
    """From the middle of the ego's way, left positive."""
    half_width_m: Floats
    direction_rad: Floats
    """Of the ego's way beside the road user, relative to the ego."""
    by_lines: Bools

    def rows(self, rows: Indices) -> "Sightings":
        """Return these rows."""
        return Sightings(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True, slots=True)
class RoadUsers:
    """All sightings of a drive where the ego's motion is known too."""

    seen: Sightings
    tracks: tuple[Indices, ...]
    """Rows of each road user in order of time, never across a gap of the list or of the ego."""
    listed: Pairs
    """When the object list was delivered and the ego known."""
    unknown: tuple[Unknown, ...]
    max_gap_ns: int
    """Rows of one road user are no further apart."""
    list_gap_ns: int
    """No silence of the list longer than this is bridged."""

    def ended_with_data(self, t_ns: int) -> bool:
        """Say whether a track that ends here may have gone on: data ended, not the sight."""
        after = self.listed[:, 1] - t_ns
        return bool(((after >= 0) & (after <= self.list_gap_ns)).any())

    def began_with_data(self, t_ns: int) -> bool:
        """Say whether a track that begins here may have been there before."""
        before = t_ns - self.listed[:, 0]
        return bool(((before >= 0) & (before <= self.list_gap_ns)).any())


def road_users(drive: Drive, widths: CorridorParams, sizes: Sizes) -> RoadUsers:
    """Return the road users of a drive.

    Object list, ego speed and yaw rate must be known; where one is not, nothing is.  Asked again
    with the same widths and sizes, the same answer is given without working it out again.
    """
    key = ("road users", widths, sizes)
    if key not in drive.derived:
        drive.derived[key] = _road_users(drive, widths, sizes)
    users: RoadUsers = drive.derived[key]
    return users


def _road_users(drive: Drive, widths: CorridorParams, sizes: Sizes) -> RoadUsers:
    objects = drive.objects or NO_SIGNALS
    gap_ns = objects.max_gap_ns if drive.objects else drive.ego.max_gap_ns
    ego = ego_at(drive.ego.t_ns, drive.ego.columns, objects.t_ns, drive.ego.max_gap_ns)
    place = floats(objects.columns, "x_m", objects.t_ns.size)
    usable = np.isfinite(place) & np.isfinite(ego.speed_mps) & np.isfinite(ego.yaw_rate_radps)
    seen = _sightings(drive, ego, widths, sizes).rows(np.flatnonzero(usable))
    spans = {"object list": _listed(drive, gap_ns), **_ego_known(drive)}
    known = _all_of(spans)
    unknown = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    coast_ns = max(_COAST_NS, gap_ns)
    return RoadUsers(seen, _tracks(seen, known, coast_ns), known, tuple(unknown), coast_ns, gap_ns)


def _tracks(seen: Sightings, known: Pairs, coast_ns: int) -> tuple[Indices, ...]:
    """Return the rows of each road user within each stretch in which all inputs are known."""
    stretch = np.searchsorted(known[:, 0], seen.t, side="right")
    tracks: list[Indices] = []
    for number in np.unique(stretch):
        rows = np.flatnonzero(stretch == number)
        t, x, y = seen.t[rows], seen.x_m[rows], seen.y_m[rows]
        pieces = split_tracks(t, seen.track_id[rows], coast_ns)
        joined = join_switched(t, x, y, pieces, gap_ns=coast_ns, reach_m=_SWITCH_REACH_M)
        tracks.extend(rows[places] for places in joined)
    return tuple(tracks)


def _sightings(drive: Drive, ego: Ego, widths: CorridorParams, sizes: Sizes) -> Sightings:
    objects = drive.objects or NO_SIGNALS
    size, columns = objects.t_ns.size, objects.columns
    x, y, yaw, vx, vy, length, width = (
        floats(columns, name, size)
        for name in ("x_m", "y_m", "yaw_rad", "vx_mps", "vy_mps", "length_m", "width_m")
    )
    way: Corridor = corridor_at(ego, x, y, widths)
    # Without an orientation the direction of motion tells it, unless the object stands.
    moving = np.hypot(vx, vy) > 1.0
    heading = np.where(np.isfinite(yaw), yaw, np.where(moving, np.arctan2(vy, vx), np.nan))
    relative = np.asarray(np.angle(np.exp(1j * (heading - way.direction_rad))))
    known = np.isfinite(length) & np.isfinite(width)
    length, width = np.where(known, length, sizes.length_m), np.where(known, width, sizes.width_m)
    reach_x, reach_y = box_reach(length, width, np.nan_to_num(relative))
    return Sightings(
        t=objects.t_ns,
        track_id=words(columns, "track_id", size),
        object_class=words(columns, "object_class", size),
        x_m=x,
        y_m=y,
        heading_rad=relative,
        vx_mps=vx,
        vy_mps=vy,
        reach_x_m=reach_x,
        reach_y_m=reach_y,
        length_m=length,
        width_m=width,
        size_known=known,
        ego_mps=ego.speed_mps,
        ego_lateral_mps=ego.lateral_mps,
        offset_m=way.offset_m,
        half_width_m=way.half_width_m,
        direction_rad=way.direction_rad,
        by_lines=way.by_lines,
    )


def _listed(drive: Drive, gap_ns: int) -> Pairs:
    """Return when the object list was delivered, by its streams' gaps where they are known."""
    if drive.objects is None:
        return NOTHING
    named = set(words(drive.objects.columns, "stream", drive.objects.t_ns.size).tolist())
    streams = sorted(
        name
        for name, kind in drive.classes.items()
        if name in named or (not drive.objects.t_ns.size and kind == "objects")
    )
    gaps = tuple(
        np.array(drive.gaps.get(name, ()), dtype=np.int64).reshape(-1, 2) for name in streams
    )
    return list_spans(drive.objects.t_ns, gaps, drive.start_ns, drive.stop_ns, gap_ns)


def _ego_known(drive: Drive) -> dict[str, Pairs]:
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    return {
        name: known_spans(t, np.isfinite(floats(drive.ego.columns, column, t.size)), gap_ns)
        for name, column in (("ego speed", "ego_speed_mps"), ("yaw rate", "yaw_rate_radps"))
    }


def _all_of(spans: dict[str, Pairs]) -> Pairs:
    return reduce(intersect, spans.values())
