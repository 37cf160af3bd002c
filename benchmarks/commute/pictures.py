"""The scenes of the commute, a picture for each type, for people to judge."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import avdataops as av
from avdataops.detectors import DETECTORS
from avdataops.lake import FoundScene
from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats
from avdataops.signals.columns import floats, times
from avdataops.signals.filters import derivative
from benchmarks.commute.agreement import Series
from benchmarks.commute.drive import MAX_GAP_NS, Sources
from benchmarks.commute.svg import Column, Panel, picture

MOST = 6
"""Scenes of one type in its picture."""
AROUND_S = 5.0
_THRESHOLDS: Mapping[str, tuple[tuple[str, str, float], ...]] = {
    "hard_brake": (("acceleration", "on_mps2", 1.0), ("acceleration", "off_mps2", 1.0)),
    "hard_accel": (("acceleration", "on_mps2", 1.0), ("acceleration", "off_mps2", 1.0)),
    "high_jerk": (("jerk", "on_mps3", 1.0), ("jerk", "on_mps3", -1.0)),
    "standstill": (("speed", "on_mps", 1.0), ("speed", "off_mps", 1.0)),
    "drive_off": (("speed", "moving_mps", 1.0), ("speed", "driving_mps", 1.0)),
    "turn_left": (("yaw rate", "on_degps", 1.0), ("yaw rate", "off_degps", 1.0)),
    "turn_right": (("yaw rate", "on_degps", -1.0), ("yaw rate", "off_degps", -1.0)),
    "u_turn": (("yaw rate", "off_degps", 1.0), ("yaw rate", "off_degps", -1.0)),
    "gnss_outage": (("position", "max_sigma_m", 1.0),),
    "day": (("sun", "sunset_deg", 1.0),),
    "night": (("sun", "night_deg", 1.0),),
}
"""Scene type -> what to draw of its detector's parameters: panel, parameter, sign."""
_TITLES = {
    "speed": "speed, m/s: wheels, satellites",
    "acceleration": "acceleration along x, m/s2: wheels, inertial unit",
    "jerk": "jerk along x, m/s3: wheels, inertial unit",
    "yaw rate": "yaw rate, deg/s, left positive",
    "position": "standard deviation of position, m",
    "sun": "elevation of the sun, deg",
}
_SHOWN = ("speed", "acceleration", "yaw rate")
_ALSO = {
    "high_jerk": "jerk", "gnss_outage": "position", "sensor_dropout": "position",
    "day": "sun", "night": "sun", "twilight": "sun",
}  # fmt: skip

Lines = Mapping[str, Sequence[tuple[Floats, Floats]]]


def write_pictures(
    folder: Path, lake: av.Lake, given: Sources, scenes: Mapping[str, Sequence[FoundScene]]
) -> list[Path]:
    """Write ``TYPE.svg`` into a folder for every type found, and return the paths."""
    (measurement,) = lake.measurements()
    ego = lake.table(measurement.id, "ego")
    context = lake.table(measurement.id, "context")
    start_ns = int(times(ego["t_ns"])[0])
    lines = _lines(ego, context, given, start_ns)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, found in scenes.items():
        columns = [_column(one, lines, start_ns) for one in _chosen(found)]
        path = folder / f"{kind}.svg"
        path.write_text(
            picture(f"{kind}: {len(columns)} of {len(found)}", columns), encoding="utf-8"
        )
        written.append(path)
    return written


def _chosen(found: Sequence[FoundScene]) -> Sequence[FoundScene]:
    """Return at most ``MOST`` scenes, spread over the drive, the first and the last with them."""
    rows = np.unique(np.linspace(0, len(found) - 1, min(MOST, len(found))).round().astype(int))
    return [found[row] for row in rows]


def _lines(ego: Any, context: Any, given: Sources, start_ns: int) -> Lines:
    def line(one: Series) -> tuple[Floats, Floats]:
        return (one.t_ns - start_ns) / NS_PER_S, one.x

    def column(table: Any, name: str) -> tuple[Floats, Floats]:
        return (times(table["t_ns"]) - start_ns) / NS_PER_S, floats(table[name])

    accels = (given.wheel_accel_mps2, given.inertial_accel_mps2)
    jerks = [Series(one.t_ns, derivative(one.t_ns, one.x, MAX_GAP_NS)) for one in accels]
    t_s, rate = column(ego, "yaw_rate_radps")
    return {
        "speed": (column(ego, "ego_speed_mps"), column(ego, "gnss_speed_mps")),
        "acceleration": [line(one) for one in accels],
        "jerk": [line(one) for one in jerks],
        "yaw rate": ((t_s, np.degrees(rate)),),
        "position": (column(ego, "gnss_sigma_m"),),
        "sun": (column(context, "sun_elevation_deg"),),
    }


def _column(scene: FoundScene, lines: Lines, start_ns: int) -> Column:
    a, b = ((t_ns - start_ns) / NS_PER_S for t_ns in (scene.t_start_ns, scene.t_end_ns))
    limits = thresholds(scene.type)
    names = [*_SHOWN, *([_ALSO[scene.type]] if scene.type in _ALSO else [])]
    panels = [Panel(_TITLES[name], lines[name], limits.get(name, ())) for name in names]
    title = f"at {a:.1f} s for {b - a:.1f} s, confidence {scene.confidence:.2f}"
    return Column(title, (a - AROUND_S, b + AROUND_S), (a, b), panels)


def thresholds(kind: str) -> dict[str, tuple[float, ...]]:
    """Return panel -> thresholds of a scene type, as its detector has them."""
    found: dict[str, tuple[float, ...]] = {}
    for detector in DETECTORS:
        if kind in detector.types:
            params = detector.params()
            for panel, name, sign in _THRESHOLDS.get(kind, ()):
                found[panel] = (*found.get(panel, ()), sign * float(getattr(params, name)))
    return found
