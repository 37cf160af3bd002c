"""Tests of places, distances, bearings and angles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from avdataops.signals.geo import (
    bearing_rad,
    haversine_m,
    heading_from_course,
    segment_distance_m,
    to_local,
    to_wgs84,
    wrap_pi,
)

A, F = 6_378_137.0, 1 / 298.257223563
E2 = F * (2 - F)

latitudes = st.floats(-89, 89)
longitudes = st.floats(-180, 180)


def meridian_arc_m(lat_from: float, lat_to: float) -> float:
    """Length along the meridian by integration of its radius of curvature."""

    def radius(lat: float) -> float:
        return float(A * (1 - E2) / (1 - E2 * math.sin(lat) ** 2) ** 1.5)

    return float(quad(radius, math.radians(lat_from), math.radians(lat_to), epsabs=1e-6)[0])


@pytest.mark.parametrize("lat0", [0.0, 47.1, -33.9, 70.0])
def test_north_is_the_length_of_the_meridian_to_a_centimetre_at_10_km(lat0: float) -> None:
    east, north = to_local(lat0 + 0.09, 9.5, lat0, 9.5)
    assert float(north) == pytest.approx(meridian_arc_m(lat0, lat0 + 0.09), abs=0.01)
    assert float(east) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("lat0", [0.0, 47.1, -33.9, 70.0])
def test_east_follows_the_parallel_and_bends_north_of_the_tangent(lat0: float) -> None:
    radius = A / math.sqrt(1 - E2 * math.sin(math.radians(lat0)) ** 2)
    turned = math.radians(0.1)
    east, north = to_local(lat0, 9.6, lat0, 9.5)
    across = radius * math.cos(math.radians(lat0))
    assert float(east) == pytest.approx(across * math.sin(turned), abs=1e-6)
    bend = across * math.sin(math.radians(lat0)) * (1 - math.cos(turned))
    assert float(north) == pytest.approx(bend, abs=1e-6)


def test_the_origin_is_zero() -> None:
    east, north = to_local(56.16, 10.2, 56.16, 10.2)
    assert (float(east), float(north)) == (0.0, 0.0)


@given(latitudes, longitudes, st.floats(-20_000, 20_000), st.floats(-20_000, 20_000))
def test_there_and_back_is_exact(lat0: float, lon0: float, east_m: float, north_m: float) -> None:
    lat, lon = to_wgs84(east_m, north_m, lat0, lon0)
    east, north = to_local(lat, lon, lat0, lon0)
    assert float(east) == pytest.approx(east_m, abs=1e-5)
    assert float(north) == pytest.approx(north_m, abs=1e-5)


@given(latitudes, longitudes, st.floats(-5_000, 5_000), st.floats(-5_000, 5_000))
def test_local_distances_agree_with_the_sphere_within_its_error(
    lat0: float, lon0: float, east_m: float, north_m: float
) -> None:
    lat, lon = to_wgs84(east_m, north_m, lat0, lon0)
    far = math.hypot(east_m, north_m)
    assert float(haversine_m(lat0, lon0, lat, lon)) == pytest.approx(far, rel=0.006, abs=1e-3)


def test_arrays_keep_their_shape_and_unknown_places_stay_unknown() -> None:
    lat = np.array([[47.0, np.nan], [47.1, 47.2]])
    east, north = to_local(lat, 9.5, 47.0, 9.5)
    assert east.shape == north.shape == (2, 2)
    assert np.isnan(east).tolist() == [[False, True], [False, False]]
    back, _ = to_wgs84(east, north, 47.0, 9.5)
    assert back == pytest.approx(lat, abs=1e-9, nan_ok=True)


def test_a_place_beyond_the_ellipsoid_is_unknown() -> None:
    lat, lon = to_wgs84(7e6, 0.0, 0.0, 0.0)
    assert np.isnan(lat)
    assert np.isnan(lon)


def test_known_great_circle_distances() -> None:
    quarter = math.pi / 2 * 6_371_008.8
    assert float(haversine_m(0, 0, 0, 90)) == pytest.approx(quarter)
    assert float(haversine_m(0, 0, 90, 33)) == pytest.approx(quarter)
    assert float(haversine_m(10, 20, -10, -160)) == pytest.approx(2 * quarter)
    assert haversine_m([0, 0], [0, 0], [0, np.nan], [0, 0]).tolist()[0] == 0.0


def test_bearings_are_clockwise_from_north() -> None:
    found = np.degrees(bearing_rad(0, 0, [1, 0, -1, 0], [0, 1, 0, -1]))
    assert found.tolist() == pytest.approx([0, 90, 180, 270])


def test_a_bearing_starts_along_the_great_circle() -> None:
    assert math.degrees(float(bearing_rad(50, 0, 50, 90))) == pytest.approx(52.5, abs=0.1)


def test_a_place_has_no_bearing_to_itself() -> None:
    assert np.isnan(bearing_rad(50, 8, 50, 8))
    assert np.isnan(bearing_rad(np.nan, 8, 50, 8))


@given(latitudes, longitudes, latitudes, longitudes)
def test_bearings_stay_below_a_full_turn(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    found = float(bearing_rad(lat1, lon1, lat2, lon2))
    assert np.isnan(found) or 0 <= found < 2 * math.pi


def test_courses_become_yaw_counter_clockwise_from_east() -> None:
    yaw = heading_from_course([0.0, 90.0, 180.0, 270.0, 359.0, np.nan])
    assert np.degrees(yaw).tolist() == pytest.approx([90, 0, -90, 180, 91, np.nan], nan_ok=True)


@given(st.floats(-1e4, 1e4))
def test_wrapped_angles_are_in_range_and_the_same_direction(angle: float) -> None:
    wrapped = float(wrap_pi(angle))
    assert -math.pi < wrapped <= math.pi
    assert math.cos(wrapped - angle) == pytest.approx(1.0)
    if -math.pi < angle <= math.pi:
        assert wrapped == angle


def test_half_a_turn_is_plus_pi_from_either_side() -> None:
    assert wrap_pi([math.pi, -math.pi, 3 * math.pi, np.nan]).tolist() == pytest.approx(
        [math.pi, math.pi, math.pi, np.nan], nan_ok=True
    )


def test_the_distance_from_a_segment_is_that_of_its_nearest_point() -> None:
    x, y = np.array([-3.0, 5.0, 13.0]), np.array([4.0, 2.0, -4.0])
    zero, ten = np.array(0.0), np.array(10.0)
    distance, fraction = segment_distance_m((x, y), (zero, zero), (ten, zero))
    assert distance.tolist() == pytest.approx([5, 2, 5])
    assert fraction.tolist() == pytest.approx([0, 0.5, 1])


def test_points_against_segments_make_a_matrix() -> None:
    points = (np.zeros((4, 1)), np.arange(4.0)[:, None])
    starts, stops = (np.zeros(3), np.zeros(3)), (np.ones(3), np.array([0.0, 1.0, 2.0]))
    distance, fraction = segment_distance_m(points, starts, stops)
    assert distance.shape == fraction.shape == (4, 3)
    assert distance[2].tolist() == pytest.approx([2, math.sqrt(2), 1 / math.sqrt(1.25)])


def test_a_segment_without_length_is_a_point() -> None:
    one = np.array([1.0])
    distance, fraction = segment_distance_m(
        (np.array([4.0]), np.array([5.0])), (one, one), (one, one)
    )
    assert (distance.tolist(), fraction.tolist()) == ([5.0], [0.0])
