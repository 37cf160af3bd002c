"""Drives under a sky: rain and its wet road, snow, fog, and a low sun ahead."""

import numpy as np

from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import clock, context_rows, cruise, drive

_DURATION_S = 300.0


def showery() -> Drive:
    """Return five minutes with a shower of 2 mm/h from 60 to 180 s."""
    return _under(precipitation_mmph=_between(60, 180, 2.0))


def snowing() -> Drive:
    """Return five minutes with snow from 60 s on."""
    return _under(snow=_between(60, 400, 1.0), precipitation_mmph=_between(60, 400, 0.7), rain=0.0)


def foggy() -> Drive:
    """Return five minutes with a bank of fog of 150 m from 100 to 200 s."""
    return _under(visibility_m=8000.0 - _between(100, 200, 7850.0))


def into_the_sun() -> Drive:
    """Return five minutes to the east; from 100 to 200 s the sun is 5 degrees above the road."""
    return _under(
        sun_elevation_deg=20.0 - _between(100, 200, 15.0),
        sun_azimuth_deg=95.0,
        heading_rad=0.0,
        cloud_okta=2.0,
        tunnel=0.0,
    )


def _between(start_s: float, stop_s: float, value: float) -> Floats:
    t_s = clock(_DURATION_S, 1)
    return np.where((t_s >= start_s) & (t_s < stop_s), value, 0.0)


def _under(**sky: Floats | float) -> Drive:
    return drive(cruise(_DURATION_S), context=context_rows(_DURATION_S, **sky))
