"""What an extract knows of ticks: schools, gaps, breaks of the route, and shapes of junctions."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.enrichers.road_osm.along import MEASURED, OnRoad, on_roads, school_distance_m
from avdataops.enrichers.road_osm.extract import Extract, read_extract
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.signals.arrays import Floats
from avdataops.signals.map_matching import MatchLimits
from avdataops.signals.roads import Points

LAT, LON, DEG_M = 47.1, 9.5, 75_940.0
STEP_DEG = 0.0002
"""Of longitude, 15.2 m."""
Lines = dict[int, tuple[list[tuple[float, float]], str]]
"""Way -> its nodes in steps east and north, and its tags."""


def extract(lines: Lines, extra: str = "") -> Extract:
    """The roads, whose nodes are shared where their places are equal."""
    ids: dict[tuple[float, float], int] = {}
    ways = []
    for way, (nodes, tags) in lines.items():
        refs = [ids.setdefault(node, len(ids) + 1) for node in nodes]
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        ways.append(f'<way id="{way}">{inner}<tag k="highway" v="primary"/>{tags}</way>')
    places = "".join(
        f'<node id="{i}" lat="{LAT + STEP_DEG * y:.7f}" lon="{LON + STEP_DEG * x:.7f}"/>'
        for (x, y), i in ids.items()
    )
    text = f'<osm version="0.6">{places}{extra}{"".join(ways)}</osm>'
    return read_extract(BytesFile("map.osm", text.encode()), max_mb=1)


def eastwards(count: int) -> Track:
    """A step to the east each second, at the speed that this is."""
    lon: Floats = LON + STEP_DEG * np.arange(count, dtype=np.float64)
    t = np.arange(count, dtype=np.int64) * NS_PER_S
    speed = np.full(count, STEP_DEG * DEG_M)
    return Track(t, np.full(count, LAT + 1e-6), lon, np.zeros(count), speed)


def found(given: Extract, track: Track) -> list[OnRoad]:
    rows = np.flatnonzero(np.isfinite(track.lat_deg))
    return on_roads(given, track, rows, MatchLimits(), 2.0)


STRAIGHT: Lines = {1: ([(0, 0), (40, 0)], "")}


def test_every_column_is_told_of_every_tick() -> None:
    (one,) = found(extract(STRAIGHT), eastwards(20))
    assert set(one.measured) == set(MEASURED)
    assert all(values.size == 20 for values in one.measured.values())
    assert one.rows.tolist() == list(range(20))
    assert one.junction_kind == (None,) * 20


def test_no_rows_and_no_roads_tell_nothing() -> None:
    assert on_roads(extract(STRAIGHT), eastwards(5), np.empty(0, np.int64), MatchLimits(), 2) == []
    assert found(extract({}), eastwards(5)) == []


def test_the_route_begins_anew_where_it_was_lost() -> None:
    apart = extract({1: ([(0, 0), (20, 0)], ""), 2: ([(26, 0), (60, 0)], "")})
    one, other = found(apart, eastwards(60))
    assert one.way.tolist() == [0] * one.rows.size
    assert other.way.tolist() == [1] * other.rows.size
    assert one.measured["route_m"][0] == other.measured["route_m"][0] == 0.0
    assert one.rows[-1] < other.rows[0]


def hidden(track: Track, rows: range) -> Track:
    lat: Floats = track.lat_deg.copy()
    lat[list(rows)] = np.nan
    return replace(track, lat_deg=lat)


def test_a_gap_is_filled_where_the_wheels_agree_with_the_route() -> None:
    (one,) = found(extract(STRAIGHT), hidden(eastwards(30), range(10, 20)))
    assert one.rows.tolist() == list(range(30))
    assert np.diff(one.measured["route_m"]) == pytest.approx(np.full(29, 15.19), abs=0.1)
    assert np.flatnonzero(np.isnan(one.measured["road_distance_m"])).tolist() == [*range(10, 20)]


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.5, np.nan])
def test_a_gap_stays_open_where_they_do_not(factor: float) -> None:
    track = hidden(eastwards(30), range(10, 20))
    speed = track.speed_mps.copy()
    speed[10:20] *= factor
    (one,) = found(extract(STRAIGHT), replace(track, speed_mps=speed))
    assert one.rows.tolist() == [*range(10), *range(20, 30)]


def test_a_stop_in_a_tunnel_is_told_by_the_wheels() -> None:
    track = hidden(eastwards(40), range(10, 30))
    lon, speed = track.lon_deg.copy(), track.speed_mps.copy()
    lon[30:] -= 10 * STEP_DEG
    speed[15:25] = 0.0
    (one,) = found(extract(STRAIGHT), replace(track, lon_deg=lon, speed_mps=speed))
    stands = np.diff(one.measured["route_m"])[15:24]
    assert one.rows.size == 40
    assert stands == pytest.approx(np.zeros(9), abs=1e-6)


def test_the_shape_is_that_of_the_nearest_junction_on_the_route() -> None:
    roads = extract(
        {
            1: ([(0, 0), (10, 0), (30, 0), (40, 0)], ""),
            2: ([(10, 0), (10, 10)], ""),
            3: ([(30, -10), (30, 0), (30, 10)], ""),
        }
    )
    (one,) = found(roads, eastwards(40))
    assert one.junction_kind[2] == one.junction_kind[18] == "t_junction"
    assert one.junction_kind[22] == one.junction_kind[39] == "crossroad"


def test_a_road_across_on_a_bridge_is_no_junction() -> None:
    over = '<tag k="bridge" v="yes"/>'
    roads = extract({1: ([(0, 0), (40, 0)], ""), 2: ([(20, -10), (20, 10)], over)})
    (one,) = found(roads, eastwards(40))
    assert set(one.junction_kind) == {None}
    assert one.way.tolist() == [0] * 40
    assert np.isnan(one.measured["bridge_ahead_m"]).all()


SCHOOL = """<node id="91" lat="47.1010" lon="9.5000"/><node id="92" lat="47.1010" lon="9.5020"/>
  <node id="93" lat="47.1030" lon="9.5020"/><node id="94" lat="47.1030" lon="9.5000"/>
  <way id="9"><nd ref="91"/><nd ref="92"/><nd ref="93"/><nd ref="94"/><nd ref="91"/>
  <tag k="amenity" v="school"/></way>"""


def test_a_school_is_as_far_as_the_edge_of_its_ground() -> None:
    given = extract(STRAIGHT, SCHOOL)
    places = Points(np.array([47.1000, 47.1020, 47.1032]), np.array([9.5010, 9.5010, 9.5010]))
    assert school_distance_m(given, places) == pytest.approx([111.2, 0.0, 22.2], abs=0.3)


def test_without_a_school_within_100_km_the_distance_is_unknown() -> None:
    here = Points(np.array([47.1]), np.array([9.5]))
    assert np.isnan(school_distance_m(extract(STRAIGHT), here)).all()
    far = Points(np.array([-47.1]), np.array([-170.0]))
    assert np.isnan(school_distance_m(extract(STRAIGHT, SCHOOL), far)).all()
    none = Points(np.empty(0), np.empty(0))
    assert school_distance_m(extract(STRAIGHT, SCHOOL), none).size == 0
