"""The ego at a junction, by the map."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.along_route import RouteTicks, Visit, around, match_confidence, route_ticks
from avdataops.signals.coverage import NO_SIGNALS, settle
from avdataops.signals.evidence import confidence, lowest, middle, number
from avdataops.signals.nullable import is_text, words


@dataclass(frozen=True, slots=True)
class Params:
    """How far along the route a junction counts; no standard says, these are own defaults.

    A junction is a node where at least three roads meet, service roads not counted; nodes within
    25 m are one.  That is in the map, so it is no parameter here.
    """

    before_m: float = 30.0
    after_m: float = 15.0
    min_s: float = 1.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the passages of junctions; unknown where the matched road is."""
    ticks, unknown = route_ticks(drive)
    found: list[Found] = []
    for one in around(ticks, "junction", params.before_m, params.after_m):
        if one.duration_s >= params.min_s:
            found.append(_scene(drive, ticks, one, params))
        elif one.truncated:
            reason = "junction cut by a gap"
            unknown.append(Unknown(start_ns=one.start_ns, stop_ns=one.stop_ns, reason=reason))
    return settle(found, unknown)


def _scene(drive: Drive, ticks: RouteTicks, one: Visit, params: Params) -> Found:
    speed = ticks.column("ego_speed_mps")[one.rows]
    return Found(
        type="junction",
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(match_confidence(ticks, one.rows)),
        truncated=one.truncated,
        evidence={
            "junction_kind": _kind(drive, one),
            "length_m": number(one.to_m - one.from_m - params.before_m - params.after_m),
            "duration_s": number(one.duration_s),
            "min_speed_mps": lowest(speed),
            "ego_speed_mps": middle(speed),
        },
    )


def _kind(drive: Drive, one: Visit) -> str | None:
    """Return the shape of the junction, as the tick nearest to the middle of the visit has it."""
    context = drive.context or NO_SIGNALS
    kinds = words(context.columns, "junction_kind", context.t_ns.size)
    t, middle_ns = context.t_ns, (one.start_ns + one.stop_ns) // 2
    rows = np.flatnonzero((t >= one.start_ns) & (t <= one.stop_ns))
    rows = rows[is_text(kinds[rows])]
    return str(kinds[rows[np.argmin(np.abs(t[rows] - middle_ns))]]) if rows.size else None


JUNCTION = Detector(
    name="junction",
    version=1,
    types=("junction",),
    params=Params,
    find=find,
    tags={"junction": "JunctionIntersection"},
    doc="From 30 m before to 15 m after a place where at least three roads meet.",
)
