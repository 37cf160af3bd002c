"""The ego near a school, by the map."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.along_route import RouteTicks, below, match_confidence, route_ticks
from avdataops.signals.arrays import Bools, Times
from avdataops.signals.coverage import NO_SIGNALS, settle
from avdataops.signals.evidence import confidence, highest, lowest, middle, number
from avdataops.signals.nullable import words

_FAST_ROADS = ("motorway", "trunk", "primary", "secondary")
_FAST = tuple(name for road in _FAST_ROADS for name in (road, f"{road}_link"))
"""Roads above tertiary pass a school without being its street."""


@dataclass(frozen=True, slots=True)
class Params:
    """How near counts; 150 m is the product's own default, no standard says.

    On roads of class tertiary and below; a road of unknown class counts.
    """

    max_distance_m: float = 150.0


def find(drive: Drive, params: Params) -> Detection:
    """Return when a school or kindergarten is near; unknown where the matched road is."""
    ticks, unknown = route_ticks(drive)
    found: list[Found] = []
    slow = _slow_road(drive, ticks.t)
    for start, stop in below(ticks, "school_distance_m", params.max_distance_m).tolist():
        inside = (ticks.t >= start) & (ticks.t <= stop)
        if not inside.any() or slow[inside].mean() > 0.5:  # noqa: PLR2004 - mostly
            found.append(_scene(ticks, (start, stop), inside))
    return settle(found, unknown)


def _slow_road(drive: Drive, t: Times) -> Bools:
    context = drive.context or NO_SIGNALS
    classes = words(context.columns, "road_class", context.t_ns.size)
    row = np.searchsorted(context.t_ns, t)
    return ~np.isin(classes[row].astype(str), _FAST)


def _scene(ticks: RouteTicks, span: tuple[int, int], inside: Bools) -> Found:
    start, stop = span
    rows = np.flatnonzero((ticks.t >= start - NS_PER_S) & (ticks.t <= stop + NS_PER_S))
    edges = {int(leg.t[row]) for leg in ticks.legs for row in (0, -1)}
    return Found(
        type="school_zone",
        start_ns=start,
        stop_ns=stop,
        confidence=confidence(match_confidence(ticks, slice(int(rows[0]), int(rows[-1]) + 1))),
        truncated=bool({start, stop} & edges),
        evidence={
            "min_distance_m": lowest(ticks.column("school_distance_m")[inside]),
            "max_speed_mps": highest(ticks.column("ego_speed_mps")[inside]),
            "ego_speed_mps": middle(ticks.column("ego_speed_mps")[inside]),
            "duration_s": number((stop - start) / NS_PER_S),
        },
    )


SCHOOL_ZONE = Detector(
    name="school_zone",
    version=1,
    types=("school_zone",),
    params=Params,
    find=find,
    tags={"school_zone": "ZoneSchool"},
    doc="Within 150 m of a school or kindergarten, on a road of class tertiary or below.",
)
