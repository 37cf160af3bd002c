"""Where on earth: great-circle distance, boxes that hold a circle, and rings of places."""

import math
from dataclasses import dataclass

from avdataops.model.errors import InputError

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (2a + b)/3 of WGS 84; a sphere is within 0.6 % of the ellipsoid."""

_MARGIN = 1e-9
_POLE_DEG = 90.0
_DATE_LINE_DEG = 180.0
_FEWEST_CORNERS = 3
MOST_CORNERS = 100


@dataclass(frozen=True, slots=True)
class Box:
    """Ranges of latitude and longitude in degrees, both ends included."""

    lat_min_deg: float
    lat_max_deg: float
    lon_min_deg: float
    lon_max_deg: float


def distance_m(lat_deg: float, lon_deg: float, to_lat_deg: float, to_lon_deg: float) -> float:
    """Return the great-circle distance of two points by the haversine formula."""
    lat, to_lat = math.radians(lat_deg), math.radians(to_lat_deg)
    half_lon = math.radians(to_lon_deg - lon_deg) / 2.0
    h = (
        math.sin((to_lat - lat) / 2.0) ** 2
        + math.cos(lat) * math.cos(to_lat) * math.sin(half_lon) ** 2
    )
    return 2.0 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def check_place(lat_deg: float, lon_deg: float) -> None:
    """Raise ``InputError`` unless the two are a place in WGS 84 degrees."""
    # Written so that NaN fails too.
    if not (abs(lat_deg) <= _POLE_DEG and abs(lon_deg) <= _DATE_LINE_DEG):
        raise InputError(
            f"latitude {lat_deg}, longitude {lon_deg} is no place"
            " (latitude -90 to 90, longitude -180 to 180, in this order)"
        )


def check_circle(lat_deg: float, lon_deg: float, radius_m: float) -> None:
    """Raise ``InputError`` for a point off the earth or a radius that is not a number from 0."""
    check_place(lat_deg, lon_deg)
    if not 0.0 <= radius_m < math.inf:
        raise InputError(f"radius {radius_m} m is not a distance")


def boxes_around(lat_deg: float, lon_deg: float, radius_m: float) -> tuple[Box, ...]:
    """Return one or two boxes, cut at the date line, that hold every point within the radius.

    Raises ``InputError`` as ``check_circle`` does.
    """
    check_circle(lat_deg, lon_deg, radius_m)
    angle = radius_m / EARTH_RADIUS_M * (1.0 + _MARGIN) + _MARGIN
    reach_deg = math.degrees(angle)
    south, north = lat_deg - reach_deg, lat_deg + reach_deg
    if south <= -_POLE_DEG or north >= _POLE_DEG:
        return (Box(south, north, -_DATE_LINE_DEG, _DATE_LINE_DEG),)
    # Widest where a meridian touches the circle, which is nearer to the pole than its centre.
    wide_deg = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(lat_deg))))
    west, east = lon_deg - wide_deg, lon_deg + wide_deg
    boxes = [Box(south, north, max(west, -_DATE_LINE_DEG), min(east, _DATE_LINE_DEG))]
    if west < -_DATE_LINE_DEG:
        boxes.append(Box(south, north, west + 2 * _DATE_LINE_DEG, _DATE_LINE_DEG))
    if east > _DATE_LINE_DEG:
        boxes.append(Box(south, north, -_DATE_LINE_DEG, east - 2 * _DATE_LINE_DEG))
    return tuple(boxes)


@dataclass(frozen=True, slots=True)
class Ring:
    """A polygon: (latitude, longitude) of its corners in degrees, the last joined to the first.

    Its sides are straight in degrees.  It does not cross the date line.
    """

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Refuse what encloses nothing or runs over the date line."""
        if not _FEWEST_CORNERS <= len(self.corners) <= MOST_CORNERS:
            raise InputError(
                f"a polygon has {_FEWEST_CORNERS} to {MOST_CORNERS} corners,"
                f" not {len(self.corners)}"
            )
        for lat_deg, lon_deg in self.corners:
            check_place(lat_deg, lon_deg)
        box = self.box
        if box.lon_max_deg - box.lon_min_deg > _DATE_LINE_DEG:
            raise InputError("a polygon cannot cross the date line; ask for its two halves")

    @property
    def box(self) -> Box:
        """The smallest box that holds it."""
        lats, lons = zip(*self.corners, strict=True)
        return Box(min(lats), max(lats), min(lons), max(lons))

    def holds(self, lat_deg: float, lon_deg: float) -> bool:
        """Say whether a place is inside, by the even-odd rule.

        Of two rings that share a side, at most one holds a place on it.
        """
        inside = False
        before = self.corners[-1]
        for corner in self.corners:
            (lat_a, lon_a), (lat_b, lon_b) = before, corner
            if (lat_a > lat_deg) != (lat_b > lat_deg):
                crossing = lon_a + (lat_deg - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
                inside ^= lon_deg < crossing
            before = corner
        return inside
