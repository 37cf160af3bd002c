"""The ego in a tunnel, by the map."""

from dataclasses import dataclass

from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.along_route import RouteTicks, Visit, inside, match_confidence, route_ticks
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, middle, number


@dataclass(frozen=True, slots=True)
class Params:
    """Shortest tunnel that counts.

    A road with ``tunnel=yes`` or ``building_passage`` of at least 20 m; own choice, as below it is
    a bridge over the road.
    """

    min_length_m: float = 20.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the tunnels that were driven through or over; unknown where the matched road is."""
    ticks, unknown = route_ticks(drive)
    found = (
        _scene(ticks, one)
        for one in inside(ticks, "tunnel")
        if one.to_m - one.from_m >= params.min_length_m
    )
    return settle(found, unknown)


def _scene(ticks: RouteTicks, one: Visit) -> Found:
    return Found(
        type="tunnel",
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(match_confidence(ticks, one.rows)),
        truncated=one.truncated,
        evidence={
            # Infinite, so unknown, where one of its ends was not driven through.
            "length_m": number(one.to_m - one.from_m),
            "duration_s": number(one.duration_s),
            "ego_speed_mps": middle(ticks.column("ego_speed_mps")[one.rows]),
        },
    )


TUNNEL = Detector(
    name="tunnel",
    version=1,
    types=("tunnel",),
    params=Params,
    find=find,
    tags={"tunnel": "SpecialStructureTunnel"},
    doc="On a road that the map has in a tunnel, of at least 20 m.",
)
