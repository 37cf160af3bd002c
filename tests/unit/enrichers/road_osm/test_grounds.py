"""Schools that are relations: rings of several ways, holes, and what an extract lacks of them."""

import osmium
import pytest
import shapely

from avdataops.enrichers.road_osm import read_extract
from avdataops.enrichers.road_osm.grounds import Grounds, is_known
from avdataops.ports.files import BytesFile

PLACES = {
    1: (0, 0),
    2: (40, 0),
    3: (40, 40),
    4: (0, 40),
    5: (10, 10),
    6: (20, 10),
    7: (20, 20),
    8: (10, 20),
    9: (60, 0),
    10: (80, 0),
    11: (70, 20),
}
"""Node -> place, in 1e-4 degrees from 47 N 9 E."""


def _node(number: int) -> str:
    x, y = PLACES[number]
    return f'<node id="{number}" lat="{47 + y / 1e4}" lon="{9 + x / 1e4}"/>'


def _way(number: int, *nodes: int, tags: str = "") -> str:
    refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
    return f'<way id="{number}">{refs}{tags}</way>'


def _relation(
    *members: tuple[int, str], kind: str = "multipolygon", amenity: str = "school"
) -> str:
    told = "".join(f'<member type="way" ref="{way}" role="{role}"/>' for way, role in members)
    tags = f'<tag k="type" v="{kind}"/><tag k="amenity" v="{amenity}"/>'
    return f'<relation id="1">{told}{tags}</relation>'


def _schools(*parts: str, without: tuple[int, ...] = ()) -> tuple[shapely.Geometry, ...]:
    nodes = "".join(_node(number) for number in PLACES if number not in without)
    text = f'<osm version="0.6">{nodes}{"".join(parts)}</osm>'
    return read_extract(BytesFile("s.osm", text.encode()), max_mb=1).schools


def _cells(ground: shapely.Geometry) -> float:
    """Return the area in cells of 1e-4 degrees."""
    return float(shapely.area(ground)) * 1e8


SQUARE = (_way(21, 1, 2, 3), _way(22, 1, 4, 3))
HOLE = _way(23, 5, 6, 7, 8, 5)


def test_ways_that_meet_enclose_a_ground_in_whatever_direction_they_run() -> None:
    (ground,) = _schools(*SQUARE, _relation((21, "outer"), (22, "outer")))
    assert ground.geom_type == "Polygon"
    assert _cells(ground) == pytest.approx(1600)


def test_a_hole_is_no_part_of_the_ground() -> None:
    relation = _relation((21, "outer"), (23, "inner"), (22, "outer"))
    (ground,) = _schools(*SQUARE, HOLE, relation)
    assert _cells(ground) == pytest.approx(1500)
    assert not shapely.contains_xy(ground, 9.0015, 47.0015)


def test_two_grounds_of_one_school_are_both_its_ground() -> None:
    relation = _relation((23, "outer"), (24, "outer"))
    (ground,) = _schools(HOLE, _way(24, 9, 10, 11, 9), relation)
    assert ground.geom_type == "MultiPolygon"
    assert _cells(ground) == pytest.approx(300)


def test_members_without_a_role_bound_the_ground() -> None:
    (ground,) = _schools(*SQUARE, _relation((21, ""), (22, "")))
    assert _cells(ground) == pytest.approx(1600)


def test_a_ground_that_the_edge_of_the_extract_cuts_is_points() -> None:
    (ground,) = _schools(*SQUARE, _relation((21, "outer"), (22, "outer")), without=(4,))
    assert ground.geom_type == "MultiPoint"
    assert len(ground.geoms) == 5
    (half,) = _schools(SQUARE[0], _relation((21, "outer"), (22, "outer")))
    assert len(half.geoms) == 3


def test_a_hole_as_large_as_the_ground_is_no_hole() -> None:
    relation = _relation((23, "outer"), (25, "inner"))
    (ground,) = _schools(HOLE, _way(25, 5, 6, 7, 8, 5), relation)
    assert _cells(ground) == pytest.approx(100)


@pytest.mark.parametrize(
    "relation",
    [
        _relation((21, "outer"), (22, "outer"), kind="site"),
        _relation((21, "outer"), (22, "outer"), amenity="university"),
        _relation((98, "outer"), (99, "outer")),
        _relation(),
    ],
    ids=["no multipolygon", "no school", "ways elsewhere", "no members"],
)
def test_other_relations_are_no_grounds(relation: str) -> None:
    assert _schools(*SQUARE, relation) == ()


def test_a_kindergarten_counts_and_so_does_a_tagged_way_beside_it() -> None:
    tagged = _way(24, 9, 10, 11, 9, tags='<tag k="amenity" v="school"/>')
    found = _schools(
        *SQUARE, tagged, _relation((21, "outer"), (22, "outer"), amenity="kindergarten")
    )
    assert sorted(round(_cells(one)) for one in found) == [200, 1600]


def test_a_ground_of_too_many_ways_is_not_looked_at() -> None:
    many = [(21, "outer")] * 10_001
    assert _schools(*SQUARE, _relation(*many)) == ()


def test_the_extract_is_not_read_again_where_no_relation_is_a_school() -> None:
    grounds = Grounds()
    nowhere = osmium.io.File("/nowhere.osm", "osm")
    places = osmium.NodeLocationsForWays(osmium.index.create_map("sparse_mem_array"))
    grounds.read_members(nowhere, places)
    assert grounds.shapes == []


@pytest.mark.parametrize(
    ("x", "y", "known"),
    [
        (0, 0, True),
        (1_800_000_000, -900_000_000, True),
        (1_800_000_001, 0, False),
        (0, 2**31 - 1, False),
    ],
)
def test_a_place_off_the_globe_is_unknown(x: int, y: int, *, known: bool) -> None:
    assert is_known(x, y) is known
    grounds = Grounds()
    grounds.add([(x, y)])
    assert bool(grounds.shapes) is known
