"""The ego on a bridge, by the map."""

from dataclasses import dataclass

from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.along_route import RouteTicks, Visit, inside, match_confidence, route_ticks
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, middle, number


@dataclass(frozen=True, slots=True)
class Params:
    """Shortest bridge that counts.

    Any road with a ``bridge`` tag other than no; own default, which leaves none out.
    """

    min_length_m: float = 0.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the bridges that were driven through or over; unknown where the matched road is."""
    ticks, unknown = route_ticks(drive)
    found = (
        _scene(ticks, one)
        for one in inside(ticks, "bridge")
        if one.to_m - one.from_m >= params.min_length_m
    )
    return settle(found, unknown)


def _scene(ticks: RouteTicks, one: Visit) -> Found:
    return Found(
        type="bridge",
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


BRIDGE = Detector(
    name="bridge",
    version=1,
    types=("bridge",),
    params=Params,
    find=find,
    tags={"bridge": "SpecialStructureBridge"},
    doc="On a road that the map has on a bridge.",
)
