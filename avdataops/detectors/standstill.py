"""The ego vehicle standing still."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.episodes import Trigger, episodes
from avdataops.signals.evidence import confidence, highest, middle, number
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of standing still.

    Leaving: 0.5 m/s is the level below which annotated motion is jitter (RefAV).  The other values
    are the product's own defaults.
    """

    on_mps: float = 0.1
    off_mps: float = 0.5
    min_s: float = 2.0
    merge_s: float = 1.0
    max_mean_mps: float = 0.25
    """A faster mean is creeping, or a wheel that is measured in pulses: no standstill."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the standstills; unknown where ego speed is."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    known = np.isfinite(speed)
    t_known, moving = t[known], np.abs(speed[known])
    spans = known_spans(t, known, gap_ns)
    unknown = missing(drive.start_ns, drive.stop_ns, {"ego speed": spans}, gap_ns)
    found: list[Found] = []
    trigger = Trigger(
        on=params.on_mps,
        off=params.off_mps,
        max_gap_ns=gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    for episode in episodes(t_known, moving, trigger):
        if episode.duration_s < params.min_s:
            if episode.truncated:
                unknown.append(
                    Unknown(
                        start_ns=episode.start_ns,
                        stop_ns=episode.stop_ns,
                        reason="stop cut by a gap",
                    )
                )
            continue
        inside = moving[episode.rows]
        if inside.mean() > params.max_mean_mps:
            continue
        found.append(
            Found(
                type="standstill",
                start_ns=episode.start_ns,
                stop_ns=episode.stop_ns,
                # A stop is sure once it lasts; a creeping mean says that it was hardly one.
                confidence=confidence(
                    1.0 - float(inside.mean()) / params.off_mps,
                    0.5 + 0.25 * episode.duration_s / params.min_s,
                ),
                truncated=episode.truncated,
                evidence={
                    "duration_s": number(episode.duration_s),
                    "max_speed_mps": highest(inside),
                    "mean_speed_mps": middle(inside),
                    "ego_speed_mps": number(float(inside[0])),
                },
            )
        )
    return settle(found, unknown)


STANDSTILL = Detector(
    name="standstill",
    version=1,
    types=("standstill",),
    params=Params,
    find=find,
    gates=(Gate(param="min_s", evidence="duration_s", op=">="),),
    tags={"standstill": "MotionStop"},
    doc="From 0.1 m/s or less until above 0.5 m/s, for at least 2 s.",
)
