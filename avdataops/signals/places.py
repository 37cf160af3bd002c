"""Places along a track: the nearest one known in time, and which observation belongs to each."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avdataops.signals.align import hold_index_at
from avdataops.signals.arrays import Bools, Floats, Indices, Times
from avdataops.signals.geo import haversine_m


@dataclass(frozen=True, slots=True)
class Observations:
    """When and where each observation was taken, in any order; places are never NaN."""

    t_ns: Times
    lat_deg: Floats
    lon_deg: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far an observation may be from a tick."""

    max_age_ns: int
    """Oldest observation taken."""
    future_ns: int
    """Furthest observation ahead that is taken when none is old enough."""
    max_distance_m: float


class Picked(NamedTuple):
    """Which observation belongs to each tick."""

    row: Indices
    """Row of the observation as given; -1 where none is in reach."""
    age_s: Floats
    """Tick minus observation, negative for one ahead; NaN where there is none."""
    distance_m: Floats
    """To the station; NaN where there is none."""


def nearest_known(t: Times, known: Bools, max_age_ns: int) -> Indices:
    """Return for each time the row of the nearest ``known`` one, before or after; -1 if too far.

    ``t`` increases.  Of two as near, the earlier one counts; a known row is its own nearest.
    """
    rows = np.flatnonzero(known)
    if rows.size == 0:
        return np.full(t.size, -1, dtype=np.int64)
    after = np.searchsorted(rows, np.arange(t.size))
    left = rows[np.maximum(after - 1, 0)]
    right = rows[np.minimum(after, rows.size - 1)]
    nearest = np.where(np.abs(t - t[left]) <= np.abs(t[right] - t), left, right)
    nearest = np.where(known, np.arange(t.size), nearest)
    return np.where(np.abs(t[nearest] - t) <= max_age_ns, nearest, -1)


def pick_observation(
    observations: Observations, t: Times, lat_deg: Floats, lon_deg: Floats, reach: Reach
) -> Picked:
    """Return the observation for each tick: of the nearest station that has one, the latest.

    A station is a place.  It has one for a tick if it took one at or before the tick and not
    longer ago than the reach, or else one so shortly after it.  Several of one time at one place:
    the last given.  Ticks without a place get none.
    """
    places = np.stack((observations.lat_deg, observations.lon_deg), axis=1)
    stations, station_of = np.unique(places, axis=0, return_inverse=True)
    row = np.full(t.size, -1, dtype=np.int64)
    best_m = np.full(t.size, np.nan)
    for number, (lat, lon) in enumerate(stations):
        far_m = haversine_m(lat_deg, lon_deg, lat, lon)
        # Comparisons with NaN are False: an unknown place is in nobody's reach.
        wanted = (far_m <= reach.max_distance_m) & ~(far_m >= best_m)
        if not wanted.any():
            continue
        rows = np.flatnonzero(station_of.ravel() == number)
        found = _latest(observations.t_ns[rows], t, reach)
        taken = wanted & (found >= 0)
        row[taken] = rows[found[taken]]
        best_m[taken] = far_m[taken]
    age_ns = t - observations.t_ns[row] if observations.t_ns.size else np.zeros_like(t)
    return Picked(row, np.where(row >= 0, age_ns / 1e9, np.nan), best_m)


def _latest(taken: Times, t: Times, reach: Reach) -> Indices:
    """Return rows of the observations of one station, -1 where none is in reach."""
    before = hold_index_at(taken, t, reach.max_age_ns)[0]
    # The first one after a tick is the last one before it when time runs backwards.
    after = hold_index_at(-taken, -t, reach.future_ns)[0]
    return np.where(before >= 0, before, after)
