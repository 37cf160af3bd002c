"""Plain tangent plane between the local east-north map and WGS84."""

import numpy as np

from sample_data.noise import Floats

ORIGIN_LAT_DEG = 56.1620
ORIGIN_LON_DEG = 10.2010
GROUND_M = 24.0
"""Height of the flat ground above the ellipsoid."""

_A_M = 6_378_137.0
_E2 = 6.69437999014e-3


def _metres_per_degree() -> tuple[float, float]:
    """Return metres per degree of latitude and of longitude at the origin (WGS84 radii)."""
    lat = np.radians(ORIGIN_LAT_DEG)
    bend = 1.0 - _E2 * np.sin(lat) ** 2
    meridian = _A_M * (1.0 - _E2) / bend**1.5
    normal = _A_M / np.sqrt(bend)
    return float(np.radians(meridian)), float(np.radians(normal * np.cos(lat)))


_PER_LAT_M, _PER_LON_M = _metres_per_degree()


def to_wgs84(x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Return latitude and longitude [deg] of east and north [m]."""
    return ORIGIN_LAT_DEG + y_m / _PER_LAT_M, ORIGIN_LON_DEG + x_m / _PER_LON_M


def to_local(lat_deg: Floats, lon_deg: Floats) -> tuple[Floats, Floats]:
    """Return east and north [m] of latitude and longitude [deg]."""
    return (lon_deg - ORIGIN_LON_DEG) * _PER_LON_M, (lat_deg - ORIGIN_LAT_DEG) * _PER_LAT_M
