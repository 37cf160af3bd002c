"""How the ego moves across the road that the map has, by its heading against the road's."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Drive
from avdataops.signals.align import angle_at
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.coverage import NO_SIGNALS
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import integral
from avdataops.signals.filters import low_pass
from avdataops.signals.geo import wrap_pi
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class AcrossRoad:
    """Where heading, speed and the road's heading are known; one row per known sample."""

    t: Times
    speed_mps: Floats
    off_rad: Floats
    """Heading of the ego minus that of the road, low-passed; left positive."""
    lateral_mps: Floats
    heading_rad: Floats
    """Of the ego, unwrapped."""


@dataclass(frozen=True, slots=True)
class Swerve:
    """When the ego moves across the road."""

    on_mps: float
    off_mps: float
    max_gap_ns: int


@dataclass(frozen=True, slots=True)
class Swerved:
    """One move across."""

    episode: Episode
    shift_m: float
    """Left positive."""
    turned_deg: float
    """How much the angle to the road has changed from start to end."""
    ego_turned_deg: float
    """How much the ego itself has turned: where the road turns a corner, both do."""


def across_road(drive: Drive, cutoff_hz: float) -> AcrossRoad:
    """Return the motion across the matched road: v sin(heading - road heading).

    The road's heading is taken on straight lines between the ticks of the context table, so that
    the corners of a mapped bend are rounded off.
    """
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    context = drive.context or NO_SIGNALS
    road = floats(context.columns, "road_heading_rad", context.t_ns.size)
    told = np.isfinite(road)
    road_at = angle_at(context.t_ns[told], road[told], t, context.max_gap_ns)
    heading = floats(drive.ego.columns, "heading_rad", t.size)
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    off = low_pass(t, wrap_pi(heading - road_at), cutoff_hz, gap_ns)
    known = np.isfinite(off) & np.isfinite(speed)
    off, turned = off[known], np.unwrap(heading[known])
    return AcrossRoad(t[known], speed[known], off, speed[known] * np.sin(off), turned)


def swerves(motion: AcrossRoad, swerve: Swerve) -> list[Swerved]:
    """Return every move across the road to one side, with how far it went."""
    trigger = Trigger(
        on=swerve.on_mps, off=swerve.off_mps, max_gap_ns=swerve.max_gap_ns, onset=swerve.off_mps
    )
    found: list[Swerved] = []
    for sign in (1.0, -1.0):
        for one in episodes(motion.t, sign * motion.lateral_mps, trigger):
            rows = one.rows
            shift = integral(motion.t[rows], motion.lateral_mps[rows])
            turned = float(np.degrees(motion.off_rad[one.last] - motion.off_rad[one.onset]))
            own = float(np.degrees(motion.heading_rad[one.last] - motion.heading_rad[one.onset]))
            found.append(Swerved(one, shift, turned, own))
    return sorted(found, key=lambda each: each.episode.start_ns)
