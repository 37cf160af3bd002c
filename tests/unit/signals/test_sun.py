"""Tests of the sun's position against another implementation, and of light classes."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import parse_time
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.sun import (
    DAY,
    LIGHT_NAMES,
    NIGHT,
    TWILIGHT,
    apparent_elevation,
    light_class,
    sun_position,
)


def at(*stamps: str) -> Times:
    return np.array([parse_time(stamp) for stamp in stamps], dtype=np.int64)


def spa(t: Times, lat: float, lon: float) -> tuple[Floats, Floats, Floats]:
    """Geometric elevation, azimuth and refracted elevation by NREL's algorithm."""
    import pandas as pd
    from pvlib.solarposition import get_solarposition

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_solarposition(pd.to_datetime(t, utc=True), lat, lon, method="nrel_numpy")
    return (
        found["elevation"].to_numpy(),
        found["azimuth"].to_numpy(),
        found["apparent_elevation"].to_numpy(),
    )


@pytest.mark.parametrize("lat", [-80.0, -45.0, -12.0, 0.0, 23.4, 47.1, 66.6, 80.0])
def test_the_position_is_within_a_twentieth_of_a_degree_of_spa_from_1990_to_2060(
    lat: float,
) -> None:
    rng = np.random.default_rng(round(lat) + 100)
    start, stop = at("1990-01-01T00:00:00Z", "2060-12-31T00:00:00Z")
    t = np.sort(rng.integers(start, stop, 1500))
    lon = float(rng.uniform(-180, 180))
    elevation, azimuth = sun_position(t, lat, lon)
    expected_elevation, expected_azimuth, _ = spa(t, lat, lon)
    assert np.max(np.abs(elevation - expected_elevation)) <= 0.02
    off = np.mod(azimuth - expected_azimuth + 180, 360) - 180
    # Near the zenith the azimuth turns fast; what counts is the angle on the sky.
    assert np.max(np.abs(off * np.cos(np.radians(elevation)))) <= 0.02


def test_midsummer_noon_in_the_tropics_is_overhead() -> None:
    elevation, _ = sun_position(at("2026-06-21T12:02:00Z"), 23.43, 0.0)
    assert elevation[0] == pytest.approx(90.0, abs=0.3)


def test_the_sun_rises_in_the_east_and_sets_in_the_west() -> None:
    elevation, azimuth = sun_position(at("2026-03-20T06:10:00Z", "2026-03-20T18:05:00Z"), 47.0, 0.0)
    assert np.abs(elevation).tolist() == pytest.approx([0, 0], abs=1.5)
    assert azimuth.tolist() == pytest.approx([90, 270], abs=2)


def test_places_may_change_with_time_and_unknown_places_are_unknown() -> None:
    t = at("2026-06-21T12:00:00Z", "2026-06-21T12:00:00Z", "2026-06-21T12:00:00Z")
    elevation, azimuth = sun_position(t, [47.0, -47.0, np.nan], [9.0, 9.0, 9.0])
    alone, _ = sun_position(t[1:2], -47.0, 9.0)
    assert elevation[1] == alone[0]
    assert elevation[0] > elevation[1]
    assert np.isnan(elevation[2])
    assert np.isnan(azimuth[2])


def test_no_times_give_no_positions() -> None:
    elevation, azimuth = sun_position(np.empty(0, dtype=np.int64), 47.0, 9.0)
    assert (elevation.shape, azimuth.shape) == ((0,), (0,))


@given(st.integers(0, 2**62), st.floats(-90, 90), st.floats(-180, 180))
def test_angles_are_always_in_range(t_ns: int, lat: float, lon: float) -> None:
    elevation, azimuth = sun_position(np.array([t_ns]), lat, lon)
    assert -90 <= elevation[0] <= 90
    assert 0 <= azimuth[0] < 360


def test_the_refraction_is_that_of_spa_above_the_horizon() -> None:
    t = parse_time("2026-03-01T00:00:00Z") + np.arange(0, 24 * 3600, 60) * 1_000_000_000
    elevation, _, apparent = spa(t, 50.0, 8.0)
    up = elevation > 0.5
    assert np.max(np.abs(apparent_elevation(elevation)[up] - apparent[up])) < 0.03


def test_refraction_lifts_the_sun_half_a_degree_at_the_horizon_and_nothing_at_the_zenith() -> None:
    found = apparent_elevation([0.0, 45.0, 90.0, -30.0, np.nan])
    expected = [0.482, 45.016, 90.0, -30.0, np.nan]
    assert found.tolist() == pytest.approx(expected, abs=0.02, nan_ok=True)


def test_refraction_has_no_jump_where_its_formula_changes() -> None:
    for limit in (85.0, 5.0, -0.575):
        below, above = apparent_elevation([limit - 1e-9, limit + 1e-9])
        assert below == pytest.approx(above, abs=0.003)


def test_light_changes_at_its_limits() -> None:
    found = light_class([30.0, -0.833, -0.834, -6.0, -6.001, -50.0])
    assert found.tolist() == [DAY, DAY, TWILIGHT, TWILIGHT, NIGHT, NIGHT]
    assert [LIGHT_NAMES[int(code)] for code in found[[0, 2, 4]]] == ["day", "twilight", "night"]


def test_light_of_an_unknown_elevation_is_unknown() -> None:
    assert np.isnan(light_class([np.nan]))[0]


def test_civil_dusk_is_at_the_published_minute() -> None:
    """Greenwich, 2026-01-01: sunset 16:02, end of civil twilight 16:42 UTC (almanac tables)."""
    t = parse_time("2026-01-01T15:30:00Z") + np.arange(90) * 60_000_000_000
    light = light_class(sun_position(t, 51.4779, 0.0)[0])
    sunset = 15 * 60 + 30 + int(np.argmax(light == TWILIGHT))
    dusk = 15 * 60 + 30 + int(np.argmax(light == NIGHT))
    assert sunset == pytest.approx(16 * 60 + 2, abs=1)
    assert dusk == pytest.approx(16 * 60 + 42, abs=1)
