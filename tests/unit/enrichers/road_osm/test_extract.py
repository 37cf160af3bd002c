"""Extracts: tags, formats, damage, limits, and the real ones counted another way."""

import gzip
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from avdataops.enrichers.road_osm import (
    Area,
    Extract,
    oneway,
    read_extract,
    speed_limit_mps,
)
from avdataops.enrichers.road_osm.tags import DRIVABLE
from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.signals.roads import leg_counts

TINY = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
  <node id="1" lat="47.1000" lon="9.5000"/>
  <node id="2" lat="47.1000" lon="9.5010"><tag k="highway" v="crossing"/></node>
  <node id="3" lat="47.1000" lon="9.5020"><tag k="highway" v="traffic_signals"/></node>
  <node id="4" lat="47.1010" lon="9.5010"/>
  <node id="5" lat="47.2000" lon="9.6000"><tag k="highway" v="crossing"/></node>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
    <tag k="highway" v="primary"/><tag k="maxspeed" v="50"/><tag k="lanes" v="2"/>
    <tag k="bridge" v="viaduct"/></way>
  <way id="11"><nd ref="2"/><nd ref="4"/>
    <tag k="highway" v="residential"/><tag k="tunnel" v="yes"/><tag k="maxspeed" v="walk"/></way>
  <way id="12"><nd ref="1"/><nd ref="4"/><tag k="highway" v="footway"/></way>
  <way id="13"><nd ref="1"/><nd ref="5"/><tag k="building" v="yes"/></way>
  <way id="14"><nd ref="1"/><nd ref="4"/><nd ref="1"/>
    <tag k="highway" v="service"/><tag k="area" v="yes"/></way>
</osm>
"""


UNTAGGED = {"surface": None, "lit": None, "layer": None}


def read(text: str | bytes, name: str = "tiny.osm") -> Extract:
    data = text.encode() if isinstance(text, str) else text
    return read_extract(BytesFile(name, data), max_mb=512)


def way(*tags: tuple[str, str], refs: tuple[int, ...] = (1, 2)) -> str:
    nodes = "".join(
        f'<node id="{i}" lat="47.1" lon="{9.5 + i / 1000}"/>'
        for i in sorted({1, 2, *refs})
        if i < 50
    )
    nds = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    tagged = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags)
    return f'<osm version="0.6">{nodes}<way id="7">{nds}{tagged}</way></osm>'


def test_only_drivable_ways_are_kept_with_what_their_tags_state() -> None:
    assert read(TINY).attributes.to_pylist() == [
        {
            "way_id": 10,
            "road_class": "primary",
            "speed_limit_mps": pytest.approx(50 / 3.6),
            "lanes": 2,
            "oneway": False,
            "tunnel": False,
            "bridge": True,
            "roundabout": False,
            **UNTAGGED,
        },
        {
            "way_id": 11,
            "road_class": "residential",
            "speed_limit_mps": None,
            "lanes": None,
            "oneway": False,
            "tunnel": True,
            "bridge": False,
            "roundabout": False,
            **UNTAGGED,
        },
    ]


def test_the_edges_meet_at_the_shared_node() -> None:
    edges = read(TINY).edges
    assert edges.way.tolist() == [0, 0, 1]
    assert edges.node_id.tolist() == [1, 2, 3, 4]
    assert edges.start.tolist() == [0, 1, 1]
    assert edges.stop.tolist() == [1, 2, 3]
    junctions = edges.nodes.take(leg_counts(edges) >= 3)
    assert junctions.lat_deg.tolist() == [47.1]
    assert junctions.lon_deg.tolist() == [9.501]


def test_crossings_and_signals_count_only_at_nodes_of_roads() -> None:
    extract = read(TINY)
    assert extract.at("crossing").lon_deg.tolist() == [9.501]
    assert extract.at("traffic_signal").lon_deg.tolist() == [9.502]
    assert extract.at("stop_sign").lon_deg.size == extract.at("level_crossing").lon_deg.size == 0
    assert extract.box == Area(47.1, 9.5, 47.101, 9.502)


MARKED = """<osm version="0.6">
  <node id="1" lat="47.1" lon="9.500"/>
  <node id="2" lat="47.1" lon="9.501"><tag k="railway" v="level_crossing"/></node>
  <node id="3" lat="47.1" lon="9.502"><tag k="highway" v="stop"/></node>
  <node id="4" lat="47.1" lon="9.503"/>
  <node id="5" lat="47.2" lon="9.503"><tag k="amenity" v="kindergarten"/></node>
  <node id="6" lat="47.2" lon="9.504"/><node id="7" lat="47.3" lon="9.504"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/>
    <tag k="highway" v="primary"/></way>
  <way id="11"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="5"/>
    <tag k="amenity" v="school"/></way>
  <way id="12"><nd ref="5"/><nd ref="6"/><tag k="amenity" v="school"/></way>
  <way id="13"><nd ref="98"/><nd ref="99"/><tag k="amenity" v="school"/></way>
  <way id="14"><nd ref="1"/><nd ref="4"/><tag k="railway" v="rail"/></way>
</osm>"""


def test_a_way_is_cut_where_something_stands_on_it() -> None:
    extract = read(MARKED)
    assert extract.edges.way.tolist() == [0, 0, 0]
    assert extract.at("level_crossing").lon_deg.tolist() == [9.501]
    assert extract.at("stop_sign").lon_deg.tolist() == [9.502]


def test_schools_are_grounds_lines_and_points() -> None:
    kinds = sorted(one.geom_type for one in read(MARKED).schools)
    assert kinds == ["MultiPoint", "MultiPoint", "Polygon"]


def test_a_school_of_which_no_node_is_known_is_left_out() -> None:
    text = '<osm version="0.6"><way id="1"><nd ref="8"/><tag k="amenity" v="school"/></way></osm>'
    assert read(text).schools == ()


def test_only_roads_that_come_into_the_area_are_kept() -> None:
    text = TINY.replace('lat="47.1010"', 'lat="48.0"')
    far = Area(47.9, 9.4, 48.1, 9.6)
    near = Area(47.05, 9.4, 47.15, 9.6)
    file = BytesFile("a.osm", text.encode())
    assert read_extract(file, max_mb=1, area=far).attributes["way_id"].to_pylist() == [11]
    assert read_extract(file, max_mb=1, area=near).attributes["way_id"].to_pylist() == [10, 11]
    nowhere = read_extract(file, max_mb=1, area=Area(10.0, 10.0, 11.0, 11.0))
    assert nowhere.attributes.num_rows == 0
    # What the file covers does not depend on what was asked for.
    assert nowhere.box == read_extract(file, max_mb=1).box == Area(47.1, 9.5, 48.0, 9.502)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("50 km/h", 50),
        (" 7 ", 7),
        ("5.5", 5.5),
    ],
)
def test_a_stated_speed_limit_is_read_in_its_unit(text: str, kmh: float) -> None:
    assert speed_limit_mps(text) == pytest.approx(kmh / 3.6, rel=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "walk",
        "signals",
        "variable",
        "DK:urban",
        "DE:50",
        "90;30",
        "50|30",
        "-5",
        "50 knots",
        "1e3",
        "9999",
        "\u0665\u0660",
    ],
)
def test_a_limit_that_is_no_number_is_unknown(text: str) -> None:
    assert speed_limit_mps(text) is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "true"}, 1),
        ({"oneway": "1"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "reverse"}, -1),
        ({"oneway": "no"}, 0),
        ({"oneway": "reversible"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"junction": "roundabout", "oneway": "no"}, 0),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway_link"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
    ],
)
def test_one_way_is_stated_or_in_the_nature_of_the_road(
    tags: dict[str, str], expected: int
) -> None:
    assert oneway({"highway": "primary"} | tags) == expected


@pytest.mark.parametrize(
    ("tag", "column", "expected"),
    [
        (("tunnel", "building_passage"), "tunnel", True),
        (("tunnel", "no"), "tunnel", False),
        (("tunnel", "culvert"), "tunnel", False),
        (("bridge", "no"), "bridge", False),
        (("junction", "roundabout"), "roundabout", True),
        (("junction", "circular"), "roundabout", False),
        (("lanes", "3"), "lanes", 3),
        (("lanes", "2;3"), "lanes", None),
        (("lanes", "1.5"), "lanes", None),
        (("lanes", "-1"), "lanes", None),
        (("oneway", "-1"), "oneway", True),
        (("surface", "asphalt"), "surface", "asphalt"),
        (("lit", "yes"), "lit", True),
        (("lit", "no"), "lit", False),
        (("lit", "sunset-sunrise"), "lit", None),
        (("layer", "-1"), "layer", -1),
        (("layer", "1;2"), "layer", None),
    ],
)
def test_other_tags(tag: tuple[str, str], column: str, expected: object) -> None:
    extract = read(way(("highway", "primary"), tag))
    assert extract.attributes.column(column).to_pylist() == [expected]


def test_a_node_that_the_extract_lacks_makes_a_hole() -> None:
    extract = read(way(("highway", "primary"), refs=(1, 2, 99, 3, 4)))
    assert extract.edges.way.tolist() == [0, 0]
    assert extract.edges.node_id.tolist() == [1, 2, 3, 4]


def test_impossible_coordinates_are_as_a_missing_node() -> None:
    text = way(("highway", "primary"), refs=(1, 2, 3)).replace('lon="9.503"', 'lon="181"')
    assert read(text).edges.stop.tolist() == [1]


def test_a_map_without_roads_is_empty() -> None:
    extract = read('<osm version="0.6"></osm>')
    assert extract.attributes.num_rows == 0
    assert extract.edges.way.size == 0
    assert extract.box is None


def test_gzip_reads_the_same() -> None:
    packed = read(gzip.compress(TINY.encode()))
    assert packed.attributes.equals(read(TINY).attributes)


def broken() -> Iterator[bytes]:
    yield b""
    yield b"abc"
    yield TINY.encode()[:-40]
    yield b"<html></html>"
    yield TINY.replace('lat="47.2000"', 'lat="north"').encode()
    yield TINY.replace('id="10"', 'id="ten"').encode()
    yield gzip.compress(TINY.encode())[:-30]
    yield b"\x1f\x8bnot gzip at all"
    yield b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7cgarbage"
    yield (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><osm version="0.6">'
        b'<node id="1" lat="1" lon="2"><tag k="highway" v="&b;"/></node></osm>'
    )
    yield way(("highway", "primary")).encode().replace(b"primary", b"pri\xffmary")


@pytest.mark.parametrize("data", list(broken()))
def test_damage_and_other_formats_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"city\.osm"):
        read(data, "city.osm")


def test_a_cut_off_pbf_is_refused(real_data: Path) -> None:
    data = (real_data / "osm" / "gh_andorra.osm.pbf").read_bytes()
    for length in (100, 100_000, len(data) - 1):
        with pytest.raises(UnreadableFile, match="damaged"):
            read(data[:length])


def test_too_large_a_file_is_refused_before_it_is_read() -> None:
    big = BytesFile("big.osm", b"<osm>" + b" " * (1 << 20))
    with pytest.raises(HostileInput, match=r"big\.osm: a map extract of more than 1 MiB") as caught:
        read_extract(big, max_mb=1)
    assert caught.value.hint is not None


def test_a_gzip_bomb_is_refused() -> None:
    bomb = BytesFile("bomb.osm.gz", gzip.compress(b"<osm>" + b" " * (3 << 20)))
    with pytest.raises(HostileInput, match="more than 1 MiB"):
        read_extract(bomb, max_mb=1)


def blob(kind: bytes, body: bytes) -> bytes:
    """One blob of a PBF with its header."""
    header = b"\x0a" + bytes([len(kind)]) + kind + b"\x18" + bytes([len(body)])
    return len(header).to_bytes(4, "big") + header + body


def test_a_pbf_that_states_a_huge_size_is_refused_before_it_is_unpacked() -> None:
    # Field 2, the unpacked size, is 32 MiB in each of two blobs; field 3 is the packed data.
    body = b"\x10\x80\x80\x80\x10\x1a\x03abc"
    bomb = BytesFile("bomb.osm.pbf", blob(b"OSMHeader", body) + blob(b"OSMData", body))
    with pytest.raises(HostileInput, match="more than 63 MiB"):
        read_extract(bomb, max_mb=63)
    with pytest.raises(UnreadableFile, match="damaged"):
        read_extract(bomb, max_mb=64)


def test_a_real_pbf_is_within_a_limit_that_fits_its_unpacked_size(real_data: Path) -> None:
    file = BytesFile("a.pbf", (real_data / "osm" / "gh_andorra.osm.pbf").read_bytes())
    assert read_extract(file, max_mb=2).attributes.num_rows == 1179
    with pytest.raises(HostileInput):
        read_extract(file, max_mb=1)


# Counted by reading the XML as text: ways with a drivable class that are no area.
@pytest.mark.parametrize(
    ("name", "roads", "roundabouts", "bridges"),
    [("gh_andorra.osm.gz", 1179, 42, 116), ("gh_monaco.osm.gz", 509, 10, 13)],
)
def test_real_extracts_have_the_roads_of_their_xml(
    real_data: Path, name: str, roads: int, roundabouts: int, bridges: int
) -> None:
    data = (real_data / "osm" / name).read_bytes()
    found = read(data, name).attributes
    expected: Counter[str] = Counter()
    limits = 0
    for element in ET.fromstring(gzip.decompress(data)).iter("way"):  # noqa: S314 - a known file
        tags = {tag.get("k", ""): tag.get("v", "") for tag in element.iter("tag")}
        if tags.get("highway") in DRIVABLE and tags.get("area") != "yes":
            expected[tags["highway"]] += 1
            limits += tags.get("maxspeed", "x").isdigit()
    assert Counter(found.column("road_class").to_pylist()) == expected
    assert found.num_rows == roads
    assert found.column("roundabout").to_pylist().count(True) == roundabouts
    assert found.column("bridge").to_pylist().count(True) == bridges
    assert found.num_rows - found.column("speed_limit_mps").null_count == limits


def test_xml_and_pbf_of_one_region_give_the_same_roads(real_data: Path) -> None:
    one, other = (
        read((real_data / "osm" / name).read_bytes(), name)
        for name in ("gh_andorra.osm.gz", "gh_andorra.osm.pbf")
    )
    assert one.attributes.equals(other.attributes)
    for name in ("way", "start", "stop", "oneway"):
        assert np.array_equal(getattr(one.edges, name), getattr(other.edges, name))
    for extract in (one, other):
        assert np.count_nonzero(leg_counts(extract.edges) >= 3) == 825
        assert extract.at("crossing").lat_deg.size == 43


def test_liechtenstein_has_the_published_counts(real_data: Path) -> None:
    name = "valhalla_liechtenstein-latest.osm.pbf"
    extract = read((real_data / "osm" / name).read_bytes(), name)
    assert extract.attributes.num_rows == 2388
    assert {name: rows.size for name, rows in extract.marks.items()} == {
        "crossing": 348,
        "traffic_signal": 8,
        "stop_sign": 0,
        "level_crossing": 9,
    }
    assert len(extract.schools) == 25
    assert extract.attributes.column("roundabout").to_pylist().count(True) == 20


def test_a_map_of_lanelets_holds_no_roads(real_data: Path) -> None:
    name = "lanelet2_mapping_example.osm"
    assert read((real_data / "osm" / name).read_bytes(), name).attributes.num_rows == 0
