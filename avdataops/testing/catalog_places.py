"""Catalog behaviour: scenes near a place, anywhere on earth."""

import math
from dataclasses import replace

import pytest

from avdataops.model.errors import InputError
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Catalog, SceneQuery
from avdataops.ports.questions import Near
from avdataops.testing.catalog_store import fill, ids
from avdataops.testing.facts import scene, uploaded

M = uploaded().id

EARTH_RADIUS_M = 6_371_008.8
DEGREE_M = math.radians(1.0) * EARTH_RADIUS_M
"""One degree of a great circle."""


def _at(lat_deg: float | None, lon_deg: float | None, number: int = 0) -> Scene:
    return replace(scene(M, "cut_in", number), lat_deg=lat_deg, lon_deg=lon_deg)


def _angle(one: Scene, lat_deg: float, lon_deg: float) -> float:
    """Return the angle at the centre of the earth, by vectors: unlike the haversine formula."""
    a, b = (
        (
            math.cos(math.radians(lat)) * math.cos(math.radians(lon)),
            math.cos(math.radians(lat)) * math.sin(math.radians(lon)),
            math.sin(math.radians(lat)),
        )
        for lat, lon in ((one.lat_deg or 0.0, one.lon_deg or 0.0), (lat_deg, lon_deg))
    )
    cross = (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
    return math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(a, b, strict=True)))


class PlaceBehaviour:
    """Great-circle distance on a sphere of the mean radius."""

    def test_the_radius_is_exact_to_a_centimetre(self, catalog: Catalog) -> None:
        """Float32 coordinates, half a metre apart, would not do."""
        near, far = _at(48.5 + 0.999 / DEGREE_M, 9.0), _at(48.5 + 1.01 / DEGREE_M, 9.0, 1)
        fill(catalog, [near, far])
        assert ids(catalog.scenes(SceneQuery(near=Near(48.5, 9.0, 1.0)))) == [near.id]
        assert ids(catalog.scenes(SceneQuery(near=Near(48.5, 9.0, 1.02)))) == [near.id, far.id]

    def test_the_place_itself_is_within_any_radius(self, catalog: Catalog) -> None:
        """Also within none at all."""
        here = _at(48.123456789, 9.987654321)
        fill(catalog, [here, _at(48.2, 9.9, 1)])
        assert ids(catalog.scenes(SceneQuery(near=Near(48.123456789, 9.987654321, 0.0)))) == [
            here.id
        ]

    def test_scenes_without_a_whole_place_are_near_nothing(self, catalog: Catalog) -> None:
        """Unknown is not somewhere."""
        fill(catalog, [_at(None, None), _at(0.0, None, 1), _at(None, 0.0, 2), _at(0.0, 0.0, 3)])
        everywhere = SceneQuery(near=Near(0.0, 0.0, 1e9))
        assert ids(catalog.scenes(everywhere)) == [_at(0.0, 0.0, 3).id]
        assert catalog.count_scenes(everywhere) == {"cut_in": 1}

    def test_the_date_line_is_no_border(self, catalog: Catalog) -> None:
        """From both sides of it, and from on it."""
        west, east = _at(-17.0, 179.999), _at(-17.0, -179.999, 1)
        on, also_on, far = _at(-17.0, 180.0, 2), _at(-17.0, -180.0, 3), _at(-17.0, 0.0, 4)
        fill(catalog, [west, east, on, also_on, far])
        expected = ids([west, east, on, also_on])
        for lon_deg in (179.9995, -179.9995, 180.0, -180.0):
            query = SceneQuery(near=Near(-17.0, lon_deg, 1_000.0))
            assert ids(catalog.scenes(query)) == expected

    def test_around_a_pole_every_longitude_is_near(self, catalog: Catalog) -> None:
        """Beyond the pole too."""
        ring = [_at(89.999, lon, number) for number, lon in enumerate((-180, -90, 0, 90, 179))]
        fill(catalog, [*ring, _at(89.9, 0.0, 9)])
        for lat_deg, lon_deg in ((90.0, 0.0), (90.0, 77.0), (89.9999, -33.0)):
            query = SceneQuery(near=Near(lat_deg, lon_deg, 200.0))
            assert ids(catalog.scenes(query)) == ids(ring)
        south = SceneQuery(near=Near(-90.0, 0.0, 200.0))
        assert catalog.scenes(south) == []

    @pytest.mark.parametrize(
        ("lat_deg", "lon_deg"),
        [(0, 0), (48.5, 9.1), (-75, 179), (88.9, -120), (-90, 0), (60, -180)],
    )
    def test_near_is_what_measuring_every_scene_would_say(
        self, catalog: Catalog, lat_deg: float, lon_deg: float
    ) -> None:
        """Over a grid of the whole earth and one around the place."""
        grid = [
            (float(lat), float(lon)) for lat in range(-90, 91, 15) for lon in range(-180, 181, 20)
        ]
        grid += [
            (max(-90.0, min(90.0, lat_deg + a)), (lon_deg + b + 540) % 360 - 180)
            for a in (-1.19, -0.009, 0.0, 1.21)
            for b in (-2.4, -0.009, 0.0, 1.19)
        ]
        scenes = [_at(lat, lon, number) for number, (lat, lon) in enumerate(grid)]
        fill(catalog, scenes)
        for radius_deg in (0.01, 1.2, 31.0, 95.0, 200.0):
            query = SceneQuery(near=Near(lat_deg, lon_deg, radius_deg * DEGREE_M))
            reach = math.radians(radius_deg)
            expected = [one.id for one in scenes if _angle(one, lat_deg, lon_deg) <= reach]
            assert ids(catalog.scenes(query, limit=0)) == expected, radius_deg

    @pytest.mark.parametrize(
        "wrong",
        [
            Near(91.0, 0.0, 1.0),
            Near(0.0, 181.0, 1.0),
            Near(math.nan, 0.0, 1.0),
            Near(0.0, 0.0, -1.0),
            Near(0.0, 0.0, math.nan),
            Near(0.0, 0.0, math.inf),
        ],
    )
    def test_places_and_distances_that_cannot_be_are_refused(
        self, catalog: Catalog, wrong: Near
    ) -> None:
        """With a sentence, not with an empty answer."""
        with pytest.raises(InputError):
            catalog.scenes(SceneQuery(near=wrong))
