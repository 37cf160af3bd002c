"""Road works, by cones and barriers among the objects."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.crowds import Counted, Crowd, counted, crowds
from avdataops.signals.episodes import Episode
from avdataops.signals.evidence import confidence, highest, margin, middle, number
from avdataops.signals.nullable import floats, words

CLASSES = ("cone", "barrier")


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of road works; at least three within 30 m for a second, own defaults."""

    min_count: float = 3.0
    within_m: float = 30.0
    min_s: float = 1.0
    merge_s: float = 3.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the stretches with cones or barriers around.

    An object list that never names one may not know them, so nothing is known without any.
    """
    seen = drive.objects
    if seen is None:
        spans = {"object list": np.empty((0, 2), dtype=np.int64)}
        return Detection(unknown=tuple(missing(drive.start_ns, drive.stop_ns, spans, 0)))
    size = seen.t_ns.size
    works = np.isin(words(seen.columns, "object_class", size).astype(str), CLASSES)
    if not works.any():
        reason = "no cones or barriers in the object list"
        whole = Unknown(start_ns=drive.start_ns, stop_ns=drive.stop_ns, reason=reason)
        return Detection(unknown=(whole,))
    away = np.hypot(floats(seen.columns, "x_m", size), floats(seen.columns, "y_m", size))
    many = counted(seen.t_ns, works & (away <= params.within_m))
    crowd = Crowd(params.min_count, params.min_s, params.merge_s)
    found = (_scene(many, one, params) for one in crowds(many, crowd, seen.max_gap_ns))
    spans = {"object list": known_spans(many.t, np.ones(many.t.size, np.bool_), seen.max_gap_ns)}
    return settle(found, missing(drive.start_ns, drive.stop_ns, spans, seen.max_gap_ns))


def _scene(many: Counted, one: Episode, params: Params) -> Found:
    rows = one.rows
    peak = float(many.count[rows].max())
    return Found(
        type="construction",
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


CONSTRUCTION = Detector(
    name="construction",
    version=1,
    types=("construction",),
    params=Params,
    find=find,
    gates=(Gate(param="min_count", evidence="max_count_ids", op=">="),),
    tags={"construction": "TemporaryStructureRoadWorks"},
    doc="At least three cones or barriers within 30 m for a second.",
)
