"""Places on the WGS84 ellipsoid in local metres, distances, bearings and angles.

Latitudes and longitudes are degrees.  Local metres are east and north of an origin.  NaN in gives
NaN out everywhere.
"""

import numpy as np
from numpy.typing import ArrayLike

from avdataops.signals.arrays import Floats

# WGS84 as in NIMA TR8350.2: semi-major axis and flattening; the rest follows.
_A_M = 6_378_137.0
_F = 1 / 298.257223563
_B_M = _A_M * (1 - _F)
_E2 = _F * (2 - _F)
_MEAN_RADIUS_M = 6_371_008.8


def wrap_pi(angle_rad: ArrayLike) -> Floats:
    """Return the angles in (-pi, pi]; those already there are returned bit for bit."""
    angle = np.asarray(angle_rad, dtype=np.float64)
    wrapped = np.pi - np.mod(np.pi - angle, 2 * np.pi)
    return np.where((angle > -np.pi) & (angle <= np.pi), angle, wrapped)


def to_local(
    lat_deg: ArrayLike, lon_deg: ArrayLike, lat0_deg: float, lon0_deg: float
) -> tuple[Floats, Floats]:
    """Return metres east and north of the origin, on the plane that touches the ellipsoid there.

    Points are taken at height 0 and projected at right angles onto the plane, which shortens 10 km
    by 4 mm.  Real ground at height h has distances longer by h / 6,371 km.  Source: geodetic to
    earth-centred to east-north-up coordinates, as in any geodesy text.
    """
    x, y, z = _earth_centred(lat_deg, lon_deg)
    x0, y0, z0 = _earth_centred(lat0_deg, lon0_deg)
    east, north, _ = _axes(lat0_deg, lon0_deg)
    moved = np.stack(np.broadcast_arrays(x - x0, y - y0, z - z0), axis=-1)
    return np.sum(moved * east, axis=-1), np.sum(moved * north, axis=-1)


def to_wgs84(
    east_m: ArrayLike, north_m: ArrayLike, lat0_deg: float, lon0_deg: float
) -> tuple[Floats, Floats]:
    """Return latitude and longitude of local metres; the exact inverse of :func:`to_local`.

    NaN for points so far out (thousands of km) that nothing of the ellipsoid lies below them.
    """
    east, north, up = _axes(lat0_deg, lon0_deg)
    origin = np.array(_earth_centred(lat0_deg, lon0_deg))
    east_m, north_m = np.broadcast_arrays(
        np.asarray(east_m, dtype=np.float64), np.asarray(north_m, dtype=np.float64)
    )
    on_plane = origin + east_m[..., None] * east + north_m[..., None] * north
    # Move along `up` until the ellipsoid is met: a quadratic in the distance moved.
    inverse_square = 1 / np.array([_A_M, _A_M, _B_M]) ** 2
    a = float(np.sum(up * (inverse_square * up)))
    half_b = np.sum(on_plane * (inverse_square * up), axis=-1)
    c = np.sum(on_plane**2 * inverse_square, axis=-1) - 1
    root = half_b**2 - a * c
    moved = np.where(root >= 0, (-half_b + np.sqrt(np.maximum(root, 0))) / a, np.nan)
    place = on_plane + moved[..., None] * up
    x, y, z = place[..., 0], place[..., 1], place[..., 2]
    return (
        np.degrees(np.arctan2(z, (1 - _E2) * np.hypot(x, y))),
        np.degrees(np.arctan2(y, x)),
    )


def haversine_m(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> Floats:
    """Return great-circle distances on the mean sphere, within 0.6 % of the ellipsoid's."""
    lat1, lon1, lat2, lon2 = (
        np.radians(np.asarray(v, dtype=np.float64))
        for v in (lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    )
    h = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return np.asarray(2 * _MEAN_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0))))


def bearing_rad(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> Floats:
    """Return initial great-circle bearings, clockwise from north, in [0, 2 pi).

    NaN between two equal points, which have no bearing.
    """
    lat1, lon1, lat2, lon2 = (
        np.radians(np.asarray(v, dtype=np.float64))
        for v in (lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    )
    east = np.sin(lon2 - lon1) * np.cos(lat2)
    north = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1)
    moved = (lat1 != lat2) | (lon1 != lon2)
    # A tiny negative angle would round up to the full circle itself.
    turned = np.mod(np.arctan2(east, north), 2 * np.pi)
    return np.where(moved, np.where(turned == 2 * np.pi, 0.0, turned), np.nan)


def heading_from_course(course_deg: ArrayLike) -> Floats:
    """Return yaw in rad, counter-clockwise from east, in (-pi, pi], of compass courses.

    A course is in degrees clockwise from north, as GNSS receivers give it; yaw is that of
    ISO 8855 in an east-north-up frame.
    """
    return wrap_pi(np.pi / 2 - np.radians(np.asarray(course_deg, dtype=np.float64)))


def segment_distance_m(
    point: tuple[Floats, Floats], start: tuple[Floats, Floats], stop: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return the distance of points from straight segments, and where along each (0 to 1).

    All are (x, y) in one frame of metres and broadcast against each other, so points of shape
    (n, 1) and segments of shape (m,) give (n, m).  A segment of no length is a point, fraction 0.
    """
    along_x, along_y = stop[0] - start[0], stop[1] - start[1]
    from_x, from_y = point[0] - start[0], point[1] - start[1]
    square = along_x**2 + along_y**2
    fraction = (from_x * along_x + from_y * along_y) / np.where(square > 0, square, 1.0)
    fraction = np.clip(fraction, 0.0, 1.0)
    distance = np.hypot(from_x - fraction * along_x, from_y - fraction * along_y)
    return np.asarray(distance), np.asarray(fraction)


def _earth_centred(lat_deg: ArrayLike, lon_deg: ArrayLike) -> tuple[Floats, Floats, Floats]:
    lat = np.radians(np.asarray(lat_deg, dtype=np.float64))
    lon = np.radians(np.asarray(lon_deg, dtype=np.float64))
    # Radius of curvature in the prime vertical.
    across = _A_M / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    return (
        across * np.cos(lat) * np.cos(lon),
        across * np.cos(lat) * np.sin(lon),
        across * (1 - _E2) * np.sin(lat),
    )


def _axes(lat0_deg: float, lon0_deg: float) -> tuple[Floats, Floats, Floats]:
    """Return the unit vectors east, north and up at a place, in earth-centred coordinates."""
    lat, lon = np.radians(lat0_deg), np.radians(lon0_deg)
    return (
        np.array([-np.sin(lon), np.cos(lon), 0.0]),
        np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]),
        np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]),
    )
