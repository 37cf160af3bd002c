"""Where the sun stands, and what light that makes.

Formulas of Meeus, Astronomical Algorithms (1998), chapters 12, 22, 25 in the short form of the
NOAA solar calculator, with the difference of ephemeris and civil time; within 0.02 degrees of
NREL's SPA from 1950 to 2070.
"""

import numpy as np
from numpy.typing import ArrayLike

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times

DAY, TWILIGHT, NIGHT = 0.0, 1.0, 2.0
"""Codes of :func:`light_class`; floats, because NaN is the unknown among them."""
LIGHT_NAMES = ("day", "twilight", "night")

SUNRISE_DEG = -0.833
"""Elevation of the sun's middle when its upper rim is at the horizon: radius and refraction."""
CIVIL_TWILIGHT_DEG = -6.0

_J2000_NS = 946_728_000 * NS_PER_S
"""2000-01-01T12:00:00Z."""
_CIRCLE_DEG = 360.0
_DAYS_PER_CENTURY = 36_525.0
_NS_PER_DAY = 86_400 * NS_PER_S
# Ephemeris minus civil time: 64 s in 2000, and slowly more (about 0.4 s a year lately).
_DELTA_T_S = 64.0
_DELTA_T_S_PER_DAY = 0.4 / 365.25
# Where the refraction formula changes its branch.
_STEEP_DEG, _LOW_DEG, _SUNKEN_DEG = 85.0, 5.0, -0.575


def sun_position(t_ns: Times, lat_deg: ArrayLike, lon_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Return geometric elevation and azimuth (clockwise from north, [0, 360)) in degrees.

    No refraction: see :func:`apparent_elevation`.  Places are WGS84 degrees, one or one per time;
    NaN gives NaN.
    """
    whole, part = np.divmod(t_ns - _J2000_NS, _NS_PER_DAY)
    days = whole + part / _NS_PER_DAY
    right_ascension, declination = _sun_equatorial(days)
    # Greenwich sidereal time (Meeus 12.4); the whole days are turned apart to keep digits.
    sidereal = 280.46061837 + np.mod(0.98564736629 * days, 360) + 360 * part / _NS_PER_DAY
    hour_angle = np.radians(sidereal + np.asarray(lon_deg, dtype=np.float64)) - right_ascension
    lat = np.radians(np.asarray(lat_deg, dtype=np.float64))
    up = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(hour_angle)
    east = -np.cos(declination) * np.sin(hour_angle)
    north = np.cos(lat) * np.sin(declination) - np.sin(lat) * np.cos(declination) * np.cos(
        hour_angle
    )
    elevation = np.degrees(np.arctan2(up, np.hypot(east, north)))
    # A tiny negative angle rounds up to the full circle itself.
    azimuth = np.mod(np.degrees(np.arctan2(east, north)), _CIRCLE_DEG)
    return np.asarray(elevation), np.where(azimuth == _CIRCLE_DEG, 0.0, azimuth)


def apparent_elevation(elevation_deg: ArrayLike) -> Floats:
    """Return the elevation at which the sun is seen through a standard atmosphere, in degrees.

    Source: the three branches of the NOAA solar calculator, good to about 0.02 degrees above the
    horizon; below -0.575 degrees it is a rough continuation.
    """
    h = np.asarray(elevation_deg, dtype=np.float64)
    tangent = np.tan(np.radians(np.clip(h, _LOW_DEG, _STEEP_DEG)))
    high = 58.1 / tangent - 0.07 / tangent**3 + 0.000086 / tangent**5
    near = np.clip(h, _SUNKEN_DEG, _LOW_DEG)
    low = 1735 + near * (-518.2 + near * (103.4 + near * (-12.79 + near * 0.711)))
    below = -20.774 / np.tan(np.radians(np.clip(h, -90.0, _SUNKEN_DEG)))
    seconds = np.select([h > _STEEP_DEG, h > _LOW_DEG, h > _SUNKEN_DEG], [0.0, high, low], below)
    return np.asarray(h + seconds / 3600)


def light_class(elevation_deg: ArrayLike) -> Floats:
    """Return ``DAY`` from -0.833 degrees up, ``NIGHT`` below -6, ``TWILIGHT`` between, or NaN.

    Takes the geometric elevation: refraction and the sun's radius are part of the limit.
    """
    h = np.asarray(elevation_deg, dtype=np.float64)
    lit = np.where(h >= SUNRISE_DEG, DAY, np.where(h >= CIVIL_TWILIGHT_DEG, TWILIGHT, NIGHT))
    return np.where(np.isnan(h), np.nan, lit)


def _sun_equatorial(days: Floats) -> tuple[Floats, Floats]:
    """Return apparent right ascension and declination in rad, days after J2000 (Meeus 25)."""
    ephemeris_days = days + (_DELTA_T_S + _DELTA_T_S_PER_DAY * days) / 86_400
    c = ephemeris_days / _DAYS_PER_CENTURY
    mean_longitude = 280.46646 + c * (36_000.76983 + c * 0.0003032)
    anomaly = np.radians(357.52911 + c * (35_999.05029 - c * 0.0001537))
    centre = (
        (1.914602 - c * (0.004817 + c * 0.000014)) * np.sin(anomaly)
        + (0.019993 - c * 0.000101) * np.sin(2 * anomaly)
        + 0.000289 * np.sin(3 * anomaly)
    )
    node = np.radians(125.04 - 1934.136 * c)
    longitude = np.radians(mean_longitude + centre - 0.00569 - 0.00478 * np.sin(node))
    obliquity = np.radians(
        23.43929111 - c * (0.013004167 + c * (1.639e-7 - c * 5.036e-7)) + 0.00256 * np.cos(node)
    )
    return (
        np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude)),
        np.arcsin(np.sin(obliquity) * np.sin(longitude)),
    )
