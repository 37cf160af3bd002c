"""Distances against known ones, boxes against distances."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.model.places import (
    EARTH_RADIUS_M,
    boxes_around,
    check_place,
    distance_m,
)

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("a", "b", "expected_m"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 1), math.radians(1) * EARTH_RADIUS_M),
        ((0, 0), (1, 0), math.radians(1) * EARTH_RADIUS_M),
        ((90, 0), (-90, 77), math.pi * EARTH_RADIUS_M),
        ((0, 0), (0, 180), math.pi * EARTH_RADIUS_M),
        ((90, 10), (90, -170), 0),
        (
            (10, 179.5),
            (10, -179.5),
            2
            * EARTH_RADIUS_M
            * math.asin(math.cos(math.radians(10)) * math.sin(math.radians(0.5))),
        ),
    ],
)
def test_known_distances(a: tuple[float, float], b: tuple[float, float], expected_m: float) -> None:
    assert distance_m(*a, *b) == pytest.approx(expected_m, rel=1e-12, abs=1e-6)


def test_a_metre_is_a_metre() -> None:
    step_deg = math.degrees(1.0 / EARTH_RADIUS_M)
    assert distance_m(48.5, 9.0, 48.5 + step_deg, 9.0) == pytest.approx(1.0, rel=1e-6)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_distance_is_symmetric_and_at_most_half_way_round(
    lat: float, lon: float, to_lat: float, to_lon: float
) -> None:
    there, back = distance_m(lat, lon, to_lat, to_lon), distance_m(to_lat, to_lon, lat, lon)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= math.pi * EARTH_RADIUS_M * (1 + 1e-12)


@given(LATITUDES, LONGITUDES, st.floats(0, 2.5e7), LATITUDES, LONGITUDES)
@example(89.0, 0.0, 120_000.0, 89.9, 180.0)
@example(60.0, 179.9, 50_000.0, 60.0, -179.9)
@example(-89.99, 0.0, 1_200.0, -90.0, 90.0)
def test_no_place_within_the_radius_is_outside_the_boxes(
    lat: float, lon: float, radius_m: float, other_lat: float, other_lon: float
) -> None:
    if distance_m(lat, lon, other_lat, other_lon) <= radius_m:
        assert any(
            box.lat_min_deg <= other_lat <= box.lat_max_deg
            and box.lon_min_deg <= other_lon <= box.lon_max_deg
            for box in boxes_around(lat, lon, radius_m)
        )


def test_a_box_is_hardly_larger_than_the_circle() -> None:
    (box,) = boxes_around(48.5, 9.0, 5_000.0)
    assert distance_m(48.5, 9.0, box.lat_max_deg, 9.0) == pytest.approx(5_000, rel=1e-3)
    assert distance_m(48.5, 9.0, 48.5, box.lon_max_deg) == pytest.approx(5_000, rel=1e-3)


def test_boxes_are_cut_at_the_date_line_and_whole_at_the_poles() -> None:
    assert len(boxes_around(0.0, 179.99, 5_000.0)) == 2
    assert len(boxes_around(0.0, -179.99, 5_000.0)) == 2
    (cap,) = boxes_around(89.99, 12.0, 5_000.0)
    assert (cap.lon_min_deg, cap.lon_max_deg) == (-180.0, 180.0)


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.1, 0), (-91, 0), (0, 180.1), (0, -181), (math.nan, 0), (0, math.inf)]
)
def test_places_off_the_earth_are_refused(lat: float, lon: float) -> None:
    with pytest.raises(InputError, match="no place"):
        check_place(lat, lon)


def test_the_corners_of_the_map_are_places() -> None:
    for lat in (-90, 90):
        for lon in (-180, 180):
            check_place(lat, lon)


@pytest.mark.parametrize("radius_m", [-1.0, math.nan, math.inf])
def test_a_radius_that_is_no_distance_is_refused(radius_m: float) -> None:
    with pytest.raises(InputError, match="is not a distance"):
        boxes_around(48.5, 9.0, radius_m)
