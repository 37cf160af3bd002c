"""Many vehicles around the ego."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.coverage import settle
from avdataops.signals.crowds import Counted, Crowd, counted, crowds
from avdataops.signals.episodes import Episode
from avdataops.signals.evidence import confidence, highest, margin, middle, number
from avdataops.signals.traffic import EgoBox, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of dense traffic; all are the product's own defaults."""

    min_count: float = 8.0
    within_m: float = 50.0
    min_s: float = 1.0
    merge_s: float = 1.0


def find(drive: Drive, params: Params) -> Detection:
    """Return when at least eight vehicles are within 50 m; there is no actor."""
    around = traffic(drive, EgoBox())
    near = around.vehicle & (np.hypot(around.seen.x_m, around.seen.y_m) <= params.within_m)
    many = counted(around.seen.t, near)
    crowd = Crowd(params.min_count, params.min_s, params.merge_s)
    found = (_scene(many, one, params) for one in crowds(many, crowd, around.users.max_gap_ns))
    return settle(found, around.unknown)


def _scene(many: Counted, one: Episode, params: Params) -> Found:
    rows = one.rows
    peak = float(many.count[rows].max())
    return Found(
        type="dense_traffic",
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(margin(peak, params.min_count) + 0.3, 0.95),
        truncated=one.truncated,
        evidence={
            "max_count_ids": highest(many.count[rows]),
            "mean_count_ids": middle(many.count[rows]),
            "duration_s": number(one.duration_s),
        },
    )


DENSE_TRAFFIC = Detector(
    name="dense_traffic",
    version=1,
    types=("dense_traffic",),
    params=Params,
    find=find,
    gates=(Gate(param="min_count", evidence="max_count_ids", op=">="),),
    tags={"dense_traffic": "TrafficAgentDensity"},
    doc="At least eight vehicles within 50 m for a second.",
)
