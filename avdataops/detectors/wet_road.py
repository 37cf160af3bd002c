"""Wet road: while it rains and for an hour after."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.arrays import Pairs
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import number
from avdataops.signals.intervals import complement, drop_short, intersect, merge_close, subtract
from avdataops.signals.rainfall import RainLevels, rain_spans, rain_witnesses
from avdataops.signals.witnesses import ALONE, Witness, belief, names_of


@dataclass(frozen=True, slots=True)
class Params:
    """How long a road stays wet.

    60 minutes after rain is the product's own definition: no formula dries a road without its
    surface, sun and wind.  The thresholds of rain are those of the rain detector (WMO-No. 8).
    """

    dries_s: float = 3600.0
    min_mmph: float = 0.1
    wiper_window_s: float = 60.0
    wiper_share: float = 0.2
    merge_s: float = 60.0


def find(drive: Drive, params: Params) -> Detection:
    """Return when the road was wet; that it was dry takes a whole hour known to be without rain."""
    levels = RainLevels(
        min_mmph=params.min_mmph,
        wiper_window_s=params.wiper_window_s,
        wiper_share=params.wiper_share,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    dries_ns = round(params.dries_s * NS_PER_S)
    witnesses = rain_witnesses(drive, levels)
    rain, known = rain_spans(witnesses, levels.merge_ns)
    bounds = np.array([[drive.start_ns, drive.stop_ns]], dtype=np.int64)
    wet = intersect(merge_close(rain + np.array([0, dries_ns]), 0), bounds)
    dry = subtract(_longer_than(known, dries_ns), wet)
    untold = subtract(complement(dry, drive.start_ns, drive.stop_ns), wet)
    # As with other gaps, a shorter one does not count unless nothing is known at all.
    gap_ns = (drive.context or drive.ego).max_gap_ns
    untold = drop_short(untold, gap_ns + 1 if len(known) else 0)
    unknown = [
        Unknown(start_ns=int(a), stop_ns=int(b), reason="rain of the last hour is not known")
        for a, b in untold
    ]
    found = [_scene(wet[row : row + 1], rain, drive, witnesses) for row in range(len(wet))]
    return settle(found, unknown)


def _longer_than(spans: Pairs, lead_ns: int) -> Pairs:
    """Return what of each span lies so long after its start."""
    later = spans + np.array([lead_ns, 0])
    return np.asarray(later[later[:, 0] < later[:, 1]])


def _scene(whole: Pairs, rain: Pairs, drive: Drive, witnesses: tuple[Witness, ...]) -> Found:
    start, stop = whole[0].tolist()
    inside = intersect(rain, whole)
    parts = [belief(witnesses, inside[row : row + 1]) for row in range(len(inside))]
    last = int(inside[-1, 1])
    return Found(
        type="wet_road",
        start_ns=start,
        stop_ns=stop,
        # Beyond the rain itself the wet is only concluded.
        confidence=max(parts) if last >= stop else min(ALONE, max(parts)),
        truncated=stop >= drive.stop_ns or start <= drive.start_ns,
        evidence={
            "sources": names_of(witnesses, inside)[0],
            "rain_s": number(float(np.sum(inside[:, 1] - inside[:, 0])) / NS_PER_S),
            "since_rain_s": number((stop - last) / NS_PER_S),
        },
    )


WET_ROAD = Detector(
    name="wet_road",
    version=1,
    types=("wet_road",),
    params=Params,
    find=find,
    tags={"wet_road": "SurfaceConditionWet"},
    doc="While it rains and for 60 minutes after.",
)
