"""Distances as the service measures them: along the ellipsoid, not the sphere."""

import math

_EQUATOR_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_MEAN_M = 6_371_008.8


def distance_m(lon_a_deg: float, lat_a_deg: float, lon_b_deg: float, lat_b_deg: float) -> float:
    """Return the distance on WGS 84 after Lambert (1942): good to tens of metres.

    The formula has no answer for places that face each other across the earth; there the
    spherical distance is returned.
    """
    a, b = (
        math.atan((1 - _FLATTENING) * math.tan(math.radians(lat))) for lat in (lat_a_deg, lat_b_deg)
    )
    angle = _angle(a, b, math.radians(lon_b_deg - lon_a_deg))
    if angle in {0.0, math.pi} or angle > math.pi - 0.01:
        return _MEAN_M * angle
    mean, half = (a + b) / 2, (b - a) / 2
    sine, cosine = math.sin(angle / 2), math.cos(angle / 2)
    x = (angle - math.sin(angle)) * (math.sin(mean) * math.cos(half) / cosine) ** 2
    y = (angle + math.sin(angle)) * (math.cos(mean) * math.sin(half) / sine) ** 2
    return _EQUATOR_M * (angle - _FLATTENING / 2 * (x + y))


def _angle(lat_a: float, lat_b: float, lon: float) -> float:
    """Return the central angle by the haversine formula; all in radians."""
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin(lon / 2) ** 2
    return 2 * math.asin(math.sqrt(min(1.0, h)))
