"""Observations of a weather station near the drive, as NOAA ISD lines.

Field positions follow the Integrated Surface Database format document of NCEI: 60 characters of
control data, 45 of mandatory data, then additional data groups introduced by ``ADD``.
"""

from datetime import UTC, datetime

import numpy as np

from sample_data.ego_streams import outside_temperature
from sample_data.geodesy import to_wgs84
from sample_data.sun import NS_PER_S
from sample_data.world import World

STATION_USAF = "060790"
STATION_EAST_M = 3400.0
STATION_NORTH_M = -2600.0
_EVERY_MIN = 20
_MARGIN_MIN = 60
_FIXED = 105
"""Characters of control and mandatory data; the line begins with the count of those after."""


def isd_text(world: World) -> str:
    """Return observations from an hour before to an hour after the drive, one line each.

    The station reports every 20 minutes, counted from the whole minute after the rain began: a
    special report is due then.
    """
    rain_s = world.start_ns / NS_PER_S + world.rain_from_s
    first_wet_min = int(np.ceil(rain_s / 60.0))
    start_min = world.start_ns // NS_PER_S // 60
    stop_min = start_min + int(world.duration_s // 60) + 1
    before = (first_wet_min - start_min + _MARGIN_MIN) // _EVERY_MIN + 1
    after = (stop_min - first_wet_min + _MARGIN_MIN) // _EVERY_MIN + 1
    minutes = [first_wet_min + _EVERY_MIN * step for step in range(-before, after + 1)]
    return "".join(
        _line(world, minute, wet=minute >= first_wet_min, special=minute == first_wet_min) + "\n"
        for minute in minutes
    )


def _line(world: World, minute: int, *, wet: bool, special: bool) -> str:
    moment = datetime.fromtimestamp(minute * 60, UTC)
    lat, lon = to_wgs84(np.array([STATION_EAST_M]), np.array([STATION_NORTH_M]))
    t_s = np.array([minute * 60.0 - world.start_ns / NS_PER_S])
    air = float(outside_temperature(world, t_s)[0]) + 0.3
    dew = air - (0.9 if wet else 2.6)
    ceiling_m, visibility_m = (900, 6000) if wet else (1800, 14000)
    mandatory = (
        # Wind from 210 degrees with 6.1 m/s; every value is followed by its quality code.
        f"2101N00611{ceiling_m:05d}1MN{visibility_m:06d}1N1"
        f"{round(air * 10):+05d}1{round(dew * 10):+05d}1100821"
    )
    text = (
        f"{STATION_USAF}99999{moment:%Y%m%d%H%M}4"
        f"{round(lat[0] * 1000):+06d}{round(lon[0] * 1000):+07d}"
        f"{'FM-16' if special else 'FM-15'}+002599999V020"
        f"{mandatory}ADD{_groups(world, minute, ceiling_m, wet=wet)}"
    )
    return f"{len(text) + 4 - _FIXED:04d}{text}"


def _groups(world: World, minute: int, ceiling_m: int, *, wet: bool) -> str:
    """Return precipitation of the last hour, cloud layer and, when wet, present weather."""
    wet_h = np.clip((minute * 60.0 - _rain_unix_s(world)) / 3600.0, 0.0, 1.0)
    depth_mm = max(float(world.rain(np.array([world.duration_s]))[0] * wet_h), 0.1) if wet else 0.0
    cloud = f"GA1081{ceiling_m:+06d}1991"
    # Code 61 of table 4677: slight rain.
    return f"AA101{round(depth_mm * 10):04d}91{cloud}{'MW1611' if wet else ''}"


def _rain_unix_s(world: World) -> float:
    return world.start_ns / NS_PER_S + world.rain_from_s
