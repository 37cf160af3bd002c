"""Drives whose clocks were set, or are off their rate."""

from dataclasses import replace

from avdataops.ports.detecting import ClockSpan, Drive
from avdataops.testing.drives import at, cruise, drive


def stepping_clocks() -> Drive:
    """Return 180 s in which the lidar's clock jumps ahead by 50 ms and the radar's is too slow."""
    lidar = (
        ClockSpan(start_ns=at(0.0), stop_ns=at(70.0), skew_ppm=12.0),
        ClockSpan(start_ns=at(70.0), stop_ns=at(180.0), skew_ppm=13.0, stepped=True, step_ms=50.0),
    )
    radar = (ClockSpan(start_ns=at(0.0), stop_ns=at(180.0), skew_ppm=140.0),)
    clocks = {"/lidar/top": lidar, "/radar/front": radar}
    return replace(drive(cruise(180.0)), clocks=clocks)
