"""Where the sun stands, and when it passes a given elevation."""

import numpy as np

from sample_data.noise import Floats

NS_PER_S = 1_000_000_000
TWILIGHT_DEG = -0.833
NIGHT_DEG = -6.0
_J2000_S = 946_728_000.0


def sun_elevation(t_unix_s: Floats, lat_deg: float, lon_deg: float) -> Floats:
    """Return the geometric elevation [deg] of the sun's centre, without refraction.

    Low-precision formulae of the Astronomical Almanac (0.01 deg between 1950 and 2050).
    """
    day = (t_unix_s - _J2000_S) / 86_400.0
    mean_longitude = 280.460 + 0.985_647_4 * day
    anomaly = np.radians(357.528 + 0.985_600_3 * day)
    longitude = np.radians(mean_longitude + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    obliquity = np.radians(23.439 - 4.0e-7 * day)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    sidereal_deg = (18.697_374_558 + 24.065_709_824_419_08 * day) * 15.0
    hour_angle = np.radians(sidereal_deg + lon_deg) - right_ascension
    lat = np.radians(lat_deg)
    height = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(
        hour_angle
    )
    return np.asarray(np.degrees(np.arcsin(height)), dtype=np.float64)


def evening_passage_s(noon_unix_s: float, lat_deg: float, lon_deg: float) -> float:
    """Return the time [Unix s] of the evening after ``noon_unix_s`` when night begins."""
    low, high = noon_unix_s, noon_unix_s + 12.0 * 3600.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if sun_elevation(np.array([middle]), lat_deg, lon_deg)[0] > NIGHT_DEG:
            low = middle
        else:
            high = middle
    return high
