"""The ego near a level crossing, by the map."""

from dataclasses import dataclass

from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.along_route import RouteTicks, Visit, around, match_confidence, route_ticks
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, lowest, middle, number


@dataclass(frozen=True, slots=True)
class Params:
    """How far along the route it counts: 30 m ahead and 10 m behind, as for other crossings.

    The product's own choice.
    """

    before_m: float = 30.0
    after_m: float = 10.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the passages; unknown where the matched road is."""
    ticks, unknown = route_ticks(drive)
    visits = around(ticks, "level_crossing", params.before_m, params.after_m)
    return settle((_scene(ticks, one, params) for one in visits), unknown)


def _scene(ticks: RouteTicks, one: Visit, params: Params) -> Found:
    speed = ticks.column("ego_speed_mps")[one.rows]
    return Found(
        type="rail_crossing",
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(match_confidence(ticks, one.rows)),
        truncated=one.truncated,
        evidence={
            "length_m": number(one.to_m - one.from_m - params.before_m - params.after_m),
            "duration_s": number(one.duration_s),
            "min_speed_mps": lowest(speed),
            "ego_speed_mps": middle(speed),
        },
    )


RAIL_CROSSING = Detector(
    name="rail_crossing",
    version=1,
    types=("rail_crossing",),
    params=Params,
    find=find,
    tags={"rail_crossing": "SpecialStructureRailCrossing"},
    doc="Within 30 m before and 10 m after a level crossing.",
)
