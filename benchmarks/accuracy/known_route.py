"""How well a point could be placed if the route were known: what noise alone costs.

The matcher must find the route and where on it each point is.  Here the route is given, and the
noise along the road is steadied by the wheels as the matcher does it, so what is still on the wrong
way is the error along the road, which is the dearer the shorter ways are.
"""

import numpy as np

from avdataops.signals.arrays import Floats, Indices
from avdataops.signals.road_graph import RoadGraph
from avdataops.signals.roads import Edges
from avdataops.signals.routes import steadied
from benchmarks.accuracy import map_match


def accuracy(roads: tuple[RoadGraph, Edges], seed: int, sigma_m: float, drives: int) -> float:
    """Return the share of points on the right way, over the very drives that are matched."""
    graph, edges = roads
    right = total = 0
    for number in range(drives):
        rng = np.random.default_rng([seed, number])
        drive = map_match.random_drive(graph, rng, length_m=map_match.DRIVE_M, rate_hz=1.0)
        trace = map_match.noisy(drive, rng, sigma_m)
        wheels = map_match.wheel_speed(drive, rng)
        at = _arc_number(drive, drive.s_m)
        _, _, yaw = graph.place(drive.arc[at], drive.s_m - drive.begin_m[at])
        ahead = (trace.x_m - drive.x_m) * np.cos(yaw) + (trace.y_m - drive.y_m) * np.sin(yaw)
        told = _arc_number(drive, steadied(drive.t_ns, drive.s_m + ahead, wheels))
        right += int(np.sum(edges.way[drive.arc[told] // 2] == edges.way[drive.edge]))
        total += drive.edge.size
    return round(right / total, 4)


def _arc_number(drive: map_match.TrueDrive, s_m: Floats) -> Indices:
    number = np.searchsorted(drive.begin_m, s_m, side="right") - 1
    return np.asarray(np.clip(number, 0, drive.arc.size - 1), dtype=np.int64)
