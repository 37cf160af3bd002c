"""Road context along a track, on a tiny map and on real ones."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.enrichers.road_osm import ROAD_OSM, Params, enrich, read_extract
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.signals.geo import haversine_m, wrap_pi
from avdataops.testing.step_tables import RecordingContext, memory_table

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


@pytest.mark.parametrize(
    ("name", "noise_m", "at_least"),
    [
        ("gh_andorra.osm.pbf", 0.0, 0.999),
        ("gh_andorra.osm.pbf", 3.0, 0.97),
        ("valhalla_liechtenstein-latest.osm.pbf", 0.0, 0.999),
        ("valhalla_liechtenstein-latest.osm.pbf", 3.0, 0.97),
        ("gh_monaco.osm.gz", 0.0, 0.999),
        ("gh_monaco.osm.gz", 1.0, 0.97),
    ],
)
def test_an_hour_along_known_ways_finds_them_again_fast(
    real_data: Path, name: str, noise_m: float, at_least: float
) -> None:
    data = (real_data / "osm" / name).read_bytes()
    begun = perf_counter()
    extract = read_extract(BytesFile(name, data), max_mb=512)
    assert perf_counter() - begun < 5
    network = extract.network
    rng = np.random.default_rng(7)
    start, stop = network.start, network.stop
    length = haversine_m(start.lat_deg, start.lon_deg, stop.lat_deg, stop.lon_deg)
    row = rng.choice(network.way.size, 3600, p=length / length.sum())
    part = rng.random(3600)
    lat = start.lat_deg[row] + part * (stop.lat_deg - start.lat_deg)[row]
    lon = start.lon_deg[row] + part * (stop.lon_deg - start.lon_deg)[row]
    backwards = network.oneway[row] < 0
    drive = Track(
        np.arange(3600, dtype=np.int64) * NS_PER_S,
        lat + rng.normal(0, noise_m / 111_200, 3600),
        lon + rng.normal(0, noise_m / 111_200, 3600) / np.cos(np.radians(lat)),
        wrap_pi(network.heading_rad[row] + np.pi * backwards),
        np.full(3600, 15.0),
    )
    begun = perf_counter()
    found, problems = run(drive, map_file(data, name=name))
    assert perf_counter() - begun < 7
    assert problems == []
    true_ids = np.array(extract.attributes.column("way_id").to_pylist())[network.way[row]]
    right = np.array([a == b for a, b in zip(found["way_id"], true_ids, strict=True)])
    assert right.mean() >= at_least
