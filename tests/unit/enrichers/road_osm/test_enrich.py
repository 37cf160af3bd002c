"""Road context along a track, on a tiny map and on real ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.enrichers.road_osm import ROAD_OSM, Params, enrich, read_extract
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.signals.geo import to_wgs84
from avdataops.testing.step_tables import RecordingContext, memory_table
from benchmarks.accuracy import map_match

NAN = float("nan")
EAST, NORTH, WEST = 0.0, np.pi / 2, np.pi
# A main road west to east with a lit crossroads in the middle, and a one-way side road north.
TINY = """<osm version="0.6">
  <node id="1" lat="47.1000" lon="9.5000"/>
  <node id="2" lat="47.1000" lon="9.5040"><tag k="highway" v="traffic_signals"/></node>
  <node id="3" lat="47.1000" lon="9.5080"><tag k="highway" v="crossing"/></node>
  <node id="4" lat="47.1030" lon="9.5040"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
    <tag k="highway" v="primary"/><tag k="maxspeed" v="50"/><tag k="lanes" v="2"/></way>
  <way id="11"><nd ref="2"/><nd ref="4"/>
    <tag k="highway" v="residential"/><tag k="tunnel" v="yes"/><tag k="oneway" v="yes"/></way>
</osm>"""
SHA = "ab12cd34ef56" + "0" * 52


def map_file(text: str | bytes = TINY, *, name: str = "map", sha256: str = SHA) -> InputFile:
    data = text.encode() if isinstance(text, str) else text
    artifact = memory_table(pa.table({}), kind="reference", name=name).artifact
    return InputFile(replace(artifact, sha256=sha256), BytesFile(name, data))


def track(*places: tuple[float, float], heading: float = EAST, speed: float = 10.0) -> Track:
    n = len(places)
    return Track(
        np.arange(n, dtype=np.int64) * NS_PER_S,
        np.array([lat for lat, _ in places], dtype=np.float64),
        np.array([lon for _, lon in places], dtype=np.float64),
        np.full(n, heading),
        np.full(n, speed),
    )


def run(
    drive: Track, *files: InputFile, params: Params | None = None
) -> tuple[dict[str, list[Any]], list[str]]:
    context = RecordingContext()
    found = enrich(context, drive, files, params or Params())
    return {name: column.to_pylist() for name, column in found.items()}, [
        problem.code for problem in context.caveats
    ]


def test_a_tick_on_a_road_gets_what_the_map_states() -> None:
    found, problems = run(track((47.10005, 9.5020)), map_file())
    assert problems == []
    assert set(found) == set(ROAD_OSM.columns)
    assert found["way_id"] == [10]
    assert found["road_class"] == ["primary"]
    assert found["speed_limit_mps"] == [pytest.approx(13.889, abs=1e-3)]
    assert found["lanes"] == [2]
    assert found["tunnel"] == found["bridge"] == found["roundabout"] == [False]
    assert found["road_heading_rad"] == [pytest.approx(0.0, abs=1e-3)]
    assert found["road_distance_m"] == [pytest.approx(5.56, abs=0.02)]
    # 0.002 degrees of longitude at 47.1 degrees are 151.8 m.
    assert found["junction_distance_m"] == [pytest.approx(151.9, abs=0.3)]
    assert found["traffic_signal_distance_m"] == [pytest.approx(151.9, abs=0.3)]
    assert found["crossing_distance_m"] == [pytest.approx(455.5, abs=1.0)]
    assert found["map_source"] == ["ab12cd34ef56"]


def test_at_a_junction_the_heading_decides() -> None:
    at = (47.10002, 9.50402)
    assert run(track(at, heading=EAST), map_file())[0]["way_id"] == [10]
    north, _ = run(track(at, heading=NORTH), map_file())
    assert north["way_id"] == [11]
    assert north["tunnel"] == [True]
    assert north["speed_limit_mps"] == north["lanes"] == [None]


def test_a_one_way_road_is_not_driven_against_its_direction() -> None:
    at = (47.1015, 9.50402)
    assert run(track(at, heading=NORTH), map_file())[0]["way_id"] == [11]
    assert run(track(at, heading=-NORTH), map_file())[0]["way_id"] == [None]


def test_the_road_heading_is_that_of_the_drive() -> None:
    found, _ = run(track((47.1, 9.502), heading=WEST), map_file())
    (driven,) = found["road_heading_rad"]
    assert np.cos(driven) == pytest.approx(-1.0, abs=1e-5)


def test_at_walking_pace_the_heading_does_not_count() -> None:
    drive = track((47.1, 9.502), heading=NORTH, speed=1.9)
    assert run(drive, map_file())[0]["way_id"] == [10]
    assert run(replace(drive, speed_mps=np.array([2.0])), map_file())[0]["way_id"] == [None]
    assert run(replace(drive, speed_mps=np.array([NAN])), map_file())[0]["way_id"] == [10]


def test_off_the_road_the_distances_stay_and_the_road_is_unknown() -> None:
    found, problems = run(track((47.1010, 9.5020)), map_file())
    assert found["way_id"] == found["road_class"] == found["tunnel"] == [None]
    assert found["road_distance_m"] == found["road_heading_rad"] == [None]
    assert found["junction_distance_m"] == [pytest.approx(188.4, abs=0.5)]
    assert found["map_source"] == ["ab12cd34ef56"]
    assert problems == []


def test_the_largest_distance_is_a_parameter() -> None:
    drive = track((47.1005, 9.5020))
    assert run(drive, map_file())[0]["way_id"] == [None]
    assert run(drive, map_file(), params=Params(max_distance_m=60))[0]["way_id"] == [10]


def test_an_unknown_position_knows_nothing() -> None:
    found, problems = run(track((47.1, 9.502), (NAN, NAN), (47.1, NAN)), map_file())
    assert found["way_id"] == [10, None, None]
    assert found["map_source"] == ["ab12cd34ef56", None, None]
    assert found["junction_distance_m"][1:] == [None, None]
    assert problems == []


def test_outside_the_map_all_is_null_and_it_says_so() -> None:
    found, problems = run(track((47.2, 9.502), (-47.1, -170.498)), map_file())
    assert all(values == [None, None] for values in found.values())
    assert problems == ["outside_map"]


def test_without_a_map_all_is_null_and_it_says_so() -> None:
    found, problems = run(track((47.1, 9.502)))
    assert set(found) == set(ROAD_OSM.columns)
    assert all(values == [None] for values in found.values())
    assert problems == ["no_map"]


def test_a_damaged_map_is_a_caveat_and_another_one_still_counts() -> None:
    found, problems = run(track((47.1, 9.502)), map_file(TINY[:-20], name="bad"), map_file())
    assert found["way_id"] == [10]
    assert problems == ["map_unreadable"]


def test_a_damaged_map_alone_leaves_the_road_unknown() -> None:
    found, problems = run(track((47.1, 9.502)), map_file("not a map"))
    assert found["way_id"] == [None]
    assert problems == ["map_unreadable", "outside_map"]


def test_each_tick_is_looked_up_in_the_map_that_has_its_road() -> None:
    moved = TINY.replace("47.1", "48.1").replace('id="10"', 'id="20"')
    other = map_file(moved, name="other", sha256="f" * 64)
    drive = track((48.1, 9.502), (47.1, 9.502), (49.1, 9.502))
    for files in ((map_file(), other), (other, map_file())):
        found, problems = run(drive, *files)
        assert found["way_id"] == [20, 10, None]
        assert found["map_source"] == ["f" * 12, "ab12cd34ef56", None]
        assert problems == []


def test_a_map_without_roads_covers_nothing() -> None:
    found, problems = run(track((47.1, 9.502)), map_file('<osm version="0.6"></osm>'))
    assert found["map_source"] == [None]
    assert problems == ["outside_map"]


def test_an_empty_track_gives_empty_columns_and_no_caveat() -> None:
    found, problems = run(track(), map_file())
    assert set(found) == set(ROAD_OSM.columns)
    assert all(values == [] for values in found.values())
    assert problems == []


# The main road goes on over a bridge and through a tunnel to a second junction; a school beside it.
LONG = """<osm version="0.6">
  <node id="1" lat="47.1000" lon="9.5000"/>
  <node id="2" lat="47.1000" lon="9.5040"/>
  <node id="3" lat="47.1000" lon="9.5060"/>
  <node id="4" lat="47.1000" lon="9.5080"><tag k="railway" v="level_crossing"/></node>
  <node id="5" lat="47.1000" lon="9.5120"><tag k="highway" v="stop"/></node>
  <node id="6" lat="47.1030" lon="9.5120"/><node id="7" lat="47.1000" lon="9.5160"/>
  <node id="8" lat="47.0970" lon="9.5120"/>
  <node id="9" lat="47.1010" lon="9.5000"><tag k="amenity" v="school"/></node>
  <way id="10"><nd ref="1"/><nd ref="2"/>
    <tag k="highway" v="primary"/><tag k="surface" v="asphalt"/><tag k="lit" v="yes"/></way>
  <way id="11"><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/>
    <tag k="bridge" v="yes"/></way>
  <way id="12"><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/>
    <tag k="tunnel" v="yes"/></way>
  <way id="13"><nd ref="4"/><nd ref="5"/><nd ref="7"/><tag k="highway" v="primary"/></way>
  <way id="14"><nd ref="6"/><nd ref="5"/><nd ref="8"/><tag k="highway" v="residential"/></way>
</osm>"""
STEP_DEG, DEG_M = 0.0002, 75_940.0
"""Of longitude; a degree of it in metres at 47.1 degrees."""


def along_the_road(hidden: range = range(0)) -> Track:
    """81 s eastwards along LONG at 15.2 m/s, some of them without a position."""
    given = track(*[(47.10001, 9.5 + STEP_DEG * i) for i in range(81)], speed=STEP_DEG * DEG_M)
    lat, lon = given.lat_deg.copy(), given.lon_deg.copy()
    lat[list(hidden)] = lon[list(hidden)] = NAN
    return replace(given, lat_deg=lat, lon_deg=lon)


def test_distances_are_told_along_the_route() -> None:
    found, problems = run(along_the_road(), map_file(LONG))
    assert problems == []
    step_m = STEP_DEG * DEG_M
    for name, tick in (("junction", 60), ("level_crossing", 40), ("stop_sign", 60)):
        assert found[f"{name}_ahead_m"][10] == pytest.approx((tick - 10) * step_m, abs=1.0)
        assert found[f"{name}_behind_m"][10] is None
        assert found[f"{name}_behind_m"][70] == pytest.approx((70 - tick) * step_m, abs=1.0)
        assert found[f"{name}_ahead_m"][70] is None
    assert found["crossing_ahead_m"] == found["traffic_signal_behind_m"] == [None] * 81
    assert found["route_m"][0] == 0.0
    assert found["route_m"][80] == pytest.approx(80 * step_m, abs=1.0)


def test_stretches_have_both_ends_along_the_route() -> None:
    found, _ = run(along_the_road(), map_file(LONG))
    step_m = STEP_DEG * DEG_M
    for name, begin, end in (("bridge", 20, 30), ("tunnel", 30, 40)):
        assert found[f"{name}_ahead_m"][5] == pytest.approx((begin - 5) * step_m, abs=1.0)
        assert found[f"{name}_behind_m"][70] == pytest.approx((70 - end) * step_m, abs=1.0)
        assert found[f"{name}_ahead_m"][begin + 5] == found[f"{name}_behind_m"][begin + 5] == 0.0
        assert found[name][begin + 5] is True
        assert found[name][5] is False
    assert found["way_id"][5:80:10] == [10, 10, 11, 12, 13, 13, 13, 13]


def test_what_is_tagged_is_told_and_nothing_else() -> None:
    found, _ = run(along_the_road(), map_file(LONG))
    assert (found["surface"][5], found["lit"][5], found["oneway"][5]) == ("asphalt", True, False)
    assert (found["surface"][25], found["lit"][25], found["lanes"][25]) == (None, None, None)
    assert set(found["junction_kind"]) == {"crossroad"}
    assert found["school_distance_m"][0] == pytest.approx(111.0, abs=1.5)
    assert all(p > 0.99 for p in found["match_probability"])


def test_through_a_tunnel_without_positions_the_wheels_tell_the_place() -> None:
    found, problems = run(along_the_road(range(29, 42)), map_file(LONG))
    whole, _ = run(along_the_road(), map_file(LONG))
    assert problems == []
    assert found["way_id"] == whole["way_id"]
    assert found["tunnel"] == whole["tunnel"]
    assert found["route_m"] == pytest.approx(whole["route_m"], abs=2.0)
    # Said by the speed, not seen: no distance from the road, no probability, no straight distance.
    for name in ("road_distance_m", "match_probability", "junction_distance_m"):
        assert found[name][30:41] == [None] * 11
        assert None not in found[name][:29]
    assert found["map_source"] == ["ab12cd34ef56"] * 81


def test_a_gap_that_the_wheels_do_not_agree_with_stays_unknown() -> None:
    given = along_the_road(range(29, 42))
    found, _ = run(replace(given, speed_mps=np.full(81, 25.0)), map_file(LONG))
    assert found["way_id"][29:42] == [None] * 13
    unknown, _ = run(replace(given, speed_mps=np.full(81, NAN)), map_file(LONG))
    assert unknown["way_id"][29:42] == unknown["route_m"][29:42] == [None] * 13
    assert unknown["way_id"][42] == 13


def test_a_hostile_map_costs_only_itself() -> None:
    bomb = """<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><osm version="0.6">
      <node id="1" lat="47.1" lon="9.5"><tag k="highway" v="&b;"/></node></osm>"""
    found, problems = run(along_the_road(), map_file(bomb, name="bomb"), map_file(LONG))
    assert problems == ["map_unreadable"]
    assert found["way_id"][0] == 10


def test_roads_that_are_no_routes_of_the_drive_are_not_read() -> None:
    far = LONG.replace('lat="47.', 'lat="46.').replace("</osm>", "")
    both = far + LONG.split('<osm version="0.6">')[1].replace('id="', 'id="9').replace(
        'ref="', 'ref="9'
    )
    found, _ = run(along_the_road(), map_file(both))
    assert found["way_id"][0] == 910
    # Told only of the drive's own roads, however large the map.
    assert found["junction_ahead_m"][10] == pytest.approx(50 * STEP_DEG * DEG_M, abs=1.0)


@pytest.mark.parametrize(
    ("name", "noise_m", "at_least"),
    [
        ("gh_andorra.osm.pbf", 0.0, 0.995),
        ("gh_andorra.osm.pbf", 3.0, 0.97),
        ("valhalla_liechtenstein-latest.osm.pbf", 3.0, 0.97),
        ("gh_monaco.osm.gz", 0.0, 0.995),
        ("gh_monaco.osm.gz", 3.0, 0.95),
    ],
)
def test_a_drive_over_a_real_map_finds_its_ways(
    real_data: Path, name: str, noise_m: float, at_least: float
) -> None:
    path = real_data / "osm" / name
    graph, edges = map_match.load(path)
    rng = np.random.default_rng(7)
    drive = map_match.random_drive(graph, rng, length_m=8_000.0, rate_hz=1.0)
    noisy = map_match.noisy(drive, rng, max(noise_m, 1e-6))
    middle = [(x.min() + x.max()) / 2 for x in (edges.nodes.lat_deg, edges.nodes.lon_deg)]
    lat, lon = to_wgs84(noisy.x_m, noisy.y_m, *middle)
    given = Track(noisy.t_ns, lat, lon, noisy.heading_rad, np.gradient(drive.s_m))
    found, problems = run(given, map_file(path.read_bytes(), name=name))
    assert problems == []
    whole = read_extract(BytesFile(name, path.read_bytes()), max_mb=512)
    true_ids = np.array(whole.attributes.column("way_id").to_pylist())[edges.way[drive.edge]]
    right = np.array([a == b for a, b in zip(found["way_id"], true_ids, strict=True)])
    assert right.mean() >= at_least
    steps = np.diff(np.array(found["route_m"], dtype=np.float64))
    assert np.abs(steps - np.diff(drive.s_m)).max() < 12.0
