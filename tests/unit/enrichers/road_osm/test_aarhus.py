"""A real city of whose roads only the lines are known: no tags, no ids, 7118 of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from avdataops.enrichers.road_osm import Area, Extract, read_extract
from avdataops.ports.files import BytesFile
from avdataops.signals.road_graph import road_graph
from avdataops.signals.roads import JUNCTION_LEGS, Plane, leg_counts
from benchmarks.accuracy import map_match

CITY = Area(56.119, 10.145, 56.190, 10.251)


def _refs(line: list[tuple[float, ...]], ids: dict[tuple[float, ...], int]) -> str:
    return "".join(f'<nd ref="{ids[place]}"/>' for place in line)


@pytest.fixture(scope="module")
def aarhus(real_data: Path) -> Extract:
    """The lines as an OSM extract, whose ways meet where their places are equal."""
    path = real_data / "derived" / "aarhus_road_geometry.geojson"
    lines = [
        [tuple(place) for place in feature["geometry"]["coordinates"]]
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    ]
    ids: dict[tuple[float, ...], int] = {}
    for line in lines:
        for place in line:
            ids.setdefault(place, len(ids) + 1)
    nodes = "".join(f'<node id="{i}" lat="{lat}" lon="{lon}"/>' for (lon, lat), i in ids.items())
    ways = "".join(
        f'<way id="{number}">{_refs(line, ids)}<tag k="highway" v="unclassified"/></way>'
        for number, line in enumerate(lines, start=1)
    )
    text = f'<osm version="0.6">{nodes}{ways}</osm>'
    return read_extract(BytesFile("aarhus.osm", text.encode()), max_mb=64)


def test_every_line_is_a_road_within_the_city(aarhus: Extract) -> None:
    assert aarhus.attributes.num_rows == 7118
    assert aarhus.box is not None
    assert CITY.south < aarhus.box.south < aarhus.box.north < CITY.north
    assert CITY.west < aarhus.box.west < aarhus.box.east < CITY.east
    assert np.count_nonzero(leg_counts(aarhus.edges) >= JUNCTION_LEGS) > 2000
    # What no tag states is unknown, and nothing is made up.
    assert aarhus.attributes["speed_limit_mps"].null_count == 7118
    assert aarhus.attributes["lanes"].null_count == 7118
    assert aarhus.schools == ()


@pytest.mark.parametrize(("sigma_m", "near_m"), [(1.0, 5.0), (5.0, 15.0)])
def test_a_drive_through_it_is_put_where_it_was(
    aarhus: Extract, sigma_m: float, near_m: float
) -> None:
    # Lines that lie side by side or twice, without a tag that tells them apart, leave the way open
    # even without noise; the place is known all the same.
    graph = road_graph(aarhus.edges, Plane(aarhus.edges.nodes))
    rng = np.random.default_rng(12)
    drive = map_match.random_drive(graph, rng, length_m=5_000.0, rate_hz=1.0)
    trace = map_match.noisy(drive, rng, sigma_m)
    off_m = np.full(drive.s_m.size, np.inf)
    for one in map_match.matched_routes(graph, trace):
        x, y, _ = graph.place(*one.at(one.s_m))
        off_m[one.rows] = np.hypot(x - drive.x_m[one.rows], y - drive.y_m[one.rows])
    assert np.mean(off_m <= near_m) >= 0.95
    assert np.median(off_m) <= sigma_m + 1.0
