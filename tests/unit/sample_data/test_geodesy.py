import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.geodesy import ORIGIN_LAT_DEG, ORIGIN_LON_DEG, to_local, to_wgs84

METRES = st.floats(-5000.0, 5000.0)


def test_the_origin_is_the_origin() -> None:
    lat, lon = to_wgs84(np.zeros(1), np.zeros(1))
    assert (lat[0], lon[0]) == (ORIGIN_LAT_DEG, ORIGIN_LON_DEG)


@given(METRES, METRES)
def test_there_and_back_is_exact_to_a_tenth_of_a_millimetre(x_m: float, y_m: float) -> None:
    back_x, back_y = to_local(*to_wgs84(np.array([x_m]), np.array([y_m])))
    assert back_x[0] == pytest.approx(x_m, abs=1e-4)
    assert back_y[0] == pytest.approx(y_m, abs=1e-4)


def earth_centred(lat_deg: float, lon_deg: float) -> np.ndarray:
    """WGS84 at height 0 to earth-centred coordinates, written apart from the generator's code."""
    a, b = 6_378_137.0, 6_356_752.314_245
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    n = a**2 / np.hypot(a * np.cos(lat), b * np.sin(lat))
    return np.array(
        [
            n * np.cos(lat) * np.cos(lon),
            n * np.cos(lat) * np.sin(lon),
            (b / a) ** 2 * n * np.sin(lat),
        ]
    )


@pytest.mark.parametrize(("x_m", "y_m"), [(1000.0, 0.0), (0.0, 1000.0), (600.0, -800.0)])
def test_a_kilometre_is_a_kilometre_on_the_ellipsoid(x_m: float, y_m: float) -> None:
    lat, lon = to_wgs84(np.array([0.0, x_m]), np.array([0.0, y_m]))
    here, there = (earth_centred(a, b) for a, b in zip(lat, lon, strict=True))
    # The plane ignores how meridians converge: 0.25 m at a kilometre north.
    assert np.linalg.norm(there - here) == pytest.approx(1000.0, abs=0.15)
